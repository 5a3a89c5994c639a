//! Random patterns by the grammar of Go's dialect, right and wrong ones, each with a text that it is likely to match.

use std::collections::BTreeMap;

/// Everything the generator can write; each has to occur.
pub const PRODUCTIONS: &[&str] = &[
    "alternation", "any", "backslash at end", "begin", "capture", "class", "class ]first", "class escape", "class negated",
    "class perl", "class posix", "class posix bad", "class posix negated", "class range", "class range backwards",
    "class range to set", "class unclosed", "class unicode", "count", "count and more", "count backwards", "count literal",
    "count product", "count to", "count too large", "digit escape", "double repeat", "empty", "end", "escape C", "escape E",
    "escape bad", "escape control", "escape hex", "escape hex bad", "escape hex braces", "escape octal", "escape punctuation",
    "flags", "flags bad", "flags group", "flags negated", "group", "height", "lazy", "literal", "literal not ASCII",
    "literal run", "missing )", "missing argument", "name", "name bad", "name short", "name unclosed", "not word boundary",
    "perl class", "plus", "prefix in common", "quest", "quote", "quote unclosed", "set in common", "size", "star", "text begin",
    "text end", "unexpected )", "unicode bad", "unicode braces", "unicode letter", "unicode negated", "unicode unclosed",
    "word boundary",
];

/// A pattern, and inputs for it.
pub struct Case {
    pub pattern: String,
    pub inputs: Vec<Vec<u8>>,
}

pub struct Generator {
    state: u64,
    pub hits: BTreeMap<&'static str, usize>,
}

const CHARS: &[char] = &[
    'a', 'b', 'c', 'k', 's', 'K', 'S', 'A', 'B', '0', '7', '9', '_', '-', ' ', '\t', '\n', '\u{b}', '/', '.', 'z', 'i', 'I',
];
const WIDE: &[char] = &[
    '\u{e9}', '\u{c9}', '\u{df}', '\u{1e9e}', '\u{17f}', '\u{212a}', '\u{3c3}', '\u{3c2}', '\u{3a3}', '\u{130}', '\u{131}',
    '\u{663}', '\u{4e2d}', '\u{1f600}', '\u{fffd}', '\u{a0}', '\u{1c5}', '\u{430}', '\u{345}', '\u{10ffff}', '\u{2028}',
];

impl Generator {
    pub fn new(seed: u64) -> Generator {
        Generator { state: seed, hits: BTreeMap::new() }
    }

