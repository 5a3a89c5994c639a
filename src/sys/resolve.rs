//! Opening files at paths that must not leave a directory.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use super::directory::{open_at, retry};
use super::event::owned;
use super::links::MAX_LINKS;
use super::mount::{magic, statfs_of_file};
use super::status::{Status, with_c_string};
use crate::go::Errno;

/// The flags that find a file itself, even if it is a symlink.
pub(super) const LINK: libc::c_int = libc::O_PATH | libc::O_NOFOLLOW;

/// The flags that find a directory on the way.
const DIRECTORY: libc::c_int = libc::O_PATH | libc::O_DIRECTORY;

/// How often a resolution is repeated that a change of directories has disturbed.
const ATTEMPTS: u32 = 100;

/// Opens the file at a path as if `root` were `/`, with the flags of open(2).
pub(super) fn resolve(
    root: BorrowedFd<'_>,
    path: &Path,
    flags: libc::c_int,
) -> io::Result<OwnedFd> {
    let path = path.as_os_str().as_bytes();
    // The kernel counts the NUL, too.
    if path.len() >= libc::PATH_MAX as usize {
        return Err(io::Error::from_raw_os_error(libc::ENAMETOOLONG));
    }
    // EINVAL below means that the kernel does not know the flags.
    if path.contains(&0) {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    for _ in 0..ATTEMPTS {
        match by_kernel(root, path, flags) {
            Err(error) => match Errno::of(&error).0 {
                libc::EAGAIN => {}
                // The kernel does not know the call or its flags, or a filter refuses it. A filter
                // may be that of one thread, so the answer is not remembered.
                libc::ENOSYS | libc::EPERM | libc::EINVAL | libc::E2BIG => break,
                _ => return Err(error),
            },
            opened => return opened,
        }
    }
    by_component(root, path, flags)
}

/// Lets the kernel resolve the path.
fn by_kernel(root: BorrowedFd<'_>, path: &[u8], flags: libc::c_int) -> io::Result<OwnedFd> {
    /// How to open a file (`struct open_how`).
    #[repr(C)]
    struct How {
        flags: u64,
        mode: u64,
        resolve: u64,
    }
    let flags = flags | libc::O_CLOEXEC;
    // openat(2) adds it, but openat2(2) does not, and refuses it with O_PATH.
    let large = if flags & libc::O_PATH == 0 { libc::O_LARGEFILE } else { 0 };
    let how = How {
        flags: (flags | large) as u64,
        mode: 0,
        resolve: libc::RESOLVE_IN_ROOT | libc::RESOLVE_NO_MAGICLINKS,
    };
    with_c_string(path, |path| {
        retry(|| {
            // SAFETY: an open directory, a NUL-terminated path, and a structure of the given size,
            // which lives until the call returns.
            let opened = unsafe {
                libc::syscall(
                    libc::SYS_openat2,
                    root.as_raw_fd(),
                    path.as_ptr(),
                    &raw const how,
                    size_of::<How>(),
                )
            };
            owned(opened as i32)
        })
    })
}

/// Resolves the path itself, one component after the other, as the kernel does.
///
/// Each component is opened by its name in a directory that is already open, without following a
/// symlink, so it is a file of that directory. `..` goes back to the directory from which the
/// current one was opened, instead of asking the kernel for its parent, which would be a directory
/// outside if the current one has been moved there. So every directory on the stack was below the
/// root when it was opened, whatever is moved or replaced meanwhile.
fn by_component(root: BorrowedFd<'_>, path: &[u8], flags: libc::c_int) -> io::Result<OwnedFd> {
    if path.is_empty() {
        return Err(io::Error::from_raw_os_error(libc::ENOENT));
    }
    // The directories below the root that lead to the current one, and what is left of the path.
    let mut stack: Vec<OwnedFd> = Vec::new();
    let mut rest = path.to_vec();
    let mut links = 0;
    loop {
        let mut left = rest.as_slice();
        while let Some(shorter) = left.strip_prefix(b"/") {
            left = shorter;
        }
        let mut parts = left.splitn(2, |&byte| byte == b'/');
        let mut name = parts.next().unwrap_or_default();
        let after = parts.next();
        let is_last = after.is_none_or(|after| after.iter().all(|&byte| byte == b'/'));
        let flags = match after {
            None => flags,
            // Slashes at the end: the kernel follows a symlink, and requires a directory.
            Some(_) if is_last => flags & !libc::O_NOFOLLOW | libc::O_DIRECTORY,
            Some(_) => DIRECTORY,
        };
        if name == b".." {
            // Fails as the kernel does if the current directory must not be searched.
            open_component(current(root, &stack), b".", DIRECTORY)?;
            stack.pop();
        }
        // The path ends with the directory itself. (If that is a root which must not be searched,
        // this fails with EACCES.)
        if matches!(name, b"" | b"..") {
            name = b".";
        }
        match open_component(current(root, &stack), name, flags)? {
            Component::Opened(file) if is_last => return Ok(file),
            Component::Opened(file) => {
                if name != b"." {
                    stack.push(file);
                }
                rest = after.unwrap_or_default().to_vec();
            }
            Component::Link(mut target) => {
                links += 1;
                if links > MAX_LINKS {
                    return Err(io::Error::from_raw_os_error(libc::ELOOP));
                }
                if target.starts_with(b"/") {
                    stack.clear();
                }
                if let Some(after) = after {
                    target.push(b'/');
                    target.extend_from_slice(after);
                }
                rest = target;
            }
        }
    }
}

fn current<'a>(root: BorrowedFd<'a>, stack: &'a [OwnedFd]) -> BorrowedFd<'a> {
    stack.last().map_or(root, AsFd::as_fd)
}

/// A component of a path.
enum Component {
    Opened(OwnedFd),
    /// The target of a symlink that must be followed.
    Link(Vec<u8>),
}

/// Opens a file by its name in a directory.
fn open_component(
    directory: BorrowedFd<'_>,
    name: &[u8],
    flags: libc::c_int,
) -> io::Result<Component> {
    let open = |flags| open_at(directory.as_raw_fd(), name, flags | libc::O_NOFOLLOW);
    let mut attempts: u32 = 0;
    loop {
        let error = match open(flags) {
            // It can be a symlink.
            Ok(file) if flags == libc::O_PATH => {
                let target = followed(file.as_fd())?;
                return Ok(target.map_or(Component::Opened(file), Component::Link));
            }
            Ok(file) => return Ok(Component::Opened(file)),
            Err(error) => error,
        };
        // How the kernel refuses a symlink, with O_DIRECTORY and without it.
        let errno = Errno::of(&error).0;
        if !matches!(errno, libc::ELOOP | libc::ENOTDIR) || attempts == ATTEMPTS {
            return Err(error);
        }
        let file = open(libc::O_PATH)?;
        if let Some(target) = followed(file.as_fd())? {
            return Ok(Component::Link(target));
        }
        if errno == libc::ENOTDIR && !Status::of_file(&file)?.is_directory() {
            return Err(error);
        }
        // Meanwhile it has become another file. A pause keeps this loop from keeping step with a
        // process that exchanges the two files.
        attempts += 1;
        std::thread::sleep(Duration::from_micros(attempts.into()));
    }
}

/// Returns the target of a symlink, like [`target`], if it may be followed.
fn followed(link: BorrowedFd<'_>) -> io::Result<Option<Vec<u8>>> {
    /// The file system is mounted with `nosymfollow`.
    const NOSYMFOLLOW: u64 = 0x2000;
    let target = target(link)?;
    if target.is_some() {
        let state = statfs_of_file(link)?;
        // The types differ between systems.
        #[allow(clippy::unnecessary_cast)]
        let refused = magic(&state) == libc::PROC_SUPER_MAGIC as u32
            || state.f_flags as u64 & NOSYMFOLLOW != 0;
        if refused {
            return Err(io::Error::from_raw_os_error(libc::ELOOP));
        }
    }
    Ok(target)
}

/// Returns the target of a symlink that is open with [`LINK`]; `None` if the file is not a symlink.
pub(super) fn target(link: BorrowedFd<'_>) -> io::Result<Option<Vec<u8>>> {
    // No file system has longer targets.
    let mut target = vec![0_u8; libc::PATH_MAX as usize];
    // SAFETY: an open file descriptor, an empty path, and memory of the given size.
    let length = unsafe {
        libc::readlinkat(link.as_raw_fd(), c"".as_ptr(), target.as_mut_ptr().cast(), target.len())
    };
    if let Ok(length) = usize::try_from(length) {
        target.truncate(length);
        return Ok(Some(target));
    }
    let error = io::Error::last_os_error();
    match Errno::of(&error).0 {
        libc::ENOENT | libc::EINVAL => Ok(None),
        _ => Err(error),
    }
}
