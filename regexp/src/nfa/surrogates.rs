//! Surrogates in patterns, which match in Go's one-pass engine.
//!
//! No input contains a surrogate, so `\x{D800}` should never match. But Go runs an anchored pattern
//! in one pass if the next character always decides the next step. It compares the literal at the
//! start of such a pattern as encoded bytes, and encodes a surrogate as U+FFFD. So `^a\x{D800}$`
//! matches `a` followed by an encoded U+FFFD, but not `a` followed by an invalid byte.
//!
//! Whether Go uses one pass depends on its program. This module applies Go's rules to our program,
//! which has no captures. It reads only patterns with surrogates after `^`.

use super::program::{Inst, On, Program};
use crate::syntax::class::{Span, contains};
use crate::syntax::tree::{Id, Op, Tree};

/// Go does not try longer programs.
const MAX_INSTS: usize = 1000;

/// Lets surrogates in the literal after the start of the input match U+FFFD where Go does.
pub(super) fn replace_surrogates(program: &mut Program, tree: &Tree) {
    let surrogate = |c: u32| (0xD800..0xE000).contains(&c);
    if !program.insts.iter().any(|inst| inst.on == On::Char && surrogate(inst.arg)) {
        return;
    }
    let prefix = prefix(program, tree);
    if prefix.is_empty() || !is_one_pass(program) {
        return;
    }
    // A copy: repeated parts reach these instructions again, where they are not the literal.
    let mut next =
        prefix.last().and_then(|&at| program.insts.get(at as usize)).map_or(0, |inst| inst.out);
    for at in prefix.into_iter().rev() {
        let Some(inst) = program.insts.get(at as usize) else { return };
        let on = if surrogate(inst.arg) { On::Replacement } else { On::Char };
        let copy = Inst { on, arg: inst.arg, out: next };
        next = program.insts.len() as u32;
        program.insts.push(copy);
    }
    if let Some(first) = program.insts.get_mut(program.start as usize) {
        first.out = next;
    }
}

/// Returns the instructions of the literal after the start of the input.
fn prefix(program: &Program, tree: &Tree) -> Vec<u32> {
    let mut length = 0;
    let mut begun = false;
    let mut todo: Vec<(Id, u32)> = vec![(tree.root, 1)];
    while let Some((id, times)) = todo.pop() {
        let Some(node) = tree.nodes.get(id as usize) else { break };
        if times > 1 {
            todo.push((id, times - 1));
        }
        let (min, max) = (node.b & 0xFFFF, node.b >> 16);
        match node.op {
            Op::Concat => {
                let start = todo.len();
                let mut part = node.a;
                while let Some(node) = tree.nodes.get(part as usize) {
                    todo.push((part, 1));
                    part = node.next;
                }
                if let Some(parts) = todo.get_mut(start..) {
                    parts.reverse();
                }
            }
            Op::BeginText if !begun => begun = true,
            Op::Literal if begun => length += node.b as usize,
            // A repeat of an empty part is empty.
            Op::Star | Op::Plus | Op::Quest | Op::Repeat
                if begun
                    && length == 0
                    && tree.nodes.get(node.a as usize).is_some_and(|sub| sub.op == Op::Empty) => {}
            Op::Repeat if begun && min > 0 => {
                if min != max {
                    // After the required copies there is a choice.
                    todo.clear();
                }
                todo.push((node.a, min));
            }
            Op::Plus if begun => todo = vec![(node.a, 1)],
            Op::Empty if begun && length == 0 => {}
            _ => break,
        }
        if length > MAX_INSTS {
            break;
        }
    }
    let out = |at: u32| program.insts.get(at as usize);
    let mut at = out(program.start).map_or(0, |inst| inst.out);
    let mut list = Vec::new();
    while list.len() < length {
        let Some(inst) = out(at).filter(|inst| inst.on == On::Char && inst.arg != 0xFFFD) else {
            break;
        };
        list.push(at);
        at = inst.out;
    }
    list
}

fn is_one_pass(program: &Program) -> bool {
    let insts = &program.insts;
    let matches = |at: u32| insts.get(at as usize).is_some_and(|inst| inst.on == On::Match);
    let splits = insts.iter().any(|inst| inst.on == On::Split);
    if insts.len() + 1 >= MAX_INSTS || insts.iter().any(|inst| inst.on == On::Fail) {
        return false;
    }
    insts.iter().all(|inst| match inst.on {
        On::Match | On::EndText => true,
        On::Split => {
            !matches(inst.out) && !matches(inst.arg) && {
                let (one, two) = (reach(program, inst.out), reach(program, inst.arg));
                !(one.1 && two.1) && disjoint(&one.0, &two.0)
            }
        }
        on => !matches(inst.out) || !splits && !on.is_place(),
    })
}

/// Returns the code points that are accepted next, and whether the end is reached without one.
fn reach(program: &Program, from: u32) -> (Vec<Span>, bool) {
    let mut spans = Vec::new();
    let mut end = false;
    let mut seen = vec![false; program.insts.len()];
    let mut todo = vec![from];
    while let Some(at) = todo.pop() {
        let (Some(inst), Some(seen)) = (program.insts.get(at as usize), seen.get_mut(at as usize))
        else {
            continue;
        };
        if std::mem::replace(seen, true) {
            continue;
        }
        match inst.on {
            On::Match => end = true,
            On::Split => todo.extend([inst.out, inst.arg]),
            On::Char | On::Replacement => spans.push((inst.arg, inst.arg)),
            On::Set => spans.extend(program.sets.get(inst.arg as usize).into_iter().flatten()),
            On::AnyNotNewline => spans.extend([(0, 0x09), (0x0B, 0x10FFFF)]),
            On::Any => spans.push((0, 0x10FFFF)),
            On::Fail => {}
            _ => todo.push(inst.out),
        }
    }
    (spans, end)
}

fn disjoint(one: &[Span], two: &[Span]) -> bool {
    let mut two = two.to_vec();
    two.sort();
    // If the spans of one branch overlap, a split inside that branch is ambiguous. The check of
    // that split finds this.
    one.iter().all(|&(lo, hi)| {
        let after = two.partition_point(|&(_, end)| end < lo);
        !contains(&two, lo) && two.get(after).is_none_or(|&(start, _)| start > hi)
    })
}
