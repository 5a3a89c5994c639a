//! Thompson's construction: from the tree to a machine that reads one code point at a time.
//!
//! The machine is built from the end to the start, so that every instruction knows where it goes on
//! when it is made; only loops are closed afterwards. This is where repeats are expanded: the first
//! match of a pattern pays for it, not its acceptance.

use std::collections::BTreeMap;

use crate::fault::{Fault, Faults};
use crate::syntax::class::{self, Span};
use crate::syntax::fold;
use crate::syntax::tree::{FOLD, Id, NONE, Op, Tree, UNLIMITED};

/// One instruction: where to go on, and on which condition.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inst {
    pub(super) on: On,
    /// Of [`On::Char`] the code point, of [`On::Set`] its number, of [`On::Split`] where else to
    /// go on.
    pub(super) arg: u32,
    pub(super) out: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum On {
    /// There is nothing more to be found.
    Match,
    /// Never.
    Fail,
    /// Both here and there.
    Split,
    /// One code point.
    Char,
    /// U+FFFD as such, not a byte that counts as one.
    Replacement,
    Set,
    AnyNotNewline,
    Any,
    /// No code point, but a place.
    BeginLine,
    EndLine,
    BeginText,
    EndText,
    WordBoundary,
    NotWordBoundary,
}

impl On {
    /// Whether it is about a place between code points.
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

    /// Whether the place between two code points is such a one; `None` is the begin or the end of
    /// the text.
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
    /// Whether an instruction takes a code point, which had this many bytes.
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

/// What is still to be built; the tree's depth is in a list of these.
enum Task {
    Node(Id),
    /// What was just built is the body of the loop at this instruction; the loop begins there, or
    /// at its body.
    Loop {
        at: u32,
        enter: bool,
    },
    /// What was just built may be skipped.
    Skip {
        end: u32,
    },
    /// What was just built is an alternative; the others follow.
    Alternative {
        next: Id,
        end: u32,
        others: Option<u32>,
    },
    /// This many more copies: first those that may be skipped, then the others.
    Copies {
        id: Id,
        optional: u32,
        required: u32,
        end: u32,
    },
}

/// Builds the machine, in which surrogates match nothing yet.
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
    /// The numbers of the sets that were listed, by node, so that copies share them.
    sets: BTreeMap<(Id, u32), u32>,
}

impl Builder<'_> {
    fn inst(&mut self, on: On, arg: u32, out: u32) -> u32 {
        // Limits on size keep the number of instructions in 32 bits.
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

    /// Builds a node that goes on at `next`, or plans to; returns where it begins, or `next` until
    /// then.
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
            // Repeats of nothing are nothing.
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
