//! Files that a config's annotations name for the output of its hooks.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

use crate::container::Config;
use crate::go::Errno;
use crate::problem::{Cause, Error, ErrorKind, Refusal, Result};
use crate::sys;

/// A file that an annotation names.
pub(super) struct Output {
    path: String,
    file: File,
}

impl Output {
    /// Opens it for appending, and never waits for it nor follows a link: the annotation may be
    /// somebody else's than the process. Only a regular file is opened for writing, since to open a
    /// device can do something by itself.
    fn open(path: &str) -> io::Result<Output> {
        /// How often somebody else may remove or create the file in between.
        const ATTEMPTS: u32 = 10;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let file = match look(path) {
                Ok(found) => reopen(&found, path),
                Err(error) if error.kind() == io::ErrorKind::NotFound => create(path),
                Err(error) => Err(error),
            };
            match file {
                Ok(file) => return Ok(Output { path: path.to_owned(), file }),
                Err(error)
                    if error.kind() == io::ErrorKind::AlreadyExists && attempts < ATTEMPTS => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub fn append(&mut self, bytes: &[u8]) -> std::result::Result<(), String> {
        let failed = |errno| format!("write {}: {}", self.path, errno);
        let size = self.file.metadata().map_or(0, |metadata| metadata.len());
        // Beyond it, the system would kill the host (SIGXFSZ) for what a hook writes.
        if size.saturating_add(bytes.len() as u64) > sys::file_size_limit() {
            return Err(failed(Errno(libc::EFBIG)));
        }
        self.file.write_all(bytes).map_err(|error| failed(Errno::of(&error)))
    }
}

/// The file itself, without opening it: a descriptor that can only be asked about.
fn look(path: &str) -> io::Result<File> {
    let file =
        OpenOptions::new().read(true).custom_flags(libc::O_PATH | libc::O_NOFOLLOW).open(path)?;
    check(&file.metadata()?)?;
    Ok(file)
}

/// Whether a file is one that output is appended to.
fn check(found: &Metadata) -> io::Result<()> {
    let kind = found.file_type();
    match () {
        () if kind.is_file() => Ok(()),
        () if kind.is_symlink() => Err(io::Error::from_raw_os_error(libc::ELOOP)),
        () if kind.is_dir() => Err(io::Error::from_raw_os_error(libc::EISDIR)),
        () => Err(io::Error::from_raw_os_error(libc::ENXIO)),
    }
}

/// The file that was looked at, opened for appending.
fn reopen(found: &File, path: &str) -> io::Result<File> {
    let open = |path: &str, flags| {
        let flags = libc::O_NONBLOCK | libc::O_NOCTTY | flags;
        OpenOptions::new().append(true).custom_flags(flags).open(path)
    };
    match open(&format!("/proc/self/fd/{}", found.as_raw_fd()), 0) {
        // There is no /proc. Whoever can replace the file in this moment could have a device
        // opened.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let file = open(path, libc::O_NOFOLLOW)?;
            let (opened, found) = (file.metadata()?, found.metadata()?);
            let is_same = (opened.dev(), opened.ino()) == (found.dev(), found.ino());
            if is_same { Ok(file) } else { Err(io::Error::from_raw_os_error(libc::EEXIST)) }
        }
        opened => opened,
    }
}

/// A new file. `O_EXCL` follows no link, and opens nothing that is there.
fn create(path: &str) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(libc::O_NOCTTY)
        .open(path)
}

/// The files for stdout and stderr.
pub(super) fn open_files(config: &str) -> Result<[Option<Output>; 2]> {
    let annotations = Config::parse(config)?.annotations();
    let open = |stream: &'static str| {
        let Some(path) = annotations.get(&format!("run.oci.hooks.{stream}")) else {
            return Ok(None);
        };
        let path = String::from_utf8_lossy(path);
        Output::open(&path).map(Some).map_err(|error| {
            let refusal =
                Refusal { operation: "open", path: path.as_ref().into(), errno: Errno::of(&error) };
            Error::new(ErrorKind::Io, Cause::OutputFile { stream, refusal })
        })
    };
    Ok([open("stdout")?, open("stderr")?])
}
