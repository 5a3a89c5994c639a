//! Merges and compares character sets in the tree, and counts their spans where Go's limits and
//! factoring need the number.

use super::builder::Builder;
use super::class::{self, Item, LAST};
use super::tree::{FOLD, Id, LAZY, Node, Op, TIDY};

impl Builder {
    /// Adds one item to the list for the next class. Plain spans that touch are joined.
    pub(crate) fn item(&mut self, item: Item, since: usize) {
        let last = self.tree.items.get_mut(since..).and_then(<[Item]>::last_mut);
        match (item.plain(), last.as_ref().and_then(|last| last.plain()), last) {
            (Some((lo, hi)), Some((last_lo, last_hi)), Some(last))
                if lo <= last_hi.saturating_add(1) && last_lo <= hi.saturating_add(1) =>
            {
                *last = Item::span(lo.min(last_lo), hi.max(last_hi), false);
            }
            _ => self.tree.items.push(item),
        }
    }

    /// Makes a class from the items from `start` on.
    pub(crate) fn class(&mut self, id: Id, start: usize) {
        let length = self.tree.items.len() - start;
        let node = self.node_mut(id);
        (node.op, node.a, node.b) = (Op::Class, start as u32, length as u32);
        node.flags &= !TIDY;
        self.measure_class(id);
    }

    /// Counts the spans of a class, and keeps them if they need no more space than the items.
    fn measure_class(&mut self, id: Id) {
        // Up to two spans may be a literal, which `as_literal` only recognizes in spans.
        let only = match self.items(id) {
            [item] => item.count().filter(|&count| count > 2),
            _ => None,
        };
        if let Some(count) = only {
            self.node_mut(id).measure = u16::try_from(count).unwrap_or(u16::MAX);
            return;
        }
        if !self.exact && self.at_most(id).is_some() {
            self.node_mut(id).measure = u16::MAX;
            return;
        }
        self.count_class(id);
    }

    /// Lists the spans of a class to count them. [`Builder::measure_class`] avoids that if it can.
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

    /// Returns an upper bound for the number of spans of a class, if it is known without listing
    /// them and the class has too many characters for a literal.
    pub(crate) fn at_most(&self, id: Id) -> Option<usize> {
        let items = self.items(id);
        let many = items.iter().any(|item| item.is_large());
        if !many {
            return None;
        }
        items.iter().map(|item| item.at_most()).sum()
    }

    /// Returns the number of spans of a measured class.
    pub(crate) fn span_count(&mut self, id: Id) -> usize {
        match self.node(id).measure {
            u16::MAX => {
                self.count_class(id);
                self.scratch.len()
            }
            count => count.into(),
        }
    }

    /// Joins the character set `from` to the set `into`, which must not be simpler.
    pub(crate) fn merge(&mut self, into: Id, from: Id) {
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
                if to.op == Op::Literal
                    && self.chars(into) == self.chars(from)
                    && to.flags == other.flags
                {
                    return;
                }
                let start = self.own_items(into, &other);
                if to.op == Op::Class
                    && other.op == Op::Class
                    && start + (to.b as usize) == other.a as usize
                {
                    // The items are adjacent already.
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

    /// Makes the items of a set the last ones, or followed only by those of `other`, the set that
    /// it takes in. Returns where they start.
    fn own_items(&mut self, id: Id, other: &Node) -> usize {
        let node = *self.node(id);
        let end = self.tree.items.len();
        if node.op == Op::Literal {
            let item = self.literal_item(id);
            self.tree.items.push(item);
            return end;
        }
        let (start, length) = (node.a as usize, node.b as usize);
        let adjacent = other.op == Op::Class && other.a as usize == start + length;
        if start + length == end || adjacent && (other.a + other.b) as usize == end {
            return start;
        }
        self.tree.items.extend_from_within(start..start + length);
        end
    }

    /// Counts the spans of a set that is complete, and recognizes `Any` and `AnyNotNewline`.
    pub(crate) fn clean(&mut self, id: Id) {
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

    /// Returns whether two alternatives start with the same set, or with the same set repeated the
    /// same number of times.
    pub(crate) fn same_head(&mut self, one: Id, two: Id) -> bool {
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
                let (mut a, mut b) =
                    (std::mem::take(&mut self.scratch), std::mem::take(&mut self.other));
                class::spans(self.items(one), self.faults, &mut a);
                class::spans(self.items(two), self.faults, &mut b);
                let same = a == b;
                (self.scratch, self.other) = (a, b);
                same
            }
            _ => true,
        }
    }
}
