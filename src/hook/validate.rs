//! Validation, in the reference's order and with its texts (SPEC §3); what it compiles on the way is kept.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::Metadata;
use std::sync::Arc;

use super::{Field, Hook, Stage, VERSION, quote};
use crate::diagnostic::{Code, Position};
use crate::error::{Error, ErrorKind};
use crate::pattern::Pattern;
use crate::sys::{errno_of, errno_text};
use crate::when::{Compiled, Conditions};

/// Why a hook is not valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invalid {
    pub code: Code,
    pub message: String,
    /// Which part of the hook, where it is there at all.
    pub field: Option<Field>,
    /// The system's error number, and the executable that it is about.
    pub refused: Option<(i32, String)>,
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Error {
        let kind = match invalid.code {
            Code::UnknownStage => ErrorKind::Stage,
            _ if invalid.refused.is_some() => ErrorKind::Io,
            _ => ErrorKind::HookFile,
        };
        let error = Error::new(kind, invalid.code, invalid.message);
        match invalid.refused {
            Some((errno, path)) => error.with_system(errno, "faccessat", path),
            None => error,
        }
    }
}

/// Validates a hook of version 1.0.0, given as JSON (SPEC §3).
///
/// # Errors
/// [`ErrorKind::Json`] if it is not JSON of a hook's shape; [`ErrorKind::Io`] with the system's number if its executable
/// cannot be looked at; [`ErrorKind::Stage`] for an unknown stage; else [`ErrorKind::HookFile`].
pub fn validate(hook_json: &str, extension_stages: &[&str]) -> Result<(), Error> {
    let text = hook_json.as_bytes();
    let decoded = super::decode::decode_1_0_0(text).map_err(|error| error.in_argument(text))?;
    let decoded = decoded.ok_or_else(nil_hook)?;
    let stages: Vec<String> = extension_stages.iter().map(|stage| (*stage).to_owned()).collect();
    match Validator::new(&stages).validate(&decoded.hook) {
        Ok(_) => Ok(()),
        Err(invalid) => {
            let offset = invalid.field.as_ref().and_then(|field| decoded.place(field));
            let position = offset.map(|offset| Position::of(text, offset));
            Err(Error::from(invalid).with_position(position))
        }
    }
}

/// What `null` in place of a hook is.
pub(crate) fn nil_hook() -> Error {
    Error::new(ErrorKind::HookFile, Code::NilHook, "nil hook")
}

/// Checks hooks one after another. Equal patterns are compiled once, and each executable is looked at once.
pub(crate) struct Validator<'a> {
    extension_stages: &'a [String],
    patterns: HashMap<String, Compiled>,
    executables: HashMap<String, Result<Metadata, i32>>,
    looked_at: Vec<String>,
}

impl<'a> Validator<'a> {
    pub fn new(extension_stages: &'a [String]) -> Validator<'a> {
        Validator {
            extension_stages,
            patterns: HashMap::new(),
            executables: HashMap::new(),
            looked_at: Vec::new(),
        }
    }

    /// Checks a hook and compiles its conditions.
    pub fn validate(&mut self, hook: &Hook) -> Result<Conditions, Invalid> {
        if hook.version != VERSION {
            let version = quote(hook.version.as_bytes());
            let message = format!("unexpected hook version {version} (expecting {VERSION})");
            return Err(invalid(Code::UnexpectedVersion, message, Some(Field::Version)));
        }
        if hook.hook.path.is_empty() {
            return Err(invalid(
                Code::MissingPath,
                "missing required property: hook.path",
                Some(Field::Path),
            ));
        }
        if let Err(errno) = self.executable(&hook.hook.path) {
            let code =
                if *errno == libc::ENOENT { Code::MissingExecutable } else { Code::UnreachableExecutable };
            let message = format!("faccessat {}: {}", hook.hook.path, errno_text(*errno));
            let refused = Some((*errno, hook.hook.path.clone()));
            return Err(Invalid { refused, ..invalid(code, message, Some(Field::Path)) });
        }
        let conditions = self.compile(hook)?;
        self.check_stages(hook.stages.as_deref())?;
        Ok(conditions)
    }

    /// What the system says of a hook's executable (symlinks followed), or its error number.
    pub fn executable(&mut self, path: &str) -> &Result<Metadata, i32> {
        match self.executables.entry(path.to_owned()) {
            Entry::Occupied(entry) => entry.into_mut(),
            // stat(2) fails exactly where faccessat(2) with F_OK does, and tells what the warnings need.
            Entry::Vacant(entry) => {
                self.looked_at.push(path.to_owned());
                entry.insert(std::fs::metadata(path).map_err(|error| errno_of(&error)))
            }
        }
    }

    /// The executables that were looked at, in this order.
    pub fn into_looked_at(self) -> Vec<String> {
        self.looked_at
    }

    fn compile(&mut self, hook: &Hook) -> Result<Conditions, Invalid> {
        let conditions = Conditions::compile(&hook.when, |text| self.pattern(text));
        for (index, pair) in conditions.annotations.iter().enumerate() {
            let key = || hook.when.annotations.keys().nth(index).cloned().unwrap_or_default();
            if let Err(error) = &pair.key {
                let message = format!("invalid annotation key {}: {error}", quote(key().as_bytes()));
                return Err(invalid(Code::InvalidAnnotationKey, message, Some(Field::AnnotationKey(key()))));
            }
            if let Err(error) = &pair.value {
                let value = hook.when.annotations.values().nth(index).cloned().unwrap_or_default();
                let message = format!("invalid annotation value {}: {error}", quote(value.as_bytes()));
                return Err(invalid(
                    Code::InvalidAnnotationValue,
                    message,
                    Some(Field::AnnotationValue(key())),
                ));
            }
        }
        for (index, (command, text)) in conditions.commands.iter().zip(&hook.when.commands).enumerate() {
            if let Err(error) = command {
                let message = format!("invalid command {}: {error}", quote(text.as_bytes()));
                return Err(invalid(Code::InvalidCommand, message, Some(Field::Command(index))));
            }
        }
        Ok(conditions)
    }

    fn pattern(&mut self, text: &str) -> Compiled {
        if let Some(known) = self.patterns.get(text) {
            return known.clone();
        }
        let compiled = Pattern::new(text).map(Arc::new);
        self.patterns.insert(text.to_owned(), compiled.clone());
        compiled
    }

    fn check_stages(&self, stages: Option<&[String]>) -> Result<(), Invalid> {
        let Some(stages) = stages else {
            return Err(invalid(
                Code::MissingStages,
                "missing required property: stages",
                Some(Field::Stages),
            ));
        };
        for (index, stage) in stages.iter().enumerate() {
            if Stage::from_name(stage).is_none() && !self.extension_stages.contains(stage) {
                let message = format!("unknown stage {}", quote(stage.as_bytes()));
                return Err(invalid(Code::UnknownStage, message, Some(Field::Stage(index))));
            }
        }
        Ok(())
    }
}

fn invalid(code: Code, message: impl Into<String>, field: Option<Field>) -> Invalid {
    Invalid { code, message: message.into(), field, refused: None }
}
