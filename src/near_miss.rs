//! Near misses: what keeps a pattern from matching a text that it nearly matches (SPEC §8).
//!
//! A pattern is relaxed step by step: without its case, without blanks at the ends, without its anchors. The fewest steps that
//! make it match are what stood in its way. Only explaining asks for this; matching never comes here.

use std::ops::Range;

use crate::json::text_of;
use crate::lint::distance;
use crate::pattern::{Pattern, Relaxed};

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
    /// The part of the text that the pattern describes, where anchors are in the way.
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
    BlankInText,
    /// The pattern begins or ends with a blank.
    BlankInPattern,
    /// The pattern wants it at the begin of the text (`^`).
    Begin,
    /// The pattern wants it at the end of the text (`$`).
    End,
    /// They differ in a letter or two.
    Spelling,
}

impl Obstacle {
    const RELAXABLE: [Obstacle; 5] =
        [Obstacle::BlankInText, Obstacle::BlankInPattern, Obstacle::Case, Obstacle::Begin, Obstacle::End];
}

/// A pattern, and how it reads when some obstacles are taken away: each is made when it is first asked for.
pub(crate) struct Nearly<'p> {
    pattern: &'p str,
    relaxed: Vec<(Obstacles, Option<Pattern>)>,
}

/// A set of obstacles: the bit of each is its place in [`Obstacle::RELAXABLE`].
type Obstacles = usize;

