//! What to do about errors.

use super::suggest::nearest;
use crate::diagnostic::Code;

/// What to write instead, by the error's code and the end of its message: the first that fits is said.
const HINTS: &[(Code, &str, &str)] = &[
    (Code::JsonSyntax, "found '/'", "JSON has no comments; remove it"),
    (Code::JsonSyntax, "found '#'", "JSON has no comments; remove it"),
    (Code::JsonSyntax, "a member, found '\"'", "a comma is missing before it"),
    (Code::JsonSyntax, "an element, found '\"'", "a comma is missing before it"),
    (Code::JsonSyntax, "double quotes, found '}'", "remove the comma before it"),
    (Code::JsonSyntax, "a value, found ']'", "remove the comma before it"),
    (Code::JsonSyntax, "found '\\''", "write double quotes"),
    (Code::JsonSyntax, "found 'T'", "write true"),
    (Code::JsonSyntax, "found 'F'", "write false"),
    (Code::JsonSyntax, "found 'N'", "write null, or leave the key out"),
    (Code::JsonSyntax, "found '\\u{feff}'", "save the file as UTF-8 without a byte order mark"),
    (Code::JsonUnexpectedEnd, "", "a closing quote, bracket or brace is missing"),
    (Code::JsonType, "be a boolean, found a string", "write true or false, without quotes"),
    (Code::JsonType, "be a boolean, found a number", "write true or false"),
    (Code::JsonType, " hook must be a string, found an object", VERSION_MISSING),
    (Code::JsonType, "version must be a string, found a number", "write \"version\": \"1.0.0\""),
    (Code::JsonType, "hook must be an object, found a string", "write {\"path\": \"/…\"}"),
    (Code::JsonType, "be an array, found a string", "write it in brackets: [\"…\"]"),
    (Code::JsonType, "be a string, found a number", "write it in double quotes"),
    (Code::JsonType, "be a string, found a boolean", "write it in double quotes"),
    (Code::JsonType, "timeout must be a number, found a string", "write whole seconds, without quotes"),
    (Code::UnrecognizedVersion, "", "write \"version\": \"1.0.0\""),
    (Code::MissingHook, "", "a file without \"version\": \"1.0.0\" is read as version 0.1.0"),
    (Code::ConflictingKeys, "", "keep one of the two"),
    (Code::MissingPath, "", "write \"hook\": {\"path\": \"/…\"}"),
    (Code::MissingStages, "", "write \"stages\": [\"createRuntime\"], or another stage"),
    (Code::MissingExecutable, "", "install the executable, or correct the hook's path"),
    (Code::NotRegularFile, "", SWITCH_OFF),
    (Code::NoJsonSuffix, "", "engines read only files whose names end in .json"),
];

const VERSION_MISSING: &str =
    "add \"version\": \"1.0.0\" to the file: without it, it is read as version 0.1.0";

/// How a hook is switched off.
pub(crate) const SWITCH_OFF: &str =
    "to switch a hook off, give a valid file of its name with \"when\": {\"always\": false}";

/// The same for patterns: by what their errors say.
const OF_PATTERNS: &[(&str, &str)] = &[
    ("argument to repetition operator: `*", "it is a pattern, no shell glob: for any text write .*"),
    ("Perl syntax: `(?", "Go's patterns cannot look ahead or behind"),
    ("escape sequence: `\\", "Go's patterns have no such escape, and no back-references"),
    ("missing closing", "for the character itself write a backslash, in JSON \\\\, before it"),
];

/// What to do about an error of this code and this message.
pub(super) fn hint(code: Code, message: &str) -> Option<String> {
    match code {
        Code::UnknownStage => {
            let stage = message.rsplit('"').nth(1).unwrap_or_default();
            return Some(match nearest(stage, STAGES) {
                // It is none of OCI's, or it would be known.
                Some(near) if near == stage => {
                    format!("engines that run {stage} themselves are told so: --extension-stage {stage}")
                }
                Some(near) => format!("did you mean {near:?}?"),
                None => format!(
                    "stages are {}; an engine may run others itself, if it is told to",
                    STAGES.join(", ")
                ),
            });
        }
        Code::MissingExecutable if !message.starts_with("faccessat /") => {
            return Some("write the executable's whole path, from / on".to_owned());
        }
        Code::InvalidCommand | Code::InvalidAnnotationKey | Code::InvalidAnnotationValue => {
            let said = OF_PATTERNS.iter().find(|(part, _)| message.contains(part));
            return said.map(|(_, hint)| (*hint).to_owned());
        }
        _ => {}
    }
    let fits = |(of, end, _): &&(Code, &str, &str)| *of == code && message.ends_with(end);
    HINTS.iter().find(fits).map(|(_, _, hint)| (*hint).to_owned())
}

/// Those of the OCI runtime specification, and Podman's own.
const STAGES: &[&str] =
    &["createRuntime", "createContainer", "startContainer", "poststart", "poststop", "prestart", "precreate"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_that_were_meant() {
        let of = |stage: &str| hint(Code::UnknownStage, &format!("unknown stage {stage:?}")).unwrap();
        assert_eq!(of("PreStart"), "did you mean \"prestart\"?");
        assert_eq!(of("poststrat"), "did you mean \"poststart\"?");
        assert!(of("precreate").ends_with("--extension-stage precreate"));
        assert!(of("buildContainer").starts_with("stages are createRuntime, "));
        assert!(of("").starts_with("stages are "));
    }
}
