//! Tests of the JSON reader.

use super::super::JsonErrorKind;
use super::*;

#[test]
fn accepts_json() {
    for text in [
        "null",
        " true ",
        "false",
        "0",
        "-0",
        "1e400",
        "-1.5E+9",
        "\"\"",
        "[]",
        "{}",
        "[ ]",
        "{ }",
        "[[],{}]",
        "{\"a\":[1,{\"b\":null}],\"c\":\"d\"}",
        "\t\r\n 123456789012345678901234567890",
        "\"\u{7f}\"",
        "[{\"a\":{}},[[]],\"x\"]",
    ] {
        assert_eq!(JsonReader::check(text.as_bytes()), Ok(()), "{text}");
    }
    assert_eq!(JsonReader::check(b"\"\xff\""), Ok(()), "invalid UTF-8 in a string is Go's U+FFFD");
}

#[test]
fn refuses_what_is_not() {
    for (text, offset, message) in [
        ("", 0, "unexpected end of JSON input"),
        ("{", 1, "unexpected end of JSON input"),
        ("[1,", 3, "unexpected end of JSON input"),
        ("\"ab", 3, "unexpected end of JSON input"),
        ("tru", 3, "unexpected end of JSON input"),
        ("{\"a\" 1}", 5, "expected ':' after a key, found '1'"),
        ("{\"a\":1 \"b\":2}", 7, "expected ',' or '}' after a member, found '\"'"),
        ("[1 2]", 3, "expected ',' or ']' after an element, found '2'"),
        ("[1,]", 3, "expected a value, found ']'"),
        ("[}", 1, "expected a value, found '}'"),
        ("{]", 1, "expected a key in double quotes, found ']'"),
        ("{\"a\":1,}", 7, "expected a key in double quotes, found '}'"),
        ("{\"a\":1]", 6, "expected ',' or '}' after a member, found ']'"),
        ("01", 1, "expected nothing after the value, found '1'"),
        ("1.", 2, "unexpected end of JSON input"),
        ("1.e", 2, "expected a digit after the decimal point, found 'e'"),
        ("-a", 1, "expected a digit, found 'a'"),
        ("\u{feff}{}", 0, "expected a value, found '\\u{feff}'"),
        ("// x", 0, "expected a value, found '/'"),
        ("\"\n\"", 1, "expected a character of a string, found '\\n'"),
        ("\"\\x\"", 2, "expected an escape: one of \" \\ / b f n r t u after the backslash, found 'x'"),
        ("\"\\u12g4\"", 5, "expected a hexadecimal digit of a \\u escape, found 'g'"),
        ("nulL", 3, "expected true, false or null, found 'L'"),
        ("{} {}", 3, "expected nothing after the value, found '{'"),
        ("{}\0", 2, "expected nothing after the value, found '\\0'"),
    ] {
        let error = JsonReader::check(text.as_bytes()).expect_err(text);
        assert_eq!((error.offset, error.to_string().as_str()), (offset, message), "{text}");
    }
}

#[test]
fn nesting_ends_at_gos_limit() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(JsonReader::check(nested(10_000).as_bytes()), Ok(()));
    let error = JsonReader::check(nested(10_001).as_bytes()).unwrap_err();
    assert_eq!((error.offset, error.kind()), (10_000, JsonErrorKind::Depth));
    assert_eq!(
        JsonReader::check("{\"a\":".repeat(100_000).as_bytes()).unwrap_err().kind(),
        JsonErrorKind::Depth
    );
}

#[test]
fn plain_length_agrees_with_the_simple_way() {
    let simple =
        |text: &[u8]| text.iter().position(|&b| b < 0x20 || b == b'"' || b == b'\\').unwrap_or(text.len());
    // Each byte at each place of a run that is longer than a word, behind each byte.
    for byte in 0..=255u8 {
        for before in [b'a', 0x80, 0xff, 0x20, 0x21, 0x23, 0x5d, byte] {
            for at in 0..20 {
                let mut text = [before; 20];
                text[at] = byte;
                assert_eq!(plain_length(&text), simple(&text), "{byte:#x} at {at} behind {before:#x}");
            }
        }
    }
}
