//! Sets of literals: most patterns are a few literals with anchors, which are matched by comparing bytes.
//!
//! This is correct for input that is not UTF-8, too: no valid encoding overlaps invalid bytes. The only character that invalid
//! bytes match is U+FFFD, and patterns with it use the machine.

/// A few literals with the same anchors. The set matches an input that contains one of them between the anchors.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LiteralSet {
    first: Box<[u8]>,
    others: Box<[Box<[u8]>]>,
    before: Anchor,
    after: Anchor,
}

/// What may stand between a literal and an end of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    /// Nothing: the literal is at the end of the input, as `^` and `$` require.
    Exact,
    /// Any string without a newline, as in `^.*` and `.*$`.
    Line,
    /// Any string: there is no anchor.
    Free,
}

impl Anchor {
    #[inline]
    pub(super) fn takes(self, bytes: &[u8]) -> bool {
        match self {
            Anchor::Exact => bytes.is_empty(),
            Anchor::Line => !bytes.contains(&b'\n'),
            Anchor::Free => true,
        }
    }
}

impl LiteralSet {
    /// Makes a set. Returns `None` if there are no literals, or if a match takes more than one comparison.
    pub(super) fn new(texts: Vec<Vec<u8>>, before: Anchor, after: Anchor) -> Option<LiteralSet> {
        if !is_one_comparison(before, after) {
            return None;
        }
        let mut texts = texts.into_iter().map(Vec::into_boxed_slice);
        Some(LiteralSet { first: texts.next()?, others: texts.collect(), before, after })
    }

    pub(super) fn is_match(&self, input: &[u8]) -> bool {
        self.texts().any(|text| is_match(self.before, text, self.after, input))
    }

    /// Returns the literals: at least one.
    pub(super) fn texts(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::once(&self.first).chain(&self.others).map(AsRef::as_ref)
    }
}

/// Returns whether one comparison finds a literal between these anchors. It does not if the literal may be at several places,
/// but not at all.
pub(super) fn is_one_comparison(before: Anchor, after: Anchor) -> bool {
    matches!((before, after), (Anchor::Free, Anchor::Free) | (Anchor::Exact, _) | (_, Anchor::Exact))
}

/// Returns whether the input contains the literal between these anchors, for which [`is_one_comparison`] holds.
#[inline]
pub(super) fn is_match(before: Anchor, text: &[u8], after: Anchor, input: &[u8]) -> bool {
    match (before, after) {
        (Anchor::Free, Anchor::Free) => contains(input, text),
        (before, Anchor::Exact) => input.strip_suffix(text).is_some_and(|head| before.takes(head)),
        (_, after) => input.strip_prefix(text).is_some_and(|tail| after.takes(tail)),
    }
}

/// Returns whether the input contains the literal, in time that does not depend on the product of their lengths.
fn contains(input: &[u8], text: &[u8]) -> bool {
    if input.len() < text.len() {
        return false;
    }
    let Some((first, others)) = text.split_first() else { return true };
    if text.len() > 16 {
        // The literal is UTF-8, so it can only be in a part of the input that is. There the standard library is linear.
        let Ok(text) = str::from_utf8(text) else { return false };
        return input.utf8_chunks().any(|chunk| chunk.valid().contains(text));
    }
    let mut rest = input;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        rest = rest.get(at + 1..).unwrap_or(&[]);
        if rest.starts_with(others) {
            return true;
        }
    }
    false
}
