//! The width of the terminal, and lines that fit into it.

use std::env;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;

use rustix::termios::tcgetwinsize;
use unicode_width::UnicodeWidthStr;

/// The width of excerpts if neither standard output nor `COLUMNS` has a width.
const DEFAULT: usize = 100;

/// A terminal that is narrower is treated as this wide: nothing readable fits into less.
const LEAST: usize = 40;

/// Returns the number of columns of the terminal that standard output is. `None`: it is not a
/// terminal, or its width is unknown, so lines are not broken.
pub fn terminal() -> Option<usize> {
    of(io::stdout())
}

/// Returns the number of columns of the terminal that standard error is, in the same way.
pub fn messages() -> Option<usize> {
    of(io::stderr())
}

fn of(stream: impl IsTerminal + AsFd) -> Option<usize> {
    if !stream.is_terminal() {
        return None;
    }
    let width = tcgetwinsize(stream).ok().map(|size| usize::from(size.ws_col));
    width.filter(|width| *width > 0).or_else(variable).map(|width| width.max(LEAST))
}

/// Returns the number of columns for an excerpt: that of the terminal, otherwise `COLUMNS`,
/// otherwise 100.
pub fn excerpt() -> usize {
    terminal().or_else(variable).unwrap_or(DEFAULT).max(LEAST)
}

/// Returns the value of `COLUMNS`.
fn variable() -> Option<usize> {
    env::var("COLUMNS").ok()?.parse().ok().filter(|columns| *columns > 0)
}

/// Returns the number of columns of a text, without its styles.
pub fn columns(text: &str) -> usize {
    anstream::adapter::strip_str(text).to_string().width()
}

/// Breaks a line between words so that it fits into a width. The following lines are indented. A
/// longer word is not broken.
pub fn wrapped(line: &str, width: Option<usize>, indent: usize) -> String {
    let Some(width) = width.filter(|width| columns(line) > *width) else { return line.to_owned() };
    let mut text = String::new();
    let mut used = 0;
    for (index, word) in line.split(' ').enumerate() {
        let columns = columns(word);
        if used > indent && used + 1 + columns > width {
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', indent));
            used = indent;
        } else if index > 0 {
            text.push(' ');
            used += 1;
        }
        text += word;
        used += columns;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(wrapped("a bc def", None, 2), "a bc def");
        assert_eq!(wrapped("a bc def", Some(8), 2), "a bc def");
        assert_eq!(wrapped("a bc def", Some(7), 2), "a bc\n  def");
        assert_eq!(wrapped("  = hint: a b", Some(11), 4), "  = hint: a\n    b");
        assert_eq!(wrapped("/a/long/path b", Some(5), 2), "/a/long/path\n  b");
        assert_eq!(wrapped("漢漢 漢漢", Some(8), 0), "漢漢\n漢漢");
        assert_eq!(wrapped("\u{1b}[31mab\u{1b}[0m cd", Some(5), 0), "\u{1b}[31mab\u{1b}[0m cd");
    }
}
