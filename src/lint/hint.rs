//! Hints for errors: the cause decides which.

use super::suggest::{for_key, nearest};
use crate::go::Errno;
use crate::go::json::{Expected, JsonErrorKind, Kind, SyntaxErrorKind};
use crate::go::quote;
use crate::hook::{Decoded, UnknownKey};
use crate::problem::{Cause, Property};

/// Returns the hint for this cause in this file.
pub(super) fn hint(cause: &Cause, file: &Decoded<'_>) -> Option<String> {
    let plain = match cause {
        Cause::Json(kind) => json(kind, file)?,
        Cause::NotRegularFile => SWITCH_OFF,
        Cause::NoJsonSuffix => "engines read only files whose names end in .json",
        Cause::UnrecognizedVersion { .. } => "write \"version\": \"1.0.0\"",
        Cause::Missing(Property::Hook) if file.version.is_empty() => {
            "a file without \"version\": \"1.0.0\" is read as version 0.1.0"
        }
        Cause::Missing(Property::Hook) => "write \"hook\": \"/…\"",
        Cause::Missing(Property::Path) if file.hook.when.any_of => "write \"hook\": \"/…\"",
        Cause::Missing(Property::Path) => {
            match for_key(file, "hook", "path").or_else(|| for_key(file, "", "hook")) {
                Some(unknown) => return Some(in_place_of(unknown)),
                None => "write \"hook\": {\"path\": \"/…\"}",
            }
        }
        Cause::Missing(Property::Stages) => {
            match for_key(file, "", "stages").or_else(|| for_key(file, "", "stage")) {
                Some(unknown) => return Some(in_place_of(unknown)),
                None => "write \"stages\": [\"createRuntime\"], or another stage",
            }
        }
        Cause::Conflict { .. } => "keep one of the two",
        Cause::UnknownStage { stage } => return Some(for_stage(stage)),
        Cause::Executable { path, errno: Errno(libc::ENOENT) } => {
            match (path.starts_with('/'), path.contains(' ')) {
                (false, _) => "write the executable's whole path, from / on",
                (true, false) => "install the executable, or correct the hook's path",
                (true, true) => {
                    let key = if file.hook.when.any_of { "arguments" } else { "args" };
                    return Some(format!(
                        "install the executable, or correct the path (arguments belong into {key:?})"
                    ));
                }
            }
        }
        Cause::Pattern { error, .. } => pattern(error)?,
        _ => return None,
    };
    Some(plain.to_owned())
}

/// How a hook is switched off.
pub(crate) const SWITCH_OFF: &str =
    "to switch a hook off, give a valid file of its name with \"when\": {\"always\": false}";

fn json(kind: &JsonErrorKind, file: &Decoded<'_>) -> Option<&'static str> {
    Some(match kind {
        JsonErrorKind::Syntax(SyntaxErrorKind::Empty) => "write a hook, or remove the file",
        JsonErrorKind::Syntax(SyntaxErrorKind::End) => {
            "a closing quote, bracket or brace is missing"
        }
        JsonErrorKind::Syntax(SyntaxErrorKind::Depth) => return None,
        JsonErrorKind::Syntax(SyntaxErrorKind::Unexpected { expected, found }) => {
            unexpected(*expected, *found)?
        }
        JsonErrorKind::Type { value, wanted, found } => wrong_type(value, *wanted, *found, file)?,
        JsonErrorKind::Integer { .. } => {
            "write whole seconds, in digits alone, up to 9223372036854775807"
        }
        JsonErrorKind::Duplicate { .. } | JsonErrorKind::Folded { .. } => return None,
    })
}

fn unexpected(expected: Expected, found: char) -> Option<&'static str> {
    Some(match (expected, found) {
        (Expected::Escape, '\'') => "remove the backslash",
        (Expected::Escape, _) => "a backslash is written twice: \\\\.",
        (Expected::Value, '/') => "remove the comment, or put the string in double quotes",
        (_, '/' | '#') => "remove the comment: JSON has none",
        (_, '“') => "write plain double quotes",
        (_, '\'') => "write double quotes",
        (_, '\u{feff}') => "save the file as UTF-8 without a byte order mark",
        (Expected::NextMember | Expected::NextElement, '"') => "a comma is missing before it",
        (Expected::NextElement, '}') => "a closing bracket is missing before it",
        (Expected::NextMember, ']') => "a closing brace is missing before it",
        (Expected::Key, '}') | (Expected::Value, ']') => "remove the comma before it",
        (Expected::Key, ',') => "remove the extra comma",
        (Expected::Value, ',') => "a value is missing before it, or there is an extra comma",
        (Expected::End, ',') => "remove it, or the brace before it, if more of the hook follows",
        (Expected::Value, 'T') => "write true",
        (Expected::Value, 'F') => "write false",
        (Expected::Value, 'N') => "write null, or leave the key out",
        (Expected::Value, char::REPLACEMENT_CHARACTER) => "save the file as UTF-8",
        _ => return None,
    })
}

