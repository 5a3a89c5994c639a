//! Anchors: where in an input a literal may stand, and how it is compared there.

/// The input that may stand between a literal and one end of the input.
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

/// Returns whether one comparison is enough to find a literal between these anchors. It is not if
/// the literal may be at several places, but not at every place.
pub(super) fn is_one_comparison(before: Anchor, after: Anchor) -> bool {
    matches!(
        (before, after),
        (Anchor::Free, Anchor::Free) | (Anchor::Exact, _) | (_, Anchor::Exact)
    )
}

/// Returns whether the input contains the literal between these anchors, for which
/// [`is_one_comparison`] holds.
#[inline]
pub(super) fn is_match(before: Anchor, text: &[u8], after: Anchor, input: &[u8]) -> bool {
    match (before, after) {
        (Anchor::Free, Anchor::Free) => contains(input, text),
        (before, Anchor::Exact) => input.strip_suffix(text).is_some_and(|head| before.takes(head)),
        (_, after) => input.strip_prefix(text).is_some_and(|tail| after.takes(tail)),
    }
}

/// Returns whether the input contains the literal, in time that does not depend on the product of
/// their lengths.
fn contains(input: &[u8], text: &[u8]) -> bool {
    if input.len() < text.len() {
        return false;
    }
    let Some((first, others)) = text.split_first() else { return true };
    if text.len() > 16 {
        // The literal is UTF-8, so it can only be in a part of the input that is UTF-8. The
        // standard library searches such a part in linear time.
        let Ok(text) = std::str::from_utf8(text) else { return false };
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
