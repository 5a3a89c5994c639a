//! Running a program: all paths at once, one code point after the other.
//!
//! A program of at most 64 states runs as a [`BitNfa`], others as a [`PikeVm`]. Both take time in proportion to the length of
//! the input. Their working memory is on the stack of the caller, or is allocated for one match: threads share nothing.

use super::classify::encode;
use super::literal_set::{Anchor, LiteralSet};
use super::program::{Inst, On, Program};

/// The next code point and its length; a byte that is not UTF-8 is one U+FFFD.
#[inline]
pub(super) fn decode(rest: &[u8]) -> Option<(u32, usize)> {
    match rest.first()? {
        &byte @ 0..0x80 => Some((u32::from(byte), 1)),
        _ => decode_wide(rest),
    }
}

/// The same of what is not ASCII.
#[inline(never)]
fn decode_wide(rest: &[u8]) -> Option<(u32, usize)> {
    const INVALID: (u32, usize) = (0xFFFD, 1);
    let (&first, rest) = rest.split_first()?;
    let tail = |at: usize| {
        rest.get(at).copied().filter(|byte| byte & 0xC0 == 0x80).map(|byte| u32::from(byte & 0x3F))
    };
    let head = u32::from(first);
    Some(match first {
        0xC2..0xE0 => match tail(0) {
            Some(a) => ((head & 0x1F) << 6 | a, 2),
            None => INVALID,
        },
        0xE0..0xF0 => match (tail(0), tail(1)) {
            (Some(a), Some(b)) => match (head & 0xF) << 12 | a << 6 | b {
                0..0x800 | 0xD800..0xE000 => INVALID,
                c => (c, 3),
            },
            _ => INVALID,
        },
        0xF0..0xF5 => match (tail(0), tail(1), tail(2)) {
            (Some(a), Some(b), Some(c)) => match (head & 7) << 18 | a << 12 | b << 6 | c {
                c @ 0x10000..0x110000 => (c, 4),
                _ => INVALID,
            },
            _ => INVALID,
        },
        _ => INVALID,
    })
}

/// A machine ready to run.
#[derive(Debug)]
pub(super) enum Machine {
    /// A program that matches one literal, once its repeats are expanded.
    LiteralSet(LiteralSet),
    /// A small program.
    BitNfa(Box<BitNfa>),
    /// A large program, which [`PikeVm`] runs.
    PikeVm(Program),
}

impl Machine {
    pub(super) fn new(program: Program) -> Machine {
        if let Some(literal) = literal(&program) {
            return Machine::LiteralSet(literal);
        }
        let states = program.insts.iter().filter(|inst| is_state(inst)).count();
        // Many splits are not worth following again and again.
        if states > 64 || program.insts.len() > 256 {
            return Machine::PikeVm(program);
        }
        Machine::BitNfa(Box::new(BitNfa::new(program)))
    }

    pub(super) fn is_match(&self, input: &[u8]) -> bool {
        match self {
            Machine::LiteralSet(literal) => literal.is_match(input),
            Machine::BitNfa(nfa) => nfa.is_match(input),
            Machine::PikeVm(program) => PikeVm::new(program).is_match(input),
        }
    }
}

/// Returns the literal that a program matches once its repeats are expanded, such as `(?:ab){20}`; `None` if it matches others.
fn literal(program: &Program) -> Option<LiteralSet> {
    let (mut before, mut after) = (Anchor::Free, Anchor::Free);
    let mut text = Vec::new();
    let mut at = program.start;
    // A program with a loop matches more than one literal.
    for step in 0..=program.insts.len() {
        let inst = program.insts.get(at as usize)?;
        match inst.on {
            On::Match => return LiteralSet::new(vec![text], before, after),
            On::BeginText if step == 0 => before = Anchor::Exact,
            On::EndText => after = Anchor::Exact,
            On::Char if after == Anchor::Free => {
                text.extend(encode(inst.arg)?.encode_utf8(&mut [0; 4]).bytes());
            }
            _ => return None,
        }
        at = inst.out;
    }
    None
}

fn is_state(inst: &Inst) -> bool {
    !matches!(inst.on, On::Split | On::Fail)
}

