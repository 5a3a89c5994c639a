//! Temporary files of writers that were killed between two system calls.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;

use rustix::fs::{AtFlags, Dir};
use rustix::process::geteuid;

use super::new_file::{PREFIX, look};

/// The maximum number of directory entries that are checked.
const MAX_ENTRIES: usize = 100_000;

/// Removes the temporary files of writers that were killed. The caller holds the lock of the
/// directory, so these files are not in use. A file is removed if its name has our form, it is a
/// regular file with one link, and its owner is the effective user or the owner of the file that is
/// replaced. That owner also owns the temporary files of earlier writers. A file that cannot be
/// removed stays.
pub(super) fn remove_leftovers(directory: &File, owner: Option<u32>) {
    let Ok(entries) = Dir::read_from(directory) else { return };
    for entry in entries.take(MAX_ENTRIES).filter_map(Result::ok) {
        let name = entry.file_name().to_bytes();
        if !is_temporary(name) {
            continue;
        }
        let name = OsStr::from_bytes(name);
        let Ok((_, found)) = look(directory, name) else { continue };
        let is_ours = found.uid() == geteuid().as_raw() || Some(found.uid()) == owner;
        if is_ours && found.is_file() && found.nlink() == 1 {
            let _ = rustix::fs::unlinkat(directory, name, AtFlags::empty());
        }
    }
}

fn is_temporary(name: &[u8]) -> bool {
    let digits = name.strip_prefix(PREFIX.as_bytes());
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    digits.is_some_and(|digits| digits.len() == 32 && digits.iter().all(is_digit))
}
