//! Validation, in the reference's order and with its texts (docs/spec.md, section 3); what it
//! compiles on the way is kept.

use std::collections::HashMap;
use std::sync::Arc;

use go_regexp::{Cache, Regexp};

use crate::go::Errno;
use crate::hook::{Field, Hook, HookRef, Stage, VERSION};
use crate::limits::ENOUGH;
use crate::options::check_extension_stages;
use crate::problem::{Cause, Error, ErrorKind, PatternRole, Property};
use crate::sys::Status;
use crate::when::{Compiled, Conditions};

/// Why a hook is not valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invalid {
    pub cause: Cause,
    /// Which part of the hook, where it is there at all.
    pub field: Option<Field>,
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Error {
        let kind = match invalid.cause {
            Cause::UnknownStage { .. } => ErrorKind::Stage,
            Cause::Executable { .. } => ErrorKind::Io,
            _ => ErrorKind::HookFile,
        };
        Error::new(kind, invalid.cause)
    }
}

impl Hook {
    /// Checks the hook: its version, its executable, its patterns and its stages (docs/spec.md,
    /// section 3).
    ///
    /// # Errors
    /// [`ErrorKind::Io`] with the system's number if its executable cannot be looked at;
    /// [`ErrorKind::Stage`] for a stage that is neither OCI's nor one of `extension_stages`;
    /// else [`ErrorKind::HookFile`].
    pub fn validate(&self, extension_stages: &[&str]) -> Result<(), Error> {
        let stages: Vec<String> =
            extension_stages.iter().map(|stage| (*stage).to_owned()).collect();
        check_extension_stages(&stages)?;
        Validator::new(&stages).validate(&self.into()).map(|_| ()).map_err(Error::from)
    }
}

/// What `null` in place of a hook is.
#[cold]
pub(crate) fn nil_hook() -> Error {
    Error::new(ErrorKind::HookFile, Cause::NilHook)
}

/// A hook's executable, when the hook was loaded.
#[derive(Debug)]
pub(crate) struct Executable {
    pub path: Arc<str>,
    pub status: Status,
}

/// Checks hooks one after another. Equal patterns are read once, and each executable is looked at
/// once.
pub(crate) struct Validator<'a> {
    extension_stages: &'a [String],
    patterns: Cache,
    executables: HashMap<Arc<str>, Result<Arc<Executable>, Errno>>,
    looked_at: Vec<Arc<str>>,
}

impl<'a> Validator<'a> {
    pub fn new(extension_stages: &'a [String]) -> Validator<'a> {
        Validator {
            extension_stages,
            patterns: Cache::new(),
            executables: HashMap::new(),
            looked_at: Vec::new(),
        }
    }

    /// Checks a hook, compiles its conditions, and says what the system says of its executable.
    pub fn validate(
        &mut self,
        hook: &HookRef<'_>,
    ) -> Result<(Conditions, Arc<Executable>), Invalid> {
        if hook.version != VERSION {
            let version = (*hook.version).into();
            return Err(invalid(Cause::UnexpectedVersion { version }, Field::Version));
        }
        if hook.entry.path.is_empty() {
            return Err(invalid(Cause::Missing(Property::Path), Field::Path));
        }
        let executable = self.executable(&hook.entry.path).map_err(|errno| {
            let path = (*hook.entry.path).into();
            invalid(Cause::Executable { path, errno }, Field::Path)
        })?;
        let conditions =
            Conditions::compile(&hook.when, |text| Compiled::new(self.patterns.compile(text)));
        let error = |part: Part, _: &str| {
            let compiled = match part {
                Part::Key(index) => conditions.annotations.get(index).map(|pair| &pair.key),
                Part::Value(index) => conditions.annotations.get(index).map(|pair| &pair.value),
                Part::Command(index) => conditions.commands.get(index),
            };
            compiled?.error().cloned()
        };
        self.check(hook, &error, &mut Err)?;
        Ok((conditions, executable))
    }

    /// Tells what is wrong with a hook's conditions and stages.
    pub fn each(&self, hook: &HookRef<'_>, tell: &mut dyn FnMut(Invalid)) {
        let mut told = 0;
        let error = |_, text: &str| Regexp::new(text).err();
        // What ends it is one too many.
        let _ = self.check(hook, &error, &mut |found| {
            if told == ENOUGH {
                return Err(found);
            }
            told += 1;
            tell(found);
            Ok(())
        });
    }

    /// What the system says of a hook's executable (symlinks followed), or its error number.
    pub fn executable(&mut self, path: &str) -> Result<Arc<Executable>, Errno> {
        if let Some(known) = self.executables.get(path) {
            return known.clone();
        }
        let path: Arc<str> = path.into();
        // stat(2) fails exactly where faccessat(2) with F_OK does, and tells what the warnings
        // need.
        let executable = match Status::of_path(&*path) {
            Ok(status) => Ok(Arc::new(Executable { path: Arc::clone(&path), status })),
            Err(error) => Err(Errno::of(&error)),
        };
        self.looked_at.push(Arc::clone(&path));
        self.executables.insert(path, executable.clone());
        executable
    }

    /// The executables that were looked at, in this order.
    pub fn into_looked_at(self) -> Vec<Arc<str>> {
        self.looked_at
    }

    /// Tells what is wrong with the conditions, then with the stages, as long as it is told to go
    /// on. `error` says what is wrong with a pattern of the conditions.
    fn check(
        &self,
        hook: &HookRef<'_>,
        error: &dyn Fn(Part, &str) -> Option<go_regexp::Error>,
        tell: &mut dyn FnMut(Invalid) -> Result<(), Invalid>,
    ) -> Result<(), Invalid> {
        let when = &hook.when;
        for (index, (key, value)) in when.annotations.iter().enumerate() {
            if let Some(error) = error(Part::Key(index), key) {
                let cause = not_a_pattern(PatternRole::AnnotationKey, key, error);
                tell(invalid(cause, Field::AnnotationKey(key.to_string())))?;
            }
            if let Some(error) = error(Part::Value(index), value) {
                let cause = not_a_pattern(PatternRole::AnnotationValue, value, error);
                tell(invalid(cause, Field::AnnotationValue(key.to_string())))?;
            }
        }
        for (index, command) in when.commands.iter().enumerate() {
            if let Some(error) = error(Part::Command(index), command) {
                let cause = not_a_pattern(PatternRole::Command, command, error);
                tell(invalid(cause, Field::Command(index)))?;
            }
        }
        let Some(stages) = &hook.stages else {
            return tell(invalid(Cause::Missing(Property::Stages), Field::Stages));
        };
        for (index, stage) in stages.iter().enumerate() {
            if Stage::from_name(stage).is_none()
                && !self.extension_stages.iter().any(|known| known == stage)
            {
                let cause = Cause::UnknownStage { stage: (**stage).into() };
                tell(invalid(cause, Field::Stage(index)))?;
            }
        }
        Ok(())
    }
}

fn invalid(cause: Cause, field: Field) -> Invalid {
    Invalid { cause, field: Some(field) }
}

fn not_a_pattern(role: PatternRole, pattern: &str, error: go_regexp::Error) -> Cause {
    Cause::Pattern { role, pattern: Some(pattern.into()), error }
}

/// Which pattern of a hook's conditions.
#[derive(Clone, Copy)]
enum Part {
    Key(usize),
    Value(usize),
    Command(usize),
}
