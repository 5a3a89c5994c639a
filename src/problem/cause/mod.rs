//! Problems as data. Errors and diagnostics carry a [`Cause`]; messages are made from it.
//!
//! A cause has two renderings. [`plain`] is for people: it names neither the file nor the steps
//! that led there, since both are data of the error or diagnostic. [`reference`] has the words of
//! the Go package `hooks`. A `match` on the cause chooses the hint (`lint::hint`), so no code
//! depends on a message.

mod form;
mod plain;
mod reference;
mod warning;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::code::{Code, Severity};
use crate::go::Errno;
use crate::go::json::{JsonErrorKind, SyntaxErrorKind};
pub(crate) use form::{JsonForm, NotAState};
pub(crate) use warning::{Ignored, Never, NoName, ProcessFlaw, VariableFlaw, Warning};

/// The cause of an error or diagnostic.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Cause {
    // Calls.
    /// A call has an invalid argument. The message is for the programmer.
    Argument(Cow<'static, str>),
    /// A string argument has an invalid UTF-8 sequence at this byte.
    NotUtf8 {
        argument: Box<str>,
        at: usize,
    },
    /// An argument is larger than its limit.
    ArgumentTooLarge {
        what: &'static str,
        size: usize,
        limit: usize,
    },
    /// A flat match request is malformed.
    Request(RequestError),
    /// A bug in libhooks: the message of a panic.
    Panic(Box<str>),

    // JSON.
    Json(JsonErrorKind),
    /// The JSON is not a container's config, but this.
    NotAConfig(JsonForm),
    /// The JSON is not a container's state.
    NotAState(NotAState),

    // Directories and files.
    /// The system refuses an operation on a hook file.
    File(Refusal),
    /// The system refuses an operation on a directory of hook files.
    Directory(Refusal),
    /// A hook file is a FIFO, a device or a socket.
    NotRegularFile,
    /// A hook file is larger than 16 MiB.
    FileTooLarge,
    /// The name of a hook file does not end in `.json`.
    NoJsonSuffix,

    // The content of a hook file.
    /// `null` instead of a hook.
    NilHook,
    /// The `version` of the file is unknown.
    UnrecognizedVersion {
        version: Box<str>,
    },
    /// The caller's reader of this version failed with this message.
    Reader(Box<str>),
    /// The version of a hook in memory is not 1.0.0.
    UnexpectedVersion {
        version: Box<str>,
    },
    /// A required property is missing.
    Missing(Property),
    /// A file of version 0.1.0 has both spellings of a property.
    Conflict {
        singular: &'static str,
        plural: &'static str,
    },
    /// A stage that is neither a stage of the OCI specification nor an extension stage.
    UnknownStage {
        stage: Box<str>,
    },
    /// The executable of the hook does not exist or cannot be accessed.
    Executable {
        path: Box<str>,
        errno: Errno,
        /// Whether the path is a symlink that leads nowhere.
        is_link: bool,
    },
    /// A condition has an invalid pattern. `pattern` is `None` if the hook was matched without
    /// validation.
    Pattern {
        role: PatternRole,
        pattern: Option<Box<str>>,
        error: go_regexp::Error,
    },

    // Matching, injecting.
    /// `process.args` is empty, and a hook has `commands`.
    EmptyArgs,
    /// With this hook, the injected entries would exceed a limit.
    InjectionTooLarge {
        hook: Box<str>,
        limit: usize,
        unit: &'static str,
    },

    // Running hooks.
    /// The hook has no path.
    NoCommand,
    /// An environment variable of the hook contains NUL.
    NulInEnvironment,
    /// The system refuses to start the hook.
    Start(Refusal),
    /// The system refuses to open the file for this output stream of a filter hook.
    OutputFile {
        stream: &'static str,
        refusal: Refusal,
    },

    // Monitoring.
    /// The system refuses to report changes. `poll` is the interval, in seconds, at which hook
    /// files are compared instead.
    Watch {
        operation: &'static str,
        errno: Errno,
        poll: Option<u64>,
    },
    /// The caller cancelled the monitor.
    Cancelled,

    /// A probable mistake, or something worth knowing.
    Warning(Warning),
}

impl From<Warning> for Cause {
    fn from(warning: Warning) -> Cause {
        Cause::Warning(warning)
    }
}

/// An operation that the system refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Refusal {
    /// Go's name (`open`, `read`, `readdirent`, `stat`, `fork/exec`, `chdir`), or the name of the
    /// system call.
    pub operation: &'static str,
    pub path: PathBuf,
    pub errno: Errno,
}

/// How a flat match request is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum RequestError {
    UnknownProcess(u32),
    Truncated,
    TrailingBytes,
}

/// A property that a hook must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Property {
    /// `hook` of version 0.1.0, which is the path.
    Hook,
    /// `hook.path` of version 1.0.0.
    Path,
    Stages,
}

/// The part of a condition that a pattern is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum PatternRole {
    AnnotationKey,
    AnnotationValue,
    Command,
}

