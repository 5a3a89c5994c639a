//! How patterns of literals are matched.

use super::set::LiteralSet;

/// How to match a pattern that needs no automaton.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Nothing,
    Everything,
    LiteralSet(LiteralSet),
}

impl Shape {
    /// Returns whether the pattern matches somewhere in the input.
    #[inline]
    pub(crate) fn is_match(&self, input: &[u8]) -> bool {
        match self {
            Shape::Nothing => false,
            Shape::Everything => true,
            Shape::LiteralSet(literals) => literals.is_match(input),
        }
    }

    /// Returns literals, of which every matching input contains at least one. The list is empty if
    /// no such literals are known.
    pub(crate) fn required(&self) -> impl Iterator<Item = &[u8]> {
        let literals = match self {
            Shape::Nothing | Shape::Everything => None,
            Shape::LiteralSet(literals) => Some(literals.texts()),
        };
        literals.into_iter().flatten()
    }
}
