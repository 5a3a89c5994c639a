//! A hook: the decoded content of a hook file, in the form of version 1.0.0.
//!
//! [`decode`] reads both versions of the format: `v1_0_0` and `v0_1_0`, both based on `fields`.

mod borrowed;
mod custom_reader;
mod decode;
mod decoded;
mod definition;
mod fields;
mod stage;
pub(crate) mod v0_1_0;
pub(crate) mod v1_0_0;

#[cfg(test)]
pub(crate) use borrowed::EntryRef;
pub(crate) use borrowed::{HookRef, WhenRef};
pub(crate) use custom_reader::Reader;
pub use custom_reader::Reading;
pub(crate) use decode::{decode, decode_1_0_0, decode_again};
pub(crate) use decoded::{DecodeError, Decoded, Field, Notes, UnknownKey, Wanted};
pub use definition::{Hook, OciHook, VERSION, When};
pub use stage::{Stage, Target, UnknownStage};
