//! A problem as data: where it is, how bad, which one, in words, and what to do about it.

use std::fmt;
use std::path::PathBuf;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::cause::Cause;
use super::code::{Code, Severity};
use super::path::serialize_path;
use crate::go::Errno;
use crate::position::Position;

/// Where a problem is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// The file or directory.
    pub path: Option<PathBuf>,
    /// Line and column in it.
    pub position: Option<Position>,
    /// The hook's name (its file's name).
    pub hook: Option<String>,
}

/// One problem found while loading hooks (docs/spec.md, section 8).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Which problem it is.
    pub code: Code,
    /// The file or directory that has it.
    pub path: PathBuf,
    /// Where in the file.
    pub position: Option<Position>,
    pub(crate) cause: Cause,
    /// What the reference, the Go package `hooks`, says instead. `None` if it says nothing,
    /// because it stops at the first problem of a file or does not look for this one, or if it
    /// repeats its JSON package.
    pub reference: Option<String>,
    /// The message of the error that this was made from; it names the path. Logs have it.
    pub(crate) error_message: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// A problem of the file or directory at `path`. The code has the severity; a code that has
    /// none is a warning.
    pub(crate) fn new(path: impl Into<PathBuf>, cause: impl Into<Cause>) -> Diagnostic {
        let cause = cause.into();
        let code = cause.code();
        Diagnostic {
            severity: code.severity().unwrap_or(Severity::Warning),
            code,
            path: path.into(),
            position: None,
            cause,
            reference: None,
            error_message: None,
            hint: None,
        }
    }

    pub(crate) fn at(self, position: Option<Position>) -> Diagnostic {
        Diagnostic { position, ..self }
    }

    pub(crate) fn hint(self, hint: Option<String>) -> Diagnostic {
        Diagnostic { hint, ..self }
    }

    /// What is wrong, in plain words, without the path.
    pub fn message(&self) -> String {
        self.cause.to_string()
    }

    /// The stable name of the kind of cause, in kebab-case. It is finer than the code:
    /// `unexpected-character`, `missing-paren`, `writable-by-mode`.
    pub fn cause(&self) -> &'static str {
        self.cause.kind()
    }

    /// Why the system refused something, if it did.
    pub fn errno(&self) -> Option<Errno> {
        self.cause.errno().copied()
    }
}

/// In a line: the path, the position, what is wrong in plain words, and the code. The hint is left
/// out.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.path.display())?;
        if let Some(position) = self.position {
            write!(f, "{position}:")?;
        }
        write!(f, " {} [{}]", self.cause, self.code)
    }
}

/// Diagnostics as a JSON array.
pub fn diagnostics_to_json(diagnostics: &[Diagnostic]) -> String {
    crate::go::json::to_string(&diagnostics)
}

impl Serialize for Diagnostic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("severity", &self.severity)?;
        map.serialize_entry("code", &self.code)?;
        serialize_path(&mut map, "path", &self.path)?;
        if let Some(position) = self.position {
            map.serialize_entry("line", &position.line)?;
            map.serialize_entry("column", &position.column)?;
        }
        map.serialize_entry("message", &self.message())?;
        if let Some(reference) = &self.reference {
            map.serialize_entry("reference", reference)?;
        }
        map.serialize_entry("cause", self.cause())?;
        if let Some(hint) = &self.hint {
            map.serialize_entry("hint", hint)?;
        }
        if let Some(errno) = self.errno() {
            map.serialize_entry("errno", &errno)?;
        }
        map.end()
    }
}
