//! Decodes input as Go does. The input need not be UTF-8.

/// Returns the next code point and its length. A byte that is not UTF-8 counts as U+FFFD.
#[inline]
pub(crate) fn decode(rest: &[u8]) -> Option<(u32, usize)> {
    match rest.first()? {
        &byte @ 0..0x80 => Some((u32::from(byte), 1)),
        _ => decode_wide(rest),
    }
}

/// Decodes a code point that does not start with an ASCII byte.
#[inline(never)]
fn decode_wide(rest: &[u8]) -> Option<(u32, usize)> {
    const INVALID: (u32, usize) = (0xFFFD, 1);
    let (&first, rest) = rest.split_first()?;
    let tail = |at: usize| {
        rest.get(at).copied().filter(|byte| byte & 0xC0 == 0x80).map(|byte| u32::from(byte & 0x3F))
    };
    let head = u32::from(first);
    Some(match first {
        0xC2..0xE0 => match tail(0) {
            Some(a) => ((head & 0x1F) << 6 | a, 2),
            None => INVALID,
        },
        0xE0..0xF0 => match (tail(0), tail(1)) {
            (Some(a), Some(b)) => match (head & 0xF) << 12 | a << 6 | b {
                0..0x800 | 0xD800..0xE000 => INVALID,
                c => (c, 3),
            },
            _ => INVALID,
        },
        0xF0..0xF5 => match (tail(0), tail(1), tail(2)) {
            (Some(a), Some(b), Some(c)) => match (head & 7) << 18 | a << 12 | b << 6 | c {
                c @ 0x10000..0x110000 => (c, 4),
                _ => INVALID,
            },
            _ => INVALID,
        },
        _ => INVALID,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_invalid_byte_is_one_replacement_character() {
        let code_points = |mut rest: &[u8]| {
            let mut list = Vec::new();
            while let Some((c, length)) = decode(rest) {
                list.push(c);
                rest = &rest[length..];
            }
            list
        };
        const X: u32 = 0xFFFD;
        for (bytes, expected) in [
            (&b"a\xC3\xA9"[..], vec![0x61, 0xE9]),
            (b"\xC3", vec![X]),
            (b"\xC0\x80", vec![X, X]),
            (b"\xE0\x80\x80", vec![X, X, X]),
            (b"\xED\xA0\x80", vec![X, X, X]),
            (b"\xE2\x82", vec![X, X]),
            (b"\xE2\x82a", vec![X, X, 0x61]),
            (b"\xE2\x82\xAC", vec![0x20AC]),
            (b"\xF0\x9F\x98\x80", vec![0x1F600]),
            (b"\xF0\x8F\xBF\xBF", vec![X, X, X, X]),
            (b"\xF4\x90\x80\x80", vec![X, X, X, X]),
            (b"\xF5\x80\x80\x80\xFF", vec![X, X, X, X, X]),
            (b"\xF0\x9F\xC3\xA9", vec![X, X, 0xE9]),
        ] {
            assert_eq!(code_points(bytes), expected, "{bytes:x?}");
        }
    }

    #[test]
    fn valid_text_decodes_as_rust_does() {
        for c in (0..0x110000).step_by(7).filter_map(char::from_u32) {
            assert_eq!(decode(c.to_string().as_bytes()), Some((c.into(), c.len_utf8())));
        }
    }
}
