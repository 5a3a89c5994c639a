//! Recognises literals in the tree of a pattern.
//!
//! Most patterns in use are like `.*`, `^true$`, `.*/init$` or `^/usr/s?bin/(sh|bash)$`: an
//! optional anchor, one of a few literals, an optional anchor.

use super::anchor::Anchor;
use super::set::LiteralSet;
use super::shape::Shape;
use crate::syntax::fold;
use crate::syntax::tree::{FOLD, Id, NONE, Op, Tree, UNLIMITED};

/// The limits on the number of literals, and on their bytes together. A single literal may be
/// longer.
const MAX_TEXTS: usize = 32;
const MAX_BYTES: usize = 512;
/// The limits on the number of nodes that are visited, and on their depth.
const MAX_NODES: usize = 64;
const MAX_DEPTH: usize = 8;

/// Returns how to match the pattern of a tree, or `None` if it needs an automaton.
pub(super) fn of_tree(tree: &Tree) -> Option<Shape> {
    Classifier { tree, nodes: 0 }.shape()
}

struct Classifier<'t> {
    tree: &'t Tree,
    nodes: usize,
}

type Set = Vec<Vec<u8>>;

impl Classifier<'_> {
    fn shape(&mut self) -> Option<Shape> {
        let mut parts = Vec::new();
        let mut todo = vec![self.tree.root];
        while let Some(id) = todo.pop() {
            let node = self.tree.nodes.get(id as usize)?;
            self.nodes += 1;
            if self.nodes > MAX_NODES {
                return None;
            }
            match node.op {
                Op::Capture => todo.push(node.a),
                Op::Concat => {
                    let start = todo.len();
                    todo.extend(self.list(node.a).take(MAX_NODES + 1));
                    todo.get_mut(start..)?.reverse();
                }
                Op::Empty => {}
                _ => parts.push(id),
            }
        }
        let mut parts = parts.as_slice();
        let mut before = Anchor::Free;
        let mut after = Anchor::Free;
        match parts {
            [first, rest @ ..] if self.op(*first) == Some(Op::BeginText) => {
                (before, parts) = (Anchor::Exact, rest);
            }
            _ => {}
        }
        match parts {
            [rest @ .., last] if self.op(*last) == Some(Op::EndText) => {
                (after, parts) = (Anchor::Exact, rest);
            }
            _ => {}
        }
        while let [first, rest @ ..] = parts {
            let Some(anchor) = self.widened(*first, before) else { break };
            (before, parts) = (anchor, rest);
        }
        while let [rest @ .., last] = parts {
            let Some(anchor) = self.widened(*last, after) else { break };
            (after, parts) = (anchor, rest);
        }
        // Give up early, before literals are combined.
        let hopeful = |op| {
            matches!(
                op,
                Op::Literal
                    | Op::Class
                    | Op::Quest
                    | Op::Repeat
                    | Op::Alternate
                    | Op::Capture
                    | Op::Concat
                    | Op::Empty
            )
        };
        if !parts.iter().all(|&part| self.op(part).is_some_and(hopeful)) {
            return None;
        }
        let mut texts = vec![Vec::new()];
        for &part in parts {
            let set = self.set(part, 0)?;
            texts = product(&texts, &set)?;
        }
        if texts.is_empty() {
            return Some(Shape::Nothing);
        }
        texts.sort();
        texts.dedup();
        if texts.iter().any(Vec::is_empty) && (before == Anchor::Free || after == Anchor::Free) {
            // An empty literal at one end, and any input on the other side. If the other side must
            // be one line, the same holds: that line may be empty.
            return Some(Shape::Everything);
        }
        if before == Anchor::Line && matches!(texts.as_slice(), [text] if text.is_empty()) {
            // `^.*$` and `^.*.*$`: the line counts for one side.
            (before, after) = (Anchor::Exact, Anchor::Line);
        }
        LiteralSet::new(texts, before, after).map(Shape::LiteralSet)
    }

    fn op(&self, id: Id) -> Option<Op> {
        self.tree.nodes.get(id as usize).map(|node| node.op)
    }

    fn list(&self, first: Id) -> impl Iterator<Item = Id> + '_ {
        let node = |id: Id| self.tree.nodes.get(id as usize);
        std::iter::successors(Some(first), move |&id| node(id).map(|node| node.next))
            .take_while(|&id| id != NONE)
    }

    /// Returns the anchor with this part added, or `None` if the part does more than widen the
    /// anchor.
    fn widened(&self, id: Id, anchor: Anchor) -> Option<Anchor> {
        let node = self.tree.nodes.get(id as usize)?;
        let skippable = match node.op {
            Op::Star | Op::Quest => true,
            Op::Repeat => node.b & 0xFFFF == 0,
            _ => false,
        };
        if anchor == Anchor::Free {
            // The search starts and ends anywhere, so an optional part can be ignored.
            return skippable.then_some(anchor);
        }
        if node.op != Op::Star && (node.op != Op::Repeat || node.b != UNLIMITED << 16) {
            return None;
        }
        match (self.op(node.a)?, anchor) {
            (Op::Any, _) => Some(Anchor::Free),
            (Op::AnyNotNewline, _) => Some(Anchor::Line),
            _ => None,
        }
    }

    /// Returns all strings that a node matches, if they are few.
    fn set(&mut self, id: Id, depth: usize) -> Option<Set> {
        self.nodes += 1;
        if depth > MAX_DEPTH || self.nodes > MAX_NODES {
            return None;
        }
        let node = self.tree.nodes.get(id as usize)?;
        let (start, length) = (node.a as usize, node.b as usize);
        match node.op {
            Op::Empty => Some(vec![Vec::new()]),
            Op::Literal => {
                let chars = self.tree.chars.get(start..start + length)?;
                if node.flags & FOLD == 0 {
                    let mut text = Vec::with_capacity(chars.len());
                    for &c in chars {
                        text.extend(encode(c)?.encode_utf8(&mut [0; 4]).as_bytes());
                    }
                    return Some(vec![text]);
                }
                // Each letter doubles the number of strings.
                if chars.iter().filter(|&&c| fold::next(c) != c).count()
                    > MAX_TEXTS.ilog2() as usize
                {
                    return None;
                }
                let mut texts = vec![Vec::new()];
                for &c in chars {
                    let mut ring = vec![c];
                    let mut other = fold::next(c);
                    while other != c {
                        ring.push(other);
                        other = fold::next(other);
                    }
                    texts = product(&texts, &characters(ring)?)?;
                }
                Some(texts)
            }
            Op::Class => {
                let items = self.tree.items.get(start..start + length)?;
                let mut ring = Vec::new();
                for item in items {
                    let (lo, hi) = item.plain()?;
                    if ring.len() + (hi - lo) as usize >= MAX_TEXTS {
                        return None;
                    }
                    ring.extend(lo..=hi);
                }
                characters(ring)
            }
            Op::Capture => self.set(node.a, depth + 1),
            Op::Quest => {
                let mut texts = self.set(node.a, depth + 1)?;
                texts.push(Vec::new());
                Some(texts)
            }
            Op::Repeat => {
                let (min, max) = (node.b & 0xFFFF, node.b >> 16);
                if max == UNLIMITED {
                    return None;
                }
                let once = self.set(node.a, depth + 1)?;
                let mut texts = Vec::new();
                let mut repeated = vec![Vec::new()];
                for times in 0..=max {
                    if times > 0 {
                        repeated = product(&repeated, &once)?;
                    }
                    if times >= min {
                        texts.extend(repeated.iter().cloned());
                    }
                    // The time to read a pattern must not depend on the counts of its repeats.
                    if texts.len() > MAX_TEXTS
                        || repeated.iter().map(Vec::len).sum::<usize>() > MAX_BYTES
                    {
                        return None;
                    }
                }
                Some(texts)
            }
            Op::Concat => {
                let mut texts = vec![Vec::new()];
                let mut part = node.a;
                while let Some(node) = self.tree.nodes.get(part as usize) {
                    let set = self.set(part, depth + 1)?;
                    texts = product(&texts, &set)?;
                    part = node.next;
                }
                Some(texts)
            }
            Op::Alternate => {
                let mut texts = Vec::new();
                let mut part = node.a;
                while let Some(node) = self.tree.nodes.get(part as usize) {
                    texts.extend(self.set(part, depth + 1)?);
                    if texts.len() > MAX_TEXTS {
                        return None;
                    }
                    part = node.next;
                }
                Some(texts)
            }
            _ => None,
        }
    }
}

