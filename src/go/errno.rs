//! The error numbers of the system, and what Go calls them, which differs from what the C library
//! calls them (`strerror`).

use std::fmt;
use std::io;

use super::errno_texts::TEXTS;

/// An error number of the system, as in `errno.h`: why a system call failed.
///
/// It is displayed in the words of the Go standard library: `no such file or directory`.
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
    /// The number, as [`std::io::Error::raw_os_error`] has it.
    pub fn raw_os_error(self) -> i32 {
        self.0
    }

    /// The number of an error. Those that std makes itself are about a NUL in a path, for which Go
    /// says EINVAL.
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
