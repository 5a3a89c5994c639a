//! Thompson's construction: from the tree to a machine that reads one code point at a time.
//!
//! The machine is built from the end to the start, so that every instruction knows its successor
//! when it is created; only loops are closed afterwards. Repeats are expanded here: the first match
//! of a pattern pays for this, not its compilation.

use std::collections::BTreeMap;

use crate::fault::{Fault, Faults};
use crate::syntax::class::{self, Span};
use crate::syntax::fold;
use crate::syntax::tree::{FOLD, Id, NONE, Op, Tree, UNLIMITED};

/// One instruction: a condition, and the next instruction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inst {
    pub(super) on: On,
    /// The code point of [`On::Char`], the number of the set of [`On::Set`], or the other
    /// successor of [`On::Split`].
    pub(super) arg: u32,
    pub(super) out: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum On {
    /// A match.
    Match,
    /// Fails always.
    Fail,
    /// Continues at both successors.
    Split,
    /// One code point.
    Char,
    /// U+FFFD encoded as UTF-8, not an invalid byte.
    Replacement,
    Set,
    AnyNotNewline,
    Any,
    /// An assertion about a position, which takes no code point.
    BeginLine,
    EndLine,
    BeginText,
    EndText,
    WordBoundary,
    NotWordBoundary,
}

impl On {
    /// Returns whether it is an assertion about a position.
    pub(super) fn is_place(self) -> bool {
        matches!(
            self,
            On::BeginLine
                | On::EndLine
                | On::BeginText
                | On::EndText
                | On::WordBoundary
                | On::NotWordBoundary
        )
    }

