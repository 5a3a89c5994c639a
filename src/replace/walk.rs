//! Resolving a path: one component after the other, each opened once and kept open.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, PROC_SUPER_MAGIC};
use rustix::io::Errno;

use super::attributes::identity;
use super::error::Reason;
use super::step::{Step, step};
use crate::permission::{Permissions, Trust};
use crate::sys::{MAX_LINKS, Status, names};

const DIRECTORY: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// The result of resolving a path.
pub(super) struct ResolvedPath {
    /// The directory, opened with O_PATH.
    pub directory: File,
    /// The name in it, which was not a link when it was checked.
    pub name: OsString,
    /// Whether the name is a link in /proc to an open file that is not a regular file, such as a
    /// pipe.
    pub is_magic: bool,
    /// The device and inode of the file, if the path leads through a link in /proc to an open file.
    pub inode: Option<(u64, u64)>,
}

/// Resolves a path. Follows links, also as the last component; if `is_root`, only links that nobody
/// except root can have made.
pub(super) fn walk(path: &Path, is_root: bool) -> Result<ResolvedPath, Reason> {
    let mut walk =
        Walk { is_root, trail: Vec::new(), rest: Vec::new(), links: Vec::new(), inode: None };
    walk.start(path)?;
    walk.push(path, None);
    walk.run()
}

/// A directory on the path.
struct Directory {
    file: File,
    /// Its path, for messages.
    path: PathBuf,
    /// Whether only root can make this path lead elsewhere.
    is_reached: bool,
    /// Whether only root can make names in it.
    is_closed: bool,
    /// Whether it belongs to root, and other users cannot remove or rename root's files in it.
    is_sticky: bool,
}

/// A component that is not yet resolved.
struct Part {
    name: OsString,
    /// The link that it comes from, as an index into [`Walk::links`].
    link: Option<usize>,
}

struct Walk {
    is_root: bool,
    /// The directories from the start to the current one, so that `..` need not be opened.
    trail: Vec<Directory>,
    /// The components that are not yet resolved. The next one is the last element.
    rest: Vec<Part>,
    /// The links that were followed, for messages.
    links: Vec<PathBuf>,
    inode: Option<(u64, u64)>,
}

impl Walk {
    fn run(mut self) -> Result<ResolvedPath, Reason> {
        while let Some(part) = self.rest.pop() {
            let is_last = self.rest.is_empty();
            self.check_link_of(&part)?;
            if part.name == ".." {
                self.up()?;
                continue;
            }
            let current = self.current()?;
            step(Step::Component);
            if !is_last {
                match enter(current, &part.name) {
                    Err(Errno::NOTDIR | Errno::LOOP) => {}
                    entered => {
                        let refused = Reason::at(current.path.join(&part.name));
                        let next = self.arrive(entered.map_err(refused)?, &part.name)?;
                        self.trail.push(next);
                        continue;
                    }
                }
            }
            match rustix::fs::readlinkat(&current.file, part.name.as_os_str(), Vec::new()) {
                Ok(text) => {
                    let text = OsString::from_vec(text.into_bytes());
                    if let Some(resolved) = self.follow(part.name, Path::new(&text), is_last)? {
                        return Ok(resolved);
                    }
                }
                Err(Errno::INVAL | Errno::NOENT) if is_last => return self.end(part.name, false),
                Err(error) if !is_last => {
                    let error = if error == Errno::INVAL { Errno::NOTDIR } else { error };
                    return Err(Reason::at(current.path.join(&part.name))(error));
                }
                Err(error) => return Err(Reason::refused(error)),
            }
        }
        // The path ends in `..`, or is `/` or `.`.
        Err(Reason::refused(Errno::ISDIR))
    }

    fn current(&self) -> Result<&Directory, Reason> {
        self.trail.last().ok_or_else(|| Reason::refused(Errno::NOENT))
    }

    fn end(mut self, name: OsString, is_magic: bool) -> Result<ResolvedPath, Reason> {
        let last = self.trail.pop().ok_or_else(|| Reason::refused(Errno::NOENT))?;
        Ok(ResolvedPath { directory: last.file, name, is_magic, inode: self.inode })
    }

    /// Goes to the start of a path: the root directory or the working directory.
    fn start(&mut self, path: &Path) -> Result<(), Reason> {
        if path.as_os_str().is_empty() {
            return Err(Reason::refused(Errno::NOENT));
        }
        let start = if path.is_absolute() { "/" } else { "." };
        let opened = rustix::fs::openat(CWD, start, DIRECTORY, Mode::empty());
        let file = File::from(opened.map_err(Reason::at(start.into()))?);
        let shown = if path.is_absolute() { "/" } else { "" };
        let directory = self.judge(file, shown.into(), true)?;
        self.trail = vec![directory];
        Ok(())
    }

    /// Puts the components of a path before those that are not yet resolved.
    fn push(&mut self, path: &Path, link: Option<usize>) {
        self.rest.extend(names(path).rev().map(|name| Part { name, link }));
    }

    /// Goes to the directory above, which is still open. So no other process can change where `..`
    /// leads.
    fn up(&mut self) -> Result<(), Reason> {
        if self.trail.len() > 1 {
            self.trail.pop();
            return Ok(());
        }
        // The root directory, the working directory or a directory that a link in /proc leads to.
        let current = self.current()?;
        let (path, is_reached) = (current.path.join(".."), current.is_reached);
        let file = enter(current, OsStr::new("..")).map_err(Reason::at(path.clone()))?;
        self.trail = vec![self.judge(file, path, is_reached)?];
        Ok(())
    }

