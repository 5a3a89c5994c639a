//! Patterns of one literal, with an anchor or `.*` at each end: `^true$`, `.*/init$`,
//! `^/usr/libexec/.*`. Dots in the literal may match any character, since authors of
//! `^org.example.key$` seldom escape them.

use super::anchor::{Anchor, is_match, is_one_comparison};
use crate::code_point::decode;

/// Longer patterns may exceed Go's limits.
const LONGEST: usize = 255;

/// Stands for a dot in a literal that was copied from the pattern. No other character of a literal
/// has this value.
const DOT: u8 = 0;

/// A pattern of one literal. The type is small, since a program may hold thousands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Literal {
    /// The pattern. If it has escaped characters, the unescaped literal follows it.
    text: Box<str>,
    pattern_length: u8,
    /// The start and the length of the unescaped literal.
    start: u8,
    length: u8,
    before: Anchor,
    after: Anchor,
    /// The literal has dots, but neither at its start nor at its end.
    has_dots: bool,
}

impl Literal {
    /// Reads a pattern. Returns `None` if it is another or an invalid pattern.
    pub(crate) fn read(pattern: &str) -> Option<Literal> {
        let Ends { before, start, inner, after } = ends(pattern)?;
        if !is_one_comparison(before, after) {
            return None;
        }
        let mut text = String::new();
        let (start, length, has_dots) = if inner.contains(&b'\\') {
            // The exact size, unless a backslash is escaped: to shrink a larger one would be a
            // copy.
            let escapes = inner.iter().filter(|byte| **byte == b'\\').count();
            text.reserve_exact(pattern.len() + inner.len() - escapes);
            text.push_str(pattern);
            let has_dots = push_unescaped(&mut text, inner)?;
            (pattern.len(), text.len() - pattern.len(), has_dots)
        } else {
            let mut has_dots = false;
            for byte in inner {
                match byte {
                    b'.' => has_dots = true,
                    byte if is_plain(*byte) => {}
                    _ => return None,
                }
            }
            (start, inner.len(), has_dots)
        };
        let byte = |number: usize| u8::try_from(number).ok();
        let literal = Literal {
            text: if text.is_empty() { pattern.into() } else { text.into() },
            pattern_length: byte(pattern.len())?,
            start: byte(start)?,
            length: byte(length)?,
            before,
            after,
            has_dots,
        };
        let (text, dot) = (literal.text(), literal.dot());
        let wanted = text.first().is_some_and(|first| *first != dot) && text.last() != Some(&dot);
        wanted.then_some(literal)
    }

    /// The pattern.
    pub(crate) fn pattern(&self) -> &str {
        self.text.get(..self.pattern_length.into()).unwrap_or_default()
    }

    /// Returns the unescaped literal.
    #[inline]
    fn text(&self) -> &[u8] {
        let start = usize::from(self.start);
        self.text.as_bytes().get(start..start + usize::from(self.length)).unwrap_or_default()
    }

    /// Returns the byte that stands for a dot in the literal.
    #[inline]
    fn dot(&self) -> u8 {
        // Without escapes, every dot in the pattern matches any character.
        if self.start < self.pattern_length { b'.' } else { DOT }
    }

    /// Returns whether the pattern matches somewhere in the input.
    #[inline]
    pub(crate) fn is_match(&self, input: &[u8]) -> bool {
        if self.has_dots {
            self.is_found(input)
        } else {
            is_match(self.before, self.text(), self.after, input)
        }
    }

    /// Matches a literal with dots.
    fn is_found(&self, input: &[u8]) -> bool {
        let (text, dot) = (self.text(), self.dot());
        let found_at = |at: usize| {
            let rest = input.get(at..).and_then(|tail| without_prefix(tail, text, dot));
            rest.is_some_and(|rest| self.after.takes(rest))
        };
        let positions = match self.before {
            Anchor::Exact => 0..1,
            Anchor::Line => 0..input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len()),
            Anchor::Free => 0..input.len(),
        };
        // The literal starts with ASCII, which is never inside another character.
        let first = text.first();
        positions.into_iter().any(|at| input.get(at) == first && found_at(at))
    }

    /// Returns a literal that every matching input contains.
    pub(crate) fn required(&self) -> &[u8] {
        let text = self.text();
        if !self.has_dots {
            return text;
        }
        // The part after the last dot is the most specific one.
        text.rsplit(|byte| *byte == self.dot()).next().unwrap_or_default()
    }
}

/// Appends the literal between the ends of a pattern, and returns whether it has dots.
fn push_unescaped(text: &mut String, mut inner: &[u8]) -> Option<bool> {
    let mut has_dots = false;
    while !inner.is_empty() {
        let length = inner.iter().take_while(|byte| is_plain(**byte)).count();
        let (head, tail) = inner.split_at_checked(length)?;
        text.push_str(std::str::from_utf8(head).ok()?);
        inner = tail;
        match inner.split_first() {
            Some((b'.', tail)) => {
                text.push(DOT.into());
                has_dots = true;
                inner = tail;
            }
            Some(_) => text.push(plain(&mut inner)?.into()),
            None => {}
        }
    }
    Some(has_dots)
}

