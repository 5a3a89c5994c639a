//! Atoms: literals, assertions, flags and groups.

use super::Generator;

impl Generator {
    pub(super) fn atom(&mut self, depth: usize, out: &mut String, sample: &mut String) {
        match self.below(100) {
            0..25 => {
                let c = self.char();
                self.hit(if c.is_ascii() { "literal" } else { "literal not ASCII" });
                if ".".contains(c) {
                    out.push('\\');
                }
                out.push(c);
                sample.push(c);
            }
            25..32 => {
                self.hit("literal run");
                let word = self.pick(&["abc", "/usr/bin", "kS", "a-b", "init", "\u{3c3}\u{3a3}"]);
                out.push_str(word);
                sample.push_str(word);
            }
            32..38 => {
                self.hit("any");
                out.push('.');
                let c = self.char();
                sample.push(c);
            }
            38..52 if depth > 0 => self.group(depth, out, sample),
            38..62 => self.class(out, sample),
            62..70 => {
                self.hit("perl class");
                let (class, c) = self.pick(&[
                    ("\\d", '7'), ("\\D", '\u{663}'), ("\\s", ' '), ("\\s", '\u{b}'), ("\\S", '\u{a0}'), ("\\w", 'k'),
                    ("\\W", '\u{212a}'), ("\\d", '\u{663}'), ("\\W", '\u{17f}'),
                ]);
                out.push_str(class);
                sample.push(c);
            }
            70..76 => self.unicode(out, sample),
            76..90 => self.escape(out, sample),
            90..97 => {
                let (production, text) = self.pick(&[
                    ("start", "^"), ("end", "$"), ("text start", "\\A"), ("text end", "\\z"), ("word boundary", "\\b"),
                    ("not word boundary", "\\B"), ("word boundary", "\\b"), ("not word boundary", "\\B"),
                ]);
                self.hit(production);
                out.push_str(text);
            }
            _ => {
                self.hit("flags");
                let flags = self.pick(&["(?i)", "(?s)", "(?m)", "(?U)", "(?-i)", "(?i-s)", "(?-m)", "(?)", "(?ii)", "(?sm)"]);
                if flags.contains('-') {
                    self.hit("flags negated");
                }
                out.push_str(flags);
            }
        }
    }

    pub(super) fn group(&mut self, depth: usize, out: &mut String, sample: &mut String) {
        match self.below(14) {
            0..3 => {
                self.hit("capture");
                out.push('(');
            }
            3..6 => {
                self.hit("group");
                out.push_str("(?:");
            }
            6..9 => {
                self.hit("flags group");
                out.push_str(self.pick(&["(?i:", "(?s:", "(?m:", "(?i-s:", "(?-i:", "(?U:", "(?ims:"]));
            }
            9 => {
                self.hit("name");
                out.push_str(self.pick(&["(?P<n>", "(?P<a_1>", "(?P<9>"]));
            }
            10 => {
                self.hit("name short");
                out.push_str(self.pick(&["(?<n>", "(?<Name>"]));
            }
            11 if self.chance(300) => {
                self.hit("name bad");
                out.push_str(self.pick(&["(?P<>", "(?P<a-b>", "(?<\u{e9}>", "(?P<n", "(?<", "(?P<", "(?<n m>"]));
            }
            12 if self.chance(300) => {
                self.hit("name unclosed");
                out.push_str(self.pick(&["(?P<n", "(?<na", "(?P<\u{e9}"]));
            }
            13 if self.chance(400) => {
                self.hit("flags bad");
                out.push_str(self.pick(&[
                    "(?x)", "(?u)", "(?R)", "(?-)", "(?i-)", "(?=", "(?!", "(?<=", "(?#", "(?", "(?i", "(?--i)", "(?i-:",
                    "(?P=n)", "(?P>n)", "(?'n'", "(?\u{e9}",
                ]));
            }
            _ => {
                self.hit("capture");
                out.push('(');
            }
        }
        self.alternatives(depth - 1, out, sample);
        out.push(')');
    }
}
