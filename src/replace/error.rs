//! Why a file is not replaced.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// For so long the lock of a directory is waited for, and the reader of a FIFO that is written to.
pub const LOCK_WAIT: Duration = Duration::from_secs(5);

/// Why a file was not read or not replaced. It names the file; [`Display`](fmt::Display) prints
/// both.
#[derive(Debug)]
pub struct Error {
    path: PathBuf,
    reason: Reason,
}

/// What is in the way.
#[derive(Debug)]
#[non_exhaustive]
pub enum Reason {
    /// The system refused an operation. The text says which, where the path alone does not.
    System {
        /// What was tried: `create a temporary file`; empty for opening and reading the file
        /// itself.
        operation: &'static str,
        /// What the system said.
        error: io::Error,
    },
    /// The system refused a directory on the way.
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The path leads over a symbolic link that a user other than root may have made, or over one
    /// that leads through a directory of such a user. Root does not follow it.
    Link(PathBuf),
    /// The path leads over more symbolic links than the system follows.
    TooManyLinks,
    /// The file is not a regular file.
    NotRegular,
    /// The path names an open file that has no name any more.
    Nameless,
    /// The file is larger than the given limit, in bytes.
    TooLarge(u64),
    /// Another process held the lock of the directory for [`LOCK_WAIT`].
    Locked,
    /// Another process changed, removed or replaced the file in the meantime, or made a file of
    /// that name. Its version stays. The text names a file that was left behind, if there is one.
    Changed(Option<PathBuf>),
}

impl Error {
    pub(super) fn new(path: &Path, reason: Reason) -> Error {
        Error { path: path.to_owned(), reason }
    }

    /// The file, as the caller named it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is in the way.
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// The number of the system's error, if the system refused.
    pub fn errno(&self) -> Option<i32> {
        match &self.reason {
            Reason::System { error, .. } | Reason::Directory { error, .. } => error.raw_os_error(),
            _ => None,
        }
    }
}

impl Reason {
    /// The system refused to open or read the file itself.
    pub(super) fn refused(error: impl Into<io::Error>) -> Reason {
        Reason::System { operation: "", error: error.into() }
    }

    /// The system refused this directory on the way. For `map_err`.
    pub(super) fn at<E: Into<io::Error>>(path: PathBuf) -> impl FnOnce(E) -> Reason {
        move |error| Reason::Directory { path, error: error.into() }
    }

    /// The system refused this operation. For `map_err`.
    pub(super) fn during<E: Into<io::Error>>(operation: &'static str) -> impl Fn(E) -> Reason {
        move |error| Reason::System { operation, error: error.into() }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::System { operation: "", error } => write!(f, "{error}"),
            Reason::System { operation, error } => write!(f, "cannot {operation}: {error}"),
            Reason::Directory { path, error } => {
                write!(f, "cannot open the directory {}: {error}", path.display())
            }
            Reason::Link(link) => write!(
                f,
                "root does not follow the symbolic link {}: \
                 it is in, or leads through, a directory that other users may write",
                link.display()
            ),
            Reason::TooManyLinks => f.write_str("too many levels of symbolic links"),
            Reason::NotRegular => f.write_str("only a regular file can be replaced"),
            Reason::Nameless => f.write_str("the open file has no name, so it cannot be replaced"),
            Reason::TooLarge(limit) => {
                write!(f, "the file is too large (the limit is {} MiB)", limit >> 20)
            }
            Reason::Locked => {
                write!(
                    f,
                    "another process has held the lock of its directory for {} s",
                    LOCK_WAIT.as_secs()
                )
            }
            Reason::Changed(None) => {
                f.write_str("another process changed it in the meantime; it was not replaced")
            }
            Reason::Changed(Some(left)) => {
                write!(
                    f,
                    "another process keeps changing it; a version of it was left in {}",
                    left.display()
                )
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.reason)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.reason {
            Reason::System { error, .. } | Reason::Directory { error, .. } => Some(error),
            _ => None,
        }
    }
}
