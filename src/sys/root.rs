//! The directory in which paths are resolved.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::acl::{AclKind, AclState, AclUnknown};
use super::directory::{self, Directory, open_to_read};
use super::mount::FileSystem;
use super::resolve::{LINK, resolve, target};
use super::status::Status;
use crate::go::Errno;

/// The directory in which paths are resolved: `/` of the process (the host's root, the default), or
/// a directory that stands for it.
///
/// The host's root makes the system calls that a program makes without a root. In a directory,
/// paths are resolved as they are after chroot(2) and `chdir("/")`: a relative path starts at the
/// root, `..` does not leave it, and an absolute symlink leads to a file inside. Magic links (such
/// as `/proc/self/root`) are refused with ELOOP.
#[derive(Debug, Clone, Default)]
pub(crate) struct Root(Option<Arc<OwnedFd>>);

/// A file that was found in a [`Root`], for system calls that only take a path.
#[derive(Debug)]
pub(crate) struct Located<'a> {
    path: Cow<'a, Path>,
    /// The file, open with O_PATH, which `path` names if it was found in a directory.
    _open: Option<OwnedFd>,
}

impl Located<'_> {
    /// Returns the path for the system call, which names the file as long as this value lives. In
    /// the host's root it is the path itself. In a directory it is a link in `/proc`, so the call
    /// must follow links. It then acts on the file that was found, even if that is a symlink.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Root {
    /// Opens a directory that stands for `/`. The path is resolved in `/` of the process. If the
    /// directory is renamed afterwards, it stays the root.
    pub fn open(path: &Path) -> io::Result<Root> {
        const FLAGS: libc::c_int = libc::O_PATH | libc::O_DIRECTORY;
        let opened = directory::open_at(libc::AT_FDCWD, path.as_os_str().as_bytes(), FLAGS)?;
        Ok(Root(Some(Arc::new(opened))))
    }

    /// Returns whether this is `/` of the process, and not a directory that stands for it.
    pub fn is_host(&self) -> bool {
        self.0.is_none()
    }

    /// Reads the status of the file at a path. Symlinks are followed.
    pub fn status(&self, path: &Path) -> io::Result<Status> {
        match &self.0 {
            None => Status::of_path(path),
            Some(root) => Status::of_file(resolve(root.as_fd(), path, libc::O_PATH)?),
        }
    }

    /// Reads the status of the file at a path. If the last component is a symlink, it is not
    /// followed.
    pub fn link_status(&self, path: &Path) -> io::Result<Status> {
        match &self.0 {
            None => Status::of_link(path),
            Some(root) => Status::of_file(resolve(root.as_fd(), path, LINK)?),
        }
    }

    /// Returns the target of a symlink, as it is in the file system.
    pub fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        let Some(root) = &self.0 else { return std::fs::read_link(path) };
        let target = target(resolve(root.as_fd(), path, LINK)?.as_fd())?;
        let target = target.ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL))?;
        Ok(OsString::from_vec(target).into())
    }

    /// Opens a file of any type for reading. Does not block, and does not make a terminal the
    /// controlling terminal of the process.
    pub fn open_to_read(&self, path: &Path) -> io::Result<File> {
        match &self.0 {
            None => open_to_read(path),
            Some(root) => resolve(root.as_fd(), path, directory::READ).map(File::from),
        }
    }

    /// Opens a directory, to list it.
    pub fn open_directory(&self, path: &Path) -> io::Result<Directory> {
        match &self.0 {
            None => Directory::open(path),
            Some(root) => {
                Directory::of(resolve(root.as_fd(), path, directory::READ | libc::O_DIRECTORY)?)
            }
        }
    }

    /// Opens a file that [`Root::open_directory`] listed, like [`Root::open_to_read`]. `name` is
    /// its name in the directory, and `path` its path in this root. The kernel need not resolve the
    /// path, unless this root is a directory and the file a symlink.
    pub fn open_entry(&self, directory: &Directory, name: &OsStr, path: &Path) -> io::Result<File> {
        match directory.open_to_read(name) {
            Err(error) if !self.is_host() && Errno::of(&error) == Errno(libc::ELOOP) => {
                self.open_to_read(path)
            }
            result => result,
        }
    }

    /// Returns the kind of file system that the file at a path, symlinks followed, is on.
    pub fn file_system(&self, path: &Path) -> io::Result<FileSystem> {
        match &self.0 {
            None => FileSystem::of_path(path),
            Some(root) => FileSystem::of_file(resolve(root.as_fd(), path, libc::O_PATH)?.as_fd()),
        }
    }

    /// Reads an access control list of the file at a path, which must not be a symlink. In a
    /// directory this needs `/proc`.
    pub fn acl(&self, path: &Path, kind: AclKind) -> AclState {
        if self.is_host() {
            return AclState::of_path(path, kind);
        }
        match self.locate(path, false) {
            Ok(located) => AclState::of_target(located.path(), kind),
            Err(error) => AclState::Unknown(AclUnknown::Unreadable(Errno::of(&error))),
        }
    }

    /// Finds a file for a system call that only takes a path, such as inotify_add_watch(2). In the
    /// host's root this makes no system call. If `follow` is false and the last component is a
    /// symlink, the file is that symlink; in the host's root the call must then not follow it.
    ///
    /// In a directory this needs `/proc`, mounted for the PID namespace of the process. Without it,
    /// this fails with ENOSYS, with which no path fails otherwise.
    pub fn locate<'a>(&self, path: &'a Path, follow: bool) -> io::Result<Located<'a>> {
        let Some(root) = &self.0 else {
            return Ok(Located { path: Cow::Borrowed(path), _open: None });
        };
        let file = resolve(root.as_fd(), path, if follow { libc::O_PATH } else { LINK })?;
        // The link of this thread: threads can have different file descriptors.
        let path = PathBuf::from(format!("/proc/thread-self/fd/{}", file.as_raw_fd()));
        let status = Status::of_file(&file)?;
        match Status::of_path(&path) {
            Ok(linked) if (linked.device, linked.inode) == (status.device, status.inode) => {
                Ok(Located { path: Cow::Owned(path), _open: Some(file) })
            }
            _ => Err(io::Error::from_raw_os_error(libc::ENOSYS)),
        }
    }
}

#[cfg(test)]
mod tests;
