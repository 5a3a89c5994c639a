//! Reads the lines of diagnostics from their files.

use std::fs;
use std::path::{Path, PathBuf};

use libhooks::Position;

/// The content of the last file. Diagnostics are sorted by file, so each file is read once.
#[derive(Default)]
pub struct Sources {
    path: PathBuf,
    content: Vec<u8>,
    /// The offsets at which its lines start.
    lines: Vec<usize>,
}

impl Sources {
    /// Returns the line of a position, split at the position. `None` if the file has changed and
    /// has no such position.
    pub fn line(&mut self, path: &Path, position: Position) -> Option<(&[u8], &[u8])> {
        if self.lines.is_empty() || self.path != path {
            // Only a regular file is read: opening a FIFO could block.
            let is_file = fs::metadata(path).is_ok_and(|found| found.is_file());
            self.content = if is_file { fs::read(path).unwrap_or_default() } else { Vec::new() };
            let breaks = self.content.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
            self.lines = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect();
            self.path = path.to_owned();
        }
        let number = usize::try_from(position.line).ok()?;
        let start = *self.lines.get(number.checked_sub(1)?)?;
        let end = self.lines.get(number).map_or(self.content.len(), |next| next - 1);
        let column = usize::try_from(position.column).ok()?.checked_sub(1)?;
        self.content.get(start..end)?.split_at_checked(column)
    }
}
