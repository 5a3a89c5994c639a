//! Character classes, in brackets and by Unicode names.

use super::Generator;

impl Generator {
    pub(super) fn class(&mut self, out: &mut String, sample: &mut String) {
        out.push('[');
        let negated = self.chance(250);
        if negated {
            self.hit("class negated");
            out.push('^');
        }
        self.hit("class");
        let mut member = self.char();
        if self.chance(60) {
            self.hit("class ]first");
            out.push(']');
        }
        for _ in 0..1 + self.below(3) {
            match self.below(20) {
                0..6 => {
                    let c = self.char();
                    if c != '-' {
                        out.push(c);
                        member = c;
                    }
                }
                6..10 => {
                    self.hit("class range");
                    let (text, c) = self.pick(&[
                        ("a-z", 'k'), ("A-K", 'B'), ("0-9", '7'), ("\u{e0}-\u{ff}", '\u{e9}'), ("\\x00-\\x{10FFFF}", 'x'),
                        ("[-_", ']'), ("\\n-\\r", '\u{b}'), ("\u{370}-\u{3ff}", '\u{3c2}'), ("a-a", 'a'), ("\\x41-Z", 'S'),
                    ]);
                    out.push_str(text);
                    member = c;
                }
                10 => {
                    self.hit("class escape");
                    let (text, c) = self.pick(&[
                        ("\\]", ']'), ("\\-", '-'), ("\\\\", '\\'), ("\\x6b", 'k'), ("\\x{1F600}", '\u{1f600}'), ("\\141", 'a'),
                        ("\\t", '\t'), ("\\v", '\u{b}'), ("\\^", '^'),
                    ]);
                    out.push_str(text);
                    member = c;
                }
                11..13 => {
                    self.hit("class perl");
                    let (text, c) = self.pick(&[("\\d", '9'), ("\\s", '\t'), ("\\w", 'S'), ("\\W", '-'), ("\\D", '\u{663}')]);
                    out.push_str(text);
                    member = c;
                }
                13..15 => {
                    self.hit("class unicode");
                    let (text, c) = self.pick(&[
                        ("\\pL", '\u{df}'), ("\\p{Greek}", '\u{3c2}'), ("\\PL", '7'), ("\\p{^Lu}", 'a'), ("\\p{Nd}", '\u{663}'),
                    ]);
                    out.push_str(text);
                    member = c;
                }
                15 | 16 => {
                    let not = self.chance(300);
                    self.hit(if not { "class posix negated" } else { "class posix" });
                    let name = self.pick(&[
                        "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
                        "upper", "word", "xdigit",
                    ]);
                    out.push_str(&format!("[:{}{name}:]", if not { "^" } else { "" }));
                }
                17 => {
                    if self.chance(350) {
                        self.hit("class posix bad");
                        out.push_str(self.pick(&["[:foo:]", "[::]", "[:ALPHA:]", "[:^:]", "[:\\d:]", "[:word :]"]));
                    } else {
                        out.push_str(self.pick(&["[:alpha]", "[.a.]", "[=a=]", "a&&b", "a--b", "a~~b", "-", "[a", "^", "$"]));
                    }
                }
                18 if self.chance(250) => {
                    self.hit("class range backwards");
                    out.push_str(self.pick(&["z-a", "\u{e9}-a", "9-0", "\\x{41}-\\t"]));
                }
                18 if self.chance(250) => {
                    self.hit("class range to set");
                    out.push_str(self.pick(&["a-\\d", "\\d-z", "\\pL-z", "a-\\pL", "+-\\s", "--\\w"]));
                }
                _ => {
                    out.push('a');
                    member = 'a';
                }
            }
        }
        if self.chance(12) {
            self.hit("class unclosed");
        } else {
            out.push(']');
        }
        let other = self.char();
        sample.push(if negated { other } else { member });
    }

    pub(super) fn unicode(&mut self, out: &mut String, sample: &mut String) {
        let letter = self.pick(&["\\p", "\\p", "\\P"]);
        out.push_str(letter);
        match self.below(12) {
            0..4 => {
                self.hit("unicode letter");
                let (name, c) = self.pick(&[("L", '\u{17f}'), ("N", '\u{663}'), ("Z", ' '), ("S", '\u{1f600}'), ("M", '\u{345}'), ("C", '\t')]);
                out.push_str(name);
                sample.push(c);
            }
            4..8 => {
                self.hit("unicode braces");
                let (name, c) = self.pick(&[
                    ("Lu", 'K'), ("Ll", '\u{3c2}'), ("Lt", '\u{1c5}'), ("Greek", '\u{3a3}'), ("Latin", '\u{212a}'), ("Han", '\u{4e2d}'),
                    ("Common", '7'), ("Inherited", '\u{345}'), ("Any", '\n'), ("Nd", '9'), ("Mn", '\u{345}'), ("Zl", '\u{2028}'),
                    ("Cyrillic", '\u{430}'),
                ]);
                out.push_str(&format!("{{{name}}}"));
                sample.push(c);
            }
            8 | 9 => {
                self.hit("unicode negated");
                let (name, c) = self.pick(&[("Lu", 'k'), ("Greek", 'a'), ("Any", 'a'), ("L", '\u{fffd}')]);
                out.push_str(&format!("{{^{name}}}"));
                sample.push(c);
            }
            10 if self.chance(400) => {
                self.hit("unicode bad");
                out.push_str(self.pick(&["{}", "{^}", "{Foo}", "Q", "{Script=Greek}", "{IsGreek}", "\u{e9}", "^", "{Alphabetic}"]));
            }
            11 if self.chance(400) => {
                self.hit("unicode unclosed");
                out.push_str(self.pick(&["{L", "{", "{^Lu"]));
            }
            _ => {
                self.hit("unicode letter");
                out.push('L');
                sample.push('b');
            }
        }
    }
}
