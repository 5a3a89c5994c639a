//! Reads the lines of diagnostics from their files.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use libhooks::{Position, Root};

/// The content of the last file. Diagnostics are sorted by file, so each file is read once.
#[derive(Default)]
pub struct Sources {
    root: Root,
    path: PathBuf,
    content: Vec<u8>,
    /// The offsets at which its lines start.
    lines: Vec<usize>,
    /// The text of standard input, and the name that its diagnostics have.
    input: Option<(PathBuf, Vec<u8>)>,
}

impl Sources {
    /// Returns sources in which this name is that of standard input, and not of a file.
    pub fn new(root: Root, input: Option<(PathBuf, Vec<u8>)>) -> Sources {
        Sources { root, input, ..Sources::default() }
    }

    /// Returns the line of a position, split at the position. `None` if the file has changed and
    /// has no such position.
    pub fn line(&mut self, path: &Path, position: Position) -> Option<(&[u8], &[u8])> {
        if self.lines.is_empty() || self.path != path {
            self.content = match &self.input {
                Some((name, text)) if name == path => text.clone(),
                _ => {
                    let mut text = Vec::new();
                    // (A file that cannot be read has no lines.)
                    let _ = self.root.open_file(path).map(|mut file| file.read_to_end(&mut text));
                    text
                }
            };
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

    /// Returns the column of a position in characters; the library counts bytes.
    pub fn column(&mut self, path: &Path, position: Position) -> usize {
        match self.line(path, position) {
            Some((before, _)) => String::from_utf8_lossy(before).chars().count() + 1,
            None => position.column as usize,
        }
    }
}
