//! The expression as a tree in one flat list, and the stack that builds it.
//!
//! Go limits the height and the compiled size of an expression, and both are those of the tree *as its parser builds it*: runs
//! of literals joined, sequences flattened, common prefixes of alternatives factored out ([`super::factor`]). To reject what Go
//! rejects, this parser therefore takes the same steps in the same order, down to when nodes are given back for reuse: sizes
//! are only looked at once the number of nodes ever made, times all repeats ever seen, could exceed the limit.
//!
//! Nodes name each other by index, and a sequence's parts are linked to one another, so that joining two sequences costs nothing
//! and dropping a deep tree is dropping one list. Characters and class items live in two lists beside the nodes. What belongs
//! to an entry of the stack lies after what belongs to the entries below it, hence neighbours are joined by moving
//! the later one's part down.

use super::class::{self, Item, LAST, Span};
use super::error::Kind;
use super::fault::{Fault, Faults};
use super::fold;

/// The place of a node in [`Tree::nodes`].
pub(super) type Id = u32;

/// No node: the end of a list of parts.
pub(super) const NONE: Id = Id::MAX;

fn some(id: Id) -> Option<Id> {
    Some(id).filter(|&id| id != NONE)
}

/// What a node is. The order of those that are one character matters: from the simplest to the most complex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Op {
    /// The empty text.
    Empty,
    /// Characters, one after the other: `a` is where they start in [`Tree::chars`], `b` how many they are.
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
    /// An open group, only on the stack: `a` is 1 if it has a number, `b` where it starts in the text.
    Paren,
    /// What is below it is an alternative already, only on the stack.
    Bar,
}

/// The flags of a group, and those a node was made under.
pub(super) type Flags = u8;
/// `(?i)`
pub(super) const FOLD: Flags = 1;
/// Not `(?m)`.
pub(super) const ONE_LINE: Flags = 2;
/// `(?s)`
pub(super) const DOT_NEWLINE: Flags = 4;
/// `(?U)`, or a repeat that is not greedy.
pub(super) const LAZY: Flags = 8;
/// Of a class: its items are tidy plain spans.
const TIDY: Flags = 16;

/// In a repeat: no upper limit.
pub(super) const UNLIMITED: u32 = 0xFFFF;

/// How often the innermost thing in nested repeats may be repeated.
const MAX_REPEAT: u32 = 1000;
const MAX_HEIGHT: u16 = 1000;
/// In instructions of Go's machine, of 40 bytes each: 128 MB.
const MAX_SIZE: i64 = (128 << 20) / 40;
/// In code points of class spans, two each: 128 MB.
const MAX_RUNES: u64 = (128 << 20) / 4;

#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) op: Op,
    pub(super) flags: Flags,
    /// Of a class: how many spans it has, all bits set if they were not counted. Of all others: the height, 0 if not known.
    measure: u16,
    pub(super) a: u32,
    pub(super) b: u32,
    /// The next part of the same sequence.
    pub(super) next: Id,
}

/// What is wanted of a tree once it is built.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
    pub(super) chars: Vec<u32>,
    pub(super) items: Vec<Item>,
    pub(super) root: Id,
}

/// A tree in the making.
pub(super) struct Builder {
    pub(super) tree: Tree,
    pub(super) faults: Faults,
    stack: Vec<Id>,
    free: Vec<Id>,
    /// Code points in all sets ever pushed; at most, if `estimated`, unless they are to be `exact`.
    runes: u64,
    pub(super) estimated: bool,
    pub(super) exact: bool,
    /// The product of all repeats ever seen.
    repeats: i64,
    /// Compiled sizes, once they are looked at; 0 is not known. Given-back nodes keep theirs, as Go's do.
    sizes: Option<Vec<i64>>,
    scratch: Vec<Span>,
    other: Vec<Span>,
}

