//! The line of a file that a problem is in, and where in it: for a terminal, whatever the file holds.

use unicode_width::UnicodeWidthStr;

use crate::report::Shown;

/// How much of a line is shown, in characters, before the place and from it on.
const BEFORE: usize = 40;
const BEHIND: usize = 60;

/// A line, or a part of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Excerpt {
    pub line: String,
    /// How many columns are left of the place.
    pub caret: usize,
}

/// A line in two: what is before the place, and what is from it on.
pub fn excerpt(before: &[u8], behind: &[u8]) -> Excerpt {
    // (A character takes four bytes at most.)
    let near = before.get(before.len().saturating_sub(4 * BEFORE)..).unwrap_or(before);
    let before_text = text(near);
    let skipped = before_text.chars().count().saturating_sub(BEFORE);
    let cut = near.len() < before.len() || skipped > 0;
    let shown: String = before_text.chars().skip(skipped).collect();
    let left = format!("{}{}", if cut { "…" } else { "" }, Shown(&shown));
    let near = behind.get(..4 * BEHIND).unwrap_or(behind);
    let behind_text = text(near);
    let shown: String = behind_text.chars().take(BEHIND).collect();
    let cut = near.len() < behind.len() || behind_text.chars().nth(BEHIND).is_some();
    let caret = left.width();
    Excerpt { line: format!("{left}{}{}", Shown(&shown), if cut { "…" } else { "" }), caret }
}

/// As text, with blanks for tabs.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end_matches('\r').replace('\t', "    ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_is_around() {
        let of = |before: &str, behind: &str| excerpt(before.as_bytes(), behind.as_bytes());
        assert_eq!(of("\t\"a\": ", "1,\r"), Excerpt { line: "    \"a\": 1,".into(), caret: 9 });
        assert_eq!(of("漢é", "x"), Excerpt { line: "漢éx".into(), caret: 3 });
        assert_eq!(of("\u{1b}[31m", "\u{7}"), Excerpt { line: "\\u{1b}[31m\\u{7}".into(), caret: 10 });
        let long = of(&"a".repeat(1000), &"b".repeat(1000));
        assert_eq!(long.line, format!("…{}{}…", "a".repeat(BEFORE), "b".repeat(BEHIND)));
        assert_eq!(long.caret, BEFORE + 1);
        assert_eq!(of(&"漢".repeat(1000), "").caret, 2 * BEFORE + 1);
    }
}
