//! Whether the program of a hook can run, found by reading it and the files that it needs. Nothing
//! is executed (docs/spec.md, section 12).

mod fault;

use std::path::Path;

use crate::sys::Root;
pub(crate) use fault::{Fault, ShebangFlaw, Start};

/// Returns the faults of the program at this path, which a hook runs with this environment
/// (`NAME=VALUE`; empty: that of the caller, which is not known). A program that is missing, not
/// executable, or not readable has none.
#[allow(dead_code)]
pub(crate) fn faults(_root: &Root, _path: &Path, _env: &[&str]) -> Vec<Fault> {
    Vec::new()
}
