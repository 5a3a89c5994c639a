//! Conversions of strings, as in Go.

use std::borrow::Cow;

use go_regexp::unicode;

/// Returns bytes as a string: each byte that is not part of valid UTF-8 becomes one U+FFFD.
/// (`from_utf8_lossy` replaces several bytes by one.)
pub(crate) fn text_of_bytes(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            let mut text = String::with_capacity(bytes.len() + 8);
            push_text(&mut text, bytes);
            Cow::Owned(text)
        }
    }
}

/// Appends bytes to a string, as [`text_of_bytes`] converts them.
pub(super) fn push_text(text: &mut String, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
}

/// Returns a string in lower case, as Go's `strings.ToLower` does.
pub(crate) fn to_lower(text: Cow<'_, str>) -> Cow<'_, str> {
    let is_lower = text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if is_lower { text } else { text.chars().map(unicode::to_lower).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_invalid_byte_becomes_one_replacement_character() {
        for (bytes, want) in [
            (&b"a"[..], "a"),
            (b"\xff", "\u{FFFD}"),
            (b"\xe2\x82", "\u{FFFD}\u{FFFD}"),
            (b"a\xed\xa0\x80b", "a\u{FFFD}\u{FFFD}\u{FFFD}b"),
        ] {
            assert_eq!(text_of_bytes(bytes), want);
        }
    }

    #[test]
    fn lower_case_is_that_of_each_character() {
        for (text, want) in [("a.json", "a.json"), ("A\u{c9}", "a\u{e9}"), ("\u{130}", "i")] {
            assert_eq!(to_lower(text.into()), want);
        }
    }
}
