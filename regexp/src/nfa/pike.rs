//! A Pike VM, for programs that are too large for the bit-parallel NFA.

use super::program::{On, Program};
use crate::code_point::decode;

/// A Pike VM: it keeps a list of the current instructions.
pub(super) struct PikeVm<'p> {
    program: &'p Program,
    /// The last round that reached each instruction.
    reached: Vec<u32>,
    round: u32,
    todo: Vec<u32>,
}

impl<'p> PikeVm<'p> {
    pub(super) fn new(program: &'p Program) -> PikeVm<'p> {
        PikeVm { program, reached: vec![0; program.insts.len()], round: 0, todo: Vec::new() }
    }

    pub(super) fn is_match(&mut self, input: &[u8]) -> bool {
        let start = self.program.start;
        let anchored =
            self.program.insts.get(start as usize).is_some_and(|inst| inst.on == On::BeginText);
        let (mut current, mut following): (Vec<u32>, Vec<u32>) = (Vec::new(), Vec::new());
        let mut rest = input;
        let mut next = decode(rest);
        self.begin_round();
        if self.follow(start, None, next.map(|(c, _)| c), &mut current) {
            return true;
        }
        while let Some((c, length)) = next {
            if current.is_empty() && anchored {
                return false;
            }
            rest = rest.get(length..).unwrap_or(&[]);
            next = decode(rest);
            let after = next.map(|(c, _)| c);
            self.begin_round();
            following.clear();
            for &at in &current {
                let Some(inst) = self.program.insts.get(at as usize) else { continue };
                if self.program.takes(inst, c, length)
                    && self.follow(inst.out, Some(c), after, &mut following)
                {
                    return true;
                }
            }
            if !anchored && self.follow(start, Some(c), after, &mut following) {
                return true;
            }
            std::mem::swap(&mut current, &mut following);
        }
        false
    }

    fn begin_round(&mut self) {
        if self.round == u32::MAX {
            self.reached.fill(0);
            self.round = 0;
        }
        self.round += 1;
    }

    /// Adds the instructions that accept a code point and that `from` reaches here. Returns true if
    /// a match is reached.
    fn follow(
        &mut self,
        from: u32,
        before: Option<u32>,
        after: Option<u32>,
        list: &mut Vec<u32>,
    ) -> bool {
        self.todo.push(from);
        while let Some(at) = self.todo.pop() {
            let Some(inst) = self.program.insts.get(at as usize) else { continue };
            let Some(reached) = self.reached.get_mut(at as usize) else { continue };
            if *reached == self.round {
                continue;
            }
            *reached = self.round;
            match inst.on {
                On::Match => return true,
                On::Fail => {}
                On::Split => self.todo.extend([inst.arg, inst.out]),
                on if on.is_place() => {
                    if on.holds(before, after) {
                        self.todo.push(inst.out);
                    }
                }
                _ => list.push(at),
            }
        }
        false
    }
}
