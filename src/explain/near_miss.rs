//! Near misses: what keeps a pattern from matching a text that it nearly matches (docs/spec.md,
//! section 8).
//!
//! A pattern is relaxed step by step: without its case, without blanks at the ends, without its
//! anchors. The fewest steps that make it match are what stood in its way. Only explaining asks for
//! this; matching never comes here.

use go_regexp::{Regexp, Relaxed};

use crate::edit_distance::edit_distance;
use crate::go::text_of_bytes;

/// A pattern that nearly matches a text, and what stands in its way.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct NearMiss {
    /// The pattern.
    pub pattern: String,
    /// The text: an annotation's key or value, or the command.
    pub text: String,
    /// What stands in its way: without these it would match.
    pub obstacles: Vec<Obstacle>,
    /// A part of the text that the pattern would match, where anchors are in the way.
    pub part: Option<String>,
    /// The same in words.
    pub message: String,
}

/// What keeps a pattern from matching.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Obstacle {
    /// Letters are capital in the one and small in the other.
    Case,
    /// The text begins or ends with a blank.
    WhitespaceInText,
    /// The pattern begins or ends with a blank.
    WhitespaceInPattern,
    /// The pattern wants it at the start of the text (`^`).
    Start,
    /// The pattern wants it at the end of the text (`$`).
    End,
    /// They differ in a letter or two.
    Spelling,
}

impl Obstacle {
    const RELAXABLE: [Obstacle; 5] = [
        Obstacle::WhitespaceInText,
        Obstacle::WhitespaceInPattern,
        Obstacle::Case,
        Obstacle::Start,
        Obstacle::End,
    ];
}

/// A pattern, and how it reads when some obstacles are taken away: each is made when it is first
/// asked for.
pub(crate) struct Nearly<'p> {
    pattern: &'p str,
    relaxed: Vec<(Obstacles, Option<Regexp>)>,
}

/// A set of obstacles: the bit of each is its place in [`Obstacle::RELAXABLE`].
type Obstacles = usize;

