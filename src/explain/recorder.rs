//! The steps of an evaluation as the verdicts of conditions, with what nearly matched.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::near_miss::{self, NearMiss, Nearly};
use super::verdict::{Annotation, Condition, ConditionVerdict};
use crate::container::{Container, Process};
use crate::go::text_of_bytes;
use crate::hook::{Decoded, Field};
use crate::loaded_hook::LoadedHook;
use crate::position::Lines;
use crate::problem::Result;
use crate::when::{Evaluated, Outcome, Trace};

/// Records the steps of an evaluation.
pub(super) struct Recorder<'a> {
    loaded: &'a LoadedHook,
    file: &'a Decoded<'a>,
    /// The lines of the file.
    lines: Lines,
    container: &'a Container<'a>,
    line: &'a CommandLine<'a>,
    pub conditions: Vec<ConditionVerdict>,
    /// Whether a condition has the container's keys.
    gave_keys: bool,
    /// The number of near misses that may still be searched for.
    misses: usize,
    /// The number of times that a pattern may still be matched against another word than the first.
    word_matches: usize,
}

/// Enough for any hook that a person has written; a file of 16 MiB can have millions of patterns.
const MISSES: usize = 256;

/// As [`MISSES`], for matches against the other words of the command line.
const WORD_MATCHES: usize = 1024;

/// The number of keys in [`Condition::Annotation`].
const KEYS: usize = 10;

/// The words of the container's `process.args`, read when they are first needed.
pub(super) struct CommandLine<'a> {
    container: &'a Container<'a>,
    words: OnceCell<(Vec<String>, Option<String>)>,
}

impl<'a> CommandLine<'a> {
    pub fn of(container: &'a Container<'a>) -> CommandLine<'a> {
        CommandLine { container, words: OnceCell::new() }
    }

    /// Returns the words, and all of them joined by spaces if they are not too long.
    fn words(&self) -> (&[String], Option<&str>) {
        // More words, and longer ones, than people write by hand.
        const MOST: usize = 256;
        const LONGEST: usize = 4096;
        let (words, line) = self.words.get_or_init(|| {
            let mut words = self.container.words(MOST + 1);
            let bytes = words.iter().map(|word| word.len() + 1).sum::<usize>();
            let joined = (2..=MOST).contains(&words.len()) && bytes <= LONGEST;
            let line = joined.then(|| words.join(" "));
            words.truncate(MOST);
            for word in &mut words {
                if word.len() > LONGEST {
                    word.clear();
                }
            }
            (words, line)
        });
        (words, line.as_deref())
    }
}

impl Trace for Recorder<'_> {
    const GOES_ON: bool = true;

    fn condition(&mut self, condition: Evaluated, outcome: &Result<Outcome>, decided: bool) {
        let (condition, field) = self.describe(condition);
        let position = self.file.place(&field).map(|offset| self.lines.position(offset));
        let outcome = outcome.clone();
        self.conditions.push(ConditionVerdict {
            condition,
            position,
            outcome,
            after_verdict: decided,
        });
    }
}