    /// Makes the value for a directory that was opened by its name in the current one.
    fn arrive(&self, file: File, name: &OsStr) -> Result<Directory, Reason> {
        let above = self.current()?;
        let is_roots = || file.metadata().is_ok_and(|metadata| metadata.uid() == 0);
        let is_reached = above.is_reached && (above.is_closed || above.is_sticky && is_roots());
        let path = above.path.join(name);
        self.judge(file, path, is_reached)
    }

    fn judge(&self, file: File, path: PathBuf, is_reached: bool) -> Result<Directory, Reason> {
        let (mut is_closed, mut is_sticky) = (true, false);
        if self.is_root {
            let status = Status::of_file(&file).map_err(|error| Reason::at(path.clone())(error))?;
            is_closed = is_closed_to_others(&file, &status);
            is_sticky = status.uid == 0 && Permissions::of_status(&status).is_sticky();
        }
        Ok(Directory { file, path, is_reached, is_closed, is_sticky })
    }

    /// Refuses a link that leads through a directory in which other users may make names.
    fn check_link_of(&self, part: &Part) -> Result<(), Reason> {
        let current = self.current()?;
        match part.link.and_then(|link| self.links.get(link)) {
            Some(link) if !(current.is_reached && current.is_closed) => {
                Err(Reason::Link(link.clone()))
            }
            _ => Ok(()),
        }
    }

    /// Follows a link in the current directory. Returns the result if the path ends here.
    fn follow(
        &mut self,
        name: OsString,
        text: &Path,
        is_last: bool,
    ) -> Result<Option<ResolvedPath>, Reason> {
        let current = self.current()?;
        let link = current.path.join(&name);
        if !(current.is_reached && current.is_closed) {
            return Err(Reason::Link(link));
        }
        if self.links.len() >= MAX_LINKS {
            return Err(Reason::TooManyLinks);
        }
        if is_magic(current, text) {
            return self.follow_magic(name, link, text, is_last);
        }
        if text.is_absolute() {
            self.start(text)?;
        }
        self.links.push(link);
        self.push(text, Some(self.links.len() - 1));
        Ok(None)
    }

    /// Follows a link in /proc to an open file or a directory. The text of the link need not lead
    /// there: it may be a path of another mount namespace, or of a file that no longer exists.
    fn follow_magic(
        &mut self,
        name: OsString,
        link: PathBuf,
        text: &Path,
        is_last: bool,
    ) -> Result<Option<ResolvedPath>, Reason> {
        let current = self.current()?;
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(&current.file, name.as_os_str(), flags, Mode::empty());
        let opened = File::from(opened.map_err(Reason::refused)?);
        let metadata = opened.metadata().map_err(Reason::refused)?;
        if !is_last {
            if !metadata.is_dir() {
                return Err(Reason::refused(Errno::NOTDIR));
            }
            self.links.push(link.clone());
            self.trail = vec![self.judge(opened, link, true)?];
            return Ok(None);
        }
        if metadata.is_dir() {
            return Err(Reason::refused(Errno::ISDIR));
        }
        if !metadata.is_file() {
            let directory = self.trail.pop().ok_or_else(|| Reason::refused(Errno::NOENT))?;
            return Ok(Some(ResolvedPath {
                directory: directory.file,
                name,
                is_magic: true,
                inode: None,
            }));
        }
        // A regular file is replaced by its name, if the name still leads to it.
        if !text.is_absolute() {
            return Err(Reason::Nameless);
        }
        self.links.push(link);
        self.inode = Some(identity(&metadata));
        self.start(text)?;
        self.push(text, None);
        Ok(None)
    }
}

/// Returns whether only root may make, rename and remove names in a directory. Returns false if
/// that cannot be found out.
fn is_closed_to_others(directory: &File, status: &Status) -> bool {
    let is_closed = |permissions: Permissions| permissions.judge(&Trust::ROOT).is_empty();
    // With an ACL, the group bits are the most that any user or group in it may have.
    if status.mode & 0o020 == 0 {
        return is_closed(Permissions::of_status(status));
    }
    // An ACL cannot be read through a file descriptor of O_PATH.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let readable = rustix::fs::openat(directory, ".", flags, Mode::empty());
    readable.is_ok_and(|readable| Permissions::of_descriptor(readable).is_ok_and(is_closed))
}

/// Opens a directory in another one. Does not follow a link.
fn enter(directory: &Directory, name: &OsStr) -> rustix::io::Result<File> {
    let flags = DIRECTORY | OFlags::NOFOLLOW;
    rustix::fs::openat(&directory.file, name, flags, Mode::empty()).map(File::from)
}

/// Returns whether a link in this directory leads to an object of the kernel, not to a path.
fn is_magic(directory: &Directory, text: &Path) -> bool {
    let is_proc =
        || rustix::fs::fstatfs(&directory.file).is_ok_and(|fs| fs.f_type == PROC_SUPER_MAGIC);
    // Other links in /proc are relative (`self`, `mounts`) and have no colon (unlike `pipe:[12]`,
    // `anon_inode:x`).
    let may_be = text.is_absolute() || text.as_os_str().as_encoded_bytes().contains(&b':');
    may_be && is_proc()
}
