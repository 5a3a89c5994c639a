//! Patterns that are matched by comparing bytes: a few literals with anchors.
//!
//! Such patterns are recognised here and nowhere else. [`Literal::read`] and [`of_text`] read the
//! usual ones from their text, which is several times as fast as making a tree. A program that
//! compiles hundreds of patterns when it starts needs that. [`of_tree`] recognises the others.

mod anchor;

mod set;

mod single;

mod shape;

mod alternatives;

mod classify;

pub(crate) use shape::Shape;
pub(crate) use single::Literal;

use crate::syntax::tree::Tree;

/// Recognises a pattern of a few literals by its text. If it is not one, it may be any other
/// pattern, or none.
pub(crate) fn of_text(pattern: &str) -> Option<Shape> {
    alternatives::read(pattern).map(Shape::LiteralSet)
}

/// Recognises a pattern by its tree; `None` if it takes an automaton.
pub(crate) fn of_tree(tree: &Tree) -> Option<Shape> {
    classify::of_tree(tree)
}
