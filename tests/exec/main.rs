//! Tests of running hooks.
//!
//! This binary is not part of `tests/it`, because its tests count the file descriptors and the
//! children of their process, and start programs that they have just written.

mod filter;
mod process_group;
mod run;
