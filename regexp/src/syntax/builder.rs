//! Builds a tree on a stack, as Go's parser does.
//!
//! Go limits the height and the compiled size of an expression. These are properties of the tree
//! *as Go's parser builds it*: runs of literals are joined, sequences are flattened, and common
//! prefixes of alternatives are factored out ([`super::factor`]). To reject what Go rejects, the
//! builder takes the same steps in the same order. It even returns nodes for reuse when Go does: Go
//! checks sizes only when the number of nodes ever created, times all repeats ever seen, could
//! exceed the limit.
//!
//! The characters and items of an entry of the stack follow those of the entries below it. To join
//! two neighbours, those of the later one are moved down.

use super::class::{Item, Span};
use super::error::ErrorKind;
use super::fold;
use super::tree::{FOLD, Flags, Id, NONE, Node, Op, TIDY, Tree, UNLIMITED, some};
use crate::fault::{Fault, Faults};

/// The limit on the product of nested repeats.
const MAX_REPEAT: u32 = 1000;

/// A tree under construction.
pub(crate) struct Builder {
    pub(crate) tree: Tree,
    pub(crate) faults: Faults,
    pub(crate) stack: Vec<Id>,
    free: Vec<Id>,
    /// The number of code points in all sets ever pushed. If `estimated`, it is an upper bound,
    /// unless `exact` asks for the exact number.
    pub(crate) runes: u64,
    pub(crate) estimated: bool,
    pub(crate) exact: bool,
    /// The product of all repeats ever seen.
    pub(crate) repeats: i64,
    /// Compiled sizes; 0 is not known yet. Returned nodes keep theirs, as in Go.
    pub(crate) sizes: Option<Vec<i64>>,
    pub(crate) scratch: Vec<Span>,
    pub(crate) other: Vec<Span>,
}

impl Builder {
    pub(crate) fn new(length: usize, faults: Faults) -> Builder {
        let tree = Tree {
            // Few patterns need more nodes than they have bytes.
            nodes: Vec::with_capacity(length + 2),
            chars: Vec::with_capacity(length.min(64)),
            items: Vec::new(),
            root: 0,
        };
        Builder {
            tree,
            faults,
            stack: Vec::with_capacity(8),
            free: Vec::new(),
            runes: 0,
            estimated: false,
            exact: false,
            repeats: 1,
            sizes: None,
            scratch: Vec::new(),
            other: Vec::new(),
        }
    }

    // Nodes. Every id is an index that `make` returned, and nodes are never removed: indexing with
    // one cannot fail.

    pub(crate) fn node(&self, id: Id) -> &Node {
        &self.tree.nodes[id as usize]
    }

    pub(crate) fn node_mut(&mut self, id: Id) -> &mut Node {
        &mut self.tree.nodes[id as usize]
    }

    pub(crate) fn make(&mut self, op: Op, flags: Flags, a: u32, b: u32) -> Id {
        let node = Node { op, flags, measure: 0, a, b, next: NONE };
        if let Some(id) = self.free.pop() {
            *self.node_mut(id) = node;
            return id;
        }
        // The parser refuses patterns that are so long that this could reach `NONE`.
        let id = self.tree.nodes.len() as Id;
        self.tree.nodes.push(node);
        if let Some(sizes) = &mut self.sizes {
            sizes.push(0);
        }
        id
    }

    pub(crate) fn give_back(&mut self, id: Id) {
        self.free.push(id);
    }

    pub(crate) fn chars(&self, id: Id) -> &[u32] {
        let node = self.node(id);
        let start = node.a as usize;
        self.tree.chars.get(start..start + node.b as usize).unwrap_or(&[])
    }

    pub(crate) fn items(&self, id: Id) -> &[Item] {
        let node = self.node(id);
        let start = node.a as usize;
        self.tree.items.get(start..start + node.b as usize).unwrap_or(&[])
    }

