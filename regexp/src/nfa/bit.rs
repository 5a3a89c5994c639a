//! A bit-parallel NFA of at most 64 states: a word has a bit for each state that the NFA may be in.

use super::program::{Inst, On, Program};
use crate::code_point::decode;

/// A bit-parallel NFA of at most 64 states: a word has a bit for each state that the NFA may be in.
/// The states are the instructions that take a code point, hold at a place, or match.
#[derive(Debug)]
pub(crate) struct BitNfa {
    /// The states at the start of the input, and the states to add at every later position.
    first: u64,
    later: u64,
    /// The states that have matched; those that hold at some position before the end of the input;
    /// those that hold at any position.
    matched: u64,
    inside: u64,
    places: u64,
    /// The states that accept each ASCII character.
    ascii: [u64; 128],
    /// The states that follow each state.
    follow: [u64; 64],
    /// The instructions of the states.
    program: Program,
}

/// Whether `^` holds while states are followed: known to hold, known not to hold, or not known.
#[derive(Clone, Copy)]
enum AtStart {
    Yes,
    No,
    Unknown,
}

impl BitNfa {
    /// Creates the NFA of a program that [`fits`].
    pub(super) fn new(mut program: Program) -> BitNfa {
        let mut numbers = [0_u8; 256];
        let mut count = 0;
        for (number, inst) in numbers.iter_mut().zip(&program.insts) {
            *number = count;
            count += u8::from(is_state(inst));
        }
        let mut todo = Vec::new();
        let mut reach = |from: u32, at_start: AtStart| -> u64 {
            let mut states = 0_u64;
            let mut seen = [0_u64; 4];
            todo.push(from);
            while let Some(at) = todo.pop() {
                let Some(inst) = program.insts.get(at as usize) else { continue };
                match (inst.on, at_start) {
                    (On::Split, _) => {
                        let Some(seen) = seen.get_mut((at / 64) as usize) else { continue };
                        if *seen >> (at % 64) & 1 == 0 {
                            *seen |= 1 << (at % 64);
                            todo.extend([inst.out, inst.arg]);
                        }
                    }
                    (On::BeginText, AtStart::Yes) => todo.push(inst.out),
                    (On::BeginText, AtStart::No) | (On::Fail, _) => {}
                    _ => states |= 1 << numbers.get(at as usize).copied().unwrap_or(0),
                }
            }
            states
        };
        let mut nfa = BitNfa {
            first: reach(program.start, AtStart::Yes),
            later: reach(program.start, AtStart::No),
            matched: 0,
            inside: 0,
            places: 0,
            ascii: [0; 128],
            follow: [0; 64],
            program: Program { insts: Vec::new(), start: 0, sets: Vec::new() },
        };
        let states = program.insts.iter().filter(|inst| is_state(inst));
        for (number, (inst, follow)) in states.zip(&mut nfa.follow).enumerate() {
            let bit = 1 << number;
            if inst.on == On::Match {
                nfa.matched |= bit;
            } else if inst.on.is_place() {
                nfa.places |= bit;
                nfa.inside |= if inst.on == On::EndText { 0 } else { bit };
                *follow = reach(inst.out, AtStart::Unknown);
            } else {
                *follow = reach(inst.out, AtStart::No);
                mark(&mut nfa.ascii, &program, inst, bit);
            }
        }
        program.insts.retain(is_state);
        nfa.program = program;
        nfa
    }

    pub(super) fn is_match(&self, input: &[u8]) -> bool {
        let mut states = self.first;
        let mut before = None;
        let mut rest = input;
        loop {
            let next = decode(rest);
            let after = next.map(|(c, _)| c);
            let asking = if next.is_some() { self.inside } else { self.places };
            if states & asking != 0 {
                states = self.at_place(states, before, after);
            }
            if states & self.matched != 0 {
                return true;
            }
            let Some((c, length)) = next else { return false };
            if states == 0 && self.later == 0 {
                return false;
            }
            rest = rest.get(length..).unwrap_or(&[]);
            before = after;
            let mut taking = match self.ascii.get(c as usize) {
                Some(takers) => states & takers,
                None => self.takers(states, c, length),
            };
            states = self.later;
            while taking != 0 {
                states |= self.follow[taking.trailing_zeros() as usize & 63];
                taking &= taking - 1;
            }
        }
    }

    /// Returns the states that accept a code point outside ASCII.
    fn takers(&self, states: u64, c: u32, length: usize) -> u64 {
        let mut left = states & !self.places & !self.matched;
        let mut takers = 0;
        while left != 0 {
            let number = left.trailing_zeros();
            if self
                .program
                .insts
                .get(number as usize)
                .is_some_and(|inst| self.program.takes(inst, c, length))
            {
                takers |= 1 << number;
            }
            left &= left - 1;
        }
        takers
    }

    /// Adds the states after those that hold here.
    fn at_place(&self, mut states: u64, before: Option<u32>, after: Option<u32>) -> u64 {
        let mut asked = 0;
        loop {
            let left = states & self.places & !asked;
            if left == 0 {
                return states;
            }
            let number = left.trailing_zeros();
            asked |= 1 << number;
            if self
                .program
                .insts
                .get(number as usize)
                .is_some_and(|inst| inst.on.holds(before, after))
            {
                states |= self.follow[number as usize & 63];
            }
        }
    }
}

/// Marks the ASCII characters that an instruction accepts.
fn mark(ascii: &mut [u64; 128], program: &Program, inst: &Inst, bit: u64) {
    let mut span = |lo: u32, hi: u32| {
        for takers in ascii.iter_mut().take(hi as usize + 1).skip(lo as usize) {
            *takers |= bit;
        }
    };
    match inst.on {
        On::Char => span(inst.arg, inst.arg),
        On::Any => span(0, 0x7F),
        On::AnyNotNewline => {
            span(0, 0x09);
            span(0x0B, 0x7F);
        }
        On::Set => {
            let spans = program.sets.get(inst.arg as usize).map_or(&[][..], Vec::as_slice);
            for &(lo, hi) in spans.iter().take_while(|&&(lo, _)| lo < 0x80) {
                span(lo, hi);
            }
        }
        _ => {}
    }
}

/// Returns whether a program has at most 64 states, and few enough splits to follow them often.
pub(super) fn fits(program: &Program) -> bool {
    program.insts.len() <= 256 && program.insts.iter().filter(|inst| is_state(inst)).count() <= 64
}

fn is_state(inst: &Inst) -> bool {
    !matches!(inst.on, On::Split | On::Fail)
}
