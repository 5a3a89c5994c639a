//! Probable mistakes in the patterns of a hook's conditions (docs/spec.md, section 12).

use go_regexp::Unmatchable;

use super::hint::ITSELF;
use crate::hook::{Field, HookRef};
use crate::limits::ENOUGH;
use crate::pattern_dots::with_literal_dots;
use crate::problem::{PatternRole, Warning};

/// Receives a mistake, the field that has it, and a hint.
pub(super) type Found<'f> = &'f mut dyn FnMut(Warning, Field, Option<&str>);

/// A longer pattern is not analysed, because the analysis expands its repeats.
const MAX_LENGTH: usize = 1024;

/// Finds the patterns that match no string, and those for annotation keys that match other keys
/// than they spell.
pub(super) fn mistakes(hook: &HookRef<'_>, found: Found<'_>) {
    let when = &hook.when;
    for (key, value) in when.annotations.iter().take(ENOUGH) {
        let field = || Field::AnnotationKey(key.to_string());
        matches_nothing(PatternRole::AnnotationKey, key, &field, found);
        // (In version 0.1.0, patterns are only for values.)
        if !when.any_of {
            unanchored(key, found);
        }
        let field = || Field::AnnotationValue(key.to_string());
        matches_nothing(PatternRole::AnnotationValue, value, &field, found);
    }
    for (index, command) in when.commands.iter().enumerate().take(ENOUGH) {
        matches_nothing(PatternRole::Command, command, &|| Field::Command(index), found);
    }
}

fn matches_nothing(role: PatternRole, pattern: &str, field: &dyn Fn() -> Field, found: Found<'_>) {
    if pattern.len() > MAX_LENGTH || !may_be_unmatchable(pattern) {
        return;
    }
    if let Ok(Some(why)) = Unmatchable::of(pattern) {
        let hint = (why != Unmatchable::Other).then_some(ITSELF);
        let pattern = pattern.into();
        found(Warning::PatternMatchesNothing { role, pattern, why }, field(), hint);
    }
}

/// Returns false for most patterns that can match, without parsing them: a pattern that cannot
/// match has a start that is not first, an end that is not last, or a negated class.
fn may_be_unmatchable(pattern: &str) -> bool {
    let inner = pattern.strip_prefix('^').unwrap_or(pattern);
    let inner = inner.strip_suffix('$').unwrap_or(inner);
    has_anchor(inner) || pattern.contains("\\A") || pattern.contains("\\z")
}

fn has_anchor(pattern: &str) -> bool {
    pattern.bytes().any(|byte| matches!(byte, b'^' | b'$'))
}

/// Reports a pattern without `^` and `$` in which a dot is not escaped and has no quantifier: it
/// was probably meant as the dot of a name.
fn unanchored(pattern: &str, found: Found<'_>) {
    let has_letter = pattern.bytes().any(|byte| byte.is_ascii_alphanumeric());
    if has_anchor(pattern) || !has_letter || with_literal_dots(pattern).is_none() {
        return;
    }
    let hint;
    let (also, hint) = match spelt(pattern) {
        Some((exact, also)) => {
            hint = format!("write {}", crate::go::json::to_raw_string(&exact));
            (Some(also.into()), &*hint)
        }
        None => (None, "write \\\\. for a dot, and ^ and $ for the start and the end"),
    };
    let warning = Warning::UnanchoredPattern { pattern: pattern.into(), also };
    found(warning, Field::AnnotationKey(pattern.to_owned()), Some(hint));
}

/// Returns the pattern for exactly the name that a simple pattern spells, and a key that the
/// pattern matches although it is not this name.
fn spelt(pattern: &str) -> Option<(String, String)> {
    let (mut exact, mut also) = ("^".to_owned(), String::new());
    let mut rest = pattern.bytes();
    while let Some(byte) = rest.next() {
        let (is_dot, other) = match byte {
            b'\\' if rest.next() == Some(b'.') => (true, '.'),
            b'.' => (true, '-'),
            b'-' | b'_' | b'/' => (false, byte.into()),
            _ if byte.is_ascii_alphanumeric() => (false, byte.into()),
            _ => return None,
        };
        exact.push_str(if is_dot { "\\" } else { "" });
        exact.push(if is_dot { '.' } else { other });
        also.push(other);
    }
    exact.push('$');
    Some((exact, also))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unescaped_dots_are_found() {
        let of = |pattern: &str| {
            let mut found = None;
            unanchored(pattern, &mut |warning, _, hint| {
                found = Some((warning, hint.map(ToOwned::to_owned)));
            });
            found
        };
        for (pattern, hint, also) in [
            ("com.example.debug", r#"write "^com\\.example\\.debug$""#, "com-example-debug"),
            (r"com\.example.debug", r#"write "^com\\.example\\.debug$""#, "com.example-debug"),
        ] {
            let (warning, found) = of(pattern).unwrap();
            assert_eq!(found.as_deref(), Some(hint), "{pattern}");
            assert!(warning.to_string().ends_with(&format!("{also:?}")), "{warning}");
        }
        assert!(of("com.(a|b)").is_some());
        for fine in [
            "^com.example",
            "com.example$",
            r"com\.example",
            "com.*example",
            ".+",
            "a[.]b",
            ".",
            r"\Qa.b\E",
        ] {
            assert_eq!(of(fine), None, "{fine}");
        }
    }

    #[test]
    fn few_patterns_are_parsed_again() {
        for pattern in ["^a$", "a", "^", "$", "^/usr/bin/(a|b)$", ""] {
            assert!(!may_be_unmatchable(pattern), "{pattern}");
        }
        for pattern in ["$x", "a^", "^a$b", r"a\A", r"\za", "^^a$$"] {
            assert!(may_be_unmatchable(pattern), "{pattern}");
        }
    }
}
