//! The error type: a kind for programs, a code, a message, and the place.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::cause::Cause;
use super::code::{Code, Severity};
use super::diagnostic::{Diagnostic, Place};
use super::path::serialize_path;
use crate::go::Errno;
use crate::go::json::JsonError;
use crate::position::Position;

/// The kind of an error, for programs. The C API gives each a number (`enum hooks_status`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument is invalid.
    InvalidArgument,
    /// A string argument is not UTF-8.
    Utf8,
    /// An argument is not the expected JSON.
    Json,
    /// The system refused an operation; [`Error::errno`] says why.
    Io,
    /// A hook file is malformed or invalid.
    HookFile,
    /// `process.args` is empty, and a hook has a condition on it.
    Match,
    /// A hook names an unknown stage.
    Stage,
    /// A bug in libhooks.
    Panic,
    /// The name of a hook file does not end in `.json`.
    NoJsonSuffix,
    /// A warning, which the strict policy does not tolerate.
    Strict,
    /// A hook process failed, or printed no config.
    HookFailed,
    /// A hook process exceeded its timeout.
    Timeout,
    /// The caller cancelled a hook process.
    Cancelled,
}

impl ErrorKind {
    /// Returns the name in JSON, in kebab-case.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorKind::InvalidArgument => "invalid-argument",
            ErrorKind::Utf8 => "utf8",
            ErrorKind::Json => "json",
            ErrorKind::Io => "io",
            ErrorKind::HookFile => "hook-file",
            ErrorKind::Match => "match",
            ErrorKind::Stage => "stage",
            ErrorKind::Panic => "panic",
            ErrorKind::NoJsonSuffix => "no-json-suffix",
            ErrorKind::Strict => "strict",
            ErrorKind::HookFailed => "hook-failed",
            ErrorKind::Timeout => "timeout",
            ErrorKind::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for ErrorKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// An error: what went wrong, its place, and its kind and code for programs.
#[derive(Clone)]
pub struct Error(Box<Fields>);

#[derive(Clone)]
struct Fields {
    kind: ErrorKind,
    cause: Cause,
    message: String,
    place: Place,
    diagnostics: Vec<Diagnostic>,
}

/// The result of the functions of this crate.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Creates an error of this kind. Its message is the reference's, if the reference has one.
    #[cold]
    pub(crate) fn new(kind: ErrorKind, cause: impl Into<Cause>) -> Error {
        let cause = cause.into();
        let message = cause.reference().unwrap_or_else(|| cause.to_string());
        Error(Box::new(Fields {
            kind,
            cause,
            message,
            place: Place::default(),
            diagnostics: Vec::new(),
        }))
    }

    /// Creates an error for an invalid argument of a call; `message` says what is wrong with it.
    #[cold]
    pub fn invalid_argument(message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(ErrorKind::InvalidArgument, Cause::Argument(message.into()))
    }

    /// Creates an error for an argument with invalid UTF-8 at byte `at`. For the C ABI.
    #[doc(hidden)]
    #[cold]
    pub fn not_utf8(argument: &str, at: usize) -> Error {
        Error::new(ErrorKind::Utf8, Cause::NotUtf8 { argument: argument.into(), at })
    }

    /// Creates an error for a panic, which is a bug in libhooks. For the C ABI.
    #[doc(hidden)]
    #[cold]
    pub fn panic(message: &str) -> Error {
        Error::new(ErrorKind::Panic, Cause::Panic(message.into()))
    }

    /// Creates an error for the JSON argument `text` of a call.
    #[cold]
    pub(crate) fn in_json(error: JsonError, text: &[u8]) -> Error {
        let position = Position::of(text, error.offset);
        Error::new(ErrorKind::Json, error.kind).with_position(Some(position))
    }

    /// Returns the kind of the error, for programs.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the code of the problem.
    pub fn code(&self) -> Code {
        self.0.cause.code()
    }

    pub(crate) fn cause(&self) -> &Cause {
        &self.0.cause
    }

    /// Returns what is wrong, in plain words, without the path and the steps that led to the error.
    /// If the error is about several files, this is the problem of the first;
    /// [`Error::diagnostics`] has all. If a hook cannot be started, this is the reason, such as
    /// `cannot start the hook: the interpreter /bin/x does not exist`.
    pub fn plain_message(&self) -> String {
        match (&self.0.cause, self.0.diagnostics.first()) {
            (Cause::Start(_), Some(reason)) => {
                format!("cannot start the hook: {}", reason.message())
            }
            (cause, _) => cause.to_string(),
        }
    }

