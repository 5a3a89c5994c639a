//! Patterns that are one text but for what stands at their ends: `^true$`, `.*/init$`, `^/usr/libexec/.*`. Dots in the text may
//! stand for any character, since who writes `^org.example.key$` seldom escapes them.
//!
//! An engine reads hundreds of them for a container that it is about to start, so they are read without making a tree. What
//! this comes to is what the tree would come to; where that is not plain to see, the tree is made.

use super::literal_set::{Anchor, is_match, is_one_comparison};
use super::matcher::decode;

/// Stands for a dot in a text, since no character has this byte.
const DOT: u8 = 0xFF;

/// Such a pattern. (It does not keep what was written.)
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Literal {
    text: Box<[u8]>,
    before: Anchor,
    after: Anchor,
    /// There are dots in the text, neither at its begin nor at its end.
    has_dots: bool,
}

impl Literal {
    /// Reads a pattern; `None` if it is another one, or none.
    pub(crate) fn read(pattern: &str) -> Option<Literal> {
        let (before, mut inner, after) = ends(pattern)?;
        // Exactly as much as is needed, unless a backslash is escaped.
        let escapes = inner.iter().filter(|byte| **byte == b'\\').count();
        let mut text = Vec::with_capacity(inner.len() - escapes);
        while !inner.is_empty() {
            let length = inner.iter().take_while(|byte| is_plain(**byte)).count();
            let (head, tail) = inner.split_at_checked(length)?;
            text.extend_from_slice(head);
            inner = tail;
            match inner.split_first() {
                Some((b'.', behind)) => {
                    text.push(DOT);
                    inner = behind;
                }
                Some(_) => text.push(plain(&mut inner)?),
                None => {}
            }
        }
        let has_dots = text.contains(&DOT);
        let wanted = is_one_comparison(before, after)
            && text.first().is_some_and(|first| *first != DOT)
            && text.last().is_some_and(|last| *last != DOT);
        wanted.then(|| Literal { text: text.into(), before, after, has_dots })
    }

    /// Whether it matches somewhere in the input, as [`Pattern::matches`](super::Pattern::matches).
    pub(crate) fn matches(&self, input: &[u8]) -> bool {
        if self.has_dots {
            self.is_found(input)
        } else {
            is_match(self.before, &self.text, self.after, input)
        }
    }

    /// The same for a text with dots.
    #[inline]
    fn is_found(&self, input: &[u8]) -> bool {
        let found_at = |at: usize| {
            let rest = input.get(at..).and_then(|tail| without_prefix(tail, &self.text));
            rest.is_some_and(|rest| self.after.takes(rest))
        };
        let begins = match self.before {
            Anchor::Exact => 0..1,
            Anchor::Line => 0..input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len()),
            Anchor::Free => 0..input.len(),
        };
        // The text begins with ASCII, which begins nowhere within another character.
        let first = self.text.first();
        begins.into_iter().any(|at| input.get(at) == first && found_at(at))
    }

    /// A text that every input that it matches has in it.
    pub(crate) fn text(&self) -> &[u8] {
        if !self.has_dots {
            return &self.text;
        }
        // Behind the last dot is what tells it from others.
        self.text.rsplit(|byte| *byte == DOT).next().unwrap_or_default()
    }
}

/// What follows a text with dots at the start of the input.
#[inline]
fn without_prefix<'i>(mut input: &'i [u8], text: &[u8]) -> Option<&'i [u8]> {
    for &wanted in text {
        // The others are ASCII, of which each byte is a character.
        let length = match input.first()? {
            b'\n' if wanted == DOT => return None,
            _ if wanted == DOT => decode(input)?.1,
            byte if *byte == wanted => 1,
            _ => return None,
        };
        input = input.get(length..)?;
    }
    Some(input)
}

/// Longer ones may be up against Go's limits.
const LONGEST: usize = 256;

/// What stands at the ends of a pattern, and what is between.
pub(super) fn ends(pattern: &str) -> Option<(Anchor, &[u8], Anchor)> {
    let mut rest = pattern.as_bytes();
    if rest.len() > LONGEST {
        return None;
    }
    let (mut before, mut after) = (Anchor::Free, Anchor::Free);
    if let Some(inner) = rest.strip_prefix(b"^") {
        (before, rest) = (Anchor::Exact, inner);
    }
    if let Some(inner) = rest.strip_prefix(b".*") {
        (before, rest) = (widened(before), inner);
    }
    // (Behind a backslash it is a character, and then the backslash is one too much below.)
    if let Some(inner) = rest.strip_suffix(b"$") {
        (after, rest) = (Anchor::Exact, inner);
    }
    if let Some(inner) = rest.strip_suffix(b".*") {
        (after, rest) = (widened(after), inner);
    }
    Some((before, rest, after))
}

