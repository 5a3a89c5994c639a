//! The status of a file.

use std::ffi::{CStr, CString};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The status of a file, as stat(2) returns it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Status {
    pub device: u64,
    pub inode: u64,
    pub size: u64,
    /// The time of the last change of any kind: seconds since 1970, and nanoseconds.
    pub changed: (i64, i64),
    /// Type and permissions.
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    /// The number of hard links.
    pub links: u32,
}

impl Status {
    /// Reads the status of the file at a path. Symlinks are followed.
    pub fn of_path(path: impl AsRef<Path>) -> io::Result<Status> {
        with_c_string(path.as_ref().as_os_str().as_bytes(), |path| {
            // SAFETY: a NUL-terminated path, and memory for one answer.
            Status::from_call(|answer| unsafe { libc::stat64(path.as_ptr(), answer) })
        })
    }

    /// Reads the status of the file at a path. A symlink is not followed.
    pub fn of_link(path: &Path) -> io::Result<Status> {
        with_c_string(path.as_os_str().as_bytes(), |path| {
            // SAFETY: a NUL-terminated path, and memory for one answer.
            Status::from_call(|answer| unsafe { libc::lstat64(path.as_ptr(), answer) })
        })
    }

    /// Reads the status of an open file.
    pub fn of_file(file: impl AsFd) -> io::Result<Status> {
        // SAFETY: an open file descriptor, and memory for one answer.
        Status::from_call(|answer| unsafe { libc::fstat64(file.as_fd().as_raw_fd(), answer) })
    }

    fn from_call(call: impl FnOnce(*mut libc::stat64) -> libc::c_int) -> io::Result<Status> {
        let mut answer = MaybeUninit::<libc::stat64>::uninit();
        if call(answer.as_mut_ptr()) < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call has succeeded, so it has filled the answer.
        let answer = unsafe { answer.assume_init() };
        // The widths differ between systems.
        #[allow(clippy::useless_conversion, clippy::unnecessary_cast)]
        Ok(Status {
            device: answer.st_dev as u64,
            inode: answer.st_ino as u64,
            size: answer.st_size as u64,
            changed: (answer.st_ctime as i64, answer.st_ctime_nsec as i64),
            mode: answer.st_mode as u32,
            uid: answer.st_uid,
            gid: answer.st_gid,
            links: u32::try_from(answer.st_nlink).unwrap_or(u32::MAX),
        })
    }

    pub fn is_file(&self) -> bool {
        self.mode & libc::S_IFMT == libc::S_IFREG
    }

    pub fn is_directory(&self) -> bool {
        self.mode & libc::S_IFMT == libc::S_IFDIR
    }

    pub fn is_link(&self) -> bool {
        self.mode & libc::S_IFMT == libc::S_IFLNK
    }
}

/// Identifies a version of a file by its metadata. It differs between files, and changes when a
/// file's content, mode or owner changes. (It may stay the same for a short time after a change:
/// the clocks of file systems tick slowly.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct FileStamp {
    device: u64,
    inode: u64,
    size: u64,
    /// The time of the last change of any kind: seconds since 1970, and nanoseconds.
    pub changed: (i64, i64),
}

impl FileStamp {
    pub fn of(status: &Status) -> FileStamp {
        FileStamp {
            device: status.device,
            inode: status.inode,
            size: status.size,
            changed: status.changed,
        }
    }
}

/// Calls with a path or name as a C string. A path with a NUL fails with EINVAL.
pub(super) fn with_c_string<T>(
    bytes: &[u8],
    call: impl FnOnce(&CStr) -> io::Result<T>,
) -> io::Result<T> {
    let invalid = || io::Error::from_raw_os_error(libc::EINVAL);
    let mut short = [0; 256];
    match short.get_mut(..bytes.len()) {
        // The last byte stays NUL.
        Some(space) if bytes.len() < 256 => {
            space.copy_from_slice(bytes);
            let text =
                short.get(..=bytes.len()).and_then(|text| CStr::from_bytes_with_nul(text).ok());
            call(text.ok_or_else(invalid)?)
        }
        _ => call(&CString::new(bytes).map_err(|_| invalid())?),
    }
}