impl Builder {
    pub(super) fn new(length: usize, faults: Faults) -> Builder {
        let tree = Tree {
            // Few patterns make more nodes than they have bytes.
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

    // Nodes. Every id is an index that `make` returned, and nodes are never removed: indexing with one cannot fail.

    pub(super) fn node(&self, id: Id) -> &Node {
        &self.tree.nodes[id as usize]
    }

    pub(super) fn node_mut(&mut self, id: Id) -> &mut Node {
        &mut self.tree.nodes[id as usize]
    }

    pub(super) fn make(&mut self, op: Op, flags: Flags, a: u32, b: u32) -> Id {
        let node = Node { op, flags, measure: 0, a, b, next: NONE };
        if let Some(id) = self.free.pop() {
            *self.node_mut(id) = node;
            return id;
        }
        // The parser refuses texts so long that this could reach `NONE`.
        let id = self.tree.nodes.len() as Id;
        self.tree.nodes.push(node);
        if let Some(sizes) = &mut self.sizes {
            sizes.push(0);
        }
        id
    }

    pub(super) fn give_back(&mut self, id: Id) {
        self.free.push(id);
    }

    pub(super) fn chars(&self, id: Id) -> &[u32] {
        let node = self.node(id);
        let start = node.a as usize;
        self.tree.chars.get(start..start + node.b as usize).unwrap_or(&[])
    }

    fn items(&self, id: Id) -> &[Item] {
        let node = self.node(id);
        let start = node.a as usize;
        self.tree.items.get(start..start + node.b as usize).unwrap_or(&[])
    }

    /// Whether the node is one character of a set.
    pub(super) fn is_character(&self, id: Id) -> bool {
        let node = self.node(id);
        node.op == Op::Literal && node.b == 1 || matches!(node.op, Op::Class | Op::AnyNotNewline | Op::Any)
    }

    /// Ends a list of parts after `last`.
    fn link(&mut self, parts: &[Id]) -> (Id, Id) {
        for pair in parts.windows(2) {
            if let &[one, two] = pair {
                self.node_mut(one).next = two;
            }
        }
        let (Some(&first), Some(&last)) = (parts.first(), parts.last()) else { return (NONE, NONE) };
        self.node_mut(last).next = NONE;
        (first, last)
    }

    pub(super) fn set_parts(&mut self, id: Id, parts: &[Id]) {
        let (first, last) = self.link(parts);
        let node = self.node_mut(id);
        (node.a, node.b, node.measure) = (first, last, 0);
    }

    /// Forgets what was worked out about a sequence that has changed.
    pub(super) fn changed(&mut self, id: Id) {
        self.node_mut(id).measure = 0;
        if let Some(sizes) = &mut self.sizes {
            sizes[id as usize] = 0;
        }
    }

    // Sets.

    /// Adds one item to the list that the next class is made from; plain spans that touch are joined.
    pub(super) fn item(&mut self, item: Item, since: usize) {
        if let Some((lo, hi)) = item.plain()
            && self.tree.items.len() > since
            && let Some(last) = self.tree.items.last_mut()
            && let Some((last_lo, last_hi)) = last.plain()
            && lo <= last_hi.saturating_add(1)
            && last_lo <= hi.saturating_add(1)
        {
            *last = Item::span(lo.min(last_lo), hi.max(last_hi), false);
            return;
        }
        self.tree.items.push(item);
    }

    /// Makes a class of the items from `start` on.
    pub(super) fn class(&mut self, id: Id, start: usize) {
        let length = self.tree.items.len() - start;
        let node = self.node_mut(id);
        (node.op, node.a, node.b) = (Op::Class, start as u32, length as u32);
        node.flags &= !TIDY;
        self.measure_class(id);
    }

    /// Counts a class's spans, and keeps them if they take no more room than the items.
    fn measure_class(&mut self, id: Id) {
        // Up to two spans might be a literal, which `as_literal` can only tell from spans.
        if let [item] = self.items(id)
            && let Some(count) = item.count().filter(|&count| count > 2)
        {
            self.node_mut(id).measure = u16::try_from(count).unwrap_or(u16::MAX);
            return;
        }
        if !self.exact && self.at_most(id).is_some() {
            self.node_mut(id).measure = u16::MAX;
            return;
        }
        self.count_class(id);
    }

    /// Lists a class's spans to count them, which [`Builder::measure_class`] only does where it must.
    fn count_class(&mut self, id: Id) {
        let (start, length) = (self.node(id).a as usize, self.node(id).b as usize);
        let mut spans = std::mem::take(&mut self.scratch);
        class::spans(self.items(id), self.faults, &mut spans);
        if spans.len() <= length {
            for (slot, &(lo, hi)) in self.tree.items.iter_mut().skip(start).zip(&spans) {
                *slot = Item::span(lo, hi, false);
            }
            if start + length == self.tree.items.len() {
                self.tree.items.truncate(start + spans.len());
            }
            let count = spans.len();
            let node = self.node_mut(id);
            node.b = count as u32;
            node.flags |= TIDY;
        }
        self.node_mut(id).measure = u16::try_from(spans.len()).unwrap_or(u16::MAX);
        self.scratch = spans;
    }

    /// At most how many spans a class has, if that is known without listing them and they are too many characters for a literal.
    fn at_most(&self, id: Id) -> Option<usize> {
        let items = self.items(id);
        let many = items.iter().any(|item| item.count().is_some_and(|count| count > 2));
        if !many {
            return None;
        }
        items.iter().map(|item| item.at_most()).sum()
    }

    /// How many spans a measured class has.
    pub(super) fn span_count(&mut self, id: Id) -> usize {
        match self.node(id).measure {
            u16::MAX => {
                self.count_class(id);
                self.scratch.len()
            }
            count => count.into(),
        }
    }

    /// Joins the character set `from` to the set `into`, which is no simpler.
    pub(super) fn merge(&mut self, into: Id, from: Id) {
        let (to, other) = (*self.node(into), *self.node(from));
        match to.op {
            Op::AnyNotNewline => {
                let newline = match other.op {
                    Op::Literal => self.chars(from) == [0x0A],
                    Op::Class => {
                        let mut spans = std::mem::take(&mut self.scratch);
                        class::spans(self.items(from), self.faults, &mut spans);
                        let found = class::contains(&spans, 0x0A);
                        self.scratch = spans;
                        found
                    }
                    _ => false,
                };
                if newline {
                    self.node_mut(into).op = Op::Any;
                }
            }
            Op::Class | Op::Literal => {
                if to.op == Op::Literal && self.chars(into) == self.chars(from) && to.flags == other.flags {
                    return;
                }
                let start = self.own_items(into, &other);
                if to.op == Op::Class && other.op == Op::Class && start + (to.b as usize) == other.a as usize
                {
                    // They lie side by side already.
                } else if other.op == Op::Literal {
                    let item = self.literal_item(from);
                    self.item(item, start);
                } else {
                    let from = other.a as usize..(other.a + other.b) as usize;
                    self.tree.items.extend_from_within(from);
                }
                let length = self.tree.items.len() - start;
                let node = self.node_mut(into);
                (node.op, node.a, node.b) = (Op::Class, start as u32, length as u32);
                node.flags &= !TIDY;
            }
            _ => {}
        }
    }

    fn literal_item(&self, id: Id) -> Item {
        let c = self.chars(id).first().copied().unwrap_or(0);
        Item::span(c, c, self.node(id).flags & FOLD != 0)
    }

    /// Sees to it that a set's items are the last ones, or that only those of the set that it takes in follow; says where
    /// they start.
    fn own_items(&mut self, id: Id, other: &Node) -> usize {
        let node = *self.node(id);
        let end = self.tree.items.len();
        if node.op == Op::Literal {
            let item = self.literal_item(id);
            self.tree.items.push(item);
            return end;
        }
        let (start, length) = (node.a as usize, node.b as usize);
        let beside = other.op == Op::Class && other.a as usize == start + length;
        if start + length == end || beside && (other.a + other.b) as usize == end {
            return start;
        }
        self.tree.items.extend_from_within(start..start + length);
        end
    }

    /// A set that will not grow any more: counted, and told if it is everything.
    pub(super) fn clean(&mut self, id: Id) {
        if self.node(id).op != Op::Class {
            return;
        }
        if self.node(id).flags & TIDY == 0 {
            self.measure_class(id);
            if self.node(id).measure == u16::MAX {
                self.count_class(id);
            }
        }
        if self.node(id).flags & TIDY == 0 && self.node(id).measure > 2 {
            return;
        }
        let mut spans = std::mem::take(&mut self.scratch);
        class::spans(self.items(id).get(..3).unwrap_or(self.items(id)), self.faults, &mut spans);
        match spans.as_slice() {
            [(0, LAST)] => self.node_mut(id).op = Op::Any,
            [(0, 0x09), (0x0B, LAST)] => self.node_mut(id).op = Op::AnyNotNewline,
            _ => {}
        }
        if self.node(id).op != Op::Class {
            self.node_mut(id).measure = 0;
        }
        self.scratch = spans;
    }

    /// Whether two heads of alternatives are the same set, or the same set repeated the same number of times.
    pub(super) fn same_head(&mut self, one: Id, two: Id) -> bool {
        let (x, y) = (*self.node(one), *self.node(two));
        if x.op == Op::Repeat {
            return y.op == Op::Repeat
                && (x.b, x.flags & LAZY) == (y.b, y.flags & LAZY)
                && x.b & 0xFFFF == x.b >> 16
                && self.is_character(x.a)
                && self.same_set(x.a, y.a);
        }
        self.is_character(one) && self.same_set(one, two)
    }

    fn same_set(&mut self, one: Id, two: Id) -> bool {
        let (x, y) = (*self.node(one), *self.node(two));
        if x.op != y.op {
            return false;
        }
        match x.op {
            Op::Literal => x.flags & FOLD == y.flags & FOLD && self.chars(one) == self.chars(two),
            Op::Class => {
                if x.flags & FOLD != y.flags & FOLD {
                    return false;
                }
                if self.items(one) == self.items(two) {
                    return true;
                }
                let counted = x.measure != u16::MAX && y.measure != u16::MAX;
                if x.flags & y.flags & TIDY != 0 || counted && x.measure != y.measure {
                    return false;
                }
                let (mut a, mut b) = (std::mem::take(&mut self.scratch), std::mem::take(&mut self.other));
                class::spans(self.items(one), self.faults, &mut a);
                class::spans(self.items(two), self.faults, &mut b);
                let same = a == b;
                (self.scratch, self.other) = (a, b);
                same
            }
            _ => true,
        }
    }

    // The stack.

    pub(super) fn pop(&mut self) -> Option<Id> {
        self.stack.pop()
    }

    /// The innermost open group's place in the text.
    pub(super) fn open_group(&self) -> Option<usize> {
        let id = self.stack.iter().rev().find(|&&id| self.node(id).op == Op::Paren)?;
        Some(self.node(*id).b as usize)
    }

    pub(super) fn literal(&mut self, c: u32, flags: Flags) -> Result<(), Kind> {
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
    pub(super) fn push(&mut self, id: Id, flags: Flags) -> Result<(), Kind> {
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
                    (node.op, node.flags, node.measure, node.a, node.b) = (Op::Literal, flags, 0, start, 1);
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

    /// A class of one character, or of one letter in both cases, as the literal it might have been.
    fn as_literal(&self, id: Id, count: usize, flags: Flags) -> Option<(u32, Flags)> {
        if self.node(id).flags & TIDY == 0 || count > 2 {
            return None;
        }
        let mut spans = self.items(id).iter().filter_map(|item| item.plain());
        let (lo, hi) = spans.next()?;
        match spans.next() {
            None if lo == hi => Some((lo, flags & !FOLD)),
            None if lo + 1 == hi && fold::next(lo) == hi && fold::next(hi) == lo => Some((lo, flags | FOLD)),
            Some((other, end))
                if lo == hi && other == end && fold::next(lo) == other && fold::next(other) == lo =>
            {
                Some((lo, flags | FOLD))
            }
            _ => None,
        }
    }

    /// Joins the two topmost entries if they are literals: an operator can no longer apply to the last one alone. The
    /// emptied node then takes the character `then` if there is one, and true is returned.
    fn join_literals(&mut self, then: Option<(u32, Flags)>) -> bool {
        let &[.., two, one] = self.stack.as_slice() else { return false };
        let (first, second) = (*self.node(two), *self.node(one));
        if (first.op, second.op) != (Op::Literal, Op::Literal) || (first.flags ^ second.flags) & FOLD != 0 {
            return false;
        }
        let end = (first.a + first.b) as usize;
        if end != second.a as usize {
            // What lies in between belonged to a node that is no more.
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

    /// The entries above the topmost `|` or `(`.
    fn top(&self) -> usize {
        self.stack
            .iter()
            .rposition(|&id| matches!(self.node(id).op, Op::Paren | Op::Bar))
            .map_or(0, |place| place + 1)
    }

    /// Makes one node of the entries above the topmost `|` or `(`.
    pub(super) fn concat(&mut self, flags: Flags) -> Result<(), Kind> {
        self.join_literals(None);
        let begin = self.top();
        let id = match self.stack.get(begin..).unwrap_or(&[]) {
            [] => self.make(Op::Empty, 0, 0, 0),
            &[one] => one,
            _ => self.sequence(begin),
        };
        self.stack.truncate(begin);
        self.push(id, flags)
    }

    /// Links the entries from `begin` on to a sequence; the parts of a sequence among them become its own.
    fn sequence(&mut self, begin: usize) -> Id {
        let id = self.make(Op::Concat, 0, NONE, NONE);
        let (mut first, mut last) = (NONE, NONE);
        let (mut height, mut size) = (0, 0);
        for place in begin..self.stack.len() {
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

    /// Makes one node of the alternatives above the topmost `(`; there is no `|` above it any more.
    pub(super) fn alternate(&mut self, flags: Flags) -> Result<(), Kind> {
        let begin = self.top();
        let parts = self.stack.split_off(begin.min(self.stack.len()));
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

    /// Ends an alternative: puts the topmost entry below the `|`, or joins it to the set that is there. False if there is no
    /// `|` yet.
    pub(super) fn swap_bar(&mut self) -> bool {
        if let &[.., below, bar, top] = self.stack.as_slice()
            && self.node(bar).op == Op::Bar
        {
            if self.is_character(below) && self.is_character(top) {
                let (into, from) =
                    if self.node(top).op > self.node(below).op { (top, below) } else { (below, top) };
                self.close_gap(below, top);
                self.merge(into, from);
                self.give_back(from);
                self.stack.pop();
                self.stack.pop();
                self.stack.pop();
                self.stack.extend([into, bar]);
                return true;
            }
            self.clean(below);
        }
        if let [.., bar, top] = self.stack.as_mut_slice()
            && self.tree.nodes[*bar as usize].op == Op::Bar
        {
            std::mem::swap(bar, top);
            return true;
        }
        false
    }

    /// Moves the items of the topmost of two neighbours on the stack down to those of the lower one. What lies in between
    /// belonged to nodes that are no more.
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

    /// Puts the topmost entry into a repeat. `None` is returned if there is nothing to repeat.
    pub(super) fn repeat(&mut self, op: Op, min: u32, max: u32, flags: Flags) -> Option<Result<bool, Kind>> {
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

    /// Whether no path down from a repeat multiplies to more than 1,000. Every node is looked at at most nine times, by the
    /// repeats of two and more around it: ten of them are too many.
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

    /// The parts of a sequence or the alternatives.
    pub(super) fn parts(&self, id: Id) -> impl Iterator<Item = Id> + '_ {
        std::iter::successors(some(self.node(id).a), |&id| some(self.node(id).next))
    }

    // Limits.

    pub(super) fn check(&mut self, id: Id) -> Result<(), Kind> {
        if self.runes > MAX_RUNES {
            return Err(Kind::Large);
        }
        self.check_size(id)?;
        if self.height(id) > MAX_HEIGHT { Err(Kind::NestingDepth) } else { Ok(()) }
    }

    /// Checks a part that factoring has taken something away from: all it can do is make sizes matter, and count a repeat once
    /// more.
    pub(super) fn check_rest(&mut self, id: Id) -> Result<(), Kind> {
        if self.sizes.is_some() && matches!(self.node(id).op, Op::Concat | Op::Alternate) {
            return Ok(());
        }
        self.check_size(id)
    }

    fn check_size(&mut self, id: Id) -> Result<(), Kind> {
        if self.sizes.is_none() {
            let node = self.node(id);
            if node.op == Op::Repeat {
                let (min, max) = (node.b & 0xFFFF, node.b >> 16);
                let times = i64::from(if max == UNLIMITED { min } else { max }.max(1));
                self.repeats = if times > MAX_SIZE / self.repeats { MAX_SIZE } else { self.repeats * times };
            }
            if (self.tree.nodes.len() as i64) < MAX_SIZE / self.repeats {
                return Ok(());
            }
            self.sizes = Some(vec![0; self.tree.nodes.len()]);
            for place in 0..self.stack.len() {
                if self.measured_size(self.stack[place]) > MAX_SIZE {
                    return Err(Kind::Large);
                }
            }
        }
        if self.measured_size(id) > MAX_SIZE { Err(Kind::Large) } else { Ok(()) }
    }

    /// The compiled size, worked out anew where it may have changed.
    fn measured_size(&mut self, id: Id) -> i64 {
        let op = self.node(id).op;
        if let Some(sizes) = &mut self.sizes
            && !matches!(op, Op::Concat | Op::Alternate)
        {
            sizes[id as usize] = 0;
        }
        self.size(id)
    }

    /// The compiled size as far as it is known, or else worked out; 0 as long as sizes do not matter.
    fn size(&mut self, id: Id) -> i64 {
        let Some(mut sizes) = self.sizes.take() else { return 0 };
        let size = self.bottom_up(id, &mut sizes, Builder::size_of);
        self.sizes = Some(sizes);
        size
    }

    fn size_of(&self, id: Id, known: &[i64]) -> i64 {
        let node = self.node(id);
        let of = |id: Id| known[id as usize];
        let size = match node.op {
            Op::Literal => node.b.into(),
            // A star is one or two instructions; two.
            Op::Capture | Op::Star => 2 + of(node.a),
            Op::Plus | Op::Quest => 1 + of(node.a),
            Op::Concat => self.parts(id).map(of).sum(),
            Op::Alternate => self.parts(id).map(|part| of(part) + 1).sum::<i64>() - 1,
            Op::Repeat => match (i64::from(node.b & 0xFFFF), node.b >> 16) {
                (0, UNLIMITED) => 2 + of(node.a),
                (min, UNLIMITED) => 1 + min * of(node.a),
                (min, max) => i64::from(max) * of(node.a) + i64::from(max) - min,
            },
            _ => 1,
        };
        size.max(1)
    }

    /// The height, worked out for what is not known or has changed.
    fn height(&mut self, id: Id) -> u16 {
        if let Some(height) = self.known_height(id) {
            return height;
        }
        let mut todo = vec![id];
        while let Some(&top) = todo.last() {
            let begin = todo.len();
            let mut height = 0;
            for part in self.children(top) {
                match self.known_height(part) {
                    Some(below) => height = height.max(below),
                    None => todo.push(part),
                }
            }
            if todo.len() == begin {
                self.node_mut(top).measure = height.saturating_add(1);
                todo.pop();
            }
        }
        self.known_height(id).unwrap_or(1)
    }

    fn known_height(&self, id: Id) -> Option<u16> {
        let node = self.node(id);
        match node.op {
            Op::Capture | Op::Star | Op::Plus | Op::Quest | Op::Repeat | Op::Concat | Op::Alternate => {
                Some(node.measure).filter(|&height| height != 0)
            }
            _ => Some(1),
        }
    }

    /// Works a number out for a node after those below it, without recursion; 0 is not known.
    fn bottom_up(&self, id: Id, known: &mut [i64], work: fn(&Builder, Id, &[i64]) -> i64) -> i64 {
        let mut todo = Vec::new();
        if known[id as usize] == 0 {
            todo.push(id);
        }
        while let Some(&top) = todo.last() {
            let begin = todo.len();
            todo.extend(self.children(top).filter(|&part| known[part as usize] == 0));
            if todo.len() == begin {
                known[top as usize] = work(self, top, known);
                todo.pop();
            }
        }
        known[id as usize]
    }

    fn children(&self, id: Id) -> impl Iterator<Item = Id> + '_ {
        let node = self.node(id);
        let (first, one) = match node.op {
            Op::Capture | Op::Star | Op::Plus | Op::Quest | Op::Repeat => (node.a, true),
            Op::Concat | Op::Alternate => (node.a, false),
            _ => (NONE, true),
        };
        std::iter::successors(some(first), move |&id| if one { None } else { some(self.node(id).next) })
    }

    /// The tree, if all is reduced to one entry.
    pub(super) fn finish(mut self) -> Option<Tree> {
        let &[root] = self.stack.as_slice() else { return None };
        self.tree.root = root;
        self.tree.nodes.shrink_to_fit();
        self.tree.items.shrink_to_fit();
        Some(self.tree)
    }
}
