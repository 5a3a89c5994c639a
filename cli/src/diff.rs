//! Shows the changes of a hook as a unified diff. Both configs are printed with one value a line.

use similar::TextDiff;

use crate::report::Shown;

/// Returns the unified diff, with three lines of context. It is empty if both configs have the
/// same values.
pub fn unified(old: (&str, &str), new: (&str, &str)) -> String {
    let ((old_name, old), (new_name, new)) = (old, new);
    let (old, new) = (pretty(old), pretty(new));
    let (old_name, new_name) = (Shown(old_name).to_string(), Shown(new_name).to_string());
    let diff = TextDiff::from_lines(&old, &new);
    let diff = diff.unified_diff().context_radius(3).header(&old_name, &new_name).to_string();
    diff.lines().fold(String::new(), |text, line| text + &Shown(line).to_string() + "\n")
}

/// Puts each member and element of JSON on its own line. Numbers, escapes and the order of members
/// stay as written. (serde_json would parse numbers and sort members.)
fn pretty(json: &str) -> String {
    let mut text = String::with_capacity(json.len() * 2);
    let mut depth = 0;
    let (mut in_string, mut escaped, mut empty) = (false, false, false);
    for character in json.chars() {
        if in_string {
            text.push(character);
            in_string = escaped || character != '"';
            escaped = character == '\\' && !escaped;
            continue;
        }
        if character.is_ascii_whitespace() {
            continue;
        }
        let closes = matches!(character, '}' | ']');
        if closes {
            depth -= 1;
        }
        if !empty && closes || empty && !closes {
            new_line(&mut text, depth);
        }
        empty = matches!(character, '{' | '[');
        text.push(character);
        match character {
            '{' | '[' => depth += 1,
            ',' => new_line(&mut text, depth),
            ':' => text.push(' '),
            '"' => in_string = true,
            _ => {}
        }
    }
    text + "\n"
}

/// Starts a line. The indentation is limited: otherwise many brackets in a small config would make
/// a very long string.
fn new_line(text: &mut String, depth: usize) {
    const MOST: usize = 32;
    text.push('\n');
    text.extend(std::iter::repeat_n("  ", depth.min(MOST)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_has_a_line() {
        for (json, want) in [
            ("{ }", "{}\n"),
            (
                r#"{"a":[],"b":[{ }, "\"]\\",1e400 ],"c":{"d":null}}"#,
                "{\n  \"a\": [],\n  \"b\": [\n    {},\n    \"\\\"]\\\\\",\n    1e400\n  ],\n  \"c\": {\n    \"d\": null\n  }\n}\n",
            ),
        ] {
            assert_eq!(pretty(json), want);
            assert_eq!(pretty(&pretty(json)), want);
        }
    }

    #[test]
    fn depth_costs_little() {
        let deep = "[".repeat(5000) + &["1"; 5000].join(",") + &"]".repeat(5000);
        assert!(pretty(&deep).len() < 100 * deep.len());
    }

    #[test]
    fn control_characters_are_escaped() {
        let shown = unified(("a", "[1]"), ("\u{1b}[31m\nb", "[\"\u{9b}31m\u{202e}\"]"));
        assert!(
            !shown.contains(|c: char| c != '\n' && (c.is_control() || c == '\u{202e}')),
            "{shown}"
        );
        assert_eq!(shown.lines().count(), 7, "{shown}");
    }

    #[test]
    fn different_lines_are_shown() {
        assert_eq!(unified(("a", "{\"x\":1}"), ("b", "{ \"x\": 1 }")), "");
        assert_eq!(
            unified(("a", r#"{"x":1,"y":2}"#), ("b", r#"{"x":1.0,"y":2}"#)),
            "--- a\n+++ b\n@@ -1,4 +1,4 @@\n {\n-  \"x\": 1,\n+  \"x\": 1.0,\n   \"y\": 2\n }\n"
        );
    }
}