/// A bit-parallel NFA of at most 64 states: a word has a bit for each state that the NFA may be in. The states are the
/// instructions that take a code point, hold at a place, or match.
#[derive(Debug)]
pub(super) struct BitNfa {
    /// The states at the begin of the text, and those to add at every later place.
    first: u64,
    later: u64,
    /// The states that have matched, those that hold at some place before the end of the text, those that hold at any place.
    matched: u64,
    inside: u64,
    places: u64,
    /// For each ASCII character the states that take it.
    ascii: [u64; 128],
    /// For each state the states that follow it.
    follow: [u64; 64],
    /// The instructions of the states.
    program: Program,
}

/// What `^` is when states are followed: known to hold, known not to, or to be asked.
#[derive(Clone, Copy)]
enum Begin {
    Here,
    Past,
    Ask,
}

impl BitNfa {
    /// At most 64 states in at most 256 instructions.
    fn new(mut program: Program) -> BitNfa {
        let mut numbers = [0_u8; 256];
        let mut count = 0;
        for (number, inst) in numbers.iter_mut().zip(&program.insts) {
            *number = count;
            count += u8::from(is_state(inst));
        }
        let mut todo = Vec::new();
        let mut reach = |from: u32, begin: Begin| -> u64 {
            let mut states = 0_u64;
            let mut seen = [0_u64; 4];
            todo.push(from);
            while let Some(at) = todo.pop() {
                let Some(inst) = program.insts.get(at as usize) else { continue };
                match (inst.on, begin) {
                    (On::Split, _) => {
                        let Some(seen) = seen.get_mut((at / 64) as usize) else { continue };
                        if *seen >> (at % 64) & 1 == 0 {
                            *seen |= 1 << (at % 64);
                            todo.extend([inst.out, inst.arg]);
                        }
                    }
                    (On::BeginText, Begin::Here) => todo.push(inst.out),
                    (On::BeginText, Begin::Past) | (On::Fail, _) => {}
                    _ => states |= 1 << numbers.get(at as usize).copied().unwrap_or(0),
                }
            }
            states
        };
        let mut nfa = BitNfa {
            first: reach(program.start, Begin::Here),
            later: reach(program.start, Begin::Past),
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
                *follow = reach(inst.out, Begin::Ask);
            } else {
                *follow = reach(inst.out, Begin::Past);
                mark(&mut nfa.ascii, &program, inst, bit);
            }
        }
        program.insts.retain(is_state);
        nfa.program = program;
        nfa
    }

    fn is_match(&self, input: &[u8]) -> bool {
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

    /// The states that take a code point that is not ASCII.
    fn takers(&self, states: u64, c: u32, length: usize) -> u64 {
        let mut left = states & !self.places & !self.matched;
        let mut takers = 0;
        while left != 0 {
            let number = left.trailing_zeros();
            if self.program.insts.get(number as usize).is_some_and(|inst| self.program.takes(inst, c, length))
            {
                takers |= 1 << number;
            }
            left &= left - 1;
        }
        takers
    }

    /// Adds the states behind those that hold here.
    fn at_place(&self, mut states: u64, before: Option<u32>, after: Option<u32>) -> u64 {
        let mut asked = 0;
        loop {
            let left = states & self.places & !asked;
            if left == 0 {
                return states;
            }
            let number = left.trailing_zeros();
            asked |= 1 << number;
            if self.program.insts.get(number as usize).is_some_and(|inst| inst.on.holds(before, after)) {
                states |= self.follow[number as usize & 63];
            }
        }
    }
}

/// Marks the ASCII characters that an instruction takes.
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

/// A Pike VM: it keeps a list of the instructions that the program may be at.
struct PikeVm<'p> {
    program: &'p Program,
    /// For each instruction the last round that reached it.
    reached: Vec<u32>,
    round: u32,
    todo: Vec<u32>,
}

