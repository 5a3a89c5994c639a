//! Replacing a file in a directory that other users may write.
//!
//! A program that edits a file as root must not let the owner of the directory choose which file
//! that is, or who gets it. Therefore a path is resolved once, and every later operation uses the
//! file descriptors of the directory and of the old and the new file:
//!
//! ```
//! use libhooks::replace::{Durability, Replacement};
//!
//! let path = std::env::temp_dir().join("libhooks-replace-doctest");
//! std::fs::write(&path, "old")?;
//! let mut target = Replacement::find(&path)?;
//! target.lock()?;
//! let text = [target.read(1 << 20)?, b" and new"].concat();
//! target.replace(&text, Durability::Synced)?;
//! assert_eq!(std::fs::read_to_string(&path)?, "old and new");
//! # std::fs::remove_file(&path)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - **Links.** A process whose effective user is root does not follow a symbolic link in a
//!   directory that another user may write, or a link that leads through such a directory.
//!   Directories above count: if another user may write one, root's directories in it are protected
//!   only if it belongs to root and is sticky. Processes of other users follow links as the kernel
//!   does. A link to the file stays a link.
//! - **The new file** has no name until it is complete, if the file system has O_TMPFILE.
//!   Otherwise, and while it takes the place of the old file, it has an unguessable name that
//!   starts with `.oci-hooks.`; signals are blocked during that time. A process that is killed then
//!   leaves one such file, which the next writer in this directory removes.
//! - **Its attributes** are those of the file that was opened: owner, mode (without the
//!   set-user-ID, set-group-ID and sticky bits), access ACL, `security.selinux` and `user.*`. Other
//!   extended attributes are left out and reported ([`Replaced::left_out`]): a signature or
//!   capability belongs to the old content. A file that did not exist before gets mode 0666,
//!   restricted by the umask or the directory's default ACL.
//! - **Other writers.** Writers that use this module wait for each other ([`Replacement::lock`]).
//!   If another program changed the file after it was read, that version stays and the error is
//!   [`Reason::Changed`]. On file systems without `RENAME_EXCHANGE`, and if a program writes into
//!   the open file at the moment of the exchange, this is best effort.
//! - **Hard links.** The file gets a new inode: other names keep the old content.
#![forbid(unsafe_code)]

mod attributes;
mod error;
mod leftovers;
mod new_file;
mod step;
#[cfg(test)]
mod tests;
mod walk;

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, Mode, OFlags, RenameFlags, flock, renameat, renameat_with};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::sys::BlockedSignals;
use attributes::{carry_over, identity};
pub use error::{Error, LOCK_WAIT, Reason};
use leftovers::remove_leftovers;
use new_file::{Naming, NewFile, look};
use step::{Step, step};
use walk::{ResolvedPath, walk};

/// The unit tests wait for a shorter time.
const WAIT: Duration = if cfg!(test) { Duration::from_millis(50) } else { LOCK_WAIT };

/// The pause between two attempts to get the lock.
const LOCK_PAUSE: Duration = Duration::from_millis(2);

/// Whether the new file must survive a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// The file and its directory are written to the disk first (fsync).
    Synced,
    /// The system writes them at any later time.
    Unsynced,
}

/// The result of a replacement.
#[derive(Debug)]
#[non_exhaustive]
pub struct Replaced {
    /// The names of the extended attributes of the old file that the new one does not have.
    pub left_out: Vec<String>,
}

/// A file to replace or to make: its open directory, and its name.
#[derive(Debug)]
pub struct Replacement {
    /// The path that the caller gave.
    path: PathBuf,
    /// Opened for reading, or with O_PATH if the process may not read it.
    directory: File,
    /// Whether the directory can be locked, listed and synced.
    is_readable: bool,
    name: OsString,
    is_magic: bool,
    inode: Option<(u64, u64)>,
    is_locked: bool,
    old: Option<Old>,
}

/// The file that is replaced.
#[derive(Debug)]
struct Old {
    file: File,
    metadata: Metadata,
    content: Option<Vec<u8>>,
}

impl Replacement {
    /// Finds a file. The file itself need not exist, but its directory must.
    ///
    /// # Errors
    /// The system refuses the path, or it leads through a link that root does not follow.
    pub fn find(path: &Path) -> Result<Replacement, Error> {
        Replacement::find_as(path, geteuid().is_root())
    }

