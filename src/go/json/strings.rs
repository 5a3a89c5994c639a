//! Strings: escapes, invalid UTF-8, and Go's case folding of keys.

use std::borrow::Cow;

use crate::go::text::push_text;

/// A decoded string, and the offset of its opening quote.
#[derive(Debug, Clone)]
pub(crate) struct Text<'a> {
    pub value: Cow<'a, str>,
    pub offset: usize,
}

/// Decodes the bytes between the quotes of a string with escapes. The escapes are known to be
/// valid.
pub(super) fn unescape<'a>(raw: &[u8]) -> Cow<'a, str> {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.iter().position(|&b| b == b'\\') {
        let (plain, escape) = rest.split_at(at);
        push_text(&mut text, plain);
        let (character, length) = decode_escape(escape);
        text.push(character);
        rest = escape.get(length..).unwrap_or_default();
    }
    push_text(&mut text, rest);
    Cow::Owned(text)
}

/// Returns the character of the escape at the start of `escape`, and the length of that escape.
fn decode_escape(escape: &[u8]) -> (char, usize) {
    match escape.get(1) {
        Some(b'b') => ('\u{8}', 2),
        Some(b'f') => ('\u{c}', 2),
        Some(b'n') => ('\n', 2),
        Some(b'r') => ('\r', 2),
        Some(b't') => ('\t', 2),
        Some(b'u') => decode_unicode(escape),
        Some(&other) => (char::from(other), 2),
        None => (char::REPLACEMENT_CHARACTER, 1),
    }
}

fn decode_unicode(escape: &[u8]) -> (char, usize) {
    let Some(first) = code_unit(escape) else { return (char::REPLACEMENT_CHARACTER, 6) };
    if let Some(character) = char::from_u32(first) {
        return (character, 6);
    }
    // A surrogate is either the first half of a pair, or alone, which becomes U+FFFD. The escape
    // after a lone surrogate is decoded by itself.
    match (first, escape.get(6..).and_then(code_unit)) {
        (0xD800..0xDC00, Some(second @ 0xDC00..=0xDFFF)) => {
            let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 12)
        }
        _ => (char::REPLACEMENT_CHARACTER, 6),
    }
}

/// Returns the code unit of the `\uXXXX` at the start of `escape`, if there is one.
fn code_unit(escape: &[u8]) -> Option<u32> {
    let digits = escape.strip_prefix(b"\\u")?.get(..4)?;
    let digits = std::str::from_utf8(digits).ok()?;
    u32::from_str_radix(digits, 16).ok()
}

/// Returns whether Go's decoder stores `key` in the field `name` (ASCII), which ignores case. It
/// uses Unicode's simple folding, in which two characters outside ASCII fold to ASCII letters: `ſ`
/// to `s`, and the Kelvin sign to `k`.
pub(crate) fn folds_to(key: &str, name: &str) -> bool {
    let mut wanted = name.bytes();
    for character in key.chars() {
        let folded = match character {
            '\u{17F}' => b's',
            '\u{212A}' => b'k',
            _ if character.is_ascii() => (character as u8).to_ascii_lowercase(),
            _ => return false,
        };
        if wanted.next().map(|b| b.to_ascii_lowercase()) != Some(folded) {
            return false;
        }
    }
    wanted.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_surrogates() {
        for (raw, want) in [
            (&b"a"[..], "a"),
            (b"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\u{8}\u{c}\n\r\t"),
            (b"\\u0068ooks", "hooks"),
            (b"\\ud83d\\ude00", "\u{1F600}"),
            (b"\\ud83d", "\u{FFFD}"),
            (b"\\ud83dx", "\u{FFFD}x"),
            (b"\\ude00\\ud83d", "\u{FFFD}\u{FFFD}"),
            (b"\\ud83d\\ud83d\\ude00", "\u{FFFD}\u{1F600}"),
            (b"\\ud83d\\n", "\u{FFFD}\n"),
            (b"\xff", "\u{FFFD}"),
            (b"\xe2\x82", "\u{FFFD}\u{FFFD}"),
            (b"\xed\xa0\x80\\n", "\u{FFFD}\u{FFFD}\u{FFFD}\n"),
            (b"\\u0000", "\0"),
        ] {
            assert_eq!(unescape(raw), want, "{:?}", raw.escape_ascii().to_string());
        }
    }

    #[test]
    fn folds_keys_as_go() {
        assert!(folds_to("hasBindMounts", "hasBindMounts"));
        assert!(folds_to("HASBINDMOUNT\u{17F}", "hasBindMounts"));
        assert!(folds_to("hoo\u{212A}", "hook"));
        assert!(!folds_to("hook ", "hook"));
        assert!(!folds_to("hoo", "hook"));
        assert!(!folds_to("\u{e9}", "e"));
    }
}
