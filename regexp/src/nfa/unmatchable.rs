//! Proving that a pattern matches no input.

use super::program::{On, Program};

/// A character was read: the position is past the start.
const READ: u8 = 1;
/// `$` was passed: no character may follow.
const ENDED: u8 = 2;

/// Returns false only if the pattern matches no input.
///
/// It explores the pairs of an instruction and what is known of the position: whether it is past
/// the start, and whether it is at the end. Conditions on the neighbours of a position, such as
/// `\b`, count as true: with them, it may answer true for a pattern that matches nothing.
pub(super) fn may_match(program: &Program) -> bool {
    let mut seen = vec![0u8; program.insts.len()];
    let mut todo = vec![(program.start, 0), (program.start, READ)];
    while let Some((at, known)) = todo.pop() {
        let (Some(inst), Some(seen)) = (program.insts.get(at as usize), seen.get_mut(at as usize))
        else {
            continue;
        };
        let mark = 1 << known;
        if *seen & mark != 0 {
            continue;
        }
        *seen |= mark;
        let next = match inst.on {
            On::Match => return true,
            On::Fail => continue,
            On::Split => {
                todo.push((inst.arg, known));
                known
            }
            On::BeginText if known & READ != 0 => continue,
            On::EndText => known | ENDED,
            On::BeginText
            | On::BeginLine
            | On::EndLine
            | On::WordBoundary
            | On::NotWordBoundary => known,
            On::Char | On::Replacement | On::Set | On::AnyNotNewline | On::Any => {
                if known & ENDED != 0 {
                    continue;
                }
                READ
            }
        };
        todo.push((inst.out, next));
    }
    false
}
