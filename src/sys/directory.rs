//! Directories: their entries, and files by their names in them, which spares the system the way
//! there for each.

use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::NonNull;

use super::status::with_c_string;

/// An open directory.
#[derive(Debug)]
pub(crate) struct Directory(NonNull<libc::DIR>);

impl Directory {
    pub fn open(path: &Path) -> io::Result<Directory> {
        with_c_string(path.as_os_str().as_bytes(), |path| {
            retry(|| {
                // SAFETY: a NUL-terminated path.
                let stream = unsafe { libc::opendir(path.as_ptr()) };
                NonNull::new(stream).map(Directory).ok_or_else(io::Error::last_os_error)
            })
        })
    }

    /// What `wanted` makes of the next entry of which it makes something. It is given names, and
    /// whether they are symlinks; `None`: the listing does not tell.
    pub fn next<T>(
        &mut self,
        mut wanted: impl FnMut(&OsStr, Option<bool>) -> Option<T>,
    ) -> io::Result<Option<T>> {
        loop {
            // SAFETY: this thread's errno, which readdir(3) leaves as it is at the end.
            unsafe { *libc::__errno_location() = 0 };
            // SAFETY: an open stream, which nobody else uses meanwhile.
            let entry = unsafe { libc::readdir64(self.0.as_ptr()) };
            if entry.is_null() {
                let error = io::Error::last_os_error();
                match error.raw_os_error() {
                    Some(0) => return Ok(None),
                    Some(libc::EINTR) => continue,
                    _ => return Err(error),
                }
            }
            // An entry may be shorter than its type says, so there is no reference to all of it.
            // SAFETY: an entry, which has a name that ends in NUL, until the next call.
            let name = unsafe { CStr::from_ptr((&raw const (*entry).d_name).cast()) };
            // SAFETY: as above; the type stands before the name.
            let kind = unsafe { (*entry).d_type };
            let is_link = (kind != libc::DT_UNKNOWN).then_some(kind == libc::DT_LNK);
            if let Some(found) = wanted(OsStr::from_bytes(name.to_bytes()), is_link) {
                return Ok(Some(found));
            }
        }
    }

    /// A file of it, as [`open_to_read`].
    pub fn open_to_read(&self, name: &OsStr) -> io::Result<File> {
        open_at(self.descriptor().as_raw_fd(), name.as_bytes())
    }

    pub fn descriptor(&self) -> BorrowedFd<'_> {
        // SAFETY: the descriptor of an open stream, which lives as long as it.
        unsafe { BorrowedFd::borrow_raw(libc::dirfd(self.0.as_ptr())) }
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // SAFETY: an open stream, which is not used any more.
        unsafe { libc::closedir(self.0.as_ptr()) };
    }
}

/// Opens a file to read it, whatever it is, without waiting for anybody, and without making a
/// terminal the process's.
pub(crate) fn open_to_read(path: &Path) -> io::Result<File> {
    open_at(libc::AT_FDCWD, path.as_os_str().as_bytes())
}

fn open_at(directory: libc::c_int, path: &[u8]) -> io::Result<File> {
    const FLAGS: libc::c_int = libc::O_RDONLY | libc::O_CLOEXEC | libc::O_NONBLOCK | libc::O_NOCTTY;
    with_c_string(path, |path| {
        retry(|| {
            // SAFETY: an open directory, or the constant for the current one, and a NUL-terminated
            // path.
            let descriptor = unsafe { libc::openat64(directory, path.as_ptr(), FLAGS) };
            if descriptor < 0 {
                return Err(io::Error::last_os_error());
            }
            // SAFETY: a new descriptor, which nobody else has.
            Ok(unsafe { File::from_raw_fd(descriptor) })
        })
    })
}

/// Again, as long as a signal ends it: network file systems, and those of programs, let themselves
/// be interrupted.
fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