    /// Returns whether the assertion holds between two code points. `None` is the start or the end
    /// of the input.
    pub(super) fn holds(self, before: Option<u32>, after: Option<u32>) -> bool {
        let word = |c: Option<u32>| c.and_then(|c| u8::try_from(c).ok()).is_some_and(is_word);
        match self {
            On::BeginLine => before.is_none_or(|c| c == 0x0A),
            On::EndLine => after.is_none_or(|c| c == 0x0A),
            On::BeginText => before.is_none(),
            On::EndText => after.is_none(),
            On::WordBoundary => word(before) != word(after),
            On::NotWordBoundary => word(before) == word(after),
            _ => false,
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

#[derive(Debug)]
pub(crate) struct Program {
    pub(super) insts: Vec<Inst>,
    pub(super) start: u32,
    pub(super) sets: Vec<Vec<Span>>,
}

impl Program {
    /// Returns whether an instruction accepts a code point of this many bytes.
    pub(super) fn takes(&self, inst: &Inst, c: u32, length: usize) -> bool {
        match inst.on {
            On::Char => inst.arg == c,
            On::Replacement => c == 0xFFFD && length == 3,
            On::Set => {
                self.sets.get(inst.arg as usize).is_some_and(|spans| class::contains(spans, c))
            }
            On::AnyNotNewline => c != 0x0A,
            On::Any => true,
            _ => false,
        }
    }
}

/// A task of the construction. A list of these replaces recursion into the tree.
enum Task {
    Node(Id),
    /// The part that was just built is the body of the loop at this instruction. The loop starts
    /// there, or at its body.
    Loop {
        at: u32,
        enter: bool,
    },
    /// The part that was just built is optional.
    Skip {
        end: u32,
    },
    /// The part that was just built is an alternative; more alternatives follow.
    Alternative {
        next: Id,
        end: u32,
        others: Option<u32>,
    },
    /// The number of copies still to build: first the optional ones, then the required ones.
    Copies {
        id: Id,
        optional: u32,
        required: u32,
        end: u32,
    },
}

/// Builds the machine, in which surrogates do not match anything yet.
pub(super) fn build(tree: &Tree, faults: Faults) -> Program {
    let program =
        Program { insts: Vec::with_capacity(tree.nodes.len() + 8), start: 0, sets: Vec::new() };
    let mut builder = Builder { tree, faults, program, sets: BTreeMap::new() };
    let end = builder.inst(On::Match, 0, 0);
    builder.program.start = builder.run(end);
    builder.program
}

struct Builder<'t> {
    tree: &'t Tree,
    faults: Faults,
    program: Program,
    /// The number of each listed set, by node, so that copies share the set.
    sets: BTreeMap<(Id, u32), u32>,
}

impl Builder<'_> {
    fn inst(&mut self, on: On, arg: u32, out: u32) -> u32 {
        // The size limits keep the number of instructions within 32 bits.
        let at = self.program.insts.len() as u32;
        self.program.insts.push(Inst { on, arg, out });
        at
    }

    fn run(&mut self, end: u32) -> u32 {
        let mut here = end;
        let mut todo = vec![Task::Node(self.tree.root)];
        while let Some(task) = todo.pop() {
            here = match task {
                Task::Node(id) => self.node(id, here, &mut todo),
                Task::Loop { at, enter } => {
                    if let Some(inst) = self.program.insts.get_mut(at as usize) {
                        inst.arg = here;
                    }
                    if enter { at } else { here }
                }
                Task::Skip { end } => self.inst(On::Split, end, here),
                Task::Alternative { next, end, others } => {
                    let all = match others {
                        Some(others) => self.inst(On::Split, here, others),
                        None => here,
                    };
                    match self.tree.nodes.get(next as usize) {
                        Some(node) => {
                            todo.push(Task::Alternative {
                                next: node.next,
                                end,
                                others: Some(all),
                            });
                            todo.push(Task::Node(next));
                            end
                        }
                        None => all,
                    }
                }
                Task::Copies { id, optional, required, end } => {
                    if optional > 0 {
                        todo.push(Task::Copies { id, optional: optional - 1, required, end });
                        todo.push(Task::Skip { end });
                        todo.push(Task::Node(id));
                    } else if required > 0 {
                        todo.push(Task::Copies { id, optional, required: required - 1, end });
                        todo.push(Task::Node(id));
                    }
                    here
                }
            };
        }
        here
    }

    /// Builds a node that continues at `next`, or adds a task for it. Returns the first instruction
    /// of the node, or `next` for a task.
    fn node(&mut self, id: Id, next: u32, todo: &mut Vec<Task>) -> u32 {
        let Some(node) = self.tree.nodes.get(id as usize).copied() else { return next };
        let (start, length) = (node.a as usize, node.b as usize);
        match node.op {
            Op::Literal => {
                let tree = self.tree;
                let chars = tree.chars.get(start..start + length).unwrap_or(&[]);
                let mut here = next;
                for &c in chars.iter().rev() {
                    here = if node.flags & FOLD != 0 && fold::next(c) != c {
                        self.folded(c, here)
                    } else {
                        self.inst(On::Char, c, here)
                    };
                }
                here
            }
            Op::Class => self.class(id, start, length, next),
            Op::Any => self.inst(On::Any, 0, next),
            Op::AnyNotNewline => self.inst(On::AnyNotNewline, 0, next),
            Op::BeginLine => self.inst(On::BeginLine, 0, next),
            Op::EndLine => self.inst(On::EndLine, 0, next),
            Op::BeginText => self.inst(On::BeginText, 0, next),
            Op::EndText if self.faults.has(Fault::DollarBeforeFinalNewline) => {
                let end = self.inst(On::EndText, 0, next);
                let newline = self.inst(On::Char, 0x0A, end);
                self.inst(On::Split, newline, end)
            }
            Op::EndText => self.inst(On::EndText, 0, next),
            Op::WordBoundary => self.inst(On::WordBoundary, 0, next),
            Op::NotWordBoundary => self.inst(On::NotWordBoundary, 0, next),
            Op::Capture => {
                todo.push(Task::Node(node.a));
                next
            }
            // A repeat of an empty part is empty.
            Op::Star | Op::Plus | Op::Quest | Op::Repeat
                if self.tree.nodes.get(node.a as usize).is_some_and(|sub| sub.op == Op::Empty) =>
            {
                next
            }
            Op::Star | Op::Plus => self.repeated(node.a, next, node.op == Op::Star, todo),
            Op::Quest => {
                todo.push(Task::Skip { end: next });
                todo.push(Task::Node(node.a));
                next
            }
            Op::Repeat => {
                let (min, max) = (node.b & 0xFFFF, node.b >> 16);
                if max == UNLIMITED {
                    let required = min.saturating_sub(1);
                    todo.push(Task::Copies { id: node.a, optional: 0, required, end: next });
                    self.repeated(node.a, next, min == 0, todo)
                } else {
                    let optional = max.saturating_sub(min);
                    todo.push(Task::Copies { id: node.a, optional, required: min, end: next });
                    next
                }
            }
            Op::Concat => {
                let mut part = node.a;
                while let Some(node) = self.tree.nodes.get(part as usize) {
                    todo.push(Task::Node(part));
                    part = node.next;
                }
                next
            }
            Op::Alternate => {
                if let Some(first) = self.tree.nodes.get(node.a as usize) {
                    todo.push(Task::Alternative { next: first.next, end: next, others: None });
                    todo.push(Task::Node(node.a));
                }
                next
            }
            Op::Empty | Op::Paren | Op::Bar => next,
        }
    }

    fn repeated(&mut self, id: Id, next: u32, enter: bool, todo: &mut Vec<Task>) -> u32 {
        let at = self.inst(On::Split, NONE, next);
        todo.push(Task::Loop { at, enter });
        todo.push(Task::Node(id));
        at
    }

    fn folded(&mut self, c: u32, next: u32) -> u32 {
        let faults = self.faults;
        let set = self.set((NONE, c), |spans| {
            fold::close(c, c, faults, spans);
            spans.sort();
        });
        self.inst(On::Set, set, next)
    }

    fn class(&mut self, id: Id, start: usize, length: usize, next: u32) -> u32 {
        let (tree, faults) = (self.tree, self.faults);
        let items = tree.items.get(start..start + length).unwrap_or(&[]);
        let set = self.set((id, 0), |spans| class::spans(items, faults, spans));
        match self.program.sets.get(set as usize).map(Vec::as_slice) {
            Some(&[]) => self.inst(On::Fail, 0, next),
            Some(&[(lo, hi)]) if lo == hi => self.inst(On::Char, lo, next),
            Some(&[(0, class::LAST)]) => self.inst(On::Any, 0, next),
            Some(&[(0, 0x09), (0x0B, class::LAST)]) => self.inst(On::AnyNotNewline, 0, next),
            _ => self.inst(On::Set, set, next),
        }
    }

    fn set(&mut self, key: (Id, u32), list: impl FnOnce(&mut Vec<Span>)) -> u32 {
        let sets = &mut self.program.sets;
        *self.sets.entry(key).or_insert_with(|| {
            let mut spans = Vec::new();
            list(&mut spans);
            spans.shrink_to_fit();
            sets.push(spans);
            sets.len() as u32 - 1
        })
    }
}
