//! Suggestions for unknown keys.

use crate::edit_distance::edit_distance;
use crate::hook::{Decoded, UnknownKey, v0_1_0, v1_0_0};

/// Keys that version 1.0.0 renamed: the old key, and the object and key in version 1.0.0.
const RENAMED: &[(&str, &str, &str)] =
    &[("arguments", "hook", "args"), ("cmds", "when", "commands"), ("cmd", "when", "commands")];

/// Keys in `when` that were meant to be `commands`.
const OF_COMMANDS: &str =
    "args arg argv argv0 binary cmdline commandline entrypoint exe executable process";

/// Keys in `when` that are no conditions, and not meant to be one of the conditions that exist.
const NO_CONDITIONS: &str = "all allof and annotationsor any anyof env environment image images label labels \
    mounts name names namespace namespaces none not or privileged runtime user users \
    volumes";

/// Keys that are conditions of other programs, wherever they are: no key here is meant.
const IN_OTHER_FORMATS: &str = "annotationsor any image images label labels matchlabels not";

/// The key that an unknown key was meant to be.
pub(super) struct Meant {
    object: &'static str,
    name: &'static str,
    how: How,
}

/// How an unknown key differs from the key that was meant.
enum How {
    Misplaced,
    Misspelt,
    MisspeltAndMisplaced,
    /// A key of version 0.1.0 in a file of version 1.0.0.
    Old,
    /// A key of version 1.0.0 in a file of another version.
    New,
}

/// Returns whether a word is in a list of words with spaces between them. (In a table of `&str`,
/// each string costs 40 bytes more.)
pub(super) fn is_among(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|known| known == word)
}

type Level = (&'static str, &'static [&'static str]);

const LEVELS: &[Level] =
    &[("", &v1_0_0::FILE_KEYS), ("hook", &v1_0_0::HOOK_KEYS), ("when", &v1_0_0::WHEN_KEYS)];
const LEVELS_0_1_0: &[Level] = &[("", &v0_1_0::KEYS)];

/// Returns the key that an unknown key in a file of this version was probably meant to be.
fn meant(version: &str, unknown: &UnknownKey) -> Option<Meant> {
    let key = unknown.key.to_ascii_lowercase();
    let is_new = version == "1.0.0";
    let elsewhere = || {
        let levels = if is_new { LEVELS } else { LEVELS_0_1_0 };
        levels.iter().filter(|(object, _)| *object != unknown.object)
    };
    let exactly = |(object, names): &Level, how| {
        let name = names.iter().find(|name| name.to_ascii_lowercase() == key)?;
        Some(Meant { object, name, how })
    };
    if is_new && unknown.object == "when" {
        if is_among(OF_COMMANDS, &key) {
            return Some(Meant { object: "when", name: "commands", how: How::Misspelt });
        }
        if is_among(NO_CONDITIONS, &key) {
            return None;
        }
    }
    if let Some(meant) = elsewhere().find_map(|level| exactly(level, How::Misplaced)) {
        return Some(meant);
    }
    if is_among(IN_OTHER_FORMATS, &key) {
        return None;
    }
    if is_new {
        if let Some((_, object, name)) = RENAMED.iter().find(|(old, ..)| *old == key) {
            return Some(Meant { object, name, how: How::Old });
        }
    } else if let Some(meant) = LEVELS.iter().find_map(|level| exactly(level, How::New)) {
        return Some(meant);
    }
    let levels = if is_new { LEVELS } else { LEVELS_0_1_0 };
    let (object, names) = levels.iter().find(|(object, _)| *object == unknown.object)?;
    if let Some(name) = nearest(&key, names) {
        return Some(Meant { object, name, how: How::Misspelt });
    }
    // With more keys to compare, a short key is near to one of them by chance.
    elsewhere().find_map(|(object, names)| {
        let name = nearest(&key, names)?;
        let near = 3 * edit_distance(&key, &name.to_ascii_lowercase()) <= key.len();
        near.then_some(Meant { object, name, how: How::MisspeltAndMisplaced })
    })
}

fn find<'d>(file: &'d Decoded<'_>, is: impl Fn(Meant) -> bool) -> Option<&'d UnknownKey> {
    // (In a container's config, no key is meant to be one of a hook file.)
    if file.notes.config.is_some() {
        return None;
    }
    file.notes.unknown.iter().find(|unknown| meant(&file.version, unknown).is_some_and(&is))
}

/// Returns the unknown key that was probably meant to be this one, if there is one.
pub(super) fn for_key<'d>(
    file: &'d Decoded<'_>,
    object: &str,
    name: &str,
) -> Option<&'d UnknownKey> {
    find(file, |meant| meant.object == object && meant.name == name)
}

