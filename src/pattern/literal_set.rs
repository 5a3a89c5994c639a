//! A few texts with a place: what most patterns come to, matched by comparing bytes.
//!
//! The same holds for bytes that are not UTF-8: a valid encoding is never found across others, and the one literal character
//! that such bytes do match, U+FFFD, is left to the machine.

/// A few texts; one of them, with what may be around it, is the input.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LiteralSet {
    first: Box<[u8]>,
    others: Box<[Box<[u8]>]>,
    before: Anchor,
    after: Anchor,
}

/// What may stand before or after the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Exact,
    /// `.*`: anything without a newline.
    Line,
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
    /// `None` if it takes more than a comparison to find one of them between these.
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

    /// The texts: at least one.
    pub(super) fn texts(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::once(&self.first).chain(&self.others).map(AsRef::as_ref)
    }
}

/// Whether a text between these is found by one comparison. It is not if it may begin and end at more than one place, and not at
/// any.
pub(super) fn is_one_comparison(before: Anchor, after: Anchor) -> bool {
    matches!((before, after), (Anchor::Free, Anchor::Free) | (Anchor::Exact, _) | (_, Anchor::Exact))
}

/// Whether the input is a text with these around it, at least one of which is nothing, or both anything.
#[inline]
pub(super) fn is_match(before: Anchor, text: &[u8], after: Anchor, input: &[u8]) -> bool {
    match (before, after) {
        (Anchor::Free, Anchor::Free) => contains(input, text),
        (before, Anchor::Exact) => input.strip_suffix(text).is_some_and(|head| before.takes(head)),
        (_, after) => input.strip_prefix(text).is_some_and(|tail| after.takes(tail)),
    }
}

/// Whether a text is somewhere in the input, in time that does not depend on the product of their lengths.
fn contains(input: &[u8], text: &[u8]) -> bool {
    if input.len() < text.len() {
        return false;
    }
    let Some((first, others)) = text.split_first() else { return true };
    if text.len() > 16 {
        // The text is UTF-8, so it is found in one of the stretches that are, and there the standard library is linear.
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
