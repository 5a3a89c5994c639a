//! The directory in which paths are resolved.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::directory::{Directory, open_to_read};
use super::status::Status;

/// The directory in which paths are resolved: `/` of this process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Root(());

impl Root {
    /// Reads the status of the file at a path. Symlinks are followed.
    pub fn status(&self, path: &Path) -> io::Result<Status> {
        Status::of_path(path)
    }

    /// Reads the status of the file at a path. If the last component is a symlink, it is not
    /// followed.
    #[allow(dead_code)]
    pub fn link_status(&self, path: &Path) -> io::Result<Status> {
        Status::of_link(path)
    }

    /// Returns the target of a symlink.
    pub fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        std::fs::read_link(path)
    }

    /// Opens a file of any type for reading. Does not block, and does not make a terminal the
    /// controlling terminal of the process.
    pub fn open_to_read(&self, path: &Path) -> io::Result<File> {
        open_to_read(path)
    }

    /// Opens a directory, to list it.
    pub fn open_directory(&self, path: &Path) -> io::Result<Directory> {
        Directory::open(path)
    }
}