impl<'a> Recorder<'a> {
    pub fn new(
        loaded: &'a LoadedHook,
        file: &'a Decoded<'a>,
        container: &'a Container<'a>,
        line: &'a CommandLine<'a>,
    ) -> Recorder<'a> {
        Recorder {
            loaded,
            file,
            lines: Lines::new(loaded.text()),
            container,
            line,
            conditions: Vec::new(),
            gave_keys: false,
            misses: MISSES,
            word_matches: WORD_MATCHES,
        }
    }

    /// Returns the condition, and the part of the file that decided it.
    fn describe(&mut self, condition: Evaluated) -> (Condition, Field) {
        let when = &self.file.hook.when;
        match condition {
            Evaluated::Always => {
                (Condition::Always { value: when.always.unwrap_or_default() }, Field::Always)
            }
            Evaluated::HasBindMounts => {
                let value = when.has_bind_mounts.unwrap_or_default();
                let container = self.container.has_bind_mounts;
                (Condition::HasBindMounts { value, container }, Field::HasBindMounts)
            }
            Evaluated::Annotation { index, matched, near } => self.annotation(index, matched, near),
            Evaluated::Commands { matched } => self.commands(matched),
        }
    }

    fn annotation(
        &mut self,
        index: usize,
        matched: Option<usize>,
        near: Option<usize>,
    ) -> (Condition, Field) {
        let annotations = &self.container.annotations;
        let pair = self.file.hook.when.annotations.get(index);
        let (key_pattern, value_pattern) =
            pair.map(|(key, value)| (&**key, &**value)).unwrap_or_default();
        let (mut nearest, mut near_miss) = (near, None);
        let patterns = self.loaded.conditions.annotations.get(index);
        if let (1.., None, Some(patterns)) = (self.misses, matched, patterns) {
            // A value that nearly matches is more useful than a key that nearly matches.
            let mut value_of = Nearly::new(value_pattern);
            for (at, (key, value)) in annotations.iter().enumerate() {
                if self.misses > 0 && patterns.key.matches(key) == Ok(true) {
                    self.misses -= 1;
                    if nearer(&mut near_miss, value_of.miss(value)) {
                        nearest = Some(at);
                    }
                }
            }
            if nearest.is_none() {
                let mut key_of = Nearly::new(key_pattern);
                let most = self.misses;
                self.misses = most.saturating_sub(annotations.len());
                for (key, _) in annotations.iter().take(most) {
                    nearer(&mut near_miss, key_of.miss(key));
                }
            }
        }
        let field = if matched.or(nearest).is_some() {
            Field::AnnotationValue
        } else {
            Field::AnnotationKey
        };
        let annotation = |index: usize| {
            let (key, value) = annotations.get(index)?;
            Some(Annotation {
                key: text_of_bytes(key).into_owned(),
                value: text_of_bytes(value).into_owned(),
            })
        };
        // (One of many conditions is enough: the keys are the container's, and may be long.)
        let keys = if matched.or(nearest).is_some() || std::mem::replace(&mut self.gave_keys, true)
        {
            Vec::new()
        } else {
            annotations.iter().take(KEYS).map(|(key, _)| shortened(&text_of_bytes(key))).collect()
        };
        let condition = Condition::Annotation {
            key_pattern: key_pattern.to_owned(),
            value_pattern: value_pattern.to_owned(),
            tried: annotations.len(),
            keys,
            matched: matched.and_then(annotation),
            nearest: nearest.filter(|_| matched.is_none()).and_then(annotation),
            near_miss,
        };
        (condition, field(key_pattern.to_owned()))
    }

    fn commands(&mut self, matched: Option<usize>) -> (Condition, Field) {
        let patterns = &self.file.hook.when.commands;
        let command = match &self.container.process {
            Process::Command(command) => Some(&**command),
            Process::Absent | Process::NoArgs => None,
        };
        let (mut near, mut near_miss) = (0, None);
        if let (None, Some(command)) = (matched, command) {
            let most = self.misses;
            self.misses = most.saturating_sub(patterns.len());
            for (index, pattern) in patterns.iter().take(most).enumerate() {
                if nearer(&mut near_miss, Nearly::new(pattern).miss(command)) {
                    near = index;
                }
            }
            if let Some((index, miss)) = self.elsewhere() {
                if nearer(&mut near_miss, Some(miss)) {
                    near = index;
                }
            }
        }
        let condition = Condition::Commands {
            patterns: owned(patterns),
            command: command.map(|command| text_of_bytes(command).into_owned()),
            matched: matched
                .and_then(|index| patterns.get(index))
                .map(|pattern| pattern.to_string()),
            near_miss,
        };
        (condition, Field::Command(matched.unwrap_or(near)))
    }

    /// Returns the first pattern that matches another word of `process.args` than the first, or the
    /// whole command line.
    fn elsewhere(&mut self) -> Option<(usize, NearMiss)> {
        let (words, line) = self.line.words();
        let compiled = &self.loaded.conditions.commands;
        let patterns = &self.file.hook.when.commands;
        let mut matches = |index: usize, text: &str| {
            let Some(left) = self.word_matches.checked_sub(1) else { return false };
            self.word_matches = left;
            compiled.get(index).is_some_and(|it| it.matches(text.as_bytes()) == Ok(true))
        };
        for (index, pattern) in patterns.iter().enumerate().take(WORD_MATCHES) {
            // (A word that is too long is empty here.)
            let others = words.iter().enumerate().skip(1).filter(|(_, word)| !word.is_empty());
            for (at, word) in others {
                if matches(index, word) {
                    return Some((index, near_miss::other_word(pattern, at, word)));
                }
            }
        }
        let line = line?;
        let mut all = patterns.iter().enumerate().take(WORD_MATCHES);
        let (index, pattern) = all.find(|(index, _)| matches(*index, line))?;
        Some((index, near_miss::command_line(pattern, line)))
    }
}

/// Returns a key as it is listed: a long one without its end.
fn shortened(key: &str) -> String {
    const LONGEST: usize = 256;
    match key.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", key.get(..end).unwrap_or_default()),
        None => key.to_owned(),
    }
}

/// Keeps the nearer miss. Returns whether that is the new one.
fn nearer(known: &mut Option<NearMiss>, new: Option<NearMiss>) -> bool {
    let distance = |miss: &Option<NearMiss>| miss.as_ref().map(Nearly::distance);
    let is_nearer = new.is_some() && (known.is_none() || distance(&new) < distance(known));
    if is_nearer {
        *known = new;
    }
    is_nearer
}

pub(super) fn owned(strings: &[Cow<'_, str>]) -> Vec<String> {
    let mut owned = Vec::with_capacity(strings.len());
    for string in strings {
        owned.push(string.to_string());
    }
    owned
}
