//! The error type: a kind for programs, a code, a text, and the place.

use std::fmt;
use std::path::PathBuf;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::code::{Code, Severity};
use super::diagnostic::{Diagnostic, Place};
use super::path::serialize_path;
use crate::go::json::{JsonError, JsonErrorKind};
use crate::position::Position;

/// What a caller can tell errors apart by. The C API gives each a number (`enum hooks_status`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument is not what the documentation allows.
    InvalidArgument,
    /// A text argument is not UTF-8.
    Utf8,
    /// An argument is not the JSON expected.
    Json,
    /// The system refused; [`Error::errno`] says why.
    Io,
    /// A hook file is malformed or not valid.
    HookFile,
    /// `process.args` is empty, and a hook asks for it.
    Match,
    /// A hook names an unknown stage.
    Stage,
    /// A bug in libhooks.
    Panic,
    /// The name of a hook file does not end in `.json`.
    NoJsonSuffix,
    /// A warning, under the strict policy.
    Strict,
    /// A hook that was run has failed, or printed no config.
    HookFailed,
    /// A hook that was run took too long.
    Timeout,
    /// The caller asked for a hook's end.
    Cancelled,
}

/// An error: what went wrong, where, and as a program sees it.
#[derive(Clone)]
pub struct Error(Box<Fields>);

#[derive(Clone)]
struct Fields {
    kind: ErrorKind,
    code: Code,
    message: String,
    errno: i32,
    system: Option<System>,
    place: Place,
    diagnostics: Vec<Diagnostic>,
}

/// What the system was asked for when it refused.
#[derive(Debug, Clone, PartialEq, Eq)]
struct System {
    /// As messages name it: `open`, `read`, `readdirent`, `stat`, `faccessat`.
    operation: &'static str,
    path: PathBuf,
}

/// What the functions of this crate return.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A new error of this kind and code.
    #[cold]
    pub fn new(kind: ErrorKind, code: Code, message: impl Into<String>) -> Error {
        Error(Box::new(Fields {
            kind,
            code,
            message: message.into(),
            errno: 0,
            system: None,
            place: Place::default(),
            diagnostics: Vec::new(),
        }))
    }

    /// An error in JSON, as one of the call that was given `text`.
    #[cold]
    pub(crate) fn in_json(error: JsonError, text: &[u8]) -> Error {
        let position = Position::of(text, error.offset);
        Error::new(ErrorKind::Json, error.kind.into(), error.message).with_position(Some(position))
    }

    /// What a program can tell it apart by.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Which problem it is.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The text, as [`Display`](fmt::Display) prints it.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The system's error number; 0 if none applies.
    pub fn errno(&self) -> i32 {
        self.0.errno
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.0.place
    }

    /// Of a failed [`Manager::new`](crate::Manager::new) or reload: all problems of all directories.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.0.diagnostics
    }

    /// Whether the system had too little of something, which says nothing about hook files.
    pub(crate) fn is_out_of_resources(&self) -> bool {
        [libc::EMFILE, libc::ENFILE, libc::ENOMEM, libc::EAGAIN, libc::EINTR].contains(&self.errno())
    }

    pub(crate) fn with_message(mut self, message: String) -> Error {
        self.0.message = message;
        self
    }

    /// That the system refused `operation` on `path`, which need not be where the error is: a hook file names an
    /// executable.
    pub(crate) fn with_system(
        mut self,
        errno: i32,
        operation: &'static str,
        path: impl Into<PathBuf>,
    ) -> Error {
        self.0.errno = errno;
        self.0.system = Some(System { operation, path: path.into() });
        self
    }

    pub(crate) fn with_errno(mut self, errno: i32) -> Error {
        self.0.errno = errno;
        self
    }

    pub(crate) fn with_path(mut self, path: impl Into<PathBuf>) -> Error {
        self.0.place.path = Some(path.into());
        self
    }

    pub(crate) fn with_position(mut self, position: Option<Position>) -> Error {
        self.0.place.position = position;
        self
    }

    pub(crate) fn with_hook(mut self, hook: impl Into<String>) -> Error {
        self.0.place.hook = Some(hook.into());
        self
    }

    pub(crate) fn with_diagnostics(mut self, diagnostics: Vec<Diagnostic>) -> Error {
        self.0.diagnostics = diagnostics;
        self
    }

    /// The same error, with what was being done before its text (`what: text`).
    pub(crate) fn context(mut self, what: impl fmt::Display) -> Error {
        self.0.message = format!("{what}: {}", self.0.message);
        self
    }

    /// As the diagnostic of the file or directory that it is about.
    pub(crate) fn to_diagnostic(&self, hint: Option<String>) -> Diagnostic {
        let path = self.place().path.clone().unwrap_or_default();
        let diagnostic = Diagnostic::new(self.code(), path, self.message())
            .at(self.place().position)
            .hint(hint)
            .errno(self.errno());
        Diagnostic { severity: Severity::Error, ..diagnostic }
    }

    /// The error as JSON: `kind`, `code`, `message`, `errno`, `system` (`operation`, `path`: what the system refused, if
    /// it did), `where` (`path`, `line`, `column`, `hook`) and, if there are any, `diagnostics`.
    pub fn to_json(&self) -> String {
        crate::go::json::to_string(self)
    }
}

impl From<JsonErrorKind> for Code {
    fn from(kind: JsonErrorKind) -> Code {
        match kind {
            JsonErrorKind::End => Code::JsonUnexpectedEnd,
            JsonErrorKind::Depth => Code::JsonDepth,
            JsonErrorKind::Syntax => Code::JsonSyntax,
            JsonErrorKind::Type => Code::JsonType,
            JsonErrorKind::Duplicate => Code::DuplicateKey,
            JsonErrorKind::Folded => Code::FoldedKey,
        }
    }
}

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("kind", &self.0.kind)?;
        map.serialize_entry("code", &self.0.code)?;
        map.serialize_entry("message", &self.0.message)?;
        map.serialize_entry("errno", &self.0.errno)?;
        if let Some(system) = &self.0.system {
            map.serialize_entry("system", system)?;
        }
        map.serialize_entry("where", &PlaceJson(&self.0.place))?;
        if !self.0.diagnostics.is_empty() {
            map.serialize_entry("diagnostics", &self.0.diagnostics)?;
        }
        map.end()
    }
}

impl Serialize for System {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("operation", self.operation)?;
        serialize_path(&mut map, "path", &self.path)?;
        map.end()
    }
}

struct PlaceJson<'a>(&'a Place);

impl Serialize for PlaceJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(path) = &self.0.path {
            serialize_path(&mut map, "path", path)?;
        }
        if let Some(position) = self.0.position {
            map.serialize_entry("line", &position.line)?;
            map.serialize_entry("column", &position.column)?;
        }
        if let Some(hook) = &self.0.hook {
            map.serialize_entry("hook", hook)?;
        }
        map.end()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("code", &self.0.code)
            .field("message", &self.0.message)
            .field("errno", &self.0.errno)
            .field("place", &self.0.place)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {}

/// Checks the size of something that a caller gave against its limit (`limits`).
///
/// # Errors
/// [`Code::TooLarge`], and [`ErrorKind::InvalidArgument`].
pub(crate) fn check_limit(what: &str, size: usize, limit: usize) -> Result<()> {
    if size <= limit { Ok(()) } else { Err(too_large(what, size, limit)) }
}

#[cold]
fn too_large(what: &str, size: usize, limit: usize) -> Error {
    let message = format!("{what}: {size} is over the limit of {limit}");
    Error::new(ErrorKind::InvalidArgument, Code::TooLarge, message)
}
