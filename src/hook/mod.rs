//! A hook: what a file of a `hooks.d` directory says, in the form of version 1.0.0.
//!
//! [`decode`] reads both versions of the format (`v1_0_0` and `v0_1_0`, of `fields`).

mod decode;
mod decoded;
mod definition;
mod draft;
mod fields;
mod reader;
mod stage;
mod v0_1_0;
mod v1_0_0;

pub(crate) use decode::{decode, decode_1_0_0, decode_again};
pub(crate) use decoded::{DecodeError, Decoded, Field, Notes, UnknownKey, Wanted};
pub use definition::{Hook, OciHook, VERSION, When};
pub(crate) use draft::{Draft, WhenDraft};
pub use reader::{Reader, Reading};
pub use stage::Stage;
pub(crate) use stage::Target;
pub(crate) use v1_0_0::decode_when;
