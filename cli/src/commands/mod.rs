//! The commands, a module each. None of them uses another one.

pub mod completion;
pub mod explain;
pub mod filter;
pub mod inject;
pub mod lint;
pub mod list;
pub mod migrate;
pub mod run;
pub mod schema;
pub mod watch;
