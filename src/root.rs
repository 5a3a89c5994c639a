//! The root directory in which the paths of hooks are resolved (docs/spec.md, section 13).

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::go::Errno;
use crate::problem::{Cause, Error, ErrorKind, Refusal, Result};
use crate::sys;

/// The directory in which hook directories, hook files, symlinks and programs are resolved. The
/// default is the host's root: `/` of the process.
///
/// A root makes it possible to read the hooks of an unpacked image, of another system, or of a node
/// that a container sees at `/host`. Paths are resolved as after chroot(2): an absolute path and an
/// absolute symlink start at the root, and so does a relative path; `..` does not leave the root.
/// Nothing outside the root is opened, also while other processes change symlinks. All results
/// contain the paths inside the root, without the path of the root.
///
/// The directory is opened once and stays open: if it is renamed, it stays the root. Clones share
/// it. Owners are compared by number: the user names of the root do not matter.
///
/// ```
/// use libhooks::{DEFAULT_DIR, Manager, OVERRIDE_DIR, Root};
///
/// # let directory = std::env::temp_dir();
/// let root = Root::open(&directory)?;
/// let manager = Manager::builder().root(root).directories([DEFAULT_DIR, OVERRIDE_DIR]).load()?;
/// # Ok::<(), libhooks::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Root(pub(crate) sys::Root);

impl Root {
    /// Opens a directory as a root. Its path is resolved in the root of the process.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] with the system's error number and the path.
    pub fn open(directory: impl AsRef<Path>) -> Result<Root> {
        let path = directory.as_ref();
        sys::Root::open(path).map(Root).map_err(|error| {
            let errno = Errno::of(&error);
            let refusal = Refusal { operation: "open", path: path.to_owned(), errno };
            Error::new(ErrorKind::Io, Cause::Directory(refusal)).with_path(path)
        })
    }

    /// Returns whether a path leads to a file of any type. Symlinks are followed.
    pub fn exists(&self, path: impl AsRef<Path>) -> bool {
        self.0.status(path.as_ref()).is_ok()
    }

    /// Returns whether a path leads to a directory. Symlinks are followed.
    pub fn is_directory(&self, path: impl AsRef<Path>) -> bool {
        self.0.status(path.as_ref()).is_ok_and(|status| status.is_directory())
    }

    /// Opens a regular file for reading. Symlinks are followed.
    ///
    /// # Errors
    /// The system's error, or [`io::ErrorKind::InvalidInput`] for a file of another type.
    pub fn open_file(&self, path: impl AsRef<Path>) -> io::Result<File> {
        let file = self.0.open_to_read(path.as_ref())?;
        match sys::Status::of_file(&file)?.is_file() {
            true => Ok(file),
            false => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    /// Returns one path for all paths that lead to the same file. It is for comparisons: in a
    /// directory it is the path outside the root.
    ///
    /// # Errors
    /// The system's error.
    pub fn canonicalize(&self, path: impl AsRef<Path>) -> io::Result<PathBuf> {
        let path = path.as_ref();
        if self.0.is_host() {
            return path.canonicalize();
        }
        std::fs::read_link(self.0.locate(path, true)?.path())
    }
}
