//! Watching directories (docs/spec.md, section 7): whatever happens to them, the hooks end up as a
//! fresh manager loads them.
//!
//! Nothing here sleeps: what is waited for is the monitor, for at most a minute, which no test that
//! passes takes.

mod bursts;
mod directories;
mod ends;
mod files;
mod limits;
mod mounts;
mod place;
mod random;
