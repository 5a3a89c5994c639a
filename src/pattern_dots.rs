//! The dots of a pattern that stand for any character where a dot was probably meant.

/// Returns the pattern with a backslash before each dot that stands for one character. Returns
/// `None` if there is no such dot.
pub(crate) fn with_literal_dots(pattern: &str) -> Option<String> {
    let mut escaped = String::with_capacity(pattern.len() + 8);
    let mut found = false;
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\\' => escape_length(rest),
            '[' => class_length(rest),
            _ => first.len_utf8(),
        };
        let (piece, after) = rest.split_at_checked(length)?;
        if piece == "." && !after.starts_with(['*', '+', '?', '{']) {
            escaped.push('\\');
            found = true;
        }
        escaped += piece;
        rest = after;
    }
    found.then_some(escaped)
}

/// Returns the length of the escape at the start of a pattern.
fn escape_length(pattern: &str) -> usize {
    if pattern.starts_with(r"\Q") {
        return pattern.find(r"\E").map_or(pattern.len(), |end| end + 2);
    }
    let escaped = pattern.chars().nth(1);
    1 + escaped.map_or(0, char::len_utf8)
}

/// Returns the length of the class at the start of a pattern, such as `[^a.]`.
fn class_length(pattern: &str) -> usize {
    let mut length = if pattern.starts_with("[^") { 2 } else { 1 };
    // A bracket at the start is a character of the class.
    let mut at_start = true;
    while let Some(rest) = pattern.get(length..) {
        let Some(first) = rest.chars().next() else { break };
        length += match first {
            ']' if !at_start => return length + 1,
            '\\' => escape_length(rest),
            '[' => class_name_length(rest),
            _ => first.len_utf8(),
        };
        at_start = false;
    }
    pattern.len()
}

/// Returns the length of a name such as `[:alpha:]` at this bracket in a class, or 1 if there is
/// none.
fn class_name_length(rest: &str) -> usize {
    const LONGEST: usize = "[:^xdigit:]".len();
    let name = rest.strip_prefix("[:").map(|name| name.bytes().take(LONGEST).collect::<Vec<u8>>());
    let end = name.and_then(|name| name.windows(2).position(|pair| pair == b":]"));
    end.map_or(1, |end| end + 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_dots_that_stand_for_one_character() {
        for (pattern, want) in [
            ("a.b", r"a\.b"),
            (".", r"\."),
            ("..", r"\.\."),
            ("é.漢", r"é\.漢"),
            (r"a.b\.c\\.d", r"a\.b\.c\\\.d"),
            ("a.*b.+c.?d.{2}e.", r"a.*b.+c.?d.{2}e\."),
            ("[.].[^.].[].].[^].].", r"[.]\.[^.]\.[].]\.[^].]\."),
            (r"[\].].[[:alpha:].].", r"[\].]\.[[:alpha:].]\."),
            (r"\Qa.b\E.\Qc.", r"\Qa.b\E\.\Qc."),
            ("(a.b|c)(?:.)", r"(a\.b|c)(?:\.)"),
            ("[[:]..].", r"[[:]\.\.]\."),
            ("[.", ""),
            ("\\", ""),
            (r"a\.b", ""),
            ("ab", ""),
        ] {
            assert_eq!(with_literal_dots(pattern).unwrap_or_default(), want, "{pattern}");
        }
        // This takes time in proportion to the length.
        for piece in ["[:", "[[", r"\Q", r"\Q.\E", "[", "[^", "[a]"] {
            let long = format!("[{}", piece.repeat(1_000_000));
            assert_eq!(with_literal_dots(&long), None, "{piece}");
        }
    }
}
