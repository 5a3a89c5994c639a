//! Compares the engine with the crate `regex`, where the two dialects agree. This second opponent
//! has nothing in common with Go's engine, and needs no Go toolchain.

use fastrand::Rng;
use go_regexp::Regexp;
use regex::bytes::Regex;

const PATTERNS: usize = 20_000;

/// A generator of random patterns.
struct Writer {
    random: Rng,
}

impl Writer {
    fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.random.usize(..choices.len())]
    }

    fn atom(&mut self, depth: usize) -> String {
        match self.random.usize(..if depth == 0 { 7 } else { 10 }) {
            0..=3 => self.pick(&["a", "b", "c", "k", "s", "/", "é", "\\.", "ab"]).to_owned(),
            4 => self.pick(&["[a-c]", "[^ab]", "[k-s]", "[^a-z/]", "[é\\.]"]).to_owned(),
            5 => ".".to_owned(),
            6 => self.pick(&["^", "$", "\\A", "\\z", "(?:)"]).to_owned(),
            7 => format!("(?i:{})", self.alternation(depth - 1)),
            8 => format!("(?s:{})", self.alternation(depth - 1)),
            _ => format!("({})", self.alternation(depth - 1)),
        }
    }

    fn sequence(&mut self, depth: usize) -> String {
        let mut text = String::new();
        for _ in 0..1 + self.random.usize(..4) {
            let atom = self.atom(depth);
            // Only in a group do the dialects agree on repeats of more than one character.
            text += &format!(
                "(?:{atom}){}",
                self.pick(&["", "", "", "*", "+", "?", "{2}", "{1,3}", "{0}", "{2,}", "*?", "+?"])
            );
        }
        text
    }

    fn alternation(&mut self, depth: usize) -> String {
        let alternatives: Vec<String> =
            (0..1 + self.random.usize(..3)).map(|_| self.sequence(depth)).collect();
        alternatives.join("|")
    }

    fn input(&mut self) -> String {
        (0..self.random.usize(..9))
            .map(|_| {
                self.pick(&[
                    "a", "b", "c", "k", "s", "A", "K", "S", "/", "é", "É", ".", "\n", "\u{212a}",
                    "\u{17f}",
                ])
            })
            .collect()
    }
}

#[test]
fn the_crate_regex_agrees_on_common_syntax() {
    let mut writer = Writer { random: Rng::with_seed(20_261_123) };
    let (mut matched, mut verdicts) = (0, 0);
    for _ in 0..PATTERNS {
        let text = writer.alternation(2);
        let ours = Regexp::new(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let theirs = Regex::new(&text).unwrap();
        for _ in 0..5 {
            let input = writer.input();
            verdicts += 1;
            matched += usize::from(theirs.is_match(input.as_bytes()));
            assert_eq!(
                ours.is_match(input.as_bytes()),
                theirs.is_match(input.as_bytes()),
                "{text} on {input:?}"
            );
        }
    }
    println!(
        "{PATTERNS} patterns, {verdicts} verdicts, {matched} of them a match: 0 differences to the crate regex"
    );
    assert!((verdicts / 4..verdicts * 3 / 4).contains(&matched), "{matched} of {verdicts}");
}

/// Checks the table of README.md: the results of this crate, which are Go's, and of `regex`.
#[test]
fn the_dialects_differ_as_in_the_readme() {
    let answers = |pattern: &str, input: &[u8]| {
        let ours = Regexp::new(pattern).ok().map(|regexp| regexp.is_match(input));
        (ours, Regex::new(pattern).ok().map(|regex| regex.is_match(input)))
    };
    let arabic_digit = "\u{663}".as_bytes();
    assert_eq!(answers("^\\d$", arabic_digit), (Some(false), Some(true)));
    assert_eq!(answers("^[a&&b]$", b"a"), (Some(true), Some(false)));
    assert_eq!(answers("^\\Qa.b\\E$", b"a.b"), (Some(true), None));
    assert_eq!(answers("a{1001}", b"a"), (None, Some(false)));
    assert_eq!(answers("\\x{fffd}", b"\xFF"), (Some(true), Some(false)));
}
