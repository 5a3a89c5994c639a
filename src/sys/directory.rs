//! Directories: their entries, and opening files by their names in them, so that the kernel need
//! not resolve the whole path for each file.

use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, IntoRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::NonNull;

use super::event::owned;
use super::status::with_c_string;

/// How [`open_to_read`] opens a file.
pub(super) const READ: libc::c_int = libc::O_RDONLY | libc::O_NONBLOCK | libc::O_NOCTTY;

/// An open directory.
#[derive(Debug)]
pub(crate) struct Directory {
    stream: NonNull<libc::DIR>,
    /// O_NOFOLLOW if symlinks in the directory must not be followed.
    nofollow: libc::c_int,
}

impl Directory {
    pub fn open(path: &Path) -> io::Result<Directory> {
        with_c_string(path.as_os_str().as_bytes(), |path| {
            retry(|| {
                // SAFETY: a NUL-terminated path.
                let stream = unsafe { libc::opendir(path.as_ptr()) };
                let stream = NonNull::new(stream).ok_or_else(io::Error::last_os_error)?;
                Ok(Directory { stream, nofollow: 0 })
            })
        })
    }

    /// Makes a directory of a file descriptor of one. [`Directory::open_to_read`] then fails with
    /// ELOOP instead of following a symlink.
    pub(super) fn of(descriptor: OwnedFd) -> io::Result<Directory> {
        // SAFETY: an open file descriptor. The stream owns it if the call succeeds.
        let stream = unsafe { libc::fdopendir(descriptor.as_raw_fd()) };
        let stream = NonNull::new(stream).ok_or_else(io::Error::last_os_error)?;
        let _ = descriptor.into_raw_fd();
        Ok(Directory { stream, nofollow: libc::O_NOFOLLOW })
    }

    /// Calls `wanted` with the next entries until it returns a value, and returns that. The
    /// callback gets the name, and whether it is a symlink; `None`: the listing does not say.
    pub fn next<T>(
        &mut self,
        mut wanted: impl FnMut(&OsStr, Option<bool>) -> Option<T>,
    ) -> io::Result<Option<T>> {
        loop {
            // SAFETY: this thread's errno. At the end of the directory, readdir(3) does not change
            // it.
            unsafe { *libc::__errno_location() = 0 };
            // SAFETY: an open stream, which no other code uses meanwhile.
            let entry = unsafe { libc::readdir64(self.stream.as_ptr()) };
            if entry.is_null() {
                let error = io::Error::last_os_error();
                match error.raw_os_error() {
                    Some(0) => return Ok(None),
                    Some(libc::EINTR) => continue,
                    _ => return Err(error),
                }
            }
            // An entry may be shorter than its type, so no reference to the whole entry is made.
            // SAFETY: an entry, which is valid until the next call. Its name ends in NUL.
            let name = unsafe { CStr::from_ptr((&raw const (*entry).d_name).cast()) };
            // SAFETY: as above. The type comes before the name.
            let kind = unsafe { (*entry).d_type };
            let is_link = (kind != libc::DT_UNKNOWN).then_some(kind == libc::DT_LNK);
            if let Some(found) = wanted(OsStr::from_bytes(name.to_bytes()), is_link) {
                return Ok(Some(found));
            }
        }
    }

    /// Opens a file in the directory, like [`open_to_read`].
    pub fn open_to_read(&self, name: &OsStr) -> io::Result<File> {
        open_at(self.descriptor().as_raw_fd(), name.as_bytes(), READ | self.nofollow)
            .map(File::from)
    }

    pub fn descriptor(&self) -> BorrowedFd<'_> {
        // SAFETY: the file descriptor of an open stream, which lives as long as the stream.
        unsafe { BorrowedFd::borrow_raw(libc::dirfd(self.stream.as_ptr())) }
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // SAFETY: an open stream, which is not used afterwards.
        unsafe { libc::closedir(self.stream.as_ptr()) };
    }
}

/// Opens a file of any type for reading. Does not block, and does not make a terminal the
/// controlling terminal of the process.
pub(crate) fn open_to_read(path: &Path) -> io::Result<File> {
    open_at(libc::AT_FDCWD, path.as_os_str().as_bytes(), READ).map(File::from)
}

/// Opens a file at a path that starts in a directory. The file descriptor is close-on-exec.
pub(super) fn open_at(
    directory: libc::c_int,
    path: &[u8],
    flags: libc::c_int,
) -> io::Result<OwnedFd> {
    with_c_string(path, |path| {
        retry(|| {
            // SAFETY: an open directory, or the constant for the current one, and a NUL-terminated
            // path.
            owned(unsafe { libc::openat64(directory, path.as_ptr(), flags | libc::O_CLOEXEC) })
        })
    })
}

/// Repeats a call while signals interrupt it. Calls to network file systems and FUSE can be
/// interrupted.
pub(super) fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
