//! The expression as a tree, in one flat list.
//!
//! Nodes refer to each other by index. The parts of a sequence are linked to one another, so that
//! two sequences are joined in constant time, and a deep tree is dropped as one list. Characters
//! and class items are in two lists of their own.

use super::class::Item;

/// The place of a node in [`Tree::nodes`].
pub(crate) type Id = u32;

/// No node: the end of a list of parts.
pub(crate) const NONE: Id = Id::MAX;

pub(crate) fn some(id: Id) -> Option<Id> {
    Some(id).filter(|&id| id != NONE)
}

/// What a node is. The order of those that are one character matters: from the simplest to the most
/// complex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Op {
    /// The empty text.
    Empty,
    /// Characters, one after the other: `a` is where they start in [`Tree::chars`], `b` how many
    /// they are.
    Literal,
    /// One of a set: `a` is where its items start in [`Tree::items`], `b` how many they are.
    Class,
    /// Any character but the newline.
    AnyNotNewline,
    /// Any character.
    Any,
    BeginLine,
    EndLine,
    BeginText,
    EndText,
    WordBoundary,
    NotWordBoundary,
    /// A group with a number; `a` is what is in it.
    Capture,
    /// Repeats of `a`.
    Star,
    Plus,
    Quest,
    /// `a`, between `b & 0xFFFF` and `b >> 16` times; [`UNLIMITED`] is no upper limit.
    Repeat,
    /// Parts, from `a` through `b`.
    Concat,
    /// Alternatives, from `a` through `b`.
    Alternate,
    /// An open group, only on the stack: `a` is 1 if it has a number, `b` where it starts in the
    /// text.
    Paren,
    /// What is below it is an alternative already, only on the stack.
    Bar,
}

/// The flags of a group, and those a node was made under.
pub(crate) type Flags = u8;
/// `(?i)`
pub(crate) const FOLD: Flags = 1;
/// Not `(?m)`.
pub(crate) const ONE_LINE: Flags = 2;
/// `(?s)`
pub(crate) const DOT_NEWLINE: Flags = 4;
/// `(?U)`, or a repeat that is not greedy.
pub(crate) const LAZY: Flags = 8;
/// Of a class: its items are tidy plain spans.
pub(crate) const TIDY: Flags = 16;

/// In a repeat: no upper limit.
pub(crate) const UNLIMITED: u32 = 0xFFFF;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    pub(crate) op: Op,
    pub(crate) flags: Flags,
    /// Of a class: how many spans it has, all bits set if they were not counted. Of all others:
    /// the height, 0 if not known.
    pub(crate) measure: u16,
    pub(crate) a: u32,
    pub(crate) b: u32,
    /// The next part of the same sequence.
    pub(crate) next: Id,
}

/// What is wanted of a tree once it is built.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<Node>,
    pub(crate) chars: Vec<u32>,
    pub(crate) items: Vec<Item>,
    pub(crate) root: Id,
}
