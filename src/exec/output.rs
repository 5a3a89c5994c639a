//! The files that a config's annotations name for the output of hooks.

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
    /// Opens the file for appending. It never blocks and follows no symlink, because another user
    /// may have set the annotation. Only a regular file is opened for writing: opening a device can
    /// have an effect.
    fn open(path: &str) -> io::Result<Output> {
        /// How often another process may remove or create the file in the meantime.
        const ATTEMPTS: u32 = 10;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let file = match inspect(path) {
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
        // Beyond this limit, the kernel would kill the host (SIGXFSZ) for the output of a hook.
        if size.saturating_add(bytes.len() as u64) > sys::file_size_limit() {
            return Err(failed(Errno(libc::EFBIG)));
        }
        self.file.write_all(bytes).map_err(|error| failed(Errno::of(&error)))
    }
}

/// Returns an `O_PATH` file descriptor for a file that passes [`check`]. It does not open the file
/// itself.
fn inspect(path: &str) -> io::Result<File> {
    let file =
        OpenOptions::new().read(true).custom_flags(libc::O_PATH | libc::O_NOFOLLOW).open(path)?;
    check(&file.metadata()?)?;
    Ok(file)
}

/// Returns an error unless output may be appended to the file.
fn check(found: &Metadata) -> io::Result<()> {
    let kind = found.file_type();
    match () {
        () if kind.is_file() => Ok(()),
        () if kind.is_symlink() => Err(io::Error::from_raw_os_error(libc::ELOOP)),
        () if kind.is_dir() => Err(io::Error::from_raw_os_error(libc::EISDIR)),
        () => Err(io::Error::from_raw_os_error(libc::ENXIO)),
    }
}

/// Opens the file that [`inspect`] found for appending.
fn reopen(found: &File, path: &str) -> io::Result<File> {
    let open = |path: &str, flags| {
        let flags = libc::O_NONBLOCK | libc::O_NOCTTY | flags;
        OpenOptions::new().append(true).custom_flags(flags).open(path)
    };
    match open(&format!("/proc/self/fd/{}", found.as_raw_fd()), 0) {
        // There is no /proc. A process that replaces the file at this moment could make us open a
        // device.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let file = open(path, libc::O_NOFOLLOW)?;
            let (opened, found) = (file.metadata()?, found.metadata()?);
            let is_same = (opened.dev(), opened.ino()) == (found.dev(), found.ino());
            if is_same { Ok(file) } else { Err(io::Error::from_raw_os_error(libc::EEXIST)) }
        }
        opened => opened,
    }
}

/// Creates a new file. `O_EXCL` follows no symlink and opens no existing file.
fn create(path: &str) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(libc::O_NOCTTY)
        .open(path)
}

/// Opens the files for stdout and stderr.
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
