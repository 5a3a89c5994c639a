//! Generates random patterns by the grammar of Go's dialect, valid and invalid ones, each with an
//! input that it is likely to match.

use std::collections::BTreeMap;

use fastrand::Rng;

#[rustfmt::skip]
mod atom;
#[rustfmt::skip]
mod class;
#[rustfmt::skip]
mod escape;

/// All productions of the generator; each must occur.
pub const PRODUCTIONS: &[&str] = &[
    "alternation", "any", "backslash at end", "start", "capture", "class", "class ]first", "class escape", "class negated",
    "class perl", "class posix", "class posix bad", "class posix negated", "class range", "class range backwards",
    "class range to set", "class unclosed", "class unicode", "count", "count and more", "count backwards", "count literal",
    "count product", "count to", "count too large", "digit escape", "double repeat", "empty", "end", "escape C", "escape E",
    "escape bad", "escape control", "escape hex", "escape hex bad", "escape hex braces", "escape octal", "escape punctuation",
    "flags", "flags bad", "flags group", "flags negated", "group", "height", "lazy", "literal", "literal not ASCII",
    "literal run", "missing )", "missing argument", "name", "name bad", "name short", "name unclosed", "not word boundary",
    "perl class", "plus", "prefix in common", "quest", "quote", "quote unclosed", "set in common", "size", "star", "text start",
    "text end", "unexpected )", "unicode bad", "unicode braces", "unicode letter", "unicode negated", "unicode unclosed",
    "word boundary",
];

/// A pattern, and inputs for it.
pub struct Case {
    pub pattern: String,
    pub inputs: Vec<Vec<u8>>,
}

pub struct Generator {
    random: Rng,
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
        Generator { random: Rng::with_seed(seed), hits: BTreeMap::new() }
    }

    fn below(&mut self, n: usize) -> usize {
        self.random.usize(..n)
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
            self.hit("start");
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
            // A typing mistake: one character more or less.
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

    /// Returns a function from a number to a pattern whose size grows with the number.
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
        // With something around it, or in another case.
        inputs.push(match self.below(4) {
            0 => format!("{sample}\n").into(),
            1 => format!("{}{sample}{}", self.text(2), self.text(2)).into(),
            2 => sample.to_uppercase().into(),
            _ => sample.to_lowercase().into(),
        });
        // Not UTF-8: bytes added or removed.
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

    /// Writes a pattern near Go's limits. Most are above the limit, since Go takes seconds for
    /// sizes just below it.
    fn limit(&mut self, pattern: &mut String) {
        if self.chance(500) {
            self.hit("height");
            let (open, close) =
                self.pick(&[("(", ")"), ("(?:a|", ")"), ("(?:a", ")*"), ("(?:", "x)?")]);
            let depth = self
                .pick(&[332, 333, 334, 498, 499, 500, 501, 997, 998, 999, 1000, 1001, 1002]);
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
        // Common prefixes are factored out.
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
                let one = self.pick(&[10, 11, 25, 31, 32, 100]);
                let two = self.pick(&[9, 10, 11, 31, 32, 40, 100]);
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
}
