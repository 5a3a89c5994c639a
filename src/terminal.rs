//! Strings from files and hooks, made safe to show on a terminal (docs/spec.md, section 15.3).
//!
//! A hook file, a config or the output of a hook may contain characters that control a terminal,
//! reorder the characters around them, or are invisible. All JSON of this library escapes them.
//! [`Escaped`] and [`escape_json`] escape them in other strings that a program prints.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

/// Code points of the general categories Cc, Cf, Zl and Zp, and of the property
/// `Default_Ignorable_Code_Point`, as spans in order. Source: Unicode 15.0.0, through Go's package
/// `unicode` (`Cc`, `Cf`, `Zl`, `Zp`, `Other_Default_Ignorable_Code_Point`, `Variation_Selector`).
/// It includes unassigned code points that Unicode reserves as ignorable. It does not include code
/// points for private use: terminals show a glyph for them.
#[rustfmt::skip]
const UNSAFE: [(u32, u32); 27] = [
    (0x0, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x34F, 0x34F), (0x600, 0x605), (0x61C, 0x61C),
    (0x6DD, 0x6DD), (0x70F, 0x70F), (0x890, 0x891), (0x8E2, 0x8E2), (0x115F, 0x1160),
    (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F),
    (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB),
    (0x110BD, 0x110BD), (0x110CD, 0x110CD), (0x13430, 0x1343F), (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
];

/// Returns whether a character controls a terminal, reorders the characters around it, breaks a
/// line, or is invisible.
pub fn is_unsafe(character: char) -> bool {
    let code = u32::from(character);
    let after = UNSAFE.partition_point(|(first, _)| *first <= code);
    let span = after.checked_sub(1).and_then(|index| UNSAFE.get(index));
    span.is_some_and(|(_, last)| code <= *last)
}

/// A string whose unsafe characters are displayed as Rust writes them in a string literal: `\n`,
/// `\u{1b}`, `\u{ad}`.
#[derive(Debug, Clone, Copy)]
pub struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (safe, character) in pieces(self.0) {
            f.write_str(safe)?;
            if let Some(character) = character {
                write!(f, "{}", character.escape_default())?;
            }
        }
        Ok(())
    }
}

/// Escapes the unsafe characters in the strings of a JSON document, as `\uXXXX`. The values stay
/// the same. A carriage return, which can only be whitespace in JSON, becomes a space. Line feeds
/// and tabs stay.
pub fn escape_json(json: &str) -> Cow<'_, str> {
    // Nearly all JSON needs no escapes.
    if !json.bytes().any(|byte| byte == b'\r' || byte >= 0x7F) {
        return Cow::Borrowed(json);
    }
    let mut text = String::with_capacity(json.len() + 16);
    for (safe, character) in pieces(json) {
        text.push_str(safe);
        match character {
            None => {}
            Some('\r') => text.push(' '),
            Some(whitespace @ ('\n' | '\t')) => text.push(whitespace),
            Some(character) => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    // Writing to a String does not fail.
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
        }
    }
    Cow::Owned(text)
}

/// Splits a string into pieces: safe characters, and the unsafe one after them.
fn pieces(text: &str) -> impl Iterator<Item = (&str, Option<char>)> {
    text.split_inclusive(is_unsafe).map(|piece| {
        match piece.chars().next_back().filter(|last| is_unsafe(*last)) {
            Some(last) => {
                (piece.get(..piece.len() - last.len_utf8()).unwrap_or_default(), Some(last))
            }
            None => (piece, None),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use go_regexp::Regexp;

    /// Checks the table against the tables of regular expressions, which were generated
    /// independently from the same source.
    #[test]
    fn the_table_agrees_with_unicode() {
        let categories = Regexp::new(r"^[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]$").unwrap();
        // Ignorable code points in other categories.
        let ignorable = [
            (0x34F, 0x34F),
            (0x115F, 0x1160),
            (0x17B4, 0x17B5),
            (0x180B, 0x180F),
            (0x2065, 0x2065),
            (0x3164, 0x3164),
            (0xFE00, 0xFE0F),
            (0xFFA0, 0xFFA0),
            (0xFFF0, 0xFFF8),
            (0xE0000, 0xE0FFF),
        ];
        for character in '\0'..=char::MAX {
            let code = u32::from(character);
            let is_ignorable =
                ignorable.iter().any(|(first, last)| (*first..=*last).contains(&code));
            let mut buffer = [0; 4];
            let text = character.encode_utf8(&mut buffer);
            assert_eq!(
                is_unsafe(character),
                is_ignorable || categories.is_match(text.as_bytes()),
                "U+{code:04X}"
            );
        }
    }

    #[test]
    fn strings_are_escaped() {
        for (text, want) in [
            ("", ""),
            ("plain é 漢 \u{e000}", "plain é 漢 \u{e000}"),
            ("a\n\t\r\u{1b}[31m\u{7f}\u{9b}b", "a\\n\\t\\r\\u{1b}[31m\\u{7f}\\u{9b}b"),
            ("\u{ad}\u{e0041}\u{202e}", "\\u{ad}\\u{e0041}\\u{202e}"),
        ] {
            assert_eq!(Escaped(text).to_string(), want);
        }
    }

    #[test]
    fn json_is_escaped_and_stays_the_same() {
        let json = "{\r\n\t\"\u{7f}\u{9b}\u{ad}\": [\"\u{202e}\u{e0041}é漢\u{1F600}\", \"\\n\"]}";
        let escaped = escape_json(json);
        assert_eq!(
            escaped,
            "{ \n\t\"\\u007f\\u009b\\u00ad\": [\"\\u202e\\udb40\\udc41é漢\u{1F600}\", \"\\n\"]}"
        );
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(json), value(&escaped));
        assert!(matches!(escape_json("{\"a\": \"b\\u0000\"}\n"), Cow::Borrowed(_)));
    }
}
