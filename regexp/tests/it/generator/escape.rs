//! Escapes.

use super::Generator;

impl Generator {
    pub(super) fn escape(&mut self, out: &mut String, sample: &mut String) {
        let (production, text, c): (&'static str, &str, &str) = match self.below(26) {
            0..4 => {
                let c = self.pick(&["!", "\"", "#", "%", "&", "'", ",", "-", "/", ":", ";", "<", "=", ">", "@", "_", "`", "~", " ", "\n", "\u{7f}"]);
                let d = self.pick(&[".", "*", "+", "?", "(", ")", "[", "]", "{", "}", "|", "^", "$", "\\"]);
                let c = if self.chance(500) { c } else { d };
                self.hit("escape punctuation");
                out.push('\\');
                out.push_str(c);
                sample.push_str(c);
                return;
            }
            4..7 => {
                let (text, c) = self.pick(&[("\\a", "\u{7}"), ("\\f", "\u{c}"), ("\\n", "\n"), ("\\r", "\r"), ("\\t", "\t"), ("\\v", "\u{b}")]);
                ("escape control", text, c)
            }
            7..10 => {
                let (text, c) = self.pick(&[("\\0", "\0"), ("\\07", "\u{7}"), ("\\101", "A"), ("\\12", "\n"), ("\\1012", "A2"), ("\\777", "\u{1ff}"), ("\\08", "\08")]);
                ("escape octal", text, c)
            }
            10..13 => {
                let (text, c) = self.pick(&[("\\x6B", "k"), ("\\xe9", "\u{e9}"), ("\\x00", "\0"), ("\\x4bz", "Kz")]);
                ("escape hex", text, c)
            }
            13..16 => {
                let (text, c) = self.pick(&[
                    ("\\x{212A}", "\u{212a}"), ("\\x{000000006b}", "k"), ("\\x{10FFFF}", "\u{10ffff}"), ("\\x{D800}", "\u{fffd}"),
                    ("\\x{fffd}", "\u{fffd}"), ("\\x{1e9e}", "\u{df}"),
                ]);
                ("escape hex braces", text, c)
            }
            16..18 => {
                let (text, c) = self.pick(&[("\\Qa.b\\E", "a.b"), ("\\Q\\E", ""), ("\\Q(*\\d\\E", "(*\\d"), ("\\Qk\u{e9}\\E", "k\u{e9}")]);
                ("quote", text, c)
            }
            18 if self.chance(400) => ("quote unclosed", self.pick(&["\\Qa+", "\\Q", "\\Q\\", "\\Q(?i"]), "a+"),
            19 if self.chance(400) => ("escape bad", self.pick(&[
                "\\Z", "\\h", "\\u", "\\e", "\\c", "\\N", "\\R", "\\X", "\\K", "\\G", "\\y", "\\\u{e9}", "\\j",
            ]), ""),
            20 if self.chance(400) => ("digit escape", self.pick(&["\\1", "\\7", "\\8", "\\9", "\\1a", "\\19", "\\88"]), ""),
            21 if self.chance(400) => (
                "escape hex bad",
                self.pick(&["\\x", "\\x1", "\\xg", "\\x{", "\\x{}", "\\x{110000}", "\\x{6b", "\\x{ 6b}", "\\x{6\u{e9}}", "\\xe\u{e9}"]),
                "",
            ),
            22 if self.chance(400) => ("escape E", "\\E", ""),
            23 if self.chance(400) => ("escape C", "\\C", ""),
            _ => ("escape control", "\\n", "\n"),
        };
        self.hit(production);
        out.push_str(text);
        sample.push_str(c);
    }
}
