//! Plain words for people.

use std::fmt::{self, Display, Formatter};

use super::{Cause, PatternRole, Refusal, RequestError};
use crate::go::json::{JsonErrorKind, SyntaxErrorKind};
use crate::go::{Errno, quote};
use crate::limits::JSON_DEPTH;
use crate::problem::text_of;

/// What is wrong, in plain words. The path of the file, and the steps that led to the problem, are
/// not in it.
impl Display for Cause {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Argument(message) => f.write_str(message),
            Cause::NotUtf8 { argument, at } => write!(f, "{argument} is not valid UTF-8 at byte {at}"),
            Cause::ArgumentTooLarge { what, size, limit } => {
                write!(f, "{what}: {size} is over the limit of {limit}")
            }
            Cause::Request(error) => write!(f, "the request is malformed: {error}"),
            Cause::Panic(message) => f.write_str(message),
            Cause::Json(kind) => json(f, kind),
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
                write!(f, "{singular:?} and {plural:?} are both given, and mean the same")
            }
            Cause::UnknownStage { stage } => write!(f, "unknown stage {}", quote(stage.as_bytes())),
            Cause::Executable { path, errno: Errno(libc::ENOENT) } => {
                write!(f, "the executable {path} does not exist")
            }
            Cause::Executable { path, errno } => {
                write!(f, "cannot access the executable {path}: {}", errno)
            }
            Cause::Pattern { role, pattern, error } => not_a_pattern(f, *role, pattern.as_deref(), error),
            Cause::EmptyArgs => f.write_str(
                "cannot evaluate the condition on the command: process.args of the container is empty",
            ),
            Cause::InjectionTooLarge { hook, limit, unit } => write!(
                f,
                "hook {} takes what is injected over the limit of {limit} {unit}",
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
                    Some(seconds) => write!(f, ": hook files are looked at every {seconds} s instead"),
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
            f.write_str("the file is empty, or has only whitespace")
        }
        JsonErrorKind::Syntax(SyntaxErrorKind::End) => f.write_str("the JSON ends early"),
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
            write!(f, "{value} must be an integer of 64 bits, found {number}")
        }
        JsonErrorKind::Duplicate { key } => write!(f, "duplicate key {key}"),
        JsonErrorKind::Folded { key, name } => {
            write!(
                f,
                "the key {key:?} differs only in case from {name:?}: some readers take it for that key, others do not"
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

fn not_a_pattern(
    f: &mut Formatter<'_>,
    role: PatternRole,
    pattern: Option<&str>,
    error: &go_regexp::Error,
) -> fmt::Result {
    let role = match role {
        PatternRole::AnnotationKey => "for the key of an annotation",
        PatternRole::AnnotationValue => "for the value of an annotation",
        PatternRole::Command => "for a command",
    };
    match pattern {
        Some(pattern) => write!(f, "the pattern {} {role}", quote(pattern.as_bytes()))?,
        None => write!(f, "a pattern {role}")?,
    }
    write!(f, " is not valid: {}", error.kind().as_str())?;
    let expression = error.expression();
    if Some(expression) == pattern || expression.is_empty() {
        return Ok(());
    }
    write!(f, ": `{expression}`")
}

impl Display for RequestError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            RequestError::UnknownProcess(kind) => write!(f, "unknown kind of process {kind}"),
            RequestError::Truncated => f.write_str("it is truncated"),
            RequestError::TrailingBytes => f.write_str("bytes follow its end"),
        }
    }
}
