//! The error numbers of the system, with Go's messages, which differ from those of the C library
//! (`strerror`).

use std::fmt;
use std::io;

use super::errno_texts::TEXTS;

/// The error number of a failed system call, as in `errno.h`.
///
/// It is displayed as the message of Go's standard library: `no such file or directory`.
///
/// ```
/// use libhooks::{Hook, ReadOptions};
///
/// let error = Hook::read("/nowhere.json", &ReadOptions::new()).unwrap_err();
/// let errno = error.errno().expect("the system refused");
/// assert_eq!(errno.to_string(), "no such file or directory");
/// assert_eq!(std::io::Error::from(errno).kind(), std::io::ErrorKind::NotFound);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
pub struct Errno(pub(crate) i32);

impl Errno {
    /// Returns the number, as [`std::io::Error::raw_os_error`] does.
    pub fn raw_os_error(self) -> i32 {
        self.0
    }

    /// Returns the error number that a failed system call of the caller set, or
    /// [`std::io::Error::raw_os_error`] returned.
    pub fn from_raw_os_error(number: i32) -> Errno {
        Errno(number)
    }

    /// Returns the number of an error. The errors that std creates itself are about a NUL in a
    /// path, for which Go returns EINVAL.
    pub(crate) fn of(error: &io::Error) -> Errno {
        Errno(error.raw_os_error().unwrap_or(libc::EINVAL))
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = usize::try_from(self.0).ok().and_then(|errno| TEXTS.get(errno));
        match known.filter(|text| !text.is_empty()) {
            Some(text) => f.pad(text),
            None => write!(f, "errno {}", self.0),
        }
    }
}

impl std::error::Error for Errno {}

impl From<Errno> for io::Error {
    fn from(errno: Errno) -> io::Error {
        io::Error::from_raw_os_error(errno.0)
    }
}
