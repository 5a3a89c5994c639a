//! Messages for people.

use std::fmt::{self, Display, Formatter};

use super::{Cause, PatternRole, Refusal, RequestError};
use crate::go::json::{JsonErrorKind, SyntaxErrorKind};
use crate::go::{Errno, quote};
use crate::limits::JSON_DEPTH;
use crate::problem::text_of;

/// Writes the problem in plain words, without the path of the file and the steps that led to it.
impl Display for Cause {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Argument(message) => f.write_str(message),
            Cause::NotUtf8 { argument, at } => {
                write!(f, "{argument} is not valid UTF-8 at byte {at}")
            }
            Cause::ArgumentTooLarge { what, size, limit } => {
                write!(f, "{what}: {size} is over the limit of {limit}")
            }
            Cause::Request(error) => error.fmt(f),
            Cause::Panic(message) => f.write_str(message),
            Cause::Json(kind) => json(f, kind),
            Cause::NotAConfig(form) => form.not_a_config(f),
            Cause::NotAState(reason) => reason.fmt(f),
            Cause::File(refusal) => refused(f, refusal, "the hook file"),
            Cause::Directory(refusal) => refused(f, refusal, "the directory"),
            Cause::NotRegularFile => f.write_str("the hook file is not a regular file"),
            Cause::FileTooLarge => f.write_str("the file is too large (the limit is 16 MiB)"),
            Cause::NoJsonSuffix => f.write_str("the name of the hook file does not end in .json"),
            Cause::NilHook => f.write_str("the hook is null"),
            Cause::UnrecognizedVersion { version } => {
                write!(f, "unknown hook version {}", quote(version.as_bytes()))
            }
            Cause::Reader(message) => f.write_str(message),
            Cause::UnexpectedVersion { version } => {
                write!(f, "the version of the hook is {}, not \"1.0.0\"", quote(version.as_bytes()))
            }
            Cause::Missing(property) => write!(f, "{:?} is missing", property.name()),
            Cause::Conflict { singular, plural } => {
                write!(f, "{singular:?} and {plural:?} are two names of the same key")
            }
            Cause::UnknownStage { stage } => write!(f, "unknown stage {}", quote(stage.as_bytes())),
            Cause::Executable { path, is_link: true, .. } => {
                write!(f, "the executable {path} is a link that leads nowhere")
            }
            Cause::Executable { path, errno: Errno(libc::ENOENT), .. } => {
                write!(f, "the executable {path} does not exist")
            }
            Cause::Executable { path, errno, .. } => {
                write!(f, "cannot access the executable {path}: {}", errno)
            }
            Cause::Pattern { role, pattern, error } => {
                invalid_pattern(f, *role, pattern.as_deref(), error)
            }
            Cause::EmptyArgs => f.write_str(
                "cannot evaluate the condition on the command: \
                 the container's process.args is empty",
            ),
            Cause::InjectionTooLarge { hook, limit, unit } => write!(
                f,
                "with hook {}, more than {limit} {unit} would be injected",
                quote(hook.as_bytes())
            ),
            Cause::NoCommand => f.write_str("the hook has no path"),
            Cause::NulInEnvironment => {
                f.write_str("an environment variable of the hook contains a NUL character")
            }
            Cause::Start(refusal) => refused(f, refusal, "the hook"),
            Cause::OutputFile { stream, refusal } => write!(
                f,
                "cannot open the file {} for {stream}: {}",
                text_of(refusal.path.as_os_str()),
                refusal.errno
            ),
            Cause::Watch { operation, errno, poll } => {
                write!(f, "{operation}: {}", errno)?;
                match poll {
                    Some(seconds) => write!(f, "; falling back to polling every {seconds} s"),
                    None => Ok(()),
                }
            }
            Cause::Cancelled => f.write_str("the monitor was cancelled"),
            Cause::Warning(warning) => warning.fmt(f),
        }
    }
}

fn json(f: &mut Formatter<'_>, kind: &JsonErrorKind) -> fmt::Result {
    match kind {
        JsonErrorKind::Syntax(SyntaxErrorKind::Empty) => {
            f.write_str("the file is empty or has only whitespace")
        }
        JsonErrorKind::Syntax(SyntaxErrorKind::End) => f.write_str("the JSON is incomplete"),
        JsonErrorKind::Syntax(SyntaxErrorKind::Depth) => {
            write!(f, "the JSON is nested more than {JSON_DEPTH} levels deep")
        }
        JsonErrorKind::Syntax(SyntaxErrorKind::Unexpected { expected, found }) => {
            write!(f, "expected {expected}, found {found:?}")
        }
        JsonErrorKind::Type { value, wanted, found } => {
            write!(f, "{value} must be {wanted}, found {found}")
        }
        JsonErrorKind::Integer { value, number } => {
            write!(f, "{value} must be a 64-bit integer, found {number}")
        }
        JsonErrorKind::Duplicate { key } => write!(f, "duplicate key {key}"),
        JsonErrorKind::Folded { key, name } => {
            write!(
                f,
                "key {key:?} differs only in case from {name:?}: \
                 some JSON readers treat the two as the same key"
            )
        }
    }
}

fn refused(f: &mut Formatter<'_>, refusal: &Refusal, object: &str) -> fmt::Result {
    let verb = match refusal.operation {
        "readdirent" => "list",
        "fork/exec" => "start",
        "chdir" => {
            let directory = text_of(refusal.path.as_os_str());
            return write!(
                f,
                "cannot change to the working directory {directory}: {}",
                refusal.errno
            );
        }
        operation => operation,
    };
    write!(f, "cannot {verb} {object}: {}", refusal.errno)
}

fn invalid_pattern(
    f: &mut Formatter<'_>,
    role: PatternRole,
    pattern: Option<&str>,
    error: &go_regexp::Error,
) -> fmt::Result {
    let role = role.with_article();
    f.write_str("invalid pattern ")?;
    if let Some(pattern) = pattern {
        write!(f, "{} ", quote(pattern.as_bytes()))?;
    }
    write!(f, "for {role}: {}", error.kind().as_str())?;
    let expression = error.expression();
    if Some(expression) == pattern || expression.is_empty() {
        return Ok(());
    }
    write!(f, ": `{expression}`")
}

impl PatternRole {
    /// Returns what the pattern is for, as a noun with its article.
    pub(super) fn with_article(self) -> &'static str {
        match self {
            PatternRole::AnnotationKey => "an annotation key",
            PatternRole::AnnotationValue => "an annotation value",
            PatternRole::Command => "a command",
        }
    }
}

impl Display for RequestError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            RequestError::UnknownProcess(kind) => {
                write!(f, "the request has the unknown process kind {kind}")
            }
            RequestError::Truncated => f.write_str("the request is truncated"),
            RequestError::TrailingBytes => f.write_str("bytes follow the end of the request"),
        }
    }
}