    /// Returns whether the node is one character of a set.
    pub(crate) fn is_character(&self, id: Id) -> bool {
        let node = self.node(id);
        node.op == Op::Literal && node.b == 1
            || matches!(node.op, Op::Class | Op::AnyNotNewline | Op::Any)
    }

    /// Ends a list of parts after `last`.
    fn link(&mut self, parts: &[Id]) -> (Id, Id) {
        for pair in parts.windows(2) {
            if let &[one, two] = pair {
                self.node_mut(one).next = two;
            }
        }
        let (Some(&first), Some(&last)) = (parts.first(), parts.last()) else {
            return (NONE, NONE);
        };
        self.node_mut(last).next = NONE;
        (first, last)
    }

    pub(crate) fn set_parts(&mut self, id: Id, parts: &[Id]) {
        let (first, last) = self.link(parts);
        let node = self.node_mut(id);
        (node.a, node.b, node.measure) = (first, last, 0);
    }

    /// Clears the computed properties of a sequence that has changed.
    pub(crate) fn changed(&mut self, id: Id) {
        self.node_mut(id).measure = 0;
        if let Some(sizes) = &mut self.sizes {
            sizes[id as usize] = 0;
        }
    }

    // The stack.

    pub(crate) fn pop(&mut self) -> Option<Id> {
        self.stack.pop()
    }

    /// Returns the position of the innermost open group in the pattern.
    pub(crate) fn open_group(&self) -> Option<usize> {
        let id = self.stack.iter().rev().find(|&&id| self.node(id).op == Op::Paren)?;
        Some(self.node(*id).b as usize)
    }

    pub(crate) fn literal(&mut self, c: u32, flags: Flags) -> Result<(), ErrorKind> {
        let c = if flags & FOLD != 0 { fold::least(c) } else { c };
        let id = self.make(Op::Literal, flags, 0, 1);
        self.runes += 1;
        self.join_literals(None);
        self.node_mut(id).a = self.tree.chars.len() as u32;
        self.tree.chars.push(c);
        self.stack.push(id);
        self.check(id)
    }

    /// Puts a node on the stack.
    pub(crate) fn push(&mut self, id: Id, flags: Flags) -> Result<(), ErrorKind> {
        match self.node(id).op {
            Op::Class => {
                let count = match self.at_most(id) {
                    Some(most) if !self.exact && self.node(id).measure == u16::MAX => {
                        self.estimated = true;
                        most
                    }
                    _ => self.span_count(id),
                };
                self.runes += 2 * count as u64;
                if let Some((c, flags)) = self.as_literal(id, count, flags) {
                    let start = self.node(id).a as usize;
                    if start + self.node(id).b as usize == self.tree.items.len() {
                        self.tree.items.truncate(start);
                    }
                    if self.join_literals(Some((c, flags))) {
                        return Ok(());
                    }
                    let start = self.tree.chars.len() as u32;
                    self.tree.chars.push(c);
                    let node = self.node_mut(id);
                    (node.op, node.flags, node.measure, node.a, node.b) =
                        (Op::Literal, flags, 0, start, 1);
                } else {
                    self.join_literals(None);
                }
            }
            op => {
                if op == Op::Literal {
                    self.runes += u64::from(self.node(id).b);
                }
                self.join_literals(None);
            }
        }
        self.stack.push(id);
        self.check(id)
    }

    /// Turns a class of one character, or of one letter in both cases, into a literal.
    fn as_literal(&self, id: Id, count: usize, flags: Flags) -> Option<(u32, Flags)> {
        if self.node(id).flags & TIDY == 0 || count > 2 {
            return None;
        }
        let mut spans = self.items(id).iter().filter_map(|item| item.plain());
        let (lo, hi) = spans.next()?;
        match spans.next() {
            None if lo == hi => Some((lo, flags & !FOLD)),
            None if lo + 1 == hi && fold::next(lo) == hi && fold::next(hi) == lo => {
                Some((lo, flags | FOLD))
            }
            Some((other, end))
                if lo == hi
                    && other == end
                    && fold::next(lo) == other
                    && fold::next(other) == lo =>
            {
                Some((lo, flags | FOLD))
            }
            _ => None,
        }
    }

