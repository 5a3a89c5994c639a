//! The caller's reader: a callback that reads hook files of other versions, or of known versions in
//! another way.

use std::sync::Arc;

use super::definition::Hook;

/// A callback that reads hook files. It is called for every file that is valid JSON and whose
/// version, if it has one, is a string. It gets the version ("" if it has none) and the whole
/// content. It is called in the thread that called this library, with no lock held.
pub(crate) type Reader = Arc<dyn Fn(&str, &[u8]) -> Reading + Send + Sync>;

/// The result of the caller's reader ([`ReadOptions::reader`](crate::ReadOptions::reader)) for a
/// hook file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reading {
    /// This library reads the file, as if there were no reader.
    Default,
    /// The file's version is unknown.
    Unrecognized,
    /// The hook, which is validated next. Validation reports `None` as a nil hook.
    Hook(Option<Box<Hook>>),
    /// The file is not a hook. The string is the error message.
    Failed(String),
}
