//! The new file, until it has its final name.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::AsRawFd;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, RenameFlags};
use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};

use super::attributes::identity;

/// The prefix of each temporary name. 32 hexadecimal digits follow.
pub(super) const PREFIX: &str = ".oci-hooks.";

/// A file in a directory. Dropping it removes its temporary name, if it has one.
pub(super) struct NewFile<'a> {
    pub file: File,
    directory: &'a File,
    /// Empty if it has no name.
    pub temporary: String,
}

/// How a new file is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    /// Without a name (O_TMPFILE), so that no file stays if the process is killed.
    Nameless,
    /// With a temporary name, if the file system or the kernel does not support files without a
    /// name.
    Temporary,
}

impl NewFile<'_> {
    /// Makes an empty file. The kernel, the umask and the directory's default ACL restrict `mode`.
    pub fn create(directory: &File, naming: Naming, mode: u32) -> io::Result<NewFile<'_>> {
        let flags = OFlags::RDWR | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(mode);
        let new = |name: &str, more| {
            rustix::fs::openat(directory, name, flags | more, mode).map(File::from)
        };
        let (file, temporary) = match naming {
            Naming::Nameless => (new(".", OFlags::TMPFILE)?, String::new()),
            Naming::Temporary => {
                let name = unguessable_name()?;
                (new(&name, OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW)?, name)
            }
        };
        Ok(NewFile { file, directory, temporary })
    }

    /// Gives the file a temporary name, unless it has one.
    pub fn name(&mut self) -> io::Result<()> {
        if self.temporary.is_empty() {
            let name = unguessable_name()?;
            self.link(name.as_ref())?;
            self.temporary = name;
        }
        Ok(())
    }

    /// Gives the file its final name. Fails with EEXIST if another file has that name.
    pub fn place(&mut self, name: &OsStr) -> rustix::io::Result<()> {
        if self.temporary.is_empty() {
            return self.link(name);
        }
        let (directory, temporary) = (self.directory, self.temporary.as_str());
        match rustix::fs::renameat_with(
            directory,
            temporary,
            directory,
            name,
            RenameFlags::NOREPLACE,
        ) {
            // The file system does not support this flag. With a link, the temporary name is
            // removed later.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                rustix::fs::linkat(directory, temporary, directory, name, AtFlags::empty())
            }
            Ok(()) => {
                self.temporary.clear();
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn link(&self, name: &OsStr) -> rustix::io::Result<()> {
        let (file, directory) = (&self.file, self.directory);
        match rustix::fs::linkat(file, "", directory, name, AtFlags::EMPTY_PATH) {
            // Not every process may use this flag.
            Err(Errno::NOENT | Errno::PERM | Errno::INVAL) => {
                let path = format!("/proc/self/fd/{}", file.as_raw_fd());
                rustix::fs::linkat(CWD, path, directory, name, AtFlags::SYMLINK_FOLLOW)
            }
            linked => linked,
        }
    }

    /// Returns whether this name in the directory leads to this file.
    pub fn is_at(&self, name: &OsStr) -> bool {
        let own = self.file.metadata().map(|metadata| identity(&metadata)).ok();
        own.is_some() && look(self.directory, name).map(|(_, found)| identity(&found)).ok() == own
    }

    /// Removes the temporary name, whichever file it leads to now.
    pub fn forget(&mut self) -> io::Result<()> {
        if self.temporary.is_empty() {
            return Ok(());
        }
        let temporary = std::mem::take(&mut self.temporary);
        rustix::fs::unlinkat(self.directory, temporary, AtFlags::empty())?;
        Ok(())
    }
}

impl Drop for NewFile<'_> {
    fn drop(&mut self) {
        // An error does not matter: the file has no other use.
        let _ = self.forget();
    }
}

/// Opens the file of this name in a directory with O_PATH. Does not follow a link, and does not
/// block.
pub(super) fn look(directory: &File, name: &OsStr) -> io::Result<(File, Metadata)> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::openat(directory, name, flags, Mode::empty())?);
    let metadata = file.metadata()?;
    Ok((file, metadata))
}

/// Returns a temporary name that no other process can predict.
fn unguessable_name() -> io::Result<String> {
    let mut random = [0; 16];
    let mut filled = 0;
    while filled < random.len() {
        match getrandom(&mut random[filled..], GetRandomFlags::empty()) {
            Err(Errno::INTR) => {}
            got => filled += got?,
        }
    }
    Ok(format!("{PREFIX}{:032x}", u128::from_ne_bytes(random)))
}
