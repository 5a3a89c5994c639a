//! Opening and reading the files that a program needs.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::elf::Source;
use crate::go::Errno;
use crate::sys::{Root, Status};

/// The result of looking for a file.
pub(super) enum Looked {
    /// A regular file.
    File(Box<Source>, Status),
    /// Something else.
    Other,
    /// Nothing is there.
    Missing,
    /// The system refuses to look.
    Unknown,
}

/// Opens the file at a path, if it is a regular file, and reads its first bytes.
pub(super) fn look(root: &Root, path: &Path) -> Looked {
    match root.status(path) {
        Ok(status) if status.is_file() => {}
        Ok(_) => return Looked::Other,
        Err(error) if is_missing(&error) => return Looked::Missing,
        Err(_) => return Looked::Unknown,
    }
    // (Another file may be there by now: its status counts.)
    let opened = open(root, path).and_then(|(file, status)| {
        Ok(Looked::File(Box::new(Source::new(file, status.size)?), status))
    });
    opened.unwrap_or(Looked::Unknown)
}

/// Returns whether the error says that nothing is at a path.
pub(super) fn is_missing(error: &io::Error) -> bool {
    matches!(Errno::of(error), Errno(libc::ENOENT | libc::ENOTDIR))
}

/// Returns the content of a small file.
///
/// # Errors
/// That of the system; EFBIG if the file has more than `limit` bytes.
pub(super) fn contents(root: &Root, path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    let (file, _) = open(root, path)?;
    let mut content = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut content)?;
    match content.len() <= limit {
        true => Ok(content),
        false => Err(io::Error::from_raw_os_error(libc::EFBIG)),
    }
}

fn open(root: &Root, path: &Path) -> io::Result<(File, Status)> {
    let file = root.open_to_read(path)?;
    let status = Status::of_file(&file)?;
    match status.is_file() {
        true => Ok((file, status)),
        false => Err(io::Error::from_raw_os_error(libc::ESTALE)),
    }
}