/// Returns the character, unless a comparison of bytes is not enough, as for U+FFFD and surrogates.
fn encode(c: u32) -> Option<char> {
    char::from_u32(c).filter(|&c| c != char::REPLACEMENT_CHARACTER)
}

fn characters(ring: Vec<u32>) -> Option<Set> {
    ring.into_iter().map(|c| Some(encode(c)?.to_string().into_bytes())).collect()
}

/// Returns every string of one set followed by every string of the other, if these are not too
/// many.
fn product(one: &Set, two: &Set) -> Option<Set> {
    let count = one.len() * two.len();
    let bytes = |set: &Set| set.iter().map(Vec::len).sum::<usize>();
    let total = bytes(one) * two.len() + bytes(two) * one.len();
    if count > MAX_TEXTS || count > 1 && total > MAX_BYTES {
        return None;
    }
    Some(
        one.iter()
            .flat_map(|head| two.iter().map(move |tail| [head.as_slice(), tail].concat()))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Faults;
    use crate::syntax::parse;

    fn shape(text: &str) -> Option<Shape> {
        of_tree(&parse(text, 0, Faults::default()).unwrap())
    }

    fn texts(before: Anchor, list: &[&str], after: Anchor) -> Option<Shape> {
        let texts = list.iter().map(|text| text.as_bytes().to_vec()).collect();
        Some(Shape::LiteralSet(LiteralSet::new(texts, before, after).unwrap()))
    }

    #[test]
    fn shapes() {
        use Anchor::{Exact, Free, Line};
        for (pattern, expected) in [
            ("", Some(Shape::Everything)),
            (".*", Some(Shape::Everything)),
            ("^.*", Some(Shape::Everything)),
            (".*$", Some(Shape::Everything)),
            ("x?", Some(Shape::Everything)),
            ("x{0}", Some(Shape::Everything)),
            ("(?s)^.*$", Some(Shape::Everything)),
            ("(^)", Some(Shape::Everything)),
            ("[^\\x00-\\x{10FFFF}]", Some(Shape::Nothing)),
            ("\\x{D800}a", None),
            ("^$", texts(Exact, &[""], Exact)),
            ("^.*$", texts(Exact, &[""], Line)),
            ("^true$", texts(Exact, &["true"], Exact)),
            ("(?i)^ab$", texts(Exact, &["AB", "Ab", "aB", "ab"], Exact)),
            (".*/init$", texts(Free, &["/init"], Exact)),
            ("^.*/init$", texts(Line, &["/init"], Exact)),
            ("^/usr/bin/(sh|bash)$", texts(Exact, &["/usr/bin/bash", "/usr/bin/sh"], Exact)),
            ("^/usr/s?bin/.*$", texts(Exact, &["/usr/bin/", "/usr/sbin/"], Line)),
            ("^/usr/s?bin/.*", texts(Exact, &["/usr/bin/", "/usr/sbin/"], Free)),
            ("org\\.systemd.*", texts(Free, &["org.systemd"], Free)),
            ("(?:ab){3}c", texts(Free, &["abababc"], Free)),
            ("^a{1,3}$", texts(Exact, &["a", "aa", "aaa"], Exact)),
            ("[ab]{2}", texts(Free, &["aa", "ab", "ba", "bb"], Free)),
            ("\u{e9}{2}$", texts(Free, &["\u{e9}\u{e9}"], Exact)),
            ("a{2}$b", None),
            ("(?:ab){2,}c", None),
            ("\u{fffd}{2}", None),
            ("a(?:b|c*)d", None),
            ("a.*$", None),
            ("^.*a", None),
            ("^.+$", None),
            ("\\bfoo", None),
            ("(?m)^a", None),
            ("\u{fffd}", None),
        ] {
            assert_eq!(shape(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn large_patterns_are_not_multiplied_out() {
        for pattern in [
            "(a|b|c)".repeat(100),
            "[a-z]{3}".into(),
            "[ab]{6}".into(),
            "^a{0,40}b".into(),
            "a{600}".into(),
            "(()){1000}b{600}".into(),
            "(?i)abcdefghij".into(),
            (10..99).map(|n| format!("{n}x|")).collect(),
        ] {
            assert_eq!(shape(&pattern), None, "{pattern}");
        }
        let long = "a".repeat(100_000);
        assert_eq!(shape(&long), texts(Anchor::Free, &[&long], Anchor::Free));
    }
}
