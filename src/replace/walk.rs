//! The way to a file: one component after the other, each opened once and held.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, PROC_SUPER_MAGIC};
use rustix::io::Errno;

use super::attributes::identity;
use super::error::Reason;
use super::step::{Step, step};
use crate::permission::{Permissions, Trust};
use crate::sys::Status;

/// As many links as the system follows.
const MAX_LINKS: usize = 40;

const DIRECTORY: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Where a path leads.
pub(super) struct ResolvedPath {
    /// The directory, opened with O_PATH.
    pub directory: File,
    /// The name in it, which was not a link when it was looked at.
    pub name: OsString,
    /// The name is a link of /proc to an open file that is not a regular one, such as a pipe.
    pub is_magic: bool,
    /// The device and inode of the file, where a link of /proc says which open file is meant.
    pub inode: Option<(u64, u64)>,
}

/// Walks to the file that a path names. Links are followed, the last component included; if
/// `is_root`, only those that nobody but root can have made.
pub(super) fn walk(path: &Path, is_root: bool) -> Result<ResolvedPath, Reason> {
    let mut walk =
        Walk { is_root, trail: Vec::new(), rest: Vec::new(), links: Vec::new(), inode: None };
    walk.start(path)?;
    walk.push(path, None);
    walk.run()
}

/// A directory on the way.
struct Directory {
    file: File,
    /// What it is called, for messages.
    path: PathBuf,
    /// Nobody but root can make this path lead elsewhere.
    is_reached: bool,
    /// Nobody but root can make names in it.
    is_closed: bool,
    /// It is root's, and others cannot remove or rename root's files in it.
    is_sticky: bool,
}

/// A component that is still to be walked.
struct Part {
    name: OsString,
    /// The link that it comes from, as an index into [`Walk::links`].
    link: Option<usize>,
}

struct Walk {
    is_root: bool,
    /// From the start to where we are, so that `..` need not be looked up.
    trail: Vec<Directory>,
    /// What is still to be walked; the next part is the last element.
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

    /// Goes to where a path starts: the root directory or the current one.
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

    /// Puts the components of a path before those that are still to be walked.
    fn push(&mut self, path: &Path, link: Option<usize>) {
        for component in path.components().rev() {
            let name = match component {
                Component::Normal(name) => name.to_owned(),
                Component::ParentDir => "..".into(),
                Component::CurDir | Component::RootDir | Component::Prefix(_) => continue,
            };
            self.rest.push(Part { name, link });
        }
    }

    /// Goes to the directory above, which was opened on the way here; nobody can move us meanwhile.
    fn up(&mut self) -> Result<(), Reason> {
        if self.trail.len() > 1 {
            self.trail.pop();
            return Ok(());
        }
        // The root directory, the current one or a directory that a link of /proc leads to.
        let current = self.current()?;
        let (path, is_reached) = (current.path.join(".."), current.is_reached);
        let file = enter(current, OsStr::new("..")).map_err(Reason::at(path.clone()))?;
        self.trail = vec![self.judge(file, path, is_reached)?];
        Ok(())
    }

    /// Adds a directory to the trail that was opened by its name in the current one.
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

    /// Follows a link in the current directory. Returns where the path leads, if it ends here.
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

    /// Follows a link of /proc to an open file or a directory. Its text need not lead there: it may
    /// be of another mount namespace, or name what is not there any more.
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
        // A regular file is replaced by its name, if that still leads to it.
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

/// Whether only root may make, rename and remove names in a directory. If that cannot be found out,
/// others may.
fn is_closed_to_others(directory: &File, status: &Status) -> bool {
    let is_closed = |permissions: Permissions| permissions.judge(&Trust::ROOT).is_empty();
    // With an ACL, the bits of the group are the most that any user or group of it may have.
    if status.mode & 0o020 == 0 {
        return is_closed(Permissions::of_status(status));
    }
    // An ACL cannot be read through a descriptor of O_PATH.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let readable = rustix::fs::openat(directory, ".", flags, Mode::empty());
    readable.is_ok_and(|readable| Permissions::of_descriptor(readable).is_ok_and(is_closed))
}

/// Opens a directory in another one; a link is not followed.
fn enter(directory: &Directory, name: &OsStr) -> rustix::io::Result<File> {
    let flags = DIRECTORY | OFlags::NOFOLLOW;
    rustix::fs::openat(&directory.file, name, flags, Mode::empty()).map(File::from)
}

/// Whether a link in this directory leads to an object of the kernel, not to a path.
fn is_magic(directory: &Directory, text: &Path) -> bool {
    let is_proc =
        || rustix::fs::fstatfs(&directory.file).is_ok_and(|fs| fs.f_type == PROC_SUPER_MAGIC);
    // The others are relative (`self`, `mounts`) and have no colon (`pipe:[12]`, `anon_inode:x`).
    let may_be = text.is_absolute() || text.as_os_str().as_encoded_bytes().contains(&b':');
    may_be && is_proc()
}
