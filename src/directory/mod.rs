//! From directories to hooks: which files are looked at, how they are read, and what becomes of
//! each (docs/spec.md, section 1, §2).

mod load;
mod scan;

pub(crate) use load::{FileLoader, ReadError, system_error};
pub(crate) use scan::{Before, Note, Scan, Scanner};

/// The system's directory, which packages install hooks to.
pub const DEFAULT_DIR: &str = "/usr/share/containers/oci/hooks.d";
/// The administrator's directory, which is preferred over [`DEFAULT_DIR`].
pub const OVERRIDE_DIR: &str = "/etc/containers/oci/hooks.d";