impl Cause {
    /// Returns the code of the problem.
    pub fn code(&self) -> Code {
        match self {
            Cause::Argument(_) | Cause::Request(_) => Code::InvalidArgument,
            Cause::NotUtf8 { .. } => Code::NotUtf8,
            Cause::ArgumentTooLarge { .. } | Cause::InjectionTooLarge { .. } => Code::TooLarge,
            Cause::Panic(_) => Code::Panic,
            Cause::Json(kind) => json_code(kind),
            Cause::NotAConfig(_) => Code::NotAConfig,
            Cause::NotAState(_) => Code::NotAState,
            Cause::File(_) => Code::UnreadableFile,
            Cause::Directory(_) => Code::UnreadableDirectory,
            Cause::NotRegularFile => Code::NotRegularFile,
            Cause::FileTooLarge => Code::FileTooLarge,
            Cause::NoJsonSuffix => Code::NoJsonSuffix,
            Cause::NilHook => Code::NilHook,
            Cause::UnrecognizedVersion { .. } => Code::UnrecognizedVersion,
            Cause::Reader(_) => Code::ReaderFailed,
            Cause::UnexpectedVersion { .. } => Code::UnexpectedVersion,
            Cause::Missing(Property::Hook) => Code::MissingHook,
            Cause::Missing(Property::Path) => Code::MissingPath,
            Cause::Missing(Property::Stages) => Code::MissingStages,
            Cause::Conflict { .. } => Code::ConflictingKeys,
            Cause::UnknownStage { .. } => Code::UnknownStage,
            Cause::Executable { errno: Errno(libc::ENOENT), .. } => Code::MissingExecutable,
            Cause::Executable { .. } => Code::UnreachableExecutable,
            Cause::Pattern { role: PatternRole::AnnotationKey, .. } => Code::InvalidAnnotationKey,
            Cause::Pattern { role: PatternRole::AnnotationValue, .. } => {
                Code::InvalidAnnotationValue
            }
            Cause::Pattern { role: PatternRole::Command, .. } => Code::InvalidCommand,
            Cause::EmptyArgs => Code::ProcessArgsEmpty,
            Cause::NoCommand | Cause::NulInEnvironment => Code::StartFailed,
            Cause::Start(_) | Cause::OutputFile { .. } => Code::StartFailed,
            Cause::Watch { .. } => Code::WatchRefused,
            Cause::Warning(warning) => warning.code(),
            Cause::Cancelled => Code::Cancelled,
        }
    }

    /// Returns the severity, if it is not that of the code.
    pub fn severity(&self) -> Option<Severity> {
        match self {
            Cause::Warning(warning) => warning.severity(),
            _ => None,
        }
    }

    /// Returns the stable name of this kind of cause, in kebab-case. It is finer than the code.
    pub fn kind(&self) -> &'static str {
        match self {
            Cause::Json(kind) => json_kind(kind),
            Cause::NotAConfig(form) => form.kind(),
            Cause::Request(RequestError::UnknownProcess(_)) => "unknown-process",
            Cause::Request(RequestError::Truncated) => "truncated-request",
            Cause::Request(RequestError::TrailingBytes) => "trailing-bytes",
            Cause::Pattern { error, .. } => error.kind().name(),
            Cause::NoCommand => "no-command",
            Cause::NulInEnvironment => "nul-in-environment",
            Cause::OutputFile { .. } => "output-file",
            Cause::InjectionTooLarge { .. } => "injection-too-large",
            Cause::Warning(warning) => warning.kind(),
            _ => self.code().as_str(),
        }
    }

    /// Returns the system's error number, if the system refused an operation.
    pub fn errno(&self) -> Option<&Errno> {
        match self {
            Cause::Executable { errno, .. } | Cause::Watch { errno, .. } => Some(errno),
            Cause::Warning(Warning::Access(access)) => access.1.errno(),
            Cause::Warning(Warning::Process(ProcessFlaw::RelativePath {
                missing: true, ..
            })) => Some(&Errno(libc::ENOENT)),
            _ => self.refusal().map(|refusal| &refusal.errno),
        }
    }

    /// Returns the underlying error, if there is one.
    pub fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Cause::Pattern { error, .. } => Some(error),
            _ => self.errno().map(|errno| errno as &(dyn std::error::Error + 'static)),
        }
    }

    /// Returns the operation that the system refused, and its path.
    pub fn system(&self) -> Option<(&'static str, &Path)> {
        match self {
            Cause::Executable { path, .. } => Some(("faccessat", Path::new(&**path))),
            _ => self.refusal().map(|refusal| (refusal.operation, &*refusal.path)),
        }
    }

    fn refusal(&self) -> Option<&Refusal> {
        match self {
            Cause::File(refusal) | Cause::Directory(refusal) | Cause::Start(refusal) => {
                Some(refusal)
            }
            Cause::OutputFile { refusal, .. } => Some(refusal),
            _ => None,
        }
    }
}

fn json_code(kind: &JsonErrorKind) -> Code {
    match kind {
        JsonErrorKind::Syntax(SyntaxErrorKind::Empty | SyntaxErrorKind::End) => {
            Code::JsonUnexpectedEnd
        }
        JsonErrorKind::Syntax(SyntaxErrorKind::Depth) => Code::JsonDepth,
        JsonErrorKind::Syntax(SyntaxErrorKind::Unexpected { .. }) => Code::JsonSyntax,
        JsonErrorKind::Type { .. } | JsonErrorKind::Integer { .. } => Code::JsonType,
        JsonErrorKind::Duplicate { .. } => Code::DuplicateKey,
        JsonErrorKind::Folded { .. } => Code::FoldedKey,
    }
}

fn json_kind(kind: &JsonErrorKind) -> &'static str {
    match kind {
        JsonErrorKind::Syntax(SyntaxErrorKind::Empty) => "empty",
        JsonErrorKind::Syntax(SyntaxErrorKind::End) => "unexpected-end",
        JsonErrorKind::Syntax(SyntaxErrorKind::Depth) => "too-deep",
        JsonErrorKind::Syntax(SyntaxErrorKind::Unexpected { .. }) => "unexpected-character",
        JsonErrorKind::Type { .. } => "wrong-type",
        JsonErrorKind::Integer { .. } => "not-an-integer",
        JsonErrorKind::Duplicate { .. } => "duplicate-key",
        JsonErrorKind::Folded { .. } => "folded-key",
    }
}

impl From<JsonErrorKind> for Cause {
    fn from(kind: JsonErrorKind) -> Cause {
        Cause::Json(kind)
    }
}