    /// Joins the two topmost entries if they are literals: an operator can no longer apply to the
    /// last one alone. The emptied node then takes the character `then` if there is one, and
    /// true is returned.
    fn join_literals(&mut self, then: Option<(u32, Flags)>) -> bool {
        let &[.., two, one] = self.stack.as_slice() else { return false };
        let (first, second) = (*self.node(two), *self.node(one));
        if (first.op, second.op) != (Op::Literal, Op::Literal)
            || (first.flags ^ second.flags) & FOLD != 0
        {
            return false;
        }
        let end = (first.a + first.b) as usize;
        if end != second.a as usize {
            // The characters in between belonged to a removed node.
            self.tree.chars.copy_within(second.a as usize..(second.a + second.b) as usize, end);
        }
        self.node_mut(two).b += second.b;
        if let Some((c, flags)) = then {
            let start = self.tree.chars.len() as u32;
            self.tree.chars.push(c);
            let node = self.node_mut(one);
            (node.flags, node.a, node.b) = (flags, start, 1);
            return true;
        }
        self.stack.pop();
        self.give_back(one);
        false
    }

    /// Returns the entries above the topmost `|` or `(`.
    fn top(&self) -> usize {
        self.stack
            .iter()
            .rposition(|&id| matches!(self.node(id).op, Op::Paren | Op::Bar))
            .map_or(0, |place| place + 1)
    }

    /// Joins the entries above the topmost `|` or `(` to one node.
    pub(crate) fn concat(&mut self, flags: Flags) -> Result<(), ErrorKind> {
        self.join_literals(None);
        let start = self.top();
        let id = match self.stack.get(start..).unwrap_or(&[]) {
            [] => self.make(Op::Empty, 0, 0, 0),
            &[one] => one,
            _ => self.sequence(start),
        };
        self.stack.truncate(start);
        self.push(id, flags)
    }

    /// Links the entries from `start` on to a sequence. A sequence among them is flattened.
    fn sequence(&mut self, start: usize) -> Id {
        let id = self.make(Op::Concat, 0, NONE, NONE);
        let (mut first, mut last) = (NONE, NONE);
        let (mut height, mut size) = (0, 0);
        for place in start..self.stack.len() {
            let part = self.stack[place];
            let node = *self.node(part);
            height = height.max(self.height(part) + u16::from(node.op != Op::Concat));
            size += self.size(part);
            let (head, tail) = if node.op == Op::Concat { (node.a, node.b) } else { (part, part) };
            if last == NONE {
                first = head;
            } else {
                self.node_mut(last).next = head;
            }
            last = tail;
            if node.op == Op::Concat {
                self.give_back(part);
            }
        }
        if last != NONE {
            self.node_mut(last).next = NONE;
        }
        let node = self.node_mut(id);
        (node.a, node.b, node.measure) = (first, last, height);
        if let Some(sizes) = &mut self.sizes {
            sizes[id as usize] = size.max(1);
        }
        id
    }

    /// Joins the alternatives above the topmost `(` to one node and removes the `|`.
    pub(crate) fn alternate(&mut self, flags: Flags) -> Result<(), ErrorKind> {
        let start = self.top();
        let parts = self.stack.split_off(start.min(self.stack.len()));
        if let Some(&last) = parts.last() {
            self.clean(last);
        }
        let id = match parts.as_slice() {
            &[one] => one,
            _ => {
                let id = self.factored(parts)?;
                if matches!(self.node(id).op, Op::Concat | Op::Alternate) {
                    self.changed(id);
                }
                id
            }
        };
        self.push(id, flags)
    }

