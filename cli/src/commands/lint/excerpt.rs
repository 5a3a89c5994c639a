//! Renders the line of a file that a diagnostic is about, and the hint.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use libhooks::Severity;

use unicode_width::UnicodeWidthStr;

use crate::report::{self, Shown};
use crate::{color, layout};

/// The renderer uses only the command's own styles. It is wider than any excerpt: [`cut`] shortens
/// lines to the width of the terminal, and keeps the position visible.
const RENDERER: Renderer = Renderer::plain()
    .term_width(100_000)
    .error(color::RED)
    .warning(color::YELLOW)
    .info(color::BLUE)
    .line_num(color::BLUE);

/// A line of a file, split at the position of a diagnostic.
#[derive(Debug, Clone, Copy)]
pub struct Line<'s> {
    pub number: u32,
    pub before: &'s [u8],
    pub after: &'s [u8],
}

/// Returns the lines to print below a diagnostic: an excerpt with a caret, and the hint.
pub fn render(severity: Severity, line: Option<Line<'_>>, hint: Option<&str>) -> String {
    rendered(severity, line, hint, layout::excerpt(), layout::terminal())
}

/// Renders an excerpt of this width. Hints are broken if the output has an `edge`.
fn rendered(
    severity: Severity,
    line: Option<Line<'_>>,
    hint: Option<&str>,
    width: usize,
    edge: Option<usize>,
) -> String {
    let digits = line.map_or(1, |line| line.number.to_string().len());
    let mut group = Group::with_level(match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        _ => Level::INFO,
    });
    if let Some(Line { number, before, after }) = line {
        // The number is followed by " | ".
        let (text, at) = cut(before, after, width.saturating_sub(digits + 3));
        let caret = AnnotationKind::Primary.span(at..at);
        group = group.element(Snippet::source(text).line_start(number as usize).annotation(caret));
    }
    if let Some(hint) = hint {
        let hint = Shown(&report::short(hint)).to_string();
        // The hint follows " = hint: ".
        let hint = layout::wrapped(&hint, edge.map(|edge| edge.saturating_sub(digits + 9)), 0);
        group = group.element(Level::HELP.with_name("hint").message(hint));
    }
    if group.is_empty() { String::new() } else { RENDERER.render(&[group]) + "\n" }
}

/// Returns the part of a line that fits into these columns, with unsafe characters escaped, and the
/// offset of the position. If both sides are cut, two fifths of the columns are before the
/// position.
fn cut(before: &[u8], after: &[u8], columns: usize) -> (String, usize) {
    // Both ends may get an ellipsis.
    let columns = columns.saturating_sub(2);
    let near = after.get(..4 * columns).unwrap_or(after);
    let (_, used) = fitting(text(near).chars(), columns);
    let most = (columns * 2 / 5).max(columns - used);
    // A character takes at most four bytes.
    let near = before.get(before.len().saturating_sub(4 * most)..).unwrap_or(before);
    let before_text = text(near);
    let (count, used) = fitting(before_text.chars().rev(), most);
    let skipped = before_text.chars().count().saturating_sub(count);
    let is_cut = near.len() < before.len() || skipped > 0;
    let shown: String = before_text.chars().skip(skipped).collect();
    let mut line = format!("{}{}", if is_cut { "…" } else { "" }, Shown(&shown));
    let at = line.len();
    let most = columns.saturating_sub(used);
    let near = after.get(..4 * most).unwrap_or(after);
    let after_text = text(near);
    let (count, _) = fitting(after_text.chars(), most);
    let shown: String = after_text.chars().take(count).collect();
    // The renderer shortens long indentation, even if the caret points into it. Therefore other
    // whitespace than a space is escaped if the caret points at it.
    let hidden = shown.chars().next().filter(|first| *first != ' ' && first.is_whitespace());
    let rest = hidden.and_then(|hidden| shown.strip_prefix(hidden)).unwrap_or(&shown);
    line.extend(hidden.into_iter().flat_map(char::escape_default));
    let is_cut = near.len() < after.len() || after_text.chars().nth(count).is_some();
    line += &format!("{}{}", Shown(rest), if is_cut { "…" } else { "" });
    (line, at)
}

/// Returns how many of the characters fit into these columns, and the columns that they use.
fn fitting(characters: impl Iterator<Item = char>, columns: usize) -> (usize, usize) {
    let (mut count, mut used) = (0, 0);
    for character in characters {
        let text = character.to_string();
        let width = Shown(&text).to_string().width();
        if used + width > columns {
            break;
        }
        (count, used) = (count + 1, used + width);
    }
    (count, used)
}