/// Reads a character that stands for itself.
pub(super) fn plain(rest: &mut &[u8]) -> Option<u8> {
    let (&byte, mut behind) = rest.split_first()?;
    let plain = match byte {
        b'\\' => {
            let (&escaped, behind_it) = behind.split_first()?;
            behind = behind_it;
            Some(escaped).filter(|byte| byte.is_ascii_punctuation() && !matches!(byte, b'<' | b'>'))
        }
        _ => Some(byte).filter(|byte| is_plain(*byte)),
    };
    *rest = behind;
    plain
}

/// Whether a byte is a character that stands for itself.
fn is_plain(byte: u8) -> bool {
    static PLAIN: [bool; 256] = {
        let mut plain = [false; 256];
        let mut byte = b' ';
        while byte <= b'~' {
            plain[byte as usize] = !matches!(
                byte,
                b'\\'
                    | b'.'
                    | b'+'
                    | b'*'
                    | b'?'
                    | b'('
                    | b')'
                    | b'|'
                    | b'['
                    | b']'
                    | b'{'
                    | b'}'
                    | b'^'
                    | b'$'
            );
            byte += 1;
        }
        plain
    };
    PLAIN.get(usize::from(byte)).is_some_and(|plain| *plain)
}

/// What may stand at an end where `.*` does.
fn widened(anchor: Anchor) -> Anchor {
    match anchor {
        Anchor::Exact | Anchor::Line => Anchor::Line,
        Anchor::Free => Anchor::Free,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Pattern;
    use super::super::fault::Faults;
    use super::*;

    /// Whether it matches what the tree matches.
    fn check(literal: &Literal, pattern: &str, inputs: &[Vec<u8>]) {
        let by_tree = Pattern::by_tree(pattern, Faults::default()).expect(pattern);
        for input in inputs {
            let shown = input.escape_ascii();
            assert_eq!(literal.matches(input), by_tree.matches(input), "{pattern:?} in \"{shown}\"");
            assert!(!literal.matches(input) || is_in(literal.text(), input), "{pattern:?} in \"{shown}\"");
        }
    }

    fn is_in(text: &[u8], input: &[u8]) -> bool {
        (0..=input.len()).any(|at| input[at..].starts_with(text))
    }

    #[test]
    fn matches_what_the_tree_matches() {
        let mut inputs = vec![Vec::new()];
        let mut longest: Vec<Vec<u8>> = vec![Vec::new()];
        for _ in 0..4 {
            let parts: [&[u8]; 7] = [b"a", b"b", b".", b"\n", "\u{e9}".as_bytes(), b"\xFF", b"\xE2\x82"];
            longest = longest.iter().flat_map(|head| parts.map(|part| [head, part].concat())).collect();
            inputs.extend(longest.iter().cloned());
        }
        let parts = ["^", "$", ".*", ".", "*", "a", "b", "\\.", "\\", "\\$", "Q", "<", "{", "?"];
        let mut longest = vec![String::new()];
        let mut read_ones = 0;
        for _ in 0..5 {
            longest = longest.iter().flat_map(|head| parts.map(|part| format!("{head}{part}"))).collect();
            for pattern in &longest {
                if let Some(literal) = Literal::read(pattern) {
                    check(&literal, pattern, if pattern.len() < 5 { &inputs } else { &inputs[..400] });
                    read_ones += 1;
                }
            }
        }
        assert!(read_ones > 5_000, "{read_ones}");
    }

    #[test]
    fn each_character_is_what_the_tree_takes_it_for() {
        let inputs: Vec<Vec<u8>> = (0..=255_u8).map(|byte| vec![b'a', byte, b'b']).collect();
        for byte in 0..=127_u8 {
            for pattern in [format!("a{}b", char::from(byte)), format!("a\\{}b", char::from(byte))] {
                if let Some(literal) = Literal::read(&pattern) {
                    check(&literal, &pattern, &inputs);
                }
            }
        }
    }

    #[test]
    fn reads_usual_ones() {
        for pattern in
            ["^true$", ".*/init$", "^/usr/libexec/.*", "org.example.key", "^.*/sh$", "^com.example.on$"]
        {
            assert!(Literal::read(pattern).is_some(), "{pattern}");
        }
    }

    #[test]
    fn leaves_the_rest() {
        for pattern in [
            "", "^$", ".*", ".b", "a.", "a.+b", "a|b", "(a)", "[a]", "a*", "^a?$", "\\d", "\\Qa\\E",
            "\u{e9}", "^.*a",
        ] {
            assert_eq!(Literal::read(pattern), None, "{pattern}");
        }
        assert_eq!(Literal::read(&"a".repeat(LONGEST + 1)), None);
    }
}