    fn find_as(path: &Path, is_root: bool) -> Result<Replacement, Error> {
        let resolved = walk(path, is_root).map_err(|reason| Error::new(path, reason))?;
        step(Step::Walked);
        let ResolvedPath { directory, name, is_magic, inode } = resolved;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        // A directory that may be written need not be readable.
        let readable = rustix::fs::openat(&directory, ".", flags, Mode::empty()).map(File::from);
        let is_readable = readable.is_ok();
        let directory = readable.unwrap_or(directory);
        let path = path.to_owned();
        Ok(Replacement {
            path,
            directory,
            is_readable,
            name,
            is_magic,
            inode,
            is_locked: false,
            old: None,
        })
    }

    /// Returns the path of the file, as the caller gave it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn error(&self, reason: Reason) -> Error {
        Error::new(&self.path, reason)
    }

    /// Locks the directory against other writers that use this module, until the file is replaced
    /// or this is dropped. It waits for at most [`LOCK_WAIT`]. A program that reads the file and
    /// then changes it must lock before it reads. If the directory cannot be locked, this does
    /// nothing: if the process may not read it, or its file system has no locks.
    ///
    /// # Errors
    /// [`Reason::Locked`] if another process does not release the lock in time.
    pub fn lock(&mut self) -> Result<(), Error> {
        if self.is_locked || !self.is_readable {
            return Ok(());
        }
        let lock = || match flock(&self.directory, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK | Errno::INTR) => None,
            locked => Some(locked),
        };
        let locked = wait_for(lock).ok_or_else(|| self.error(Reason::Locked))?;
        self.is_locked = locked.is_ok();
        Ok(())
    }

    /// Reads the file, which must be a regular one of at most `limit` bytes.
    ///
    /// # Errors
    /// The file does not exist or cannot be read, is not regular ([`Reason::NotRegular`]) or too
    /// large ([`Reason::TooLarge`]).
    pub fn read(&mut self, limit: u64) -> Result<&[u8], Error> {
        let old = self.read_old(limit).map_err(|reason| self.error(reason))?;
        Ok(self.old.insert(old).content.as_deref().unwrap_or_default())
    }

    fn read_old(&self, limit: u64) -> Result<Old, Reason> {
        let mut old = self.open_old()?.ok_or_else(|| Reason::refused(Errno::NOENT))?;
        let mut content = Vec::new();
        if old.metadata.len() <= limit {
            // The file may grow meanwhile.
            let mut file = (&old.file).take(limit.saturating_add(1));
            file.read_to_end(&mut content).map_err(Reason::refused)?;
        }
        if old.metadata.len().max(content.len() as u64) > limit {
            return Err(Reason::TooLarge(limit));
        }
        old.content = Some(content);
        Ok(old)
    }

    /// Opens the old file, if there is one. Only a regular file is opened.
    fn open_old(&self) -> Result<Option<Old>, Reason> {
        let seen = match look(&self.directory, &self.name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return if self.inode.is_some() { Err(Reason::Nameless) } else { Ok(None) };
            }
            seen => seen.map_err(Reason::refused)?.1,
        };
        if seen.is_dir() {
            return Err(Reason::refused(Errno::ISDIR));
        }
        if !seen.is_file() {
            return Err(Reason::NotRegular);
        }
        step(Step::Seen);
        // Another process may have replaced it by now, so use NOFOLLOW and NONBLOCK.
        let flags =
            OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.directory, self.name.as_os_str(), flags, Mode::empty());
        let file = File::from(file.map_err(Reason::refused)?);
        let metadata = file.metadata().map_err(Reason::refused)?;
        if identity(&metadata) != identity(&seen) {
            return Err(Reason::Changed(None));
        }
        if self.inode.is_some_and(|inode| inode != identity(&metadata)) {
            return Err(Reason::Nameless);
        }
        step(Step::Opened);
        Ok(Some(Old { file, metadata, content: None }))
    }

    /// Replaces the file by one with this content, or makes it. A process that opens the file sees
    /// the whole old or the whole new content. A file that is not regular, such as a pipe or a
    /// terminal, is not replaced: the content is written to it, unless the file was read before.
    ///
    /// # Errors
    /// The old file stays, unless only the last step failed, which syncs the directory.
    pub fn replace(mut self, content: &[u8], durability: Durability) -> Result<Replaced, Error> {
        if self.old.is_none() {
            let found = look(&self.directory, &self.name).ok();
            if let Some((_, other)) = found.filter(|(_, found)| !found.is_file()) {
                self.write_to(content, &other).map_err(|reason| self.error(reason))?;
                return Ok(Replaced { left_out: Vec::new() });
            }
            self.lock()?;
            self.old = self.open_old().map_err(|reason| self.error(reason))?;
        }
        self.lock()?;
        let replaced = self.put(content, durability).map_err(|reason| self.error(reason))?;
        if self.is_locked {
            // Other writers need not wait for the disk.
            let _ = flock(&self.directory, FlockOperation::Unlock);
        }
        if durability == Durability::Synced && self.is_readable {
            match rustix::fs::fsync(&self.directory) {
                // The file system cannot sync directories.
                Ok(()) | Err(Errno::INVAL | Errno::ROFS | Errno::BADF | Errno::OPNOTSUPP) => {}
                Err(error) => return Err(self.error(Reason::during("sync its directory")(error))),
            }
        }
        Ok(replaced)
    }

    fn put(&self, content: &[u8], durability: Durability) -> Result<Replaced, Reason> {
        let old = self.old.as_ref();
        if self.is_locked {
            remove_leftovers(&self.directory, old.map(|old| old.metadata.uid()));
        }
        // Without a name, if the system supports that.
        if let Ok(new) = self.create(Naming::Nameless) {
            let (new, left_out) = self.fill(new, content, durability)?;
            let _blocked = BlockedSignals::new();
            // Dropped before signals are unblocked.
            let mut new = new;
            if self.place(&mut new)? {
                return Ok(Replaced { left_out });
            }
        }
        let _blocked = BlockedSignals::new();
        let new = self.create(Naming::Temporary);
        let new = new.map_err(Reason::during("create a temporary file in its directory"))?;
        let (mut new, left_out) = self.fill(new, content, durability)?;
        self.place(&mut new)?;
        Ok(Replaced { left_out })
    }

    fn create(&self, naming: Naming) -> io::Result<NewFile<'_>> {
        // If there is an old file, no other user may open the new one until it has the same owner
        // and ACL.
        let mode = if self.old.is_some() { 0o600 } else { 0o666 };
        NewFile::create(&self.directory, naming, mode)
    }

    /// Completes a new file. Returns also the names of the attributes of the old file that it does
    /// not have.
    fn fill<'a>(
        &self,
        new: NewFile<'a>,
        content: &[u8],
        durability: Durability,
    ) -> Result<(NewFile<'a>, Vec<String>), Reason> {
        step(Step::Created);
        let left_out = match &self.old {
            Some(old) => carry_over(&old.file, &old.metadata, &new.file)?,
            None => Vec::new(),
        };
        (&new.file).write_all(content).map_err(Reason::during("write the new file"))?;
        if durability == Durability::Synced {
            new.file.sync_all().map_err(Reason::during("sync the new file"))?;
        }
        step(Step::Filled);
        Ok((new, left_out))
    }

    /// Moves the new file to its final name. Returns false if a file without a name cannot get a
    /// name here.
    fn place(&self, new: &mut NewFile<'_>) -> Result<bool, Reason> {
        let is_nameless = new.temporary.is_empty();
        let Some(old) = &self.old else {
            step(Step::Compared);
            return match new.place(&self.name) {
                Ok(()) => Ok(true),
                Err(Errno::EXIST) => Err(Reason::Changed(None)),
                Err(_) if is_nameless => Ok(false),
                Err(error) => Err(Reason::during("name the new file")(error)),
            };
        };
        if let Err(error) = new.name() {
            return if is_nameless {
                Ok(false)
            } else {
                Err(Reason::during("name the new file")(error))
            };
        }
        if !self.is_untouched(old) {
            return Err(Reason::Changed(None));
        }
        step(Step::Compared);
        let (directory, temporary) = (&self.directory, new.temporary.clone());
        match renameat_with(directory, &temporary, directory, &self.name, RenameFlags::EXCHANGE) {
            Ok(()) => {}
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                renameat(directory, &temporary, directory, &self.name).map_err(Reason::refused)?;
                new.temporary.clear();
                return Ok(true);
            }
            Err(Errno::NOENT) => return Err(Reason::Changed(None)),
            Err(error) => return Err(Reason::refused(error)),
        }
        step(Step::Exchanged);
        if self.is_what_was_read(old, temporary.as_ref()) {
            // If the old file cannot be removed now, the next writer removes it.
            let _ = new.forget();
            return Ok(true);
        }
        step(Step::Conflicted);
        Err(self.put_back(new))
    }

    /// Returns whether the old file, its attributes and its name are unchanged.
    fn is_untouched(&self, old: &Old) -> bool {
        let changed = |metadata: &Metadata| (metadata.ctime(), metadata.ctime_nsec());
        let is_same = |now: &Metadata| {
            identity(now) == identity(&old.metadata) && changed(now) == changed(&old.metadata)
        };
        look(&self.directory, &self.name).is_ok_and(|(_, now)| is_same(&now))
    }

    /// Returns whether the file that has this name after the exchange is the one that was read.
    /// (The exchange itself has set the time of its last status change.)
    fn is_what_was_read(&self, old: &Old, name: &OsStr) -> bool {
        let Ok((_, found)) = look(&self.directory, name) else { return false };
        let written = |metadata: &Metadata| {
            let owner = (metadata.mode(), metadata.uid(), metadata.gid());
            (owner, metadata.len(), metadata.mtime(), metadata.mtime_nsec())
        };
        if written(&found) != written(&old.metadata) {
            return false;
        }
        let has_content = |file: &File| match &old.content {
            Some(content) => is_content(file, content).unwrap_or(false),
            None => true,
        };
        if identity(&found) == identity(&old.metadata) {
            return has_content(&old.file);
        }
        // An overlay may give a file another inode number when it is first renamed.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.directory, name, flags, Mode::empty()).map(File::from);
        old.content.is_some() && file.is_ok_and(|file| has_content(&file))
    }

    /// Moves the exchanged file back to its name. The version of the other process stays.
    fn put_back(&self, new: &mut NewFile<'_>) -> Reason {
        let (directory, temporary) = (&self.directory, new.temporary.clone());
        for _ in 0..3 {
            // If another process has replaced our file, it would also have replaced the file that
            // we took away.
            if new.is_at(&self.name) {
                let back = renameat_with(
                    directory,
                    &temporary,
                    directory,
                    &self.name,
                    RenameFlags::EXCHANGE,
                );
                if back.is_err() || !new.is_at(temporary.as_ref()) {
                    continue;
                }
            }
            return match new.forget() {
                Ok(()) => Reason::Changed(None),
                Err(_) => break,
            };
        }
        // The file belongs to another process: do not remove it.
        new.temporary.clear();
        let parent = self.path.parent().unwrap_or(Path::new(""));
        Reason::Changed(Some(parent.join(temporary)))
    }

    /// Writes to a file that is not a regular file.
    fn write_to(&self, content: &[u8], seen: &Metadata) -> Result<(), Reason> {
        let mut flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        if !self.is_magic {
            flags |= OFlags::NOFOLLOW;
        }
        let name = self.name.as_os_str();
        let is_fifo = seen.file_type().is_fifo();
        let open = || match rustix::fs::openat(&self.directory, name, flags, Mode::empty()) {
            // No process reads it yet.
            Err(Errno::NXIO) if is_fifo => None,
            opened => Some(opened),
        };
        let opened = wait_for(open).unwrap_or(Err(Errno::NXIO)).map_err(Reason::refused)?;
        let mut file = File::from(opened);
        if file.metadata().map_err(Reason::refused)?.is_file() {
            return Err(Reason::Changed(None));
        }
        // From now on, writes may block.
        let flags = rustix::fs::fcntl_getfl(&file).map_err(Reason::refused)?;
        rustix::fs::fcntl_setfl(&file, flags - OFlags::NONBLOCK).map_err(Reason::refused)?;
        file.write_all(content).map_err(Reason::refused)
    }
}

/// Repeats an attempt until it returns a value, for at most [`WAIT`].
fn wait_for<T>(mut attempt: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + WAIT;
    loop {
        if let Some(answer) = attempt() {
            return Some(answer);
        }
        if Instant::now() >= end {
            return None;
        }
        thread::sleep(LOCK_PAUSE);
    }
}

/// Returns whether a file has exactly this content.
fn is_content(file: &File, content: &[u8]) -> io::Result<bool> {
    let mut buffer = vec![0; 1 << 16];
    let mut rest = content;
    let mut offset = 0;
    loop {
        let length = match file.read_at(&mut buffer, offset) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        if length == 0 {
            return Ok(rest.is_empty());
        }
        match rest.split_at_checked(length) {
            Some((part, after)) if buffer.starts_with(part) => rest = after,
            _ => return Ok(false),
        }
        offset += length as u64;
    }
}
