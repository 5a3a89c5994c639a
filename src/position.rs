//! Positions in a file or string, as a line and a column.

use std::fmt;

/// A line and a column, both from 1. The column counts bytes, as compilers do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in bytes, from 1.
    pub column: u32,
}

/// Writes `line:column`, as compilers do.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

impl Position {
    /// Returns the position of the byte at `offset` of `text`.
    pub fn of(text: &[u8], offset: usize) -> Position {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
        let newlines = before.iter().filter(|&&b| b == b'\n').count();
        Position { line: number(newlines), column: number(before.len() - line_start) }
    }
}

/// The offsets at which the lines of a text start. Faster than [`Position::of`] for many positions.
#[derive(Debug)]
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    pub fn new(text: &[u8]) -> Lines {
        let after = |(index, byte): (usize, &u8)| (*byte == b'\n').then_some(index + 1);
        Lines(std::iter::once(0).chain(text.iter().enumerate().filter_map(after)).collect())
    }

    pub fn position(&self, offset: usize) -> Position {
        let line = self.0.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = self.0.get(line).copied().unwrap_or_default();
        Position { line: number(line), column: number(offset - start) }
    }
}

/// Converts an index from 0 to a number from 1. An index that does not fit becomes `u32::MAX`.
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_position_of_agree() {
        for text in ["", "a", "\n", "a\nb", "\n\n", "ab\ncd\n"] {
            let lines = Lines::new(text.as_bytes());
            for offset in 0..=text.len() {
                assert_eq!(
                    lines.position(offset),
                    Position::of(text.as_bytes(), offset),
                    "{text:?} {offset}"
                );
            }
        }
        assert_eq!(Position::of(b"a\nbc", 3), Position { line: 2, column: 2 });
    }
}
