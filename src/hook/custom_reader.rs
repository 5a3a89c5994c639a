//! Readers of the caller's: hook files of other versions, or of the known ones in another way.

use std::sync::Arc;

use super::definition::Hook;

/// Reads hook files in the caller's way. It is asked about every file that is JSON and says its
/// version in a string: its `version` ("" where it says none) and its whole content. Called in the
/// thread that called this library, with no lock held.
pub(crate) type Reader = Arc<dyn Fn(&str, &[u8]) -> Reading + Send + Sync>;

/// What a reader of the caller ([`ReadOptions::reader`](crate::ReadOptions::reader)) makes of a
/// hook file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reading {
    /// This library reads it, as if there were no reader.
    Default,
    /// The file's version is not known.
    Unrecognized,
    /// The hook, which is validated next; `None` is what validation calls a nil hook.
    Hook(Option<Box<Hook>>),
    /// Why it is no hook.
    Failed(String),
}
