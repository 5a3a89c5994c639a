//! From directories to hooks: which files are hook files, how they are read, and the result of each
//! (docs/spec.md, sections 1 and 2).

mod load;
mod scan;

pub(crate) use load::{FileLoader, ReadError, system_error};
pub(crate) use scan::{Before, Note, Scan, Scanner};

/// The system's directory, into which packages install hooks.
pub const DEFAULT_DIR: &str = "/usr/share/containers/oci/hooks.d";
/// The administrator's directory. Its files override those in [`DEFAULT_DIR`].
pub const OVERRIDE_DIR: &str = "/etc/containers/oci/hooks.d";
