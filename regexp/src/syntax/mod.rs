//! Go's syntax: parses a pattern to a tree within Go's limits, or fails with Go's error.

mod tables;

pub(crate) mod fold;

pub(crate) mod class;

pub(crate) mod tree;

mod error;

mod builder;

mod sets;

mod factor;

mod limits;

mod parse;

pub use error::{Error, ErrorKind};
pub(crate) use parse::parse;

/// Returns whether Go prints a code point beyond ASCII as it is.
pub(crate) fn is_printable(code_point: u32) -> bool {
    class::contains(tables::PRINTABLE, code_point)
}