impl<'p> PikeVm<'p> {
    fn new(program: &'p Program) -> PikeVm<'p> {
        PikeVm { program, reached: vec![0; program.insts.len()], round: 0, todo: Vec::new() }
    }

    fn is_match(&mut self, input: &[u8]) -> bool {
        let start = self.program.start;
        let begin = self.program.insts.get(start as usize).is_some_and(|inst| inst.on == On::BeginText);
        let (mut current, mut following): (Vec<u32>, Vec<u32>) = (Vec::new(), Vec::new());
        let mut rest = input;
        let mut next = decode(rest);
        self.begin_round();
        if self.follow(start, None, next.map(|(c, _)| c), &mut current) {
            return true;
        }
        while let Some((c, length)) = next {
            if current.is_empty() && begin {
                return false;
            }
            rest = rest.get(length..).unwrap_or(&[]);
            next = decode(rest);
            let after = next.map(|(c, _)| c);
            self.begin_round();
            following.clear();
            for &at in &current {
                if let Some(inst) = self.program.insts.get(at as usize)
                    && self.program.takes(inst, c, length)
                    && self.follow(inst.out, Some(c), after, &mut following)
                {
                    return true;
                }
            }
            if !begin && self.follow(start, Some(c), after, &mut following) {
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

    /// Adds the instructions that take a code point and are reached from `from` here; true if a match is.
    fn follow(&mut self, from: u32, before: Option<u32>, after: Option<u32>, list: &mut Vec<u32>) -> bool {
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

#[cfg(test)]
mod tests {
    use super::super::fault::Faults;
    use super::super::parse::parse;
    use super::super::program::build;
    use super::*;

    #[test]
    fn every_invalid_byte_is_one_replacement_character() {
        let code_points = |mut rest: &[u8]| {
            let mut list = Vec::new();
            while let Some((c, length)) = decode(rest) {
                list.push(c);
                rest = &rest[length..];
            }
            list
        };
        const X: u32 = 0xFFFD;
        for (bytes, expected) in [
            (&b"a\xC3\xA9"[..], vec![0x61, 0xE9]),
            (b"\xC3", vec![X]),
            (b"\xC0\x80", vec![X, X]),
            (b"\xE0\x80\x80", vec![X, X, X]),
            (b"\xED\xA0\x80", vec![X, X, X]),
            (b"\xE2\x82", vec![X, X]),
            (b"\xE2\x82a", vec![X, X, 0x61]),
            (b"\xE2\x82\xAC", vec![0x20AC]),
            (b"\xF0\x9F\x98\x80", vec![0x1F600]),
            (b"\xF0\x8F\xBF\xBF", vec![X, X, X, X]),
            (b"\xF4\x90\x80\x80", vec![X, X, X, X]),
            (b"\xF5\x80\x80\x80\xFF", vec![X, X, X, X, X]),
            (b"\xF0\x9F\xC3\xA9", vec![X, X, 0xE9]),
        ] {
            assert_eq!(code_points(bytes), expected, "{bytes:x?}");
        }
    }

    #[test]
    fn expanded_texts_need_no_machine() {
        let machine = |pattern: &str| {
            let tree = parse(pattern, Faults::default()).unwrap();
            Machine::new(build(&tree, Faults::default()))
        };
        for (pattern, matched, others) in [
            ("(?:ab){3}c", "xabababcx", ["ababc", "ababab", ""]),
            ("^(?:ab){2}$", "abab", ["xabab", "ababx", "ab"]),
            ("\u{e9}{2}$", "\u{e9}\u{e9}\u{e9}", ["\u{e9}", "\u{e9}\u{e9}x", "e"]),
        ] {
            let machine = machine(pattern);
            assert!(matches!(machine, Machine::LiteralSet(_)), "{pattern}");
            assert!(machine.is_match(matched.as_bytes()), "{pattern}");
            assert!(others.iter().all(|input| !machine.is_match(input.as_bytes())), "{pattern}");
        }
        for pattern in ["a{2}b?", "(?i)ab{2}", "a{2}$b", "\u{fffd}{2}", "[ab]{2}", "(?:ab)+"] {
            assert!(!matches!(machine(pattern), Machine::LiteralSet(_)), "{pattern}");
        }
    }

    #[test]
    fn valid_text_decodes_as_rust_does() {
        for c in (0..0x110000).step_by(7).filter_map(char::from_u32) {
            assert_eq!(decode(c.to_string().as_bytes()), Some((c.into(), c.len_utf8())));
        }
    }
}