    /// Returns the message that [`Display`](fmt::Display) prints.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the system's error number, if the system refused an operation.
    pub fn errno(&self) -> Option<Errno> {
        self.0.cause.errno().copied()
    }

    /// Returns the place of the error.
    pub fn place(&self) -> &Place {
        &self.0.place
    }

    /// Returns all problems of all directories, if a load or reload failed. If
    /// [`exec::run`](crate::exec::run) could not start a hook, returns why its program cannot run:
    /// with the codes, messages and hints of [`HookFile::check`](crate::HookFile::check), as errors,
    /// and the path of the program. It is empty if nothing is wrong with the program.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.0.diagnostics
    }

    /// Returns whether the system was short of a resource, which says nothing about hook files.
    pub(crate) fn is_out_of_resources(&self) -> bool {
        matches!(
            self.errno(),
            Some(Errno(libc::EMFILE | libc::ENFILE | libc::ENOMEM | libc::EAGAIN | libc::EINTR))
        )
    }

    pub(crate) fn with_message(mut self, message: String) -> Error {
        self.0.message = message;
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

    /// Adds a step before the message (`step: message`).
    pub(crate) fn context(mut self, step: impl fmt::Display) -> Error {
        self.0.message = format!("{step}: {}", self.0.message);
        self
    }

    /// Returns the error as a diagnostic of its file or directory. Its severity is always error,
    /// even if the code has another severity elsewhere.
    pub(crate) fn to_diagnostic(&self, hint: Option<String>) -> Diagnostic {
        let path = self.place().path.clone().unwrap_or_default();
        let error_message = Some(self.0.message.clone());
        let reference = error_message.clone().filter(|_| self.0.cause.has_reference());
        let diagnostic =
            Diagnostic::new(path, self.0.cause.clone()).at(self.place().position).hint(hint);
        Diagnostic { severity: Severity::Error, reference, error_message, ..diagnostic }
    }

    /// Returns the error as JSON: `kind`, `code`, `cause` (the kind of cause in kebab-case),
    /// `message`, `errno`, `system` (the `operation` that the system refused, and its `path`, if
    /// there is one), `where` (`path`, `line`, `column`, `hook`) and, if there are any,
    /// `diagnostics`.
    pub fn to_json(&self) -> String {
        crate::go::json::to_string(self)
    }
}

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("kind", &self.0.kind)?;
        map.serialize_entry("code", &self.code())?;
        map.serialize_entry("cause", self.0.cause.kind())?;
        map.serialize_entry("message", &self.0.message)?;
        map.serialize_entry("errno", &self.errno().map_or(0, Errno::raw_os_error))?;
        if let Some((operation, path)) = self.0.cause.system() {
            map.serialize_entry("system", &SystemJson { operation, path })?;
        }
        map.serialize_entry("where", &PlaceJson(&self.0.place))?;
        if !self.0.diagnostics.is_empty() {
            map.serialize_entry("diagnostics", &self.0.diagnostics)?;
        }
        map.end()
    }
}

/// The operation that the system refused, as JSON.
struct SystemJson<'a> {
    operation: &'static str,
    path: &'a Path,
}

impl Serialize for SystemJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("operation", self.operation)?;
        serialize_path(&mut map, "path", self.path)?;
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
            .field("code", &self.code())
            .field("message", &self.0.message)
            .field("errno", &self.errno())
            .field("place", &self.0.place)
            .finish_non_exhaustive()
    }
}

/// The source is an [`Errno`], or the error of a pattern. The message already contains its words.
impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.cause.source()
    }
}

/// Checks the size of an argument against its limit (`limits`).
///
/// # Errors
/// [`Code::TooLarge`], and [`ErrorKind::InvalidArgument`].
pub(crate) fn check_limit(what: &'static str, size: usize, limit: usize) -> Result<()> {
    if size <= limit { Ok(()) } else { Err(too_large(what, size, limit)) }
}

#[cold]
fn too_large(what: &'static str, size: usize, limit: usize) -> Error {
    Error::new(ErrorKind::InvalidArgument, Cause::ArgumentTooLarge { what, size, limit })
}
