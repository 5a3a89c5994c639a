//! Problems as data: causes and codes, the error of a call, the diagnostic of a file.

mod cause;
mod code;
mod diagnostic;
mod error;
mod path;

pub(crate) use cause::{
    Cause, Ignored, JsonForm, Never, NoName, NotAState, PatternRole, ProcessFlaw, Property,
    Refusal, RequestError, VariableFlaw, Warning,
};
pub use code::{Code, Severity, UnknownCode};
pub use diagnostic::{Diagnostic, Place, diagnostics_to_json};
pub(crate) use error::check_limit;
pub use error::{Error, ErrorKind, Result};
pub(crate) use path::{serialize_path, text_of};
