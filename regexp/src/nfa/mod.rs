//! Matching by an automaton: all paths at once, one code point after the other.
//!
//! [`program`] expands the tree into instructions. A small program runs as a [`BitNfa`], a large
//! one as a [`PikeVm`]. Both take time in proportion to the length of the input. Their working
//! memory is on the caller's stack or allocated for one match, so threads share nothing.

mod program;

mod surrogates;

mod unmatchable;

mod bit;

mod pike;

use bit::BitNfa;
use pike::PikeVm;
use program::Program;

use crate::fault::Faults;
use crate::syntax::tree::Tree;

/// An automaton ready to run.
#[derive(Debug)]
pub(crate) enum Nfa {
    Bit(Box<BitNfa>),
    Pike(Program),
}

impl Nfa {
    /// Builds the automaton of a pattern. Repeats are expanded here.
    pub(crate) fn new(tree: &Tree, faults: Faults) -> Nfa {
        let program = compile(tree, faults);
        if bit::fits(&program) {
            Nfa::Bit(Box::new(BitNfa::new(program)))
        } else {
            Nfa::Pike(program)
        }
    }

    /// Returns whether the pattern matches somewhere in the input.
    pub(crate) fn is_match(&self, input: &[u8]) -> bool {
        match self {
            Nfa::Bit(nfa) => nfa.is_match(input),
            Nfa::Pike(program) => PikeVm::new(program).is_match(input),
        }
    }
}

/// Returns false only if the pattern of this tree matches no input. Repeats are expanded for it.
pub(crate) fn may_match(tree: &Tree) -> bool {
    unmatchable::may_match(&compile(tree, Faults::default()))
}

#[inline(never)]
fn compile(tree: &Tree, faults: Faults) -> Program {
    let mut program = program::build(tree, faults);
    surrogates::replace_surrogates(&mut program, tree);
    program
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::parse;

    #[test]
    fn small_and_large_automata_agree() {
        for text in [
            "(a|b)*c$",
            "\\bab\\b",
            "(?m)^a.$",
            "\\B-\\B",
            "(?i)k[^s]",
            "^\\x{D800}b",
            "a\\b*b",
            "(?:\\b^|$)a?",
        ] {
            let tree = parse(text, 0, Faults::default()).unwrap();
            let small = Nfa::new(&tree, Faults::default());
            assert!(matches!(small, Nfa::Bit(_)));
            let large = Nfa::Pike(compile(&tree, Faults::default()));
            for input in [
                "",
                "ababc",
                "x ab y",
                "b\nax\n",
                "---",
                "\u{212a}\u{e9}",
                "\u{fffd}b",
                "ab",
                "a",
                "\na",
            ] {
                assert_eq!(
                    small.is_match(input.as_bytes()),
                    large.is_match(input.as_bytes()),
                    "{text} on {input:?}"
                );
            }
            assert_eq!(small.is_match(b"a\xFFb"), large.is_match(b"a\xFFb"));
        }
    }
}