/// Returns the unknown key that was probably meant to be a condition, if there is one.
pub(super) fn for_condition<'d>(file: &'d Decoded<'_>) -> Option<&'d UnknownKey> {
    const OF_0_1_0: &[&str] = &["cmds", "cmd", "annotations", "annotation", "hasbindmounts"];
    find(file, |meant| {
        meant.object == "when" || meant.name == "when" || OF_0_1_0.contains(&meant.name)
    })
}

/// Returns the hint for an unknown key in a file of this version, if a known key is near.
pub(super) fn key(version: &str, unknown: &UnknownKey) -> Option<String> {
    if is_among(IN_OTHER_FORMATS, &unknown.key.to_ascii_lowercase()) {
        return (unknown.object != "when").then(|| NO_SUCH_CONDITION.to_owned());
    }
    let Meant { object, name, how } = meant(version, unknown)?;
    Some(match how {
        How::Misspelt => format!("did you mean {name:?}?"),
        How::Misplaced => format!("{name:?} belongs {}", inside(object)),
        How::MisspeltAndMisplaced => {
            format!("did you mean {name:?}? It belongs {}", inside(object))
        }
        How::Old => format!("in version 1.0.0, write {name:?} {}", inside(object)),
        How::New => match name {
            "args" => "did you mean \"arguments\"?".to_owned(),
            "commands" => "did you mean \"cmds\"?".to_owned(),
            _ => "it is a key of version 1.0.0; oci-hooks migrate converts the file".to_owned(),
        },
    })
}

/// Returns the hint for an unknown key in `when` of a file of this version.
pub(super) fn condition(version: &str, unknown: &UnknownKey) -> String {
    if let Some(hint) = key(version, unknown) {
        return hint;
    }
    match &*unknown.key.to_ascii_lowercase() {
        "labels" | "label" | "matchlabels" => {
            format!("{NO_SUCH_CONDITION}. Labels are not annotations")
        }
        "annotationsor" => format!("{NO_SUCH_CONDITION}; it was proposed for version 1.1.0"),
        _ => NO_SUCH_CONDITION.to_owned(),
    }
}

const NO_SUCH_CONDITION: &str = "there is no such condition; the conditions are \
                                            \"annotations\", \"commands\" and \"hasBindMounts\"";

fn inside(object: &str) -> String {
    if object.is_empty() { "at the top level".to_owned() } else { format!("inside {object:?}") }
}

/// Returns the name that is nearest to the written one, ignoring case, if one is near.
pub(super) fn nearest<'n>(written: &str, names: &[&'n str]) -> Option<&'n str> {
    let written = written.to_ascii_lowercase();
    let near = names
        .iter()
        .map(|name| (edit_distance(&written, &name.to_ascii_lowercase()), name))
        .min()?;
    (near.0 <= 2 && near.0 < written.chars().count()).then_some(*near.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suggestion(version: &str, key_text: &str, object: &'static str) -> Option<String> {
        key(version, &UnknownKey { key: key_text.to_owned(), offset: 0, object })
    }

    #[test]
    fn hints_name_the_key_that_was_meant() {
        for (version, key, object, want) in [
            ("1.0.0", "annotations", "", "\"annotations\" belongs inside \"when\""),
            ("1.0.0", "stages", "when", "\"stages\" belongs at the top level"),
            ("1.0.0", "annotation", "when", "did you mean \"annotations\"?"),
            ("1.0.0", "stage", "", "did you mean \"stages\"?"),
            (
                "1.0.0",
                "annotation",
                "hook",
                "did you mean \"annotations\"? It belongs inside \"when\"",
            ),
            ("1.0.0", "stage", "hook", "did you mean \"stages\"? It belongs at the top level"),
            ("1.0.0", "cmd", "", "in version 1.0.0, write \"commands\" inside \"when\""),
            ("1.0.0", "timeouts", "", "did you mean \"timeout\"? It belongs inside \"hook\""),
            ("", "When", "", "it is a key of version 1.0.0; oci-hooks migrate converts the file"),
            ("", "cmdz", "", "did you mean \"cmd\"?"),
        ] {
            assert_eq!(
                suggestion(version, key, object).as_deref(),
                Some(want),
                "{key} in {object}"
            );
        }
        for plain in ["description", "date", "data", "name", "id", "type", "author"] {
            assert_eq!(suggestion("1.0.0", plain, ""), None, "{plain}");
        }
        assert_eq!(suggestion("1.0.0", "x", ""), None);
    }

    #[test]
    fn edit_distances() {
        for (from, to, want) in
            [("", "", 0), ("a", "", 1), ("cmd", "cmds", 1), ("kitten", "sitting", 3)]
        {
            assert_eq!(edit_distance(from, to), want, "{from} {to}");
        }
    }
}
