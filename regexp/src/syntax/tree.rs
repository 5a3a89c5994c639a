//! The pattern as a tree, in one flat list.
//!
//! Nodes refer to each other by index. The parts of a sequence are a linked list, so that two
//! sequences are joined in constant time. A deep tree is dropped as one list. Characters and class
//! items are in two lists of their own.

use super::class::Item;

/// The index of a node in [`Tree::nodes`].
pub(crate) type Id = u32;

/// No node: the end of a list of parts.
pub(crate) const NONE: Id = Id::MAX;

pub(crate) fn some(id: Id) -> Option<Id> {
    Some(id).filter(|&id| id != NONE)
}

/// The kind of a node. The kinds that match one character must be in this order, from the simplest
/// to the most complex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Op {
    /// The empty string.
    Empty,
    /// A sequence of characters: `a` is its start in [`Tree::chars`], `b` its length.
    Literal,
    /// A character of a set: `a` is the start of its items in [`Tree::items`], `b` their number.
    Class,
    /// Any character except a newline.
    AnyNotNewline,
    /// Any character.
    Any,
    BeginLine,
    EndLine,
    BeginText,
    EndText,
    WordBoundary,
    NotWordBoundary,
    /// A group with a number; `a` is its content.
    Capture,
    /// `a`, repeated.
    Star,
    Plus,
    Quest,
    /// `a`, from `b & 0xFFFF` to `b >> 16` times; [`UNLIMITED`] means no upper limit.
    Repeat,
    /// Parts, from `a` through `b`.
    Concat,
    /// Alternatives, from `a` through `b`.
    Alternate,
    /// An open group, only on the stack: `a` is 1 if it has a number, `b` is its start in the
    /// pattern.
    Paren,
    /// Marks that the entry below it is a complete alternative, only on the stack.
    Bar,
}

/// The flags of a group, and those in effect where a node was made.
pub(crate) type Flags = u8;
/// `(?i)`
pub(crate) const FOLD: Flags = 1;
/// Not `(?m)`.
pub(crate) const ONE_LINE: Flags = 2;
/// `(?s)`
pub(crate) const DOT_NEWLINE: Flags = 4;
/// `(?U)`, or a repeat that is not greedy.
pub(crate) const LAZY: Flags = 8;
/// The items of a class are tidy plain spans.
pub(crate) const TIDY: Flags = 16;

/// The upper limit of a repeat without one.
pub(crate) const UNLIMITED: u32 = 0xFFFF;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    pub(crate) op: Op,
    pub(crate) flags: Flags,
    /// For a class: the number of spans, or all bits set if they are not counted. For any other
    /// node: the height, or 0 if it is not known.
    pub(crate) measure: u16,
    pub(crate) a: u32,
    pub(crate) b: u32,
    /// The next part of the same sequence.
    pub(crate) next: Id,
}

/// The result of parsing.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<Node>,
    pub(crate) chars: Vec<u32>,
    pub(crate) items: Vec<Item>,
    pub(crate) root: Id,
}
