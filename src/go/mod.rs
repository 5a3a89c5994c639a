//! What Go does, where hook files and messages depend on it: its JSON, its words for errors, its quotes.

mod errno;
mod errno_texts;
pub(crate) mod json;
mod quote;

pub(crate) use errno::errno_text;
pub(crate) use quote::quote;