impl<'p> Nearly<'p> {
    pub fn new(pattern: &'p str) -> Nearly<'p> {
        Nearly { pattern, relaxed: Vec::new() }
    }

    /// What keeps the pattern, which does not match this text, from matching it; `None` if it is
    /// far from it.
    pub fn miss(&mut self, text: &[u8]) -> Option<NearMiss> {
        // More than names and values are long; the effort grows with the length.
        const LONGEST: usize = 256;
        let all: Obstacles = (1 << Obstacle::RELAXABLE.len()) - 1;
        if text.len() > LONGEST {
            return None;
        }
        // What may be nothing at all is near everything.
        if self.matches(all, b"") {
            return None;
        }
        // (Without its case, a class such as [^a] is narrower.)
        if !self.matches(all, text) && !self.matches(all & !bit(Obstacle::Case), text) {
            return self.misspelt(all & !bit(Obstacle::Case), text);
        }
        let few_first = |count| (1..=all).filter(move |set| set.count_ones() == count);
        let set =
            (1..=all.count_ones()).flat_map(few_first).find(|set| self.matches(*set, text))?;
        let obstacles: Vec<Obstacle> = Obstacle::RELAXABLE
            .into_iter()
            .enumerate()
            .filter(|(bit, _)| set & (1 << bit) != 0)
            .map(|(_, obstacle)| obstacle)
            .collect();
        let part = self.part(set, text);
        Some(self.tell(text, obstacles, part))
    }

    /// How few and plain the obstacles are: the nearest miss has the least.
    pub fn distance(miss: &NearMiss) -> (bool, usize) {
        (miss.obstacles.contains(&Obstacle::Spelling), miss.obstacles.len())
    }

    fn matches(&mut self, set: Obstacles, text: &[u8]) -> bool {
        let has = |obstacle| has(set, obstacle);
        let text = if has(Obstacle::WhitespaceInText) { trimmed(text) } else { text };
        self.relaxed(set).is_some_and(|regexp| regexp.is_match(text))
    }

    fn relaxed(&mut self, set: Obstacles) -> Option<&Regexp> {
        let known = self.relaxed.iter().position(|(known, _)| *known == set);
        let index = known.unwrap_or_else(|| {
            let has = |obstacle| has(set, obstacle);
            let relaxed = Relaxed {
                case: has(Obstacle::Case),
                start: has(Obstacle::Start),
                end: has(Obstacle::End),
            };
            let blanks = has(Obstacle::WhitespaceInPattern);
            let text = if blanks { without_blanks(self.pattern) } else { self.pattern.to_owned() };
            self.relaxed.push((set, Regexp::relaxed(&text, relaxed).ok()));
            self.relaxed.len() - 1
        });
        self.relaxed.get(index)?.1.as_ref()
    }

    /// A part of the text that the pattern matches as it is anchored, where anchors are among the
    /// obstacles.
    fn part<'t>(&mut self, set: Obstacles, text: &'t [u8]) -> Option<&'t [u8]> {
        let (start, end) = (bit(Obstacle::Start), bit(Obstacle::End));
        if set & (start | end) == 0 {
            return None;
        }
        // Blanks are at the ends of the text; at those of a part they may be meant.
        let text = if has(set, Obstacle::WhitespaceInText) { trimmed(text) } else { text };
        let set = set & !bit(Obstacle::WhitespaceInText);
        // Characters are not cut.
        let places: Vec<usize> = match std::str::from_utf8(text) {
            Ok(text) => (0..=text.len()).filter(|place| text.is_char_boundary(*place)).collect(),
            Err(_) => (0..=text.len()).collect(),
        };
        let mut first = 0;
        if set & start != 0 {
            first = *places.iter().find(|from| {
                let rest = text.get(**from..).unwrap_or_default();
                self.matches(set & !start, rest)
            })?;
        }
        let last = places.iter().rfind(|to| {
            let part = text.get(first..**to).unwrap_or_default();
            self.matches(set & !start & !end, part)
        });
        text.get(first..*last?)
    }

    /// Whether the text is nearly one of the few that the pattern stands for.
    fn misspelt(&mut self, set: Obstacles, text: &[u8]) -> Option<NearMiss> {
        let written = std::str::from_utf8(trimmed(text)).ok()?.to_ascii_lowercase();
        let is_near = |meant| {
            std::str::from_utf8(meant)
                .is_ok_and(|meant| is_slip(&meant.to_ascii_lowercase(), &written))
        };
        let near = self.relaxed(set)?.required_literals().any(is_near);
        near.then(|| self.tell(text, vec![Obstacle::Spelling], None))
    }

    fn tell(&self, text: &[u8], obstacles: Vec<Obstacle>, part: Option<&[u8]>) -> NearMiss {
        let text = text_of_bytes(text).into_owned();
        let part = part.map(|part| text_of_bytes(part).into_owned());
        let mut message = String::new();
        for obstacle in &obstacles {
            message += if message.is_empty() { "" } else { ", and " };
            message += match obstacle {
                Obstacle::Case => "its letters are of another case",
                Obstacle::WhitespaceInText => "there is a blank at an end of it",
                Obstacle::WhitespaceInPattern => "there is a blank at an end of the pattern",
                Obstacle::Start => "^ wants the match at its start",
                Obstacle::End => "$ wants the match at its end",
                Obstacle::Spelling => "it is spelt a little otherwise",
            };
        }
        if let Some(part) = part.as_deref().filter(|part| *part != text) {
            message += &format!(" (it would match {part:?})");
        }
        NearMiss { pattern: self.pattern.to_owned(), text, obstacles, part, message }
    }
}

fn has(set: Obstacles, obstacle: Obstacle) -> bool {
    set & bit(obstacle) != 0
}

fn bit(obstacle: Obstacle) -> Obstacles {
    Obstacle::RELAXABLE.iter().position(|known| *known == obstacle).map_or(0, |place| 1 << place)
}

/// The text without the blanks at its ends.
fn trimmed(text: &[u8]) -> &[u8] {
    std::str::from_utf8(text).map_or(text.trim_ascii(), |text| text.trim().as_bytes())
}

/// Whether the two differ in one word, which is long enough to be known again, and there by a slip.
/// Other numbers are none: `key-1` is not `key-2`; nor are other short words: `/bin/ls` is not
/// `/bin/sh`.
fn is_slip(meant: &str, written: &str) -> bool {
    const LONG_ENOUGH: usize = 5;
    let words = |text: &str| text.split(|c: char| !c.is_ascii_alphabetic()).count();
    if words(meant) != words(written) {
        return false;
    }
    let words = |text| str::split(text, |c: char| !c.is_ascii_alphabetic());
    let mut slips = 0;
    for (meant, written) in words(meant).zip(words(written)) {
        if meant != written {
            slips += 1;
            if meant.len() < LONG_ENOUGH || edit_distance(meant, written) > 2 {
                return false;
            }
        }
    }
    slips == 1
}