    /// Ends an alternative: moves the topmost entry below the `|`, or joins it to the set there.
    /// Returns false if there is no `|` yet.
    pub(crate) fn swap_bar(&mut self) -> bool {
        match *self.stack.as_slice() {
            [.., below, bar, top] if self.node(bar).op == Op::Bar => {
                if self.is_character(below) && self.is_character(top) {
                    let (into, from) = if self.node(top).op > self.node(below).op {
                        (top, below)
                    } else {
                        (below, top)
                    };
                    self.close_gap(below, top);
                    self.merge(into, from);
                    self.give_back(from);
                    self.stack.truncate(self.stack.len() - 3);
                    self.stack.extend([into, bar]);
                    return true;
                }
                self.clean(below);
            }
            _ => {}
        }
        match self.stack.as_mut_slice() {
            [.., bar, top] if self.tree.nodes[*bar as usize].op == Op::Bar => {
                std::mem::swap(bar, top);
                true
            }
            _ => false,
        }
    }

    /// Moves the items of the topmost of two neighbours on the stack down to those of the lower
    /// one. The items in between belonged to removed nodes.
    fn close_gap(&mut self, below: Id, top: Id) {
        let (one, two) = (*self.node(below), *self.node(top));
        if one.op == Op::Class {
            let end = (one.a + one.b) as usize;
            let mut length = 0;
            if two.op == Op::Class {
                length = two.b as usize;
                self.tree.items.copy_within(two.a as usize..two.a as usize + length, end);
                self.node_mut(top).a = end as u32;
            }
            self.tree.items.truncate(end + length);
        }
    }

    /// Puts the topmost entry into a repeat. Returns `None` if there is nothing to repeat.
    pub(crate) fn repeat(
        &mut self,
        op: Op,
        min: u32,
        max: u32,
        flags: Flags,
    ) -> Option<Result<bool, ErrorKind>> {
        let sub = *self.stack.last()?;
        if matches!(self.node(sub).op, Op::Paren | Op::Bar) {
            return None;
        }
        let id = self.make(op, flags, sub, min | max << 16);
        if let Some(top) = self.stack.last_mut() {
            *top = id;
        }
        if let Err(kind) = self.check(id) {
            return Some(Err(kind));
        }
        let checked = op == Op::Repeat && (min >= 2 || max >= 2 && max != UNLIMITED);
        Some(Ok(!checked || self.faults.has(Fault::NoRepeatProduct) || self.repeats_are_valid(id)))
    }

    /// Returns whether the repeats on every path down from a repeat multiply to at most 1,000.
    /// Every node is visited at most nine times, since ten nested repeats of two or more are
    /// too many.
    fn repeats_are_valid(&self, id: Id) -> bool {
        let mut todo = vec![(id, MAX_REPEAT)];
        while let Some((id, mut left)) = todo.pop() {
            let node = self.node(id);
            match node.op {
                Op::Repeat => {
                    let (min, max) = (node.b & 0xFFFF, node.b >> 16);
                    let times = if max == UNLIMITED { min } else { max };
                    if max == 0 {
                        continue;
                    }
                    if times > left {
                        return false;
                    }
                    left = left.checked_div(times).unwrap_or(left);
                    todo.push((node.a, left));
                }
                Op::Capture | Op::Star | Op::Plus | Op::Quest => todo.push((node.a, left)),
                Op::Concat | Op::Alternate => todo.extend(self.parts(id).map(|part| (part, left))),
                _ => {}
            }
        }
        true
    }

    /// Returns the parts of a sequence, or the alternatives.
    pub(crate) fn parts(&self, id: Id) -> impl Iterator<Item = Id> + '_ {
        std::iter::successors(some(self.node(id).a), |&id| some(self.node(id).next))
    }

    /// Returns the tree, if only one entry is left.
    pub(crate) fn finish(mut self) -> Option<Tree> {
        let &[root] = self.stack.as_slice() else { return None };
        self.tree.root = root;
        self.tree.nodes.shrink_to_fit();
        self.tree.items.shrink_to_fit();
        Some(self.tree)
    }
}
