//! Go's behaviour on which hook files and messages depend.

mod duration;
mod environment;
mod errno;
mod errno_texts;
pub(crate) mod json;
mod path;
mod quote;
mod signal;
mod text;

pub(crate) use duration::{MAX_SECONDS, duration_text};
pub(crate) use environment::environment;
pub use errno::Errno;
pub(crate) use path::{goes_up, path_in, path_prefix};
pub(crate) use quote::quote;
pub(crate) use signal::signal_name;
pub(crate) use text::{text_of_bytes, to_lower};
