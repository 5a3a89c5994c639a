//! The files in which problems were found, once more: for what stands around them.

use std::fs;
use std::path::{Path, PathBuf};

use libhooks::Position;

/// One file at a time: its problems come one after the other.
#[derive(Default)]
pub struct Sources {
    path: PathBuf,
    content: Vec<u8>,
    /// Where its lines begin.
    lines: Vec<usize>,
}

impl Sources {
    /// The line of a place in a file, in two: what is before the place, and what is from it on.
    /// `None` if the file is not what it was when the problem was found.
    pub fn line(&mut self, path: &Path, position: Position) -> Option<(&[u8], &[u8])> {
        if self.lines.is_empty() || self.path != path {
            // What is no regular file any more might be waited for.
            let is_file = fs::metadata(path).is_ok_and(|found| found.is_file());
            self.content = if is_file { fs::read(path).unwrap_or_default() } else { Vec::new() };
            let breaks = self.content.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
            self.lines = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect();
            self.path = path.to_owned();
        }
        let number = usize::try_from(position.line).ok()?;
        let begin = *self.lines.get(number.checked_sub(1)?)?;
        let end = self.lines.get(number).map_or(self.content.len(), |next| next - 1);
        let column = usize::try_from(position.column).ok()?.checked_sub(1)?;
        self.content.get(begin..end)?.split_at_checked(column)
    }
}
