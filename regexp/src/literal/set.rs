//! Sets of literals: most patterns are a few literals with anchors, which are matched by comparing
//! bytes.
//!
//! This is correct for input that is not UTF-8, too: no valid encoding overlaps invalid bytes. The
//! only character that invalid bytes match is U+FFFD, and patterns with it use the NFA.

use super::anchor::{Anchor, is_match, is_one_comparison};

/// A few literals with the same anchors. The set matches an input that contains one of them between
/// the anchors.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LiteralSet {
    first: Box<[u8]>,
    others: Box<[Box<[u8]>]>,
    before: Anchor,
    after: Anchor,
}

impl LiteralSet {
    /// Makes a set. Returns `None` if there are no literals, or if a match takes more than one
    /// comparison.
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