fn wrong_type(value: &str, wanted: Kind, found: Kind, file: &Decoded<'_>) -> Option<&'static str> {
    Some(match (value, wanted, found) {
        ("hook", Kind::String, Kind::Object) if file.version.is_empty() => {
            "add \"version\": \"1.0.0\" to the file: without it, it is read as version 0.1.0"
        }
        ("hook", Kind::String, Kind::Object) => {
            "in version 1.0.0 \"hook\" is an object; in 0.1.0 it is the path as a string"
        }
        ("hook", Kind::Object, Kind::String) => {
            "write {\"path\": \"/…\"}; \"hook\": \"/…\" is of version 0.1.0"
        }
        ("version", Kind::String, Kind::Number) => "write \"version\": \"1.0.0\"",
        ("hook.timeout", Kind::Number, Kind::String) => "write whole seconds, without quotes",
        (_, Kind::Bool, Kind::String) => "write true or false, without quotes",
        (_, Kind::Bool, Kind::Number) => "write true or false",
        (_, Kind::Array, Kind::String) => "write it in brackets: [\"…\"]",
        (_, Kind::String, Kind::Number | Kind::Bool) => "write it in double quotes",
        _ => return None,
    })
}

fn pattern(error: &go_regexp::Error) -> Option<&'static str> {
    use go_regexp::ErrorKind;

    const ITSELF: &str = "for the character itself write a backslash, in JSON \\\\, before it";
    Some(match (error.kind(), error.expression().as_bytes()) {
        (_, [b'(', b'?', b'=' | b'!', ..] | [b'(', b'?', b'<', b'=' | b'!', ..]) => {
            "Go's patterns cannot look ahead or behind"
        }
        (ErrorKind::MissingRepeatArgument, [b'*', ..]) => {
            "patterns are regular expressions, not shell globs: for any string write .*"
        }
        (ErrorKind::MissingRepeatArgument, _) => ITSELF,
        (ErrorKind::PerlOp, [b'(', b'?', ..]) => {
            "Go's patterns have no such group, or it is not closed"
        }
        (ErrorKind::Escape, _) => "Go's patterns have no such escape, and no back-references",
        (ErrorKind::RepeatOp, _) => "one operator is enough; Go's patterns have no possessive ones",
        (ErrorKind::RepeatSize, _) => {
            "Go repeats up to 1000 times, and the smaller number comes first"
        }
        (ErrorKind::CharRange, _) => {
            "the ends of the range are in the wrong order, or Go has no such range"
        }
        (ErrorKind::MissingBracket | ErrorKind::MissingParen, _) => {
            "close it; for the character itself write a backslash, in JSON \\\\, before it"
        }
        (ErrorKind::UnexpectedParen, _) => {
            "open it; for the character itself write a backslash, in JSON \\\\, before it"
        }
        (ErrorKind::NamedCapture, _) => "write (?P<name>…)",
        (ErrorKind::TrailingBackslash, _) => "for a backslash write \\\\, in JSON \\\\\\\\",
        _ => return None,
    })
}

fn for_stage(stage: &str) -> String {
    match nearest(stage, STAGES) {
        // It is not one of OCI's, or it would be known.
        Some(near) if near == stage => {
            format!("if your engine runs {stage} hooks itself, pass --extension-stage {stage}")
        }
        Some("prestart") => {
            "did you mean \"prestart\"? It is deprecated: write \"createRuntime\"".to_owned()
        }
        Some(near) => format!("did you mean {near:?}?"),
        None => ALL_STAGES.to_owned(),
    }
}

/// Returns the hint for something that is missing, where an unknown key was probably meant to be
/// it.
pub(super) fn in_place_of(unknown: &UnknownKey) -> String {
    format!("did you write the unknown key {} for this?", quote(unknown.key.as_bytes()))
}

const ALL_STAGES: &str = "stages are createRuntime, createContainer, startContainer, poststart, poststop, prestart (deprecated), \
                          and those that the engine runs itself, such as Podman's precreate";

/// Those of the OCI runtime specification, and Podman's own.
const STAGES: &[&str] = &[
    "createRuntime",
    "createContainer",
    "startContainer",
    "poststart",
    "poststop",
    "prestart",
    "precreate",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_that_were_meant() {
        for (stage, hint) in [
            ("PreStart", "did you mean \"prestart\"? It is deprecated: write \"createRuntime\""),
            ("poststrat", "did you mean \"poststart\"?"),
            (
                "precreate",
                "if your engine runs precreate hooks itself, pass --extension-stage precreate",
            ),
            ("buildContainer", ALL_STAGES),
            ("", ALL_STAGES),
        ] {
            assert_eq!(for_stage(stage), hint, "{stage}");
        }
    }
}
