//! Makes output safe for a terminal: it keeps the command's own lines and colours, and escapes
//! every other character that could steer or deceive a terminal.

use std::io::{self, IsTerminal, Write};

use libhooks::exec::Stream;
use libhooks::terminal::{Escaped, escape_json};

use crate::color;

/// Escapes unsafe characters in text for people, except line feeds and the command's own colours.
/// This is the last barrier: strings may arrive here unescaped.
pub fn screen(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['\n', '\u{1b}']) {
        let (before, found) = rest.split_at(at);
        push_escaped(&mut safe, before);
        let own = match found.strip_prefix('\n') {
            Some(_) => 1,
            None => color::sequence_length(found),
        };
        let (own, after) = found.split_at(own);
        safe.push_str(own);
        rest = after;
        if own.is_empty() {
            push_escaped(&mut safe, "\u{1b}");
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    push_escaped(&mut safe, rest);
    safe
}

fn push_escaped(safe: &mut String, text: &str) {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        safe.push_str(text);
    } else {
        *safe += &Escaped(text).to_string();
    }
}

/// Returns a config or a script as it is printed: unchanged, but on a terminal with the unsafe
/// characters of its strings escaped. (The JSON value is the same.)
pub fn file(text: &str) -> std::borrow::Cow<'_, str> {
    if io::stdout().is_terminal() { escape_json(text) } else { text.into() }
}

/// Passes the output of hooks on to those standard streams of the command that are terminals.
/// Unsafe characters are escaped, except line feeds and tabs.
pub struct Live {
    /// For each stream, the bytes of an incomplete character.
    stdout: Option<Vec<u8>>,
    stderr: Option<Vec<u8>>,
}

impl Live {
    /// Handles the streams that are terminals, unless the output must be `raw`. The hook gets the
    /// other streams directly.
    pub fn new(raw: bool) -> Live {
        Live {
            stdout: (!raw && io::stdout().is_terminal()).then(Vec::new),
            stderr: (!raw && io::stderr().is_terminal()).then(Vec::new),
        }
    }

    /// Returns whether this prints the hook's output to this stream.
    pub fn shows(&self, stream: Stream) -> bool {
        match stream {
            Stream::Stdout => self.stdout.is_some(),
            Stream::Stderr => self.stderr.is_some(),
        }
    }

    /// Prints output of a hook. An error of the terminal is not an error of the hook.
    pub fn print(&mut self, stream: Stream, bytes: &[u8]) {
        let Some(partial) = (match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        }) else {
            return;
        };
        partial.extend_from_slice(bytes);
        let text = escaped(&partial.drain(..whole(partial)).collect::<Vec<u8>>());
        let _ = match stream {
            Stream::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
            }
            Stream::Stderr => io::stderr().write_all(text.as_bytes()),
        };
    }

    /// Prints a replacement for an incomplete character when the hook has ended.
    pub fn end(&mut self) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let partial = match stream {
                Stream::Stdout => &mut self.stdout,
                Stream::Stderr => &mut self.stderr,
            };
            if partial.as_mut().map(std::mem::take).is_some_and(|partial| !partial.is_empty()) {
                self.print(stream, "\u{fffd}".as_bytes());
            }
        }
    }
}

/// Returns the number of bytes before an incomplete character at the end.
fn whole(bytes: &[u8]) -> usize {
    match bytes.utf8_chunks().last() {
        Some(last) if !last.invalid().is_empty() => {
            let start = bytes.len() - last.invalid().len();
            let may_go_on =
                std::str::from_utf8(last.invalid()).is_err_and(|error| error.error_len().is_none());
            if may_go_on { start } else { bytes.len() }
        }
        _ => bytes.len(),
    }
}

fn escaped(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut safe = String::with_capacity(text.len());
    for piece in text.split_inclusive(['\n', '\t']) {
        let line = piece.trim_end_matches(['\n', '\t']);
        push_escaped(&mut safe, line);
        safe.push_str(piece.get(line.len()..).unwrap_or_default());
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_line_feeds_and_own_colours_pass() {
        let own = color::paint(color::RED, "error");
        assert_eq!(screen(&format!("{own}: é\n")), format!("{own}: é\n"));
        for (text, want) in [
            ("\u{1b}[2J\u{1b}", "\\u{1b}[2J\\u{1b}"),
            ("\u{1b}[31", "\\u{1b}[31"),
            ("\u{ad}\n\t\r", "\\u{ad}\n\\t\\r"),
        ] {
            assert_eq!(screen(text), want);
        }
    }

    /// Removing the colours removes nothing else.
    #[test]
    fn text_without_colours_is_unchanged() {
        let text: String = ('\0'..=char::MAX).collect();
        let safe = screen(&text);
        assert!(anstream::adapter::strip_str(&safe).to_string() == safe);
    }

    #[test]
    fn output_in_pieces_is_printed_correctly() {
        let text = "é\u{1b}[2J\t漢\u{9b}\n\u{1F600}\u{ad}";
        let want = "é\\u{1b}[2J\t漢\\u{9b}\n\u{1F600}\\u{ad}";
        assert_eq!(escaped(text.as_bytes()), want);
        // In pieces of any size.
        for size in 1..text.len() {
            let (mut partial, mut shown) = (Vec::new(), String::new());
            for piece in text.as_bytes().chunks(size) {
                partial.extend_from_slice(piece);
                let complete: Vec<u8> = partial.drain(..whole(&partial)).collect();
                shown += &escaped(&complete);
            }
            assert_eq!(shown, want, "{size}");
        }
        assert_eq!(escaped(b"\xff\xe2\x82"), "\u{fffd}\u{fffd}");
        assert_eq!((whole(b"a\xe2\x82"), whole(b"a\xff")), (1, 2));
    }
}
