//! Watching directories (docs/spec.md, section 7): after any changes, the hooks are those that a
//! new manager loads.
//!
//! No test sleeps. Tests wait for the monitor, for at most a minute; a test that passes takes less.

mod bursts;
mod directories;
mod ends;
mod files;
mod limits;
mod mounts;
mod place;
mod random;
mod root;
