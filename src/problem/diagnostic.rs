//! A problem as data: place, severity, code, message, and hint.

use std::fmt;
use std::path::PathBuf;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::cause::Cause;
use super::code::{Code, Severity};
use super::path::serialize_path;
use crate::go::Errno;
use crate::position::Position;

/// The place of a problem.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// The file or directory.
    pub path: Option<PathBuf>,
    /// The line and column in the file.
    pub position: Option<Position>,
    /// The name of the hook, which is the name of its file.
    pub hook: Option<String>,
}

/// One problem found while loading hooks (docs/spec.md, section 8).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Diagnostic {
    /// The severity.
    pub severity: Severity,
    /// The code of the problem.
    pub code: Code,
    /// The file or directory that has the problem.
    pub path: PathBuf,
    /// The position in the file.
    pub position: Option<Position>,
    pub(crate) cause: Cause,
    /// The message of the reference, the Go package `hooks`. `None` if it has no message, because
    /// it stops at the first problem of a file or does not look for this one, or if its message
    /// repeats its JSON package.
    pub reference: Option<String>,
    /// The message of the error that this diagnostic was made from, with the path. It is logged.
    pub(crate) error_message: Option<String>,
    /// The hint: what to do about the problem.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// Creates the diagnostic of a problem of the file or directory at `path`. The code decides the
    /// severity; without one, it is a warning.
    pub(crate) fn new(path: impl Into<PathBuf>, cause: impl Into<Cause>) -> Diagnostic {
        let cause = cause.into();
        let code = cause.code();
        Diagnostic {
            severity: cause.severity().or(code.severity()).unwrap_or(Severity::Warning),
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

    /// Gives the same problem another cause, and the code of it. The severity stays.
    pub(crate) fn because(self, cause: impl Into<Cause>) -> Diagnostic {
        let cause = cause.into();
        Diagnostic { code: cause.code(), cause, ..self }
    }

    pub(crate) fn hint(self, hint: Option<String>) -> Diagnostic {
        Diagnostic { hint, ..self }
    }

    /// Returns what is wrong, in plain words, without the path.
    pub fn message(&self) -> String {
        self.cause.to_string()
    }

    /// Returns the stable name of the kind of cause, in kebab-case. It is finer than the code: for
    /// example `unexpected-character`, `missing-paren` or `writable-by-mode`.
    pub fn cause(&self) -> &'static str {
        self.cause.kind()
    }

    /// Returns the system's error number, if the system refused an operation.
    pub fn errno(&self) -> Option<Errno> {
        self.cause.errno().copied()
    }
}

/// Writes one line in the format of compilers, without the hint:
/// `PATH:LINE:COLUMN: error: message [code]`. Without a position, only the path is before the
/// severity.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.path.display())?;
        if let Some(position) = self.position {
            write!(f, "{position}:")?;
        }
        write!(f, " {}: {} [{}]", self.severity, self.cause, self.code)
    }
}

/// Returns the diagnostics as a JSON array.
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
