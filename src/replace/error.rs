//! The errors of replacing a file.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::go::Errno;

/// How long to wait for the lock of a directory, and for the reader of a FIFO that is written to.
pub const LOCK_WAIT: Duration = Duration::from_secs(5);

/// The reason why a file was not read or replaced, and its path. [`Display`](fmt::Display) prints
/// both.
#[derive(Debug)]
pub struct Error {
    path: PathBuf,
    reason: Reason,
}

/// The reason why a file was not read or replaced.
#[derive(Debug)]
#[non_exhaustive]
pub enum Reason {
    /// The system refused an operation. The message names the operation, unless it is opening or
    /// reading the file itself.
    System {
        /// The operation, such as `create a temporary file`. Empty for opening and reading the file
        /// itself.
        operation: &'static str,
        /// The system's error.
        error: io::Error,
    },
    /// The system refused a directory on the path.
    Directory {
        /// The directory.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// The path leads through a symbolic link that a user other than root may have made, or that
    /// leads through a directory of such a user. Root does not follow it.
    Link(PathBuf),
    /// The path leads through more symbolic links than the kernel follows.
    TooManyLinks,
    /// The file is not a regular file.
    NotRegular,
    /// The path leads to an open file that has no name any more.
    Nameless,
    /// The file is larger than the given limit, in bytes.
    TooLarge(u64),
    /// Another process held the lock of the directory for [`LOCK_WAIT`].
    Locked,
    /// Another process changed, removed or replaced the file in the meantime, or made a file of
    /// that name. Its version stays. The path is that of a file that was left behind, if there is
    /// one.
    Changed(Option<PathBuf>),
}

impl Error {
    pub(super) fn new(path: &Path, reason: Reason) -> Error {
        Error { path: path.to_owned(), reason }
    }

    /// Returns the path of the file, as the caller gave it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the reason.
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// Returns the error number, if the system refused an operation.
    pub fn errno(&self) -> Option<i32> {
        match &self.reason {
            Reason::System { error, .. } | Reason::Directory { error, .. } => error.raw_os_error(),
            _ => None,
        }
    }
}

impl Reason {
    /// Makes the reason for an error of opening or reading the file itself.
    pub(super) fn refused(error: impl Into<io::Error>) -> Reason {
        Reason::System { operation: "", error: error.into() }
    }

    /// Makes the reason for an error of a directory on the path. For `map_err`.
    pub(super) fn at<E: Into<io::Error>>(path: PathBuf) -> impl FnOnce(E) -> Reason {
        move |error| Reason::Directory { path, error: error.into() }
    }

    /// Makes the reason for an error of this operation. For `map_err`.
    pub(super) fn during<E: Into<io::Error>>(operation: &'static str) -> impl Fn(E) -> Reason {
        move |error| Reason::System { operation, error: error.into() }
    }
}

/// Returns an error of the system in the words of [`Errno`], which are the same in all messages.
fn words(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => Errno::from_raw_os_error(number).to_string(),
        None => error.to_string(),
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::System { operation: "", error } => f.write_str(&words(error)),
            Reason::System { operation, error } => {
                write!(f, "cannot {operation}: {}", words(error))
            }
            Reason::Directory { path, error } => {
                write!(f, "cannot open the directory {}: {}", path.display(), words(error))
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
