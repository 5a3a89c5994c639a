//! Go's `%q`, which quotes names, patterns and stages in messages.

use std::fmt::Write;

use go_regexp::unicode::is_print;

/// Returns the bytes in double quotes. Characters that are not printable are escaped, and invalid
/// UTF-8 becomes `\xNN`.
pub(crate) fn quote(bytes: &[u8]) -> String {
    let mut quoted = String::with_capacity(bytes.len() + 2);
    quoted.push('"');
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            push(&mut quoted, character);
        }
        for byte in chunk.invalid() {
            append(&mut quoted, format_args!("\\x{byte:02x}"));
        }
    }
    quoted.push('"');
    quoted
}

fn push(quoted: &mut String, character: char) {
    match character {
        '"' | '\\' => quoted.extend(['\\', character]),
        '\u{7}' => quoted.push_str("\\a"),
        '\u{8}' => quoted.push_str("\\b"),
        '\u{c}' => quoted.push_str("\\f"),
        '\n' => quoted.push_str("\\n"),
        '\r' => quoted.push_str("\\r"),
        '\t' => quoted.push_str("\\t"),
        '\u{b}' => quoted.push_str("\\v"),
        _ if is_print(character) => quoted.push(character),
        '\0'..='\u{7f}' => append(quoted, format_args!("\\x{:02x}", character as u32)),
        '\u{80}'..='\u{ffff}' => append(quoted, format_args!("\\u{:04x}", character as u32)),
        _ => append(quoted, format_args!("\\U{:08x}", character as u32)),
    }
}

fn append(quoted: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String does not fail.
    let _ = quoted.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn quotes_as_go() {
        for (bytes, want) in [
            (&b"a\"\\b"[..], r#""a\"\\b""#),
            (b"\x07\x08\x0c\n\r\t\x0b\x00\x7f", r#""\a\b\f\n\r\t\v\x00\x7f""#),
            (
                "é\u{ad}\u{2028}\u{e000}\u{10ffff}\u{fffd}".as_bytes(),
                "\"é\\u00ad\\u2028\\ue000\\U0010ffff\u{fffd}\"",
            ),
            (b"\xff\xe2\x82", r#""\xff\xe2\x82""#),
        ] {
            assert_eq!(quote(bytes), want);
        }
    }
}
