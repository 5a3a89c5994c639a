//! The bounds of what this library takes and gives. docs/limits.md lists all of them, and what
//! happens beyond each.

use std::fmt::Display;

use crate::diagnostic::Code;
use crate::error::{Error, ErrorKind};

pub use crate::exec::CAPTURE_LIMIT;

/// The size of a hook file, and of a hook or its conditions as JSON, in bytes: 16 MiB.
pub const HOOK_FILE: usize = 16 << 20;

/// The size of a container's config, and of a list of hooks as JSON, in bytes: 64 MiB.
pub const CONFIG: usize = 64 << 20;

/// How deep arrays and objects are nested, in any JSON. It is the limit of Go's reader.
pub const JSON_DEPTH: usize = 10_000;

/// The number of a container's annotations.
pub const ANNOTATIONS: usize = 10_000;

/// The size of a container's annotations, keys and values, together with `process.args[0]`, in
/// bytes: 2 MiB.
pub const CONTAINER: usize = 2 << 20;

/// The number of extension stages.
pub const EXTENSION_STAGES: usize = 64;

/// The length of an extension stage's name, in bytes.
pub const EXTENSION_STAGE: usize = 255;

/// The number of entries that are injected into a container, at extension stages too. A hook is an
/// entry for each stage that its file lists.
pub const ENTRIES: usize = 100_000;

/// The size of these entries as JSON, in bytes: 64 MiB.
pub const INJECTION: usize = 64 << 20;

/// Checks the size of something against its limit.
///
/// # Errors
/// [`Code::TooLarge`], and [`ErrorKind::InvalidArgument`].
pub(crate) fn check(what: impl Display, size: usize, limit: usize) -> Result<(), Error> {
    if size <= limit { Ok(()) } else { Err(too_large(what, size, limit)) }
}

#[cold]
fn too_large(what: impl Display, size: usize, limit: usize) -> Error {
    let message = format!("{what}: {size} is over the limit of {limit}");
    Error::new(ErrorKind::InvalidArgument, Code::TooLarge, message)
}

/// Checks the extension stages of a call.
///
/// # Errors
/// As [`check`].
pub(crate) fn check_extension_stages(stages: &[&str]) -> Result<(), Error> {
    check("number of extension stages", stages.len(), EXTENSION_STAGES)?;
    let longest = stages.iter().map(|stage| stage.len()).max().unwrap_or_default();
    check("bytes of an extension stage", longest, EXTENSION_STAGE)
}
