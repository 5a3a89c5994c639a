//! What to do about errors.

use super::suggest::{for_key, nearest};
use crate::go::quote;
use crate::hook::{Decoded, UnknownKey};
use crate::problem::Code;

/// What to write instead: an error's code, a part of its message, the hint. The first that fits is said. (One text, since
/// lists of texts take more room than the texts.)
const HINTS: &str = r#"
json-syntax | a value, found '/' | JSON has no comments, and texts stand in double quotes
json-syntax | found '/' | JSON has no comments; remove it
json-syntax | found '#' | JSON has no comments; remove it
json-syntax | found '“' | write plain double quotes
json-syntax | a member, found '"' | a comma is missing before it
json-syntax | an element, found '"' | a comma is missing before it
json-syntax | an element, found '}' | a closing bracket is missing before it
json-syntax | a member, found ']' | a closing brace is missing before it
json-syntax | double quotes, found '}' | remove the comma before it
json-syntax | double quotes, found ',' | there is a comma too many
json-syntax | a value, found ']' | remove the comma before it
json-syntax | a value, found ',' | a value is missing before it, or there is a comma too many
json-syntax | after the value, found ',' | remove it, or the brace before it, if more of the hook follows
json-syntax | found '\'' | write double quotes
json-syntax | after the backslash, found | a backslash is written twice: \\.
json-syntax | found 'T' | write true
json-syntax | found 'F' | write false
json-syntax | found 'N' | write null, or leave the key out
json-syntax | found '\u{feff}' | save the file as UTF-8 without a byte order mark
json-syntax | a value, found '\u{fffd}' | save the file as UTF-8
json-unexpected-end |  | a closing quote, bracket or brace is missing
json-type | be a boolean, found a string | write true or false, without quotes
json-type | be a boolean, found a number | write true or false
json-type | : : hook must be a string, found an object | add "version": "1.0.0" to the file: without it, it is read as version 0.1.0
json-type | 0.1.0: hook must be a string, found an object | "version": "1.0.0" has it as an object; in 0.1.0 it is the path
json-type | version must be a string, found a number | write "version": "1.0.0"
json-type | 1.0.0: hook must be an object, found a string | write {"path": "/…"}; "hook": "/…" is of version 0.1.0
json-type | be an array, found a string | write it in brackets: ["…"]
json-type | be a string, found a number | write it in double quotes
json-type | be a string, found a boolean | write it in double quotes
json-type | timeout must be a number, found a string | write whole seconds, without quotes
json-type | timeout must be an integer | write whole seconds, in digits alone, up to 9223372036854775807
unrecognized-version |  | write "version": "1.0.0"
missing-hook | 0.1.0: missing | write "hook": "/…"
missing-hook |  | a file without "version": "1.0.0" is read as version 0.1.0
conflicting-keys |  | keep one of the two
missing-stages |  | write "stages": ["createRuntime"], or another stage
missing-executable |  | install the executable, or correct the hook's path
not-regular-file |  | to switch a hook off, give a valid file of its name with "when": {"always": false}
no-json-suffix |  | engines read only files whose names end in .json
"#;

/// How a hook is switched off.
pub(crate) const SWITCH_OFF: &str =
    "to switch a hook off, give a valid file of its name with \"when\": {\"always\": false}";

