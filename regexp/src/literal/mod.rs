//! Patterns that are matched by comparing bytes: a few literals with anchors.
//!
//! Such patterns are recognised here and nowhere else. [`Literal::read`] and [`of_text`] read the
//! usual patterns without a tree, which is several times as fast. This matters to a program that
//! compiles hundreds of patterns when it starts. [`of_tree`] recognises all other patterns.

mod anchor;

mod set;

mod single;

mod shape;

mod alternatives;

mod classify;

pub(crate) use shape::Shape;
pub(crate) use single::Literal;

use crate::syntax::tree::Tree;

/// Recognises a pattern of a few literals without a tree. If it returns `None`, the pattern may be
/// any other pattern, or invalid.
pub(crate) fn of_text(pattern: &str) -> Option<Shape> {
    alternatives::read(pattern).map(Shape::LiteralSet)
}

/// Recognises a pattern by its tree. Returns `None` if it needs an automaton.
pub(crate) fn of_tree(tree: &Tree) -> Option<Shape> {
    classify::of_tree(tree)
}
