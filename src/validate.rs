//! Validation of hooks, in the order and with the messages of the reference (docs/spec.md, section
//! 3). It returns the conditions that it compiles.

use std::collections::HashMap;
use std::sync::Arc;

use go_regexp::{Cache, Regexp};

use crate::go::Errno;
use crate::hook::{Field, Hook, HookRef, Stage, VERSION};
use crate::limits::ENOUGH;
use crate::options::check_extension_stages;
use crate::problem::{Cause, Error, ErrorKind, PatternRole, Property};
use crate::sys::{Root, Status};
use crate::when::{Compiled, Conditions};

/// The reason why a hook is invalid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invalid {
    pub cause: Cause,
    /// The part of the hook, if the hook has it.
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
    /// [`ErrorKind::Io`] with the system's error number if stat(2) fails for its executable;
    /// [`ErrorKind::Stage`] for a stage that is neither a stage of OCI nor in `extension_stages`;
    /// otherwise [`ErrorKind::HookFile`].
    pub fn validate(&self, extension_stages: &[&str]) -> Result<(), Error> {
        let stages: Vec<String> =
            extension_stages.iter().map(|stage| (*stage).to_owned()).collect();
        check_extension_stages(&stages)?;
        Validator::new(&stages, &Root::default())
            .validate(&self.into())
            .map(|_| ())
            .map_err(Error::from)
    }
}

/// Returns the error for `null` in place of a hook.
#[cold]
pub(crate) fn nil_hook() -> Error {
    Error::new(ErrorKind::HookFile, Cause::NilHook)
}

/// The executable of a hook, with its status at the time the hook was loaded.
#[derive(Debug)]
pub(crate) struct Executable {
    pub path: Arc<str>,
    pub status: Status,
}

/// Validates hooks one after another. Equal patterns are compiled once, and stat(2) is called once
/// for each executable.
pub(crate) struct Validator<'a> {
    extension_stages: &'a [String],
    root: &'a Root,
    patterns: Cache,
    executables: HashMap<Arc<str>, Result<Arc<Executable>, Errno>>,
    /// The keys of `executables`, in the order in which they were checked.
    checked: Vec<Arc<str>>,
}

impl<'a> Validator<'a> {
    pub fn new(extension_stages: &'a [String], root: &'a Root) -> Validator<'a> {
        Validator {
            extension_stages,
            root,
            patterns: Cache::new(),
            executables: HashMap::new(),
            checked: Vec::new(),
        }
    }

    /// Validates a hook. Returns its compiled conditions, and its executable.
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
            let is_link = errno == Errno(libc::ENOENT)
                && self.root.link_status(hook.entry.path.as_ref().as_ref()).is_ok();
            invalid(Cause::Executable { path, errno, is_link }, Field::Path)
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

    /// Calls `report` with each error in the conditions and stages of a hook, at most [`ENOUGH`].
    pub fn each(&self, hook: &HookRef<'_>, report: &mut dyn FnMut(Invalid)) {
        let mut reported = 0;
        let error = |_, text: &str| Regexp::new(text).err();
        // An error is returned only to stop: it is one more than is reported.
        let _ = self.check(hook, &error, &mut |found| {
            if reported == ENOUGH {
                return Err(found);
            }
            reported += 1;
            report(found);
            Ok(())
        });
    }

    /// Returns the status of a hook's executable (symlinks are followed), or the error number of
    /// stat(2).
    pub fn executable(&mut self, path: &str) -> Result<Arc<Executable>, Errno> {
        if let Some(known) = self.executables.get(path) {
            return known.clone();
        }
        let path: Arc<str> = path.into();
        // stat(2) fails exactly where faccessat(2) with F_OK does, and the warnings need its
        // result.
        let executable = match self.root.status(path.as_ref().as_ref()) {
            Ok(status) => Ok(Arc::new(Executable { path: Arc::clone(&path), status })),
            Err(error) => Err(Errno::of(&error)),
        };
        self.checked.push(Arc::clone(&path));
        self.executables.insert(path, executable.clone());
        executable
    }

    /// Returns the paths of the executables, in the order in which they were checked.
    pub fn into_checked_executables(self) -> Vec<Arc<str>> {
        self.checked
    }

    /// Calls `report` with each error in the conditions, then in the stages, until `report` returns
    /// an error. `error` returns the error of a pattern of the conditions.
    fn check(
        &self,
        hook: &HookRef<'_>,
        error: &dyn Fn(Part, &str) -> Option<go_regexp::Error>,
        report: &mut dyn FnMut(Invalid) -> Result<(), Invalid>,
    ) -> Result<(), Invalid> {
        let when = &hook.when;
        for (index, (key, value)) in when.annotations.iter().enumerate() {
            if let Some(error) = error(Part::Key(index), key) {
                let cause = not_a_pattern(PatternRole::AnnotationKey, key, error);
                report(invalid(cause, Field::AnnotationKey(key.to_string())))?;
            }
            if let Some(error) = error(Part::Value(index), value) {
                let cause = not_a_pattern(PatternRole::AnnotationValue, value, error);
                report(invalid(cause, Field::AnnotationValue(key.to_string())))?;
            }
        }
        for (index, command) in when.commands.iter().enumerate() {
            if let Some(error) = error(Part::Command(index), command) {
                let cause = not_a_pattern(PatternRole::Command, command, error);
                report(invalid(cause, Field::Command(index)))?;
            }
        }
        let Some(stages) = &hook.stages else {
            return report(invalid(Cause::Missing(Property::Stages), Field::Stages));
        };
        for (index, stage) in stages.iter().enumerate() {
            if Stage::from_name(stage).is_none()
                && !self.extension_stages.iter().any(|known| known == stage)
            {
                let cause = Cause::UnknownStage { stage: (**stage).into() };
                report(invalid(cause, Field::Stage(index)))?;
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

/// A pattern of a hook's conditions.
#[derive(Clone, Copy)]
enum Part {
    Key(usize),
    Value(usize),
    Command(usize),
}