/// Returns the input after a literal with dots, which must be at the start of the input.
#[inline]
fn without_prefix<'i>(mut input: &'i [u8], text: &[u8], dot: u8) -> Option<&'i [u8]> {
    for &wanted in text {
        // All other characters are ASCII: one byte each.
        let length = match input.first()? {
            b'\n' if wanted == dot => return None,
            _ if wanted == dot => decode(input)?.1,
            byte if *byte == wanted => 1,
            _ => return None,
        };
        input = input.get(length..)?;
    }
    Some(input)
}

/// The anchors of a pattern, and the part between them.
pub(super) struct Ends<'p> {
    pub(super) before: Anchor,
    /// Where `inner` starts in the pattern.
    start: usize,
    pub(super) inner: &'p [u8],
    pub(super) after: Anchor,
}

/// Splits a pattern. Returns `None` if it is too long.
pub(super) fn ends(pattern: &str) -> Option<Ends<'_>> {
    let mut inner = pattern.as_bytes();
    if inner.len() > LONGEST {
        return None;
    }
    let (mut before, mut after) = (Anchor::Free, Anchor::Free);
    if let Some(tail) = inner.strip_prefix(b"^") {
        (before, inner) = (Anchor::Exact, tail);
    }
    if let Some(tail) = inner.strip_prefix(b".*") {
        (before, inner) = (widened(before), tail);
    }
    let start = pattern.len() - inner.len();
    // (After a backslash it is a character; then the code below finds a backslash too many.)
    if let Some(head) = inner.strip_suffix(b"$") {
        (after, inner) = (Anchor::Exact, head);
    }
    if let Some(head) = inner.strip_suffix(b".*") {
        (after, inner) = (widened(after), head);
    }
    Some(Ends { before, start, inner, after })
}

/// Reads a character that matches itself.
pub(crate) fn plain(rest: &mut &[u8]) -> Option<u8> {
    let (&byte, mut tail) = rest.split_first()?;
    let plain = match byte {
        b'\\' => {
            let (&escaped, after_it) = tail.split_first()?;
            tail = after_it;
            Some(escaped).filter(|byte| byte.is_ascii_punctuation() && !matches!(byte, b'<' | b'>'))
        }
        _ => Some(byte).filter(|byte| is_plain(*byte)),
    };
    *rest = tail;
    plain
}

/// Returns whether a byte is a character that matches itself.
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

/// The forms of `.*` at one end.
fn widened(anchor: Anchor) -> Anchor {
    match anchor {
        Anchor::Exact | Anchor::Line => Anchor::Line,
        Anchor::Free => Anchor::Free,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Faults;
    use crate::regexp::Regexp;

    /// Returns whether the literal and the tree give the same result.
    fn check(literal: &Literal, pattern: &str, inputs: &[Vec<u8>]) {
        let by_tree = Regexp::by_tree(pattern, Faults::default()).expect(pattern);
        for input in inputs {
            let shown = input.escape_ascii();
            assert_eq!(
                literal.is_match(input),
                by_tree.is_match(input),
                "{pattern:?} in \"{shown}\""
            );
            assert!(
                !literal.is_match(input) || is_in(literal.required(), input),
                "{pattern:?} in \"{shown}\""
            );
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
            let parts: [&[u8]; 7] =
                [b"a", b"b", b".", b"\n", "\u{e9}".as_bytes(), b"\xFF", b"\xE2\x82"];
            longest =
                longest.iter().flat_map(|head| parts.map(|part| [head, part].concat())).collect();
            inputs.extend(longest.iter().cloned());
        }
        let parts = ["^", "$", ".*", ".", "*", "a", "b", "\\.", "\\", "\\$", "Q", "<", "{", "?"];
        let mut longest = vec![String::new()];
        let mut read_ones = 0;
        for _ in 0..5 {
            longest =
                longest.iter().flat_map(|head| parts.map(|part| format!("{head}{part}"))).collect();
            for pattern in &longest {
                if let Some(literal) = Literal::read(pattern) {
                    check(
                        &literal,
                        pattern,
                        if pattern.len() < 5 { &inputs } else { &inputs[..400] },
                    );
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
            for pattern in [format!("a{}b", char::from(byte)), format!("a\\{}b", char::from(byte))]
            {
                if let Some(literal) = Literal::read(&pattern) {
                    check(&literal, &pattern, &inputs);
                }
            }
        }
    }

    #[test]
    fn keeps_the_pattern_in_little_memory() {
        assert!(size_of::<Literal>() <= 24);
        for pattern in ["^true$", "^org\\.example\\.key$", "a.b\\.c"] {
            assert_eq!(Literal::read(pattern).unwrap().pattern(), pattern);
        }
    }

    #[test]
    fn reads_usual_ones() {
        for pattern in [
            "^true$",
            ".*/init$",
            "^/usr/libexec/.*",
            "org.example.key",
            "^.*/sh$",
            "^com.example.on$",
        ] {
            assert!(Literal::read(pattern).is_some(), "{pattern}");
        }
    }

    #[test]
    fn leaves_the_rest() {
        for pattern in [
            "", "^$", ".*", ".b", "a.", "a.+b", "a|b", "(a)", "[a]", "a*", "^a?$", "\\d",
            "\\Qa\\E", "\u{e9}", "^.*a",
        ] {
            assert_eq!(Literal::read(pattern), None, "{pattern}");
        }
        assert_eq!(Literal::read(&"a".repeat(LONGEST + 1)), None);
    }
}
