//! From directories to hooks: which files are hook files, how they are read, and the result of each
//! (docs/spec.md, sections 1 and 2).

mod load;
mod scan;

pub(crate) use load::{FileLoader, ReadError, system_error};
pub(crate) use scan::{Before, Note, Scan, Scanner};