/// Returns the bytes as a string, with tabs replaced by spaces.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end_matches('\r').replace('\t', "    ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: usize = 106;

    /// The numbers of characters that [`cut`] shows before and after the position, if each has
    /// one column and both sides are cut.
    const BEFORE: usize = 40;
    const AFTER: usize = 60;

    /// Returns the line of the file and the columns before the caret, as a terminal without colours
    /// shows them.
    fn rendered(before: &[u8], after: &[u8]) -> (String, usize) {
        let line = Line { number: 7, before, after };
        let rendered = super::rendered(Severity::Error, Some(line), None, WIDTH, None);
        let plain = anstream::adapter::strip_str(&rendered).to_string();
        let lines: Vec<&str> = plain.split_terminator('\n').collect();
        let &["  |", source, caret] = &lines[..] else { panic!("{plain:?}") };
        let (source, caret) = (
            source.strip_prefix("7 |").unwrap(),
            caret.strip_prefix("  | ").unwrap_or_else(|| panic!("{plain:?}")),
        );
        assert_eq!(caret.trim_start(), "^", "{plain:?}");
        (source.strip_prefix(' ').unwrap_or(source).to_owned(), caret.len() - 1)
    }

    #[test]
    fn shows_the_surroundings() {
        let of = |before: &str, after: &str| rendered(before.as_bytes(), after.as_bytes());
        assert_eq!(of("\t\"a\": ", "1,\r"), ("    \"a\": 1,".into(), 9));
        assert_eq!(of("漢é", "x"), ("漢éx".into(), 3));
        assert_eq!(of("\u{1b}[31m", "\u{7}"), ("\\u{1b}[31m\\u{7}".into(), 10));
        assert_eq!(of("", ""), ("".into(), 0));
        assert_eq!(of("a", ""), ("a".into(), 1));
        assert_eq!(rendered(b"\xff", b"\xe2\x82"), ("\u{fffd}\u{fffd}".into(), 1));
        let (line, caret) = of(&"a".repeat(1000), &"b".repeat(1000));
        assert_eq!(line, format!("…{}{}…", "a".repeat(BEFORE), "b".repeat(AFTER)));
        assert_eq!(caret, BEFORE + 1);
        assert_eq!(of(&"漢".repeat(1000), "").1, BEFORE + AFTER + 1);
    }

    #[test]
    fn a_hint_follows() {
        let line = Line { number: 10, before: b"  ", after: b"x" };
        let want = "   \u{1b}[34m|\u{1b}[0m\n\
                    \u{1b}[34m10\u{1b}[0m \u{1b}[34m|\u{1b}[0m   x\n   \
                    \u{1b}[34m|\u{1b}[0m   \u{1b}[33m^\u{1b}[0m\n   \
                    \u{1b}[34m|\u{1b}[0m\n   \
                    \u{1b}[34m= \u{1b}[0mhint: y\\u{7}\n";
        assert_eq!(render(Severity::Warning, Some(line), Some("y\u{7}")), want);
        let want = "  \u{1b}[34m= \u{1b}[0mhint: y\n";
        assert_eq!(render(Severity::Error, None, Some("y")), want);
        assert_eq!(render(Severity::Error, None, None), "");
    }

    /// The caret is below the position, for all characters and widths of the line.
    #[test]
    fn the_caret_is_below_the_position() {
        const PIECES: [&str; 12] = [
            " ",
            "\t",
            "\u{a0}",
            "\u{3000}",
            "a",
            "é",
            "漢",
            "e\u{301}",
            "\u{1b}[2J",
            "\u{202e}",
            "\r",
            "\u{e0100}",
        ];
        let mut random = fastrand::Rng::with_seed(7);
        let mut some = |most: usize, pieces: &[&str]| -> String {
            let (many, one) = (random.usize(..most), *random.choice(pieces).unwrap());
            (0..many)
                .map(|_| if random.u8(..) < 200 { one } else { *random.choice(pieces).unwrap() })
                .collect()
        };
        for _ in 0..20_000 {
            let (before, after) =
                (some(100, &PIECES), format!("{}{}", some(2, &PIECES[1..]), some(100, &PIECES)));
            // No diagnostic is about JSON's own spaces.
            if before.trim().is_empty() && after.starts_with([' ', '\t']) {
                continue;
            }
            let (line, caret) = rendered(before.as_bytes(), after.as_bytes());
            // The renderer shows the part of the line after the position unchanged.
            let (text, at) = cut(before.as_bytes(), after.as_bytes(), WIDTH - 4);
            let right = &text[at..];
            let left = line.strip_suffix(right).unwrap_or_else(|| panic!("{line:?} {right:?}"));
            assert_eq!(left.width(), caret, "{before:?} {after:?}");
        }
    }
}
