//! Hints for errors, chosen by the cause.

use super::suggest::{for_key, nearest};
use crate::go::Errno;
use crate::go::json::{Expected, JsonErrorKind, Kind, SyntaxErrorKind};
use crate::go::quote;
use crate::hook::{Decoded, UnknownKey};
use crate::problem::{Cause, Error, Property};

/// Returns the hint for this error in this file.
pub(super) fn hint(error: &Error, file: &Decoded<'_>) -> Option<String> {
    // (A first line such as `---` is noticed at its second character.)
    let at_start = error.place().position.is_some_and(|place| place.line == 1 && place.column <= 2);
    let plain = match error.cause() {
        Cause::Json(kind) => json(kind, at_start, file)?,
        Cause::NotRegularFile => SWITCH_OFF,
        Cause::NoJsonSuffix => "rename the file: engines read only files that end in .json",
        Cause::UnrecognizedVersion { .. } => "write \"version\": \"1.0.0\"",
        Cause::Missing(_) if file.notes.config.is_some() => return None,
        Cause::Missing(Property::Hook) if file.version.is_empty() => {
            "write \"version\": \"1.0.0\" and \"hook\": {\"path\": \"/…\"}; \
             a file without \"version\" is read as version 0.1.0"
        }
        Cause::Missing(Property::Hook) => "write \"hook\": \"/…\"",
        Cause::Missing(Property::Path) if file.hook.when.any_of => "write \"hook\": \"/…\"",
        Cause::Missing(Property::Path) => {
            match for_key(file, "hook", "path").or_else(|| for_key(file, "", "hook")) {
                Some(unknown) => return Some(meant_by(unknown, "this key")),
                None => "write \"hook\": {\"path\": \"/…\"}",
            }
        }
        Cause::Missing(Property::Stages) => {
            match for_key(file, "", "stages").or_else(|| for_key(file, "", "stage")) {
                Some(unknown) => return Some(meant_by(unknown, "this key")),
                None => WRITE_STAGES,
            }
        }
        Cause::Conflict { .. } => KEEP_ONE,
        Cause::UnknownStage { stage } => return Some(for_stage(stage)),
        Cause::Executable { is_link: true, .. } => {
            "install what the link leads to, or correct the hook's path"
        }
        Cause::Executable { path, errno: Errno(libc::ENOENT), .. } => match path.contains(' ') {
            _ if !path.starts_with('/') => WRITE_ABSOLUTE,
            _ if file.hook.runs_in_container() => {
                "engines look for the path on the host when they read the file, although the hook \
                 runs inside the container: the path must exist in both"
            }
            false => "install the executable, or correct the hook's path",
            true => {
                let key = if file.hook.when.any_of { "arguments" } else { "args" };
                return Some(format!(
                    "install the executable, or correct the path (arguments belong in {key:?})"
                ));
            }
        },
        Cause::Pattern { error, .. } => pattern(error)?,
        _ => return None,
    };
    Some(plain.to_owned())
}

/// How to switch a hook off.
pub(crate) const SWITCH_OFF: &str =
    "to switch a hook off, write a valid file of its name with \"when\": {\"always\": false}";

pub(super) const WRITE_ABSOLUTE: &str =
    "write the absolute path; the OCI runtime specification requires it";

pub(super) const KEEP_ONE: &str = "keep one of them";

pub(super) const WRITE_STAGES: &str = "write \"stages\": [\"createRuntime\"], or another stage";

pub(super) const ITSELF: &str = "to match the character itself, write \\\\ before it";

fn json(kind: &JsonErrorKind, at_start: bool, file: &Decoded<'_>) -> Option<&'static str> {
    Some(match kind {
        JsonErrorKind::Syntax(SyntaxErrorKind::Empty) => "write a hook, or remove the file",
        JsonErrorKind::Syntax(SyntaxErrorKind::End) => {
            "add the missing closing quote, bracket or brace"
        }
        JsonErrorKind::Syntax(SyntaxErrorKind::Depth) => return None,
        JsonErrorKind::Syntax(SyntaxErrorKind::Unexpected { expected, found }) => {
            unexpected(*expected, *found, at_start)?
        }
        JsonErrorKind::Type { value, wanted, found } => wrong_type(value, *wanted, *found, file)?,
        JsonErrorKind::Integer { .. } => {
            "write whole seconds in digits, at most 9223372036854775807"
        }
        JsonErrorKind::Duplicate { .. } | JsonErrorKind::Folded { .. } => return None,
    })
}

const NO_YAML: &str = "write JSON: engines do not read YAML";

fn unexpected(expected: Expected, found: char, at_start: bool) -> Option<&'static str> {
    Some(match (expected, found) {
        (Expected::Escape, '\'') => "remove the backslash",
        (Expected::Escape, _) => "write each backslash twice, as in \\\\.",
        (Expected::Value, '/') => "remove the comment, or put the string in double quotes",
        (Expected::Value, found) if at_start && found.is_ascii_alphabetic() => NO_YAML,
        (Expected::Digit, '-') if at_start => NO_YAML,
        (_, '\0') => "save the file as UTF-8, not as UTF-16",
        (_, '\u{a0}') => "replace the no-break space by a space",
        (Expected::End, '{' | '-') => "write each hook to a file of its own",
        (Expected::Colon, '=' | '"') => "write a colon after the key",
        (Expected::Colon, ',' | '}') => "add a colon and the value",
        (Expected::Colon, found) if found != '#' => "add the missing quote after the key",
        (_, '/' | '#') => "remove the comment: JSON has no comments",
        (_, '“') => "write straight double quotes (\")",
        (_, '\'') => "write double quotes (\")",
        (_, '\u{feff}') => "save the file as UTF-8 without a byte order mark",
        (Expected::NextMember | Expected::NextElement, '"') => "add the missing comma before it",
        (Expected::NextElement, '}') => "add the missing ']' before it",
        (Expected::NextMember, ']') => "add the missing '}' before it",
        (Expected::Key, '}') | (Expected::Value, ']') => "remove the comma before it",
        (Expected::Key, ',') => "remove the extra comma",
        (Expected::Value, ',') => "add the missing value before it, or remove the extra comma",
        (Expected::End, ',') => {
            "remove it; if the hook continues, remove the '}' before it instead"
        }
        (Expected::Value, 'T') => "write true",
        (Expected::Value, 'F') => "write false",
        (Expected::Value, 'N') => "write null, or remove the key",
        (Expected::Value, char::REPLACEMENT_CHARACTER) => "save the file as UTF-8",
        _ => return None,
    })
}