impl<'p> Nearly<'p> {
    pub fn new(pattern: &'p str) -> Nearly<'p> {
        Nearly { pattern, relaxed: Vec::new() }
    }

    /// What keeps the pattern, which does not match this text, from matching it; `None` if it is far from it.
    pub fn miss(&mut self, text: &[u8]) -> Option<NearMiss> {
        // More than names and values are long; the effort grows with the length.
        const LONGEST: usize = 256;
        let all: Obstacles = (1 << Obstacle::RELAXABLE.len()) - 1;
        if text.len() > LONGEST {
            return None;
        }
        if !self.matches(all, text) {
            return self.misspelt(all & !bit(Obstacle::Case), text);
        }
        let few_first = |count| (1..=all).filter(move |set| set.count_ones() == count);
        let set = (1..=all.count_ones()).flat_map(few_first).find(|set| self.matches(*set, text))?;
        let obstacles: Vec<Obstacle> = Obstacle::RELAXABLE
            .into_iter()
            .enumerate()
            .filter(|(bit, _)| set & (1 << bit) != 0)
            .map(|(_, obstacle)| obstacle)
            .collect();
        let is_anchored = obstacles.iter().any(|it| matches!(it, Obstacle::Begin | Obstacle::End));
        let part = if is_anchored { self.part(all, text).and_then(|part| text.get(part)) } else { None };
        Some(self.tell(text, obstacles, part))
    }

    fn matches(&mut self, set: Obstacles, text: &[u8]) -> bool {
        let has = |obstacle| has(set, obstacle);
        let text = if has(Obstacle::BlankInText) { text.trim_ascii() } else { text };
        self.relaxed(set).is_some_and(|pattern| pattern.matches(text))
    }

    fn relaxed(&mut self, set: Obstacles) -> Option<&Pattern> {
        let known = self.relaxed.iter().position(|(known, _)| *known == set);
        let index = known.unwrap_or_else(|| {
            let has = |obstacle| has(set, obstacle);
            let relaxed =
                Relaxed { case: has(Obstacle::Case), begin: has(Obstacle::Begin), end: has(Obstacle::End) };
            let blanks = has(Obstacle::BlankInPattern);
            let text = if blanks { without_blanks(self.pattern) } else { self.pattern.to_owned() };
            self.relaxed.push((set, Pattern::relaxed(&text, relaxed)));
            self.relaxed.len() - 1
        });
        self.relaxed.get(index)?.1.as_ref()
    }

    /// The part of the text that the pattern without anchors matches: the shortest that ends first. (Word boundaries may make
    /// it another one.)
    fn part(&mut self, set: Obstacles, text: &[u8]) -> Option<Range<usize>> {
        let pattern = self.relaxed(set)?;
        let matches = |part: Range<usize>| text.get(part).is_some_and(|part| pattern.matches(part));
        // What matches in the begin of a text matches in a longer one.
        let (mut short, mut end) = (0, text.len());
        while short < end {
            let middle = short.midpoint(end);
            if matches(0..middle) { end = middle } else { short = middle + 1 }
        }
        let (mut begin, mut late) = (0, end);
        while begin < late {
            let middle = late - (late - begin) / 2;
            if matches(middle..end) { begin = middle } else { late = middle - 1 }
        }
        matches(begin..end).then_some(begin..end)
    }

    /// Whether the text is nearly one of the few that the pattern stands for.
    fn misspelt(&mut self, set: Obstacles, text: &[u8]) -> Option<NearMiss> {
        let written = std::str::from_utf8(text).ok()?.trim();
        let mut near = false;
        self.relaxed(set)?.for_each_text(&mut |meant| {
            let most = if meant.len() < 5 { 1 } else { 2 };
            if let Ok(meant) = std::str::from_utf8(meant)
                && meant.len() > 2
                && meant.len().abs_diff(written.len()) <= most
            {
                // Other numbers are no slips: `key-1` is not `key-2`.
                let letters =
                    |text: &str| text.replace(|c: char| c.is_ascii_digit(), "").to_ascii_lowercase();
                let (meant, written) = (letters(meant), letters(written));
                near |= meant != written && distance(&meant, &written) <= most;
            }
        });
        near.then(|| self.tell(text, vec![Obstacle::Spelling], None))
    }

    fn tell(&self, text: &[u8], obstacles: Vec<Obstacle>, part: Option<&[u8]>) -> NearMiss {
        let text = text_of(text).into_owned();
        let part = part.map(|part| text_of(part).into_owned());
        let mut message = String::new();
        for obstacle in &obstacles {
            message += if message.is_empty() { "" } else { ", and " };
            message += match obstacle {
                Obstacle::Case => "its letters are of another case",
                Obstacle::BlankInText => "there is a blank at an end of it",
                Obstacle::BlankInPattern => "there is a blank at an end of the pattern",
                Obstacle::Begin => "^ wants the match at its begin",
                Obstacle::End => "$ wants the match at its end",
                Obstacle::Spelling => "it is spelt a little otherwise",
            };
        }
        if let Some(part) = part.as_deref().filter(|part| *part != text) {
            message += &format!(" (only {part:?} is what the pattern describes)");
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

/// The pattern without the blanks at its ends, inside its anchors.
fn without_blanks(pattern: &str) -> String {
    let (begin, rest) = pattern.strip_prefix('^').map_or(("", pattern), |rest| ("^", rest));
    let (rest, end) = rest.strip_suffix('$').map_or((rest, ""), |rest| (rest, "$"));
    let inside = rest.trim();
    // Behind a backslash stands what is meant.
    if inside.ends_with('\\') { pattern.to_owned() } else { format!("{begin}{inside}{end}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The obstacles and the part, as text.
    fn miss(pattern: &str, text: &str) -> String {
        assert!(!Pattern::new(pattern).unwrap().matches(text.as_bytes()), "{pattern} {text}");
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
            ("^true$", "true ", "[BlankInText] "),
            ("^true$", "\ttrue", "[BlankInText] "),
            ("^true $", "true", "[BlankInPattern] "),
            ("^sh$", "/bin/sh", "[Begin] sh"),
            ("^(sh|bash)$", "/bin/bash", "[Begin] sh"),
            ("/bin/sh$", "/bin/sh -c", "[End] /bin/sh"),
            ("\\Ash\\z", "/bin/sh -c", "[Begin, End] sh"),
            ("^[0-9]+$", "12a", "[End] 1"),
            ("^True$", "is true ", "[BlankInText, Case, Begin] true"),
            ("^io\\.example\\.debug$", "io.example.debgu", "[Spelling] "),
            ("^com\\.example\\.debug$", "com.exmple.debug", "[Spelling] "),
            ("^key-1$", "key-2", ""),
            ("^a{2,3}$", "aaaa", "[Begin] aa"),
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
        assert_eq!(
            miss.message,
            "^ wants the match at its begin (only \"sh\" is what the pattern describes)"
        );
    }
}
