//! Tables that fit into the terminal.

use unicode_width::UnicodeWidthStr;

use crate::layout::wrapped;
use crate::report::{self, Shown};

/// The spaces between two columns of a table.
const GAP: usize = 2;

/// The last column is broken into lines if at least this many columns of the terminal are left for
/// it. Otherwise each row becomes a paragraph.
const LEAST: usize = 32;

/// A table. Each column is as wide as its widest cell, except the last one.
pub struct Table<const COLUMNS: usize> {
    head: [&'static str; COLUMNS],
    rows: Vec<[String; COLUMNS]>,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    /// Makes a table without rows.
    pub fn new(head: [&'static str; COLUMNS]) -> Table<COLUMNS> {
        Table { head, rows: Vec::new() }
    }

    /// Adds a row.
    pub fn add(&mut self, row: [&str; COLUMNS]) {
        self.rows.push(row.map(|cell| Shown(&report::short(cell)).to_string()));
    }

    /// Returns the table for a terminal of this width, or for a file.
    pub fn text(&self, width: Option<usize>) -> String {
        let head = self.head.map(str::to_owned);
        let rows = || std::iter::once(&head).chain(&self.rows);
        let widest = |column: usize| {
            let cells = rows().filter_map(|row| row.get(column));
            cells.map(|cell| cell.width()).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (1..COLUMNS).map(|next| widest(next - 1) + GAP).collect();
        let start: usize = widths.iter().sum();
        let last = widest(COLUMNS.saturating_sub(1));
        if width.is_some_and(|width| start + last.min(LEAST) > width) {
            return self.paragraphs(width);
        }
        let left = width.map(|width| width.saturating_sub(start));
        let mut text = String::new();
        for row in rows() {
            for (column, cell) in row.iter().enumerate() {
                match widths.get(column) {
                    Some(width) => {
                        text += cell;
                        text.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width())));
                    }
                    None => {
                        let indent = format!("\n{}", " ".repeat(start));
                        text += &wrapped(cell, left, 0).replace('\n', &indent);
                    }
                }
            }
            text.push('\n');
        }
        text
    }

    /// Returns a paragraph for each row: the first cell, and below it the others with their names.
    fn paragraphs(&self, width: Option<usize>) -> String {
        let names = self.head.map(str::to_lowercase);
        let longest = names.iter().skip(1).map(String::len).max().unwrap_or_default();
        let indent = 2 + longest + GAP;
        let mut text = String::new();
        for row in &self.rows {
            for (column, (name, cell)) in names.iter().zip(row).enumerate() {
                if column == 0 {
                    text += &format!("{cell}\n");
                } else {
                    // A list without spaces could not be broken.
                    let cell = if name == "stages" { &cell.replace(',', ", ") } else { cell };
                    let line = format!("  {name:longest$}  {cell}");
                    text += &format!("{}\n", wrapped(&line, width, indent));
                }
            }
        }
        text
    }
}
