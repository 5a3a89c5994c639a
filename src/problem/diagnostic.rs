//! A problem as data: where it is, how bad, which one, in words, and what to do about it.

use std::path::PathBuf;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::code::{Code, Severity};
use super::path::serialize_path;
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

/// One problem found while loading hooks (SPEC §8).
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
    /// What is wrong, in words. For errors: the text of SPEC §3.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The system's error number behind it; 0 if none is.
    pub errno: i32,
}

impl Diagnostic {
    /// A problem of the file or directory at `path`. How bad it is, its code says; one that has no severity of its own is a
    /// warning.
    pub(crate) fn new(code: Code, path: impl Into<PathBuf>, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: code.severity().unwrap_or(Severity::Warning),
            code,
            path: path.into(),
            position: None,
            message: message.into(),
            hint: None,
            errno: 0,
        }
    }

    pub(crate) fn at(self, position: Option<Position>) -> Diagnostic {
        Diagnostic { position, ..self }
    }

    pub(crate) fn hint(self, hint: Option<String>) -> Diagnostic {
        Diagnostic { hint, ..self }
    }

    pub(crate) fn errno(self, errno: i32) -> Diagnostic {
        Diagnostic { errno, ..self }
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
        map.serialize_entry("message", &self.message)?;
        if let Some(hint) = &self.hint {
            map.serialize_entry("hint", hint)?;
        }
        if self.errno != 0 {
            map.serialize_entry("errno", &self.errno)?;
        }
        map.end()
    }
}
