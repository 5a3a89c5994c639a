//! What somebody who wrote an unknown key meant to write.

use crate::hook::UnknownKey;

const FILE: &[&str] = &["version", "hook", "when", "stages"];
const HOOK: &[&str] = &["path", "args", "env", "timeout"];
const WHEN: &[&str] = &["always", "annotations", "commands", "hasBindMounts"];
const FILE_0_1_0: &[&str] =
    &["hook", "arguments", "stages", "stage", "cmds", "cmd", "annotations", "annotation", "hasbindmounts"];

/// What 0.1.0 has under another name: its key, and where version 1.0.0 has it.
const RENAMED: &[(&str, &str, &str)] =
    &[("arguments", "hook", "args"), ("cmds", "when", "commands"), ("cmd", "when", "commands")];

/// A hint for an unknown key of a file of this version, if there is a likely one.
pub(super) fn key(version: &str, unknown: &UnknownKey) -> Option<String> {
    let key = unknown.key.to_ascii_lowercase();
    let is = |name: &&&str| name.to_ascii_lowercase() == key;
    let levels: &[(&str, &[&str])] = match version {
        "1.0.0" => &[("", FILE), ("hook", HOOK), ("when", WHEN)],
        _ => &[("", FILE_0_1_0)],
    };
    let others = || levels.iter().filter(|(object, _)| *object != unknown.object);
    for (object, names) in others() {
        if let Some(name) = names.iter().find(is) {
            return Some(format!("{name:?} belongs {}", inside(object)));
        }
    }
    if version != "1.0.0" && FILE.iter().chain(HOOK).chain(WHEN).any(|name| name.to_ascii_lowercase() == key)
    {
        return Some("it belongs to version 1.0.0; write \"version\": \"1.0.0\"".to_owned());
    }
    if let Some((_, object, name)) = RENAMED.iter().find(|(old, ..)| version == "1.0.0" && *old == key) {
        return Some(format!("in version 1.0.0 it is {name:?}, which belongs {}", inside(object)));
    }
    let here = levels.iter().find(|(object, _)| *object == unknown.object);
    if let Some(name) = here.and_then(|(_, names)| nearest(&key, names)) {
        return Some(format!("did you mean {name:?}?"));
    }
    others().find_map(|(object, names)| {
        nearest(&key, names).map(|name| format!("did you mean {name:?}? It belongs {}", inside(object)))
    })
}

fn inside(object: &str) -> String {
    if object.is_empty() { "to the outermost object".to_owned() } else { format!("inside {object:?}") }
}

/// The name that this one was meant to be, if it is near to one; case makes no difference.
pub(super) fn nearest<'n>(written: &str, names: &[&'n str]) -> Option<&'n str> {
    let written = written.to_ascii_lowercase();
    let near = names.iter().map(|name| (distance(&written, &name.to_ascii_lowercase()), name)).min()?;
    (near.0 <= 2 && near.0 < written.chars().count()).then_some(*near.1)
}

/// How many characters must be inserted, removed or replaced to get from one word to the other.
pub(crate) fn distance(from: &str, to: &str) -> usize {
    const FAR: usize = 64;
    if from.len() > FAR {
        return FAR;
    }
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, a) in from.chars().enumerate() {
        let mut next = vec![index + 1];
        for (b, pair) in to.iter().zip(row.windows(2)) {
            let replaced = pair.first().map_or(FAR, |diagonal| diagonal + usize::from(a != *b));
            let removed = pair.last().map_or(FAR, |above| above + 1);
            let inserted = next.last().map_or(FAR, |left| left + 1);
            next.push(replaced.min(removed).min(inserted));
        }
        row = next;
    }
    row.last().copied().unwrap_or(FAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suggestion(version: &str, key_text: &str, object: &'static str) -> Option<String> {
        key(version, &UnknownKey { key: key_text.to_owned(), offset: 0, object })
    }

    #[test]
    fn finds_what_was_meant() {
        let meant = |version, key, object| suggestion(version, key, object).unwrap_or_default();
        assert_eq!(meant("1.0.0", "annotations", ""), "\"annotations\" belongs inside \"when\"");
        assert_eq!(meant("1.0.0", "stages", "when"), "\"stages\" belongs to the outermost object");
        assert_eq!(meant("1.0.0", "annotation", "when"), "did you mean \"annotations\"?");
        assert_eq!(meant("1.0.0", "stage", ""), "did you mean \"stages\"?");
        assert_eq!(
            meant("1.0.0", "annotation", "hook"),
            "did you mean \"annotations\"? It belongs inside \"when\""
        );
        assert_eq!(
            meant("1.0.0", "stage", "hook"),
            "did you mean \"stages\"? It belongs to the outermost object"
        );
        assert_eq!(
            meant("1.0.0", "cmd", ""),
            "in version 1.0.0 it is \"commands\", which belongs inside \"when\""
        );
        assert_eq!(meant("", "when", ""), "it belongs to version 1.0.0; write \"version\": \"1.0.0\"");
        assert_eq!(suggestion("1.0.0", "description", ""), None);
        assert_eq!(suggestion("1.0.0", "x", ""), None);
    }

    #[test]
    fn distances() {
        for (from, to, want) in [("", "", 0), ("a", "", 1), ("cmd", "cmds", 1), ("kitten", "sitting", 3)] {
            assert_eq!(distance(from, to), want, "{from} {to}");
        }
    }
}
