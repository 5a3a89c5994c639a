//! Go's limits on the height and the compiled size of a tree. They are computed without recursion,
//! and only for nodes that changed.

use super::builder::Builder;
use super::error::ErrorKind;
use super::tree::{Id, NONE, Op, UNLIMITED, some};

const MAX_HEIGHT: u16 = 1000;
/// The largest size in instructions of Go's machine, of 40 bytes each: 128 MB.
const MAX_SIZE: i64 = (128 << 20) / 40;
/// The largest number of code points in class spans, two for each span: 128 MB.
const MAX_RUNES: u64 = (128 << 20) / 4;

impl Builder {
    pub(crate) fn check(&mut self, id: Id) -> Result<(), ErrorKind> {
        if self.runes > MAX_RUNES {
            return Err(ErrorKind::Large);
        }
        self.check_size(id)?;
        if self.height(id) > MAX_HEIGHT { Err(ErrorKind::NestingDepth) } else { Ok(()) }
    }

    /// Checks the rest of a part after its prefix was factored out. It can only make sizes matter,
    /// and count a repeat once more.
    pub(crate) fn check_rest(&mut self, id: Id) -> Result<(), ErrorKind> {
        if self.sizes.is_some() && matches!(self.node(id).op, Op::Concat | Op::Alternate) {
            return Ok(());
        }
        self.check_size(id)
    }

    fn check_size(&mut self, id: Id) -> Result<(), ErrorKind> {
        if self.sizes.is_none() {
            let node = self.node(id);
            if node.op == Op::Repeat {
                let (min, max) = (node.b & 0xFFFF, node.b >> 16);
                let times = i64::from(if max == UNLIMITED { min } else { max }.max(1));
                self.repeats =
                    if times > MAX_SIZE / self.repeats { MAX_SIZE } else { self.repeats * times };
            }
            if (self.tree.nodes.len() as i64) < MAX_SIZE / self.repeats {
                return Ok(());
            }
            self.sizes = Some(vec![0; self.tree.nodes.len()]);
            for place in 0..self.stack.len() {
                if self.measured_size(self.stack[place]) > MAX_SIZE {
                    return Err(ErrorKind::Large);
                }
            }
        }
        if self.measured_size(id) > MAX_SIZE { Err(ErrorKind::Large) } else { Ok(()) }
    }

    /// Computes the compiled size again where it may have changed.
    fn measured_size(&mut self, id: Id) -> i64 {
        let op = self.node(id).op;
        match &mut self.sizes {
            Some(sizes) if !matches!(op, Op::Concat | Op::Alternate) => sizes[id as usize] = 0,
            _ => {}
        }
        self.size(id)
    }

    /// Returns the compiled size, and computes it if it is not known; 0 as long as sizes do not
    /// matter.
    pub(crate) fn size(&mut self, id: Id) -> i64 {
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
            // A star is one or two instructions; Go counts two.
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

    /// Returns the height, and computes it for nodes that are new or have changed.
    pub(crate) fn height(&mut self, id: Id) -> u16 {
        if let Some(height) = self.known_height(id) {
            return height;
        }
        let mut todo = vec![id];
        while let Some(&top) = todo.last() {
            let start = todo.len();
            let mut height = 0;
            for part in self.children(top) {
                match self.known_height(part) {
                    Some(below) => height = height.max(below),
                    None => todo.push(part),
                }
            }
            if todo.len() == start {
                self.node_mut(top).measure = height.saturating_add(1);
                todo.pop();
            }
        }
        self.known_height(id).unwrap_or(1)
    }

    fn known_height(&self, id: Id) -> Option<u16> {
        let node = self.node(id);
        match node.op {
            Op::Capture
            | Op::Star
            | Op::Plus
            | Op::Quest
            | Op::Repeat
            | Op::Concat
            | Op::Alternate => Some(node.measure).filter(|&height| height != 0),
            _ => Some(1),
        }
    }

    /// Computes a number for a node after the nodes below it, without recursion; 0 means unknown.
    fn bottom_up(&self, id: Id, known: &mut [i64], work: fn(&Builder, Id, &[i64]) -> i64) -> i64 {
        let mut todo = Vec::new();
        if known[id as usize] == 0 {
            todo.push(id);
        }
        while let Some(&top) = todo.last() {
            let start = todo.len();
            todo.extend(self.children(top).filter(|&part| known[part as usize] == 0));
            if todo.len() == start {
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
        std::iter::successors(
            some(first),
            move |&id| if one { None } else { some(self.node(id).next) },
        )
    }
}