/// The pattern without the blanks at its ends, inside its anchors.
fn without_blanks(pattern: &str) -> String {
    let (start, rest) = pattern.strip_prefix('^').map_or(("", pattern), |rest| ("^", rest));
    let (rest, end) = rest.strip_suffix('$').map_or((rest, ""), |rest| (rest, "$"));
    let inside = rest.trim();
    // Behind a backslash, unless that is escaped itself, stands what is meant.
    let backslashes = inside.len() - inside.trim_end_matches('\\').len();
    if backslashes % 2 == 1 { pattern.to_owned() } else { format!("{start}{inside}{end}") }
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;

    use super::*;

    /// The obstacles and the part, as text.
    fn miss(pattern: &str, text: &str) -> String {
        assert!(!Regexp::new(pattern).unwrap().is_match(text), "{pattern} {text}");
        Nearly::new(pattern).miss(text.as_bytes()).map_or(String::new(), |miss| {
            assert!(!miss.message.is_empty());
            format!("{:?} {}", miss.obstacles, miss.part.unwrap_or_default())
        })
    }

    #[test]
    fn what_stands_in_the_way() {
        for (pattern, text, want) in [
            ("^sh$", "SH", "[Case] "),
            ("gpu", "com.example.GPU", "[Case] "),
            ("^true$", "true ", "[WhitespaceInText] "),
            ("^true$", "\ttrue", "[WhitespaceInText] "),
            ("^true $", "true", "[WhitespaceInPattern] "),
            ("^sh$", "/bin/sh", "[Begin] sh"),
            ("^(sh|bash)$", "/bin/bash", "[Begin] bash"),
            ("/bin/sh$", "/bin/sh -c", "[End] /bin/sh"),
            ("\\Ash\\z", "/bin/sh -c", "[Begin, End] sh"),
            ("^[0-9]+$", "12a", "[End] 12"),
            ("^True$", "is true ", "[WhitespaceInText, Case, Begin] true"),
            ("^io\\.example\\.debug$", "io.example.debgu", "[Spelling] "),
            ("^com\\.example\\.debug$", "com.exmple.debug", "[Spelling] "),
            ("^key-1$", "key-2", ""),
            ("^a{2,3}$", "aaaa", "[Begin] aaa"),
            ("^b$", "B b", "[Begin] b"),
            ("^.$", "éa", "[Begin] a"),
            ("^[^a]+$", "é漢a", "[End] é漢"),
            ("^$", "foo", ""),
            ("^[0-9]*$", "x", ""),
            ("^[^a]$", "A ", "[WhitespaceInText] "),
            ("^foo\\\\ $", "foo\\", "[WhitespaceInPattern] "),
            ("^/bin/sh$", "/bin/ls", ""),
            ("^none$", "one", ""),
            ("^sh$", "/usr/bin/nginx", ""),
            ("^(all|[0-9]+)$", "none", ""),
            ("a\\bb", "ab", ""),
            ("^a\\ $", "b", ""),
        ] {
            assert_eq!(miss(pattern, text), want, "{pattern:?} {text:?}");
        }
    }

    #[test]
    fn what_is_long_is_not_looked_at() {
        assert_eq!(miss("^b", &("a".repeat(300) + "b")), "");
    }

    #[test]
    fn words() {
        let miss = Nearly::new("^sh$").miss(b"/bin/sh").unwrap();
        assert_eq!(miss.message, "^ wants the match at its start (it would match \"sh\")");
    }

    /// A pattern in parts, which can be relaxed by leaving some out.
    struct Parts {
        start: &'static str,
        blank_before: &'static str,
        inside: String,
        blank_behind: &'static str,
        end: &'static str,
    }

    impl Parts {
        fn pattern(&self, set: Obstacles) -> Regexp {
            let or = |part, obstacle| if has(set, obstacle) { "" } else { part };
            let case = if has(set, Obstacle::Case) { "(?i)" } else { "" };
            let text = [
                case,
                or(self.start, Obstacle::Start),
                or(self.blank_before, Obstacle::WhitespaceInPattern),
                &self.inside,
                or(self.blank_behind, Obstacle::WhitespaceInPattern),
                or(self.end, Obstacle::End),
            ];
            Regexp::new(&text.concat()).unwrap()
        }

        fn matches(&self, set: Obstacles, text: &str) -> bool {
            let text = if has(set, Obstacle::WhitespaceInText) { text.trim() } else { text };
            self.pattern(set).is_match(text)
        }
    }

    /// A pattern, and a text that it matches.
    fn parts(random: &mut Rng) -> (Parts, String) {
        const INSIDE: [(&str, &str); 9] = [
            ("gpu", "gpu"),
            ("Com\\.example", "Com.example"),
            ("[0-9]+", "17"),
            ("(on|off)", "off"),
            ("x*", "xx"),
            ("[^b]", "c"),
            (".é", "Xé"),
            ("\\bw{2,3}\\b", "ww"),
            ("(?:a|bc)?d", "bcd"),
        ];
        let mut or_none = |part| if random.usize(..100) < 50 { part } else { "" };
        let (start, end) = (or_none("^"), or_none("$"));
        let (blank_before, blank_behind) = match random.usize(..8) {
            0 => (" ", ""),
            1 => ("", " "),
            _ => ("", ""),
        };
        let (mut inside, mut text) = (String::new(), String::new());
        for _ in 0..=random.usize(..3) {
            let (pattern, matched) = INSIDE[random.usize(..INSIDE.len())];
            inside += pattern;
            text += matched;
        }
        let text = format!("{blank_before}{text}{blank_behind}");
        (Parts { start, blank_before, inside, blank_behind, end }, text)
    }

    /// What is told is true: with it out of the way the pattern matches, with less it does not.
    /// What is told of no text is in no text's way.
    #[test]
    fn what_is_told_stands_in_the_way_and_nothing_else() {
        let mut random = Rng::with_seed(20_261_123);
        let all: Obstacles = (1 << Obstacle::RELAXABLE.len()) - 1;
        let mut told = std::collections::BTreeMap::new();
        for _ in 0..20_000 {
            let (parts, mut text) = parts(&mut random);
            for _ in 0..=random.usize(..2) {
                text = match random.usize(..7) {
                    0 => text.to_uppercase(),
                    1 => text.to_lowercase(),
                    2 => format!(" {text}"),
                    3 => format!("{text}\t"),
                    4 => format!("{}{text}", random.choice(["a", "é", "x/", "com."]).unwrap()),
                    5 => format!("{text}{}", random.choice(["b", "é", "/x", ".y"]).unwrap()),
                    _ => random
                        .choice(["", "no", "gpu", "Com.example off", "12é"])
                        .unwrap()
                        .to_owned(),
                };
            }
            let pattern = parts.pattern(0);
            if pattern.is_match(&text) {
                continue;
            }
            let matching = |set: &Obstacles| parts.matches(*set, &text);
            let found = Nearly::new(pattern.as_str()).miss(text.as_bytes());
            let obstacles: Vec<Obstacle> =
                found.as_ref().map_or_else(Vec::new, |miss| miss.obstacles.clone());
            let case = format!("{:?} {text:?}: {found:?}", pattern.as_str());
            *told.entry(format!("{obstacles:?}")).or_insert(0) += 1;
            // (How words are misspelt is in the table above.)
            if obstacles == [Obstacle::Spelling] || found.is_none() {
                let is_near = matching(&all) || matching(&(all & !bit(Obstacle::Case)));
                assert!(!is_near || parts.matches(all, ""), "{case}");
                continue;
            }
            let set = obstacles.iter().fold(0, |set, obstacle| set | bit(*obstacle));
            assert!(matching(&set), "{case}");
            let fewer = (0..=all).filter(|other| other.count_ones() < set.count_ones());
            assert!(!fewer.into_iter().any(|other| matching(&other)), "{case}");
            let part = found.unwrap().part;
            assert_eq!(
                part.is_some(),
                set & (bit(Obstacle::Start) | bit(Obstacle::End)) != 0,
                "{case}"
            );
            if let Some(part) = part {
                let anchors = bit(Obstacle::Start) | bit(Obstacle::End);
                let others = set & !anchors & !bit(Obstacle::WhitespaceInText);
                assert!(text.contains(&part) && parts.matches(others, &part), "{case}");
            }
        }
        println!("{told:?}");
        for obstacle in Obstacle::RELAXABLE {
            assert!(
                told.get(&format!("[{obstacle:?}]")).is_some_and(|count| *count > 20),
                "{told:?}"
            );
        }
        assert!(told.len() > 15, "{told:?}");
    }
}
