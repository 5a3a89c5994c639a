//! Problems: what kinds there are, and how they are told, as the error of a call or as a diagnostic of a file.

mod code;
mod diagnostic;
mod error;
mod path;

pub use code::{Code, Severity};
pub use diagnostic::{Diagnostic, Place, diagnostics_to_json};
pub(crate) use error::check_limit;
pub use error::{Error, ErrorKind, Result};
pub(crate) use path::{serialize_path, text_of};
