//! Tests of the JSON reader.

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
fn rejects_invalid_json() {
    let unexpected = |expected, found| SyntaxErrorKind::Unexpected { expected, found };
    for (text, offset, kind) in [
        ("", 0, SyntaxErrorKind::Empty),
        ("{", 1, SyntaxErrorKind::End),
        ("[1,", 3, SyntaxErrorKind::End),
        ("\"ab", 3, SyntaxErrorKind::End),
        ("tru", 3, SyntaxErrorKind::End),
        ("{\"a\" 1}", 5, unexpected(Expected::Colon, '1')),
        ("{\"a\":1 \"b\":2}", 7, unexpected(Expected::NextMember, '"')),
        ("[1 2]", 3, unexpected(Expected::NextElement, '2')),
        ("[1,]", 3, unexpected(Expected::Value, ']')),
        ("[}", 1, unexpected(Expected::Value, '}')),
        ("{]", 1, unexpected(Expected::Key, ']')),
        ("{\"a\":1,}", 7, unexpected(Expected::Key, '}')),
        ("{\"a\":1]", 6, unexpected(Expected::NextMember, ']')),
        ("01", 1, unexpected(Expected::End, '1')),
        ("1.", 2, SyntaxErrorKind::End),
        ("1.e", 2, unexpected(Expected::FractionDigit, 'e')),
        ("-a", 1, unexpected(Expected::Digit, 'a')),
        ("\u{feff}{}", 0, unexpected(Expected::Value, '\u{feff}')),
        ("// x", 0, unexpected(Expected::Value, '/')),
        ("\"\n\"", 1, unexpected(Expected::StringCharacter, '\n')),
        ("\"\\x\"", 2, unexpected(Expected::Escape, 'x')),
        ("\"\\u12g4\"", 5, unexpected(Expected::HexDigit, 'g')),
        ("nulL", 3, unexpected(Expected::Literal, 'L')),
        ("{} {}", 3, unexpected(Expected::End, '{')),
        ("{}\0", 2, unexpected(Expected::End, '\0')),
    ] {
        let error = JsonReader::check(text.as_bytes()).expect_err(text);
        assert_eq!((error.offset, error.kind), (offset, kind), "{text}");
    }
}

#[test]
fn nesting_has_the_limit_of_go() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(JsonReader::check(nested(10_000).as_bytes()), Ok(()));
    let error = JsonReader::check(nested(10_001).as_bytes()).unwrap_err();
    assert_eq!((error.offset, error.kind), (10_000, SyntaxErrorKind::Depth));
    assert_eq!(
        JsonReader::check("{\"a\":".repeat(100_000).as_bytes()).unwrap_err().kind,
        SyntaxErrorKind::Depth
    );
}

#[test]
fn plain_length_agrees_with_a_simple_loop() {
    let simple = |text: &[u8]| {
        text.iter().position(|&b| b < 0x20 || b == b'"' || b == b'\\').unwrap_or(text.len())
    };
    // Each byte at each index of a string that is longer than a word, after each of these bytes.
    for byte in 0..=255u8 {
        for before in [b'a', 0x80, 0xff, 0x20, 0x21, 0x23, 0x5d, byte] {
            for at in 0..20 {
                let mut text = [before; 20];
                text[at] = byte;
                assert_eq!(
                    plain_length(&text),
                    simple(&text),
                    "{byte:#x} at {at} after {before:#x}"
                );
            }
        }
    }
}