fn wrong_type(value: &str, wanted: Kind, found: Kind, file: &Decoded<'_>) -> Option<&'static str> {
    Some(match (value, wanted, found) {
        ("hook", Kind::String, Kind::Object) if file.version.is_empty() => {
            "add \"version\": \"1.0.0\"; a file without \"version\" is read as version 0.1.0"
        }
        ("hook", Kind::String, Kind::Object) => {
            "in version 1.0.0 \"hook\" is an object; in 0.1.0 it is the path as a string"
        }
        ("hook", Kind::Object, Kind::String) => {
            "write \"hook\": {\"path\": \"/…\"}; \"hook\": \"/…\" is the form of version 0.1.0"
        }
        ("version", Kind::String, Kind::Number) => "write \"version\": \"1.0.0\"",
        ("hook.env", Kind::Array, Kind::Object) => "write a list: [\"NAME=VALUE\"]",
        ("when", Kind::Object, Kind::Array) => {
            "write an object, in which all conditions must hold: {\"annotations\": {…}}"
        }
        ("when.annotations", Kind::Object, Kind::Array) => {
            "write an object of patterns: {\"^KEY$\": \"^VALUE$\"}"
        }
        ("hook.timeout", Kind::Number, Kind::String) => "write whole seconds, without quotes",
        ("when.hasBindMounts", Kind::Bool, Kind::String | Kind::Array | Kind::Object) => {
            "write true, if any bind mount counts; no condition selects a certain mount"
        }
        (_, Kind::Bool, Kind::String) => "write true or false, without quotes",
        (_, Kind::Bool, Kind::Number) => "write true or false",
        (_, Kind::Array, Kind::String) => "write it in brackets: [\"…\"]",
        (_, Kind::String, Kind::Number | Kind::Bool) => "write it in double quotes",
        _ => return None,
    })
}

fn pattern(error: &go_regexp::Error) -> Option<&'static str> {
    use go_regexp::ErrorKind;

    Some(match (error.kind(), error.expression().as_bytes()) {
        (_, [b'(', b'?', b'=' | b'!', ..] | [b'(', b'?', b'<', b'=' | b'!', ..]) => {
            "Go's regular expressions have no look-ahead and no look-behind"
        }
        (ErrorKind::MissingRepeatArgument, [b'*', ..]) => {
            "patterns are regular expressions, not shell globs; use \".*\" to match anything"
        }
        (ErrorKind::MissingRepeatArgument, _) => ITSELF,
        (ErrorKind::PerlOp, [b'(', b'?', ..]) => {
            "Go's regular expressions have no such group, or the group is not closed"
        }
        (ErrorKind::Escape, _) => {
            "Go's regular expressions have no such escape and no back-references"
        }
        (ErrorKind::RepeatOp, _) => {
            "write one operator; Go's regular expressions have no possessive operators"
        }
        (ErrorKind::RepeatSize, _) => "write the smaller number first; the largest number is 1000",
        (ErrorKind::CharRange, _) => {
            "write the smaller character first, or a character class that Go has"
        }
        (ErrorKind::MissingBracket | ErrorKind::MissingParen, _) => {
            "close it; to match the character itself, write \\\\ before it"
        }
        (ErrorKind::UnexpectedParen, _) => {
            "open it; to match the character itself, write \\\\ before it"
        }
        (ErrorKind::NamedCapture, _) => "write (?P<name>…)",
        (ErrorKind::TrailingBackslash, _) => "to match a backslash, write \\\\\\\\",
        _ => return None,
    })
}

fn for_stage(stage: &str) -> String {
    match nearest(stage, STAGES) {
        // A stage of the OCI specification would be known.
        Some(near) if near == stage => {
            format!("if your engine runs {stage} hooks itself, pass --extension-stage {stage}")
        }
        Some("prestart") => {
            "did you mean \"prestart\"? It is deprecated; write \"createRuntime\"".to_owned()
        }
        Some(near) => format!("did you mean {near:?}?"),
        None => ALL_STAGES.to_owned(),
    }
}

/// Returns the hint for a missing key or condition (`missing`), if the unknown key was probably
/// meant to be it.
pub(super) fn meant_by(unknown: &UnknownKey, missing: &str) -> String {
    let key = quote(unknown.key.as_bytes());
    format!("the unknown key {key} was probably meant to be {missing}")
}

const ALL_STAGES: &str = "the stages are createRuntime, createContainer, startContainer, \
                          poststart, poststop, prestart (deprecated), and those that the engine \
                          runs itself, such as Podman's precreate";

/// The stages of the OCI runtime specification, and Podman's own.
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
    fn hints_name_the_nearest_stage() {
        for (stage, hint) in [
            ("PreStart", "did you mean \"prestart\"? It is deprecated; write \"createRuntime\""),
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
