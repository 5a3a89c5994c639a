//! Patterns of a few literals, such as `^/usr/s?bin/(sh|bash)$`.

use super::set::LiteralSet;
use super::single::{Ends, ends, plain};

/// The limits on the number of literals, and on their bytes together. They are lower than those for
/// trees.
const MOST: usize = 16;
const LONGEST: usize = 256;

/// Recognises such a pattern. Returns `None` if it is another or an invalid pattern.
pub(crate) fn read(pattern: &str) -> Option<LiteralSet> {
    let Ends { before, inner, after, .. } = ends(pattern)?;
    let mut texts = vec![Vec::with_capacity(inner.len())];
    let mut rest = inner;
    while !rest.is_empty() {
        let mut choice = match rest.strip_prefix(b"(") {
            Some(group) => alternatives(group, &mut rest)?,
            None => {
                let byte = plain(&mut rest)?;
                if rest.first() != Some(&b'?') {
                    texts.iter_mut().for_each(|text| text.push(byte));
                    continue;
                }
                let mut choice = Vec::with_capacity(2);
                choice.push(vec![byte]);
                choice
            }
        };
        if let Some(tail) = rest.strip_prefix(b"?") {
            rest = tail;
            choice.push(Vec::new());
            if let [b'?' | b'*' | b'+' | b'{', ..] = rest {
                return None;
            }
        }
        match choice.as_slice() {
            [only] => texts.iter_mut().for_each(|text| text.extend_from_slice(only)),
            _ => {
                let joined = |head: &Vec<u8>| {
                    let head = head.clone();
                    choice
                        .iter()
                        .map(move |tail| [head.as_slice(), tail].concat())
                        .collect::<Vec<_>>()
                };
                texts = texts.iter().flat_map(joined).collect();
            }
        }
        if texts.len() > MOST || texts.iter().map(Vec::len).sum::<usize>() > LONGEST {
            return None;
        }
    }
    texts.sort();
    texts.dedup();
    // An empty literal matches everywhere, or needs the tree.
    if texts.iter().any(Vec::is_empty) { None } else { LiteralSet::new(texts, before, after) }
}

/// Returns the literals of a group, and the rest of the pattern.
fn alternatives<'p>(mut group: &'p [u8], rest: &mut &'p [u8]) -> Option<Vec<Vec<u8>>> {
    // Enough for most patterns.
    let text = || Vec::with_capacity(16);
    group = group.strip_prefix(b"?:").unwrap_or(group);
    let mut texts = Vec::with_capacity(4);
    texts.push(text());
    loop {
        match group.split_first()? {
            (b'|' | b')', _) if texts.last()?.is_empty() => return None,
            (b'|', tail) => {
                texts.push(text());
                group = tail;
            }
            (b')', tail) => {
                *rest = tail;
                return Some(texts);
            }
            _ => texts.last_mut()?.push(plain(&mut group)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Faults;
    use crate::regexp::Regexp;

    /// Tries all strings of up to five of these parts.
    fn inputs() -> Vec<String> {
        let mut inputs = vec![String::new()];
        let mut longest = inputs.clone();
        for _ in 0..5 {
            longest = longest
                .iter()
                .flat_map(|head| ["a", "b", "."].map(|part| format!("{head}{part}")))
                .collect();
            inputs.extend(longest.iter().cloned());
        }
        inputs.push("a\nb".to_owned());
        inputs
    }

    #[test]
    fn matches_what_the_tree_matches() {
        let parts = ["^", "$", "a", "b", "?", "(", "|", ")", "\\.", ".*", "(?:"];
        let inputs = inputs();
        let mut longest = vec![String::new()];
        let mut read_ones = 0;
        for _ in 0..6 {
            longest =
                longest.iter().flat_map(|head| parts.map(|part| format!("{head}{part}"))).collect();
            for pattern in &longest {
                let Some(texts) = read(pattern) else { continue };
                let by_tree = Regexp::by_tree(pattern, Faults::default()).expect(pattern);
                for input in &inputs {
                    let input = input.as_bytes();
                    assert_eq!(
                        texts.is_match(input),
                        by_tree.is_match(input),
                        "{pattern} {}",
                        input.escape_ascii()
                    );
                }
                read_ones += 1;
            }
        }
        assert!(read_ones > 10_000, "{read_ones}");
    }

    #[test]
    fn reads_usual_ones() {
        for pattern in [
            "^(true|on)$",
            "^/usr/s?bin/(sh|bash)$",
            ".*/(crun|runc)$",
            "^org\\.example\\.(a|b)(\\.enabled)?$",
            "^.*/n?vim$",
            "conmon(rs)?",
        ] {
            assert!(read(pattern).is_some(), "{pattern}");
        }
    }

    #[test]
    fn leaves_the_rest() {
        let many = "(a|b)".repeat(5);
        for pattern in [
            "", "a?", "(a|)b", "a??b", "(a|b)*", "(a|b)+c", "a|b", "((a))b", "(?i)ab", "[ab]c",
            "(a", &many,
        ] {
            assert_eq!(read(pattern), None, "{pattern}");
        }
    }
}