/// The same for patterns: a part of what their errors say, the hint.
const OF_PATTERNS: &str = r#"
 | argument to repetition operator: `* | it is a pattern, no shell glob: for any text write .*
 | argument to repetition operator | for the character itself write a backslash, in JSON \\, before it
 | Perl syntax: `(?= | Go's patterns cannot look ahead or behind
 | Perl syntax: `(?! | Go's patterns cannot look ahead or behind
 | `(?<= | Go's patterns cannot look ahead or behind
 | `(?<! | Go's patterns cannot look ahead or behind
 | Perl syntax: `(? | Go's patterns have no such group, or it is not closed
 | escape sequence: `\ | Go's patterns have no such escape, and no back-references
 | nested repetition | one operator is enough; Go's patterns have no possessive ones
 | repeat count | Go repeats up to 1000 times, and the smaller number comes first
 | character class range | its ends are in the wrong order, or it is no range that Go has
 | missing closing | close it; for the character itself write a backslash, in JSON \\, before it
 | unexpected ) | open it; for the character itself write a backslash, in JSON \\, before it
"#;

fn rows(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    table.lines().filter_map(|row| {
        let (code, rest) = row.split_once(" | ")?;
        let (said, hint) = rest.split_once(" | ")?;
        Some((code, said, hint))
    })
}

/// What to do about an error of this code and this message, in this file.
pub(super) fn hint(code: Code, message: &str, file: &Decoded<'_>) -> Option<String> {
    match code {
        Code::UnknownStage => {
            let stage = message.strip_prefix("unknown stage \"").and_then(|stage| stage.strip_suffix('"'));
            let stage = stage.unwrap_or_default();
            return Some(match nearest(stage, STAGES) {
                // It is none of OCI's, or it would be known.
                Some(near) if near == stage => {
                    format!("engines that run {stage} themselves are told so: --extension-stage {stage}")
                }
                Some("prestart") => {
                    "did you mean \"prestart\"? It is deprecated: write \"createRuntime\"".to_owned()
                }
                Some(near) => format!("did you mean {near:?}?"),
                None => ALL_STAGES.to_owned(),
            });
        }
        Code::MissingExecutable if !message.starts_with("faccessat /") => {
            return Some("write the executable's whole path, from / on".to_owned());
        }
        Code::MissingExecutable if file.hook.entry.path.contains(' ') => {
            let key = if file.hook.when.any_of { "arguments" } else { "args" };
            return Some(format!(
                "install the executable, or correct the path (arguments belong into {key:?})"
            ));
        }
        Code::MissingPath if file.hook.when.any_of => return Some("write \"hook\": \"/…\"".to_owned()),
        Code::MissingPath => {
            return Some(match for_key(file, "hook", "path").or_else(|| for_key(file, "", "hook")) {
                Some(unknown) => in_place_of(unknown),
                None => "write \"hook\": {\"path\": \"/…\"}".to_owned(),
            });
        }
        Code::MissingStages => {
            if let Some(unknown) = for_key(file, "", "stages").or_else(|| for_key(file, "", "stage")) {
                return Some(in_place_of(unknown));
            }
        }
        Code::InvalidCommand | Code::InvalidAnnotationKey | Code::InvalidAnnotationValue => {
            let said = rows(OF_PATTERNS).find(|(_, part, _)| message.contains(part));
            return said.map(|(_, _, hint)| hint.to_owned());
        }
        _ => {}
    }
    let fits = |&(of, end, _): &(&str, &str, &str)| of == code.as_str() && message.contains(end);
    rows(HINTS).find(fits).map(|(_, _, hint)| hint.to_owned())
}

/// That something is missing because a key is not what it was meant to be.
pub(super) fn in_place_of(unknown: &UnknownKey) -> String {
    format!("the unknown key {} seems to be meant", quote(unknown.key.as_bytes()))
}

const ALL_STAGES: &str = "stages are createRuntime, createContainer, startContainer, poststart, poststop, prestart (deprecated), \
                          and those that the engine runs itself, such as Podman's precreate";

/// Those of the OCI runtime specification, and Podman's own.
const STAGES: &[&str] =
    &["createRuntime", "createContainer", "startContainer", "poststart", "poststop", "prestart", "precreate"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_tables() {
        for (table, codes) in [(HINTS, true), (OF_PATTERNS, false)] {
            assert_eq!(rows(table).count(), table.trim_matches('\n').lines().count());
            for (code, _, hint) in rows(table) {
                assert!(!codes || Code::ALL.iter().any(|known| known.as_str() == code), "{code}");
                assert!(!hint.is_empty());
            }
        }
    }

    #[test]
    fn stages_that_were_meant() {
        let of = |stage: &str| {
            hint(Code::UnknownStage, &format!("unknown stage {stage:?}"), &Decoded::default()).unwrap()
        };
        assert!(of("PreStart").ends_with(" write \"createRuntime\""));
        assert_eq!(of("poststrat"), "did you mean \"poststart\"?");
        assert!(of("precreate").ends_with("--extension-stage precreate"));
        assert!(of("buildContainer").starts_with("stages are createRuntime, "));
        assert!(of("").starts_with("stages are "));
    }
}