    /// SplitMix64.
    fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.number() % n as u64) as usize
    }

    fn chance(&mut self, per_thousand: usize) -> bool {
        self.below(1000) < per_thousand
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    fn hit(&mut self, production: &'static str) {
        *self.hits.entry(production).or_default() += 1;
    }

    fn char(&mut self) -> char {
        if self.chance(250) { self.pick(WIDE) } else { self.pick(CHARS) }
    }

    fn text(&mut self, most: usize) -> String {
        let length = self.below(most + 1);
        (0..length).map(|_| self.char()).collect()
    }

    pub fn case(&mut self) -> Case {
        let (mut pattern, mut sample) = (String::new(), String::new());
        if self.chance(10) {
            self.limit(&mut pattern);
            return Case { pattern, inputs: vec![b"".into(), b"a".into(), b"ab".into(), b"\xFF".into()] };
        }
        if self.chance(120) {
            self.hit("begin");
            pattern.push('^');
        }
        let depth = 1 + self.below(3);
        self.alternatives(depth, &mut pattern, &mut sample);
        if self.chance(150) {
            self.hit("end");
            pattern.push('$');
        }
        if self.chance(8) {
            self.hit("missing )");
            pattern.insert(0, '(');
        }
        if self.chance(8) {
            self.hit("unexpected )");
            pattern.push(')');
        }
        if self.chance(8) {
            self.hit("backslash at end");
            pattern.push('\\');
        }
        if self.chance(150) {
            // A slip of the pen: a character more or less.
            let mut chars: Vec<char> = pattern.chars().collect();
            let at = self.below(chars.len() + 1);
            if at < chars.len() && self.chance(500) {
                chars.remove(at);
            } else {
                let c = self.pick(&['(', ')', '[', ']', '{', '}', '*', '?', '|', '\\', '-', '^', '$', ':', 'p', '1', ',']);
                chars.insert(at, c);
            }
            pattern = chars.into_iter().collect();
        }
        let inputs = self.inputs(&sample);
        Case { pattern, inputs }
    }

    /// A function from a number to a pattern that is the larger, the larger the number.
    pub fn growing(&mut self) -> impl Fn(usize) -> String + use<> {
        let (mut part, mut other) = (String::new(), String::new());
        self.alternatives(2, &mut part, &mut String::new());
        self.alternatives(1, &mut other, &mut String::new());
        let count = self.pick(&[1000, 1000, 999, 500, 64]);
        let form = if self.chance(30) { 9 } else { self.below(9) };
        let set = self.pick(&["[\\pL_]", "[\\p{Nd}\\PL]", "(?i:[\\pL\\p{Greek}k])", "(?i:[^\\p{Lu}])", "\\PL", "(?:\\pL|\\p{So})"]);
        move |n| match form {
            0 => format!("(?:{}){{{count}}}", format!("(?:{part})").repeat(n)),
            1 => format!("((?:{part}|{other}){}){{{count}}}", format!("(?:{other}|{part})").repeat(n)),
            2 => format!("(?:{}{other}){{{count},}}", format!("{part}|").repeat(n)),
            3 => format!("(?:{}{other}){{{count}}}", (0..n).map(|n| format!("{}x(?:{part})|", n % 13)).collect::<String>()),
            4 => format!("(?:(?:{part}){{{count}}}|{other}){{0}}(?:{}){{1,{count}}}", format!("(?:{other}|[ab]x|[ab]y)").repeat(n)),
            5 => format!("(?:(?:{}){{10}}|ab|ac){{{}}}", format!("(?:{part})?").repeat(n), count / 10),
            6 => format!("{}{other}{}", "(?:a|".repeat(n), ")".repeat(n)),
            9 => format!("(?:(?:(?:({set})a))|{other})").repeat(n),
            7 => format!("{}{part}{}", format!("(?:{other}").repeat(n), ")*".repeat(n)),
            _ => format!("{}{part}{}", "(".repeat(n), ")".repeat(n)),
        }
    }

    fn inputs(&mut self, sample: &str) -> Vec<Vec<u8>> {
        let mut inputs = vec![sample.as_bytes().to_vec()];
        // One character changed.
        let mut chars: Vec<char> = sample.chars().collect();
        if chars.is_empty() {
            chars.push('x');
        } else {
            let at = self.below(chars.len());
            chars[at] = self.char();
        }
        inputs.push(chars.into_iter().collect::<String>().into());
        inputs.push(self.text(6).into());
        // Something around it, or its case changed.
        inputs.push(match self.below(4) {
            0 => format!("{sample}\n").into(),
            1 => format!("{}{sample}{}", self.text(2), self.text(2)).into(),
            2 => sample.to_uppercase().into(),
            _ => sample.to_lowercase().into(),
        });
        // Not UTF-8: bytes put in or taken away.
        let mut bytes = sample.as_bytes().to_vec();
        let at = self.below(bytes.len() + 1);
        match self.below(3) {
            0 if at < bytes.len() => {
                bytes[at] |= 0x80;
            }
            1 if !sample.is_ascii() => {
                let wide = bytes.iter().position(|byte| *byte >= 0x80).unwrap();
                bytes.remove(wide);
            }
            _ => bytes.insert(at, self.pick(&[0xFF, 0xC3, 0xE2, 0x80, 0xF0, 0xED])),
        }
        inputs.push(bytes);
        inputs
    }

    /// Around Go's limits; of the sizes mostly those above, since Go takes seconds for those just below.
    fn limit(&mut self, pattern: &mut String) {
        if self.chance(500) {
            self.hit("height");
            let (open, close) = self.pick(&[("(", ")"), ("(?:a|", ")"), ("(?:a", ")*"), ("(?:", "x)?")]);
            let depth = self.pick(&[332, 333, 334, 498, 499, 500, 501, 997, 998, 999, 1000, 1001, 1002]);
            let inner = self.pick(&["", "a", "a*", "(?:ab|ac)", "(?:[ab]x|[ab]y*)"]);
            *pattern = open.repeat(depth) + inner + &close.repeat(depth);
        } else {
            self.hit("size");
            let length = 1 + self.below(5);
            let part = "x.[ab](?:y|zz)q".get(..length.min(3)).unwrap_or("x").replace("x.[", "x.");
            let size = part.len();
            let copies = 3_400 / size + 1 + self.below(50);
            *pattern = format!("(?:{}){{1000}}", part.repeat(copies));
        }
    }

    fn alternatives(&mut self, depth: usize, out: &mut String, sample: &mut String) {
        let count = if self.chance(300) { 2 + self.below(3) } else { 1 };
        // Heads in common are factored out.
        let head = match self.below(6) {
            0 if count > 1 => {
                self.hit("prefix in common");
                let c = self.pick(&['a', 'k', '\u{e9}']);
                Some((c.to_string(), c))
            }
            1 if count > 1 => {
                self.hit("set in common");
                let set: &str = self.pick(&["[ab]", "[ab]{2}", ".", "\\d", "[^a]"]);
                Some((set.to_string(), if set == "\\d" { '7' } else { 'b' }))
            }
            _ => None,
        };
        let chosen = self.below(count);
        for at in 0..count {
            if at > 0 {
                self.hit("alternation");
                out.push('|');
            }
            let mut text = String::new();
            if let Some((head, c)) = &head {
                out.push_str(head);
                text.push(*c);
                if head.ends_with('}') {
                    text.push(*c);
                }
            }
            let pieces = self.pick(&[0, 1, 1, 2, 2, 3, 3, 4]);
            if pieces == 0 {
                self.hit("empty");
            }
            for _ in 0..pieces {
                self.piece(depth, out, &mut text);
            }
            if at == chosen {
                sample.push_str(&text);
            }
        }
    }

    fn piece(&mut self, depth: usize, out: &mut String, sample: &mut String) {
        let mut text = String::new();
        if self.chance(6) {
            self.hit("missing argument");
            out.push_str(self.pick(&["(*)", "|+", "(?:?)", "(|{2})", "^|*?"]));
            return;
        }
        self.atom(depth, out, &mut text);
        if !self.chance(350) {
            sample.push_str(&text);
            return;
        }
        let (min, max) = match self.below(8) {
            0 => {
                self.hit("star");
                out.push('*');
                (0, 2)
            }
            1 => {
                self.hit("plus");
                out.push('+');
                (1, 3)
            }
            2 => {
                self.hit("quest");
                out.push('?');
                (0, 1)
            }
            3 => {
                self.hit("count");
                let n = self.pick(&[0, 1, 1, 2, 3, 7]);
                out.push_str(&format!("{{{n}}}"));
                (n, n)
            }
            4 => {
                self.hit("count and more");
                let n = self.below(4);
                out.push_str(&format!("{{{n},}}"));
                (n, n + 2)
            }
            5 => {
                self.hit("count to");
                let (n, more) = (self.below(3), self.below(4));
                out.push_str(&format!("{{{n},{}}}", n + more));
                (n, n + more)
            }
            6 => self.odd_repeat(out),
            _ => {
                self.hit("count product");
                let (one, two) = (self.pick(&[10, 11, 25, 31, 32, 100]), self.pick(&[9, 10, 11, 31, 32, 40, 100]));
                let lazy = self.pick(&["", "", "?"]);
                out.insert_str(0, "(?:");
                out.push_str(&format!("(?:a{{{one}}}){{{two}}}{lazy}|b)?"));
                (1, 1)
            }
        };
        if self.chance(200) {
            self.hit("lazy");
            out.push('?');
        }
        if self.chance(25) {
            self.hit("double repeat");
            out.push_str(self.pick(&["*", "+", "??", "{2}", "{,2}", "(?i)*"]));
        }
        let times = min + self.below(max - min + 1);
        sample.push_str(&text.repeat(times));
    }

    fn odd_repeat(&mut self, out: &mut String) -> (usize, usize) {
        let (production, text): (&'static str, &str) = match self.below(4) {
            0 => ("count backwards", self.pick(&["{3,2}", "{1,0}", "{10,9}"])),
            1 => ("count too large", self.pick(&["{1001}", "{0,1001}", "{1001,}", "{99999999999}", "{2,4294967297}"])),
            _ => (
                "count literal",
                self.pick(&["{", "{,2}", "{01}", "{1", "{ 1}", "{1, 2}", "{a}", "{1,", "{}", "{-1}", "{1,02}"]),
            ),
        };
        self.hit(production);
        out.push_str(text);
        (1, 1)
    }

    fn atom(&mut self, depth: usize, out: &mut String, sample: &mut String) {
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
                    ("begin", "^"), ("end", "$"), ("text begin", "\\A"), ("text end", "\\z"), ("word boundary", "\\b"),
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

    fn group(&mut self, depth: usize, out: &mut String, sample: &mut String) {
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

    fn class(&mut self, out: &mut String, sample: &mut String) {
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

    fn unicode(&mut self, out: &mut String, sample: &mut String) {
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

    fn escape(&mut self, out: &mut String, sample: &mut String) {
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
