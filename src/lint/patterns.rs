//! Probable mistakes in the patterns of a hook's conditions (docs/spec.md, section 12).

use go_regexp::Unmatchable;

use super::hint::ITSELF;
use crate::hook::{Field, HookRef};
use crate::limits::ENOUGH;
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
    if has_anchor(pattern) || !has_plain_dot(pattern) {
        return;
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/');
    let name = pattern.replace("\\.", ".");
    let (also, hint) = if name.chars().all(is_name) {
        let also = pattern.replace("\\.", "\0").replace('.', "-").replace('\0', ".");
        let exact = format!("^{}$", name.replace('.', "\\."));
        (Some(also.into()), format!("write {}", crate::go::json::to_raw_string(&exact)))
    } else {
        (None, "write \\\\. for a dot, and ^ and $ for the start and the end".to_owned())
    };
    let warning = Warning::UnanchoredPattern { pattern: pattern.into(), also };
    found(warning, Field::AnnotationKey(pattern.to_owned()), Some(&hint));
}

/// Returns whether a pattern has a dot that is not escaped, not in a class, and not repeated.
fn has_plain_dot(pattern: &str) -> bool {
    let mut rest = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(c) = rest.next() {
        match c {
            '\\' => {
                rest.next();
            }
            '[' if !in_class => {
                in_class = true;
                // (A bracket that comes first belongs to the class.)
                rest.next_if_eq(&'^');
                rest.next_if_eq(&']');
            }
            ']' => in_class = false,
            '.' if !in_class
                && !rest.peek().is_some_and(|c| matches!(c, '*' | '+' | '?' | '{')) =>
            {
                return true;
            }
            _ => {}
        }
    }
    false
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
        for fine in ["^com.example", "com.example$", r"com\.example", "com.*example", ".+", "a[.]b"]
        {
            assert_eq!(of(fine), None, "{fine}");
        }
        assert!(has_plain_dot("[]a].b") && !has_plain_dot("[^].]b"));
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
