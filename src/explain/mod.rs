//! Explanations: the verdict of each hook on a container, condition by condition (docs/spec.md,
//! section 8).

mod near_miss;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::container::{Container, Process};
use crate::go::text_of_bytes;
use crate::hook::{Decoded, Field, Wanted};
use crate::inject::Allowance;
use crate::list::MaskedHook;
use crate::loaded_hook::LoadedHook;
use crate::position::{Lines, Position};
use crate::problem::{Diagnostic, Error, Result, Severity, serialize_path, text_of};
use crate::snapshot::{Snapshot, by_file};
use crate::when::{Evaluated, Outcome, Trace};

use near_miss::Nearly;
pub use near_miss::{NearMiss, Obstacle};

/// Why each hook matches a container or not.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Explanation {
    /// The generation number of the snapshot.
    pub generation: u64,
    /// The error of [`Manager::select`](crate::Manager::select) for this container, if it fails.
    #[serde(serialize_with = "as_text")]
    pub error: Option<Error>,
    /// The verdict of each hook, in the order of injection.
    pub hooks: Vec<HookVerdict>,
    /// Hooks that were not evaluated, since files in later directories mask them.
    pub masked: Vec<MaskedHook>,
    /// The reasons why files do not load: the first error of each file, or `dangling-link`; and
    /// `override-ineffective` if the file therefore does not mask the hook of its name in an
    /// earlier directory.
    pub without_hook: Vec<Diagnostic>,
}

/// The verdict of one hook.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HookVerdict {
    /// The name of its file.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// Whether the hook is injected, or the error that prevented a verdict.
    pub verdict: Result<bool>,
    /// Its stages, as in its file.
    pub stages: Vec<String>,
    /// Whether one condition that holds is enough (version 0.1.0), instead of all.
    pub any_of: bool,
    /// The verdict of each condition, in the order of evaluation.
    pub conditions: Vec<ConditionVerdict>,
    /// The diagnostics of the hook that are errors or warnings. Empty if it does not match.
    pub diagnostics: Vec<Diagnostic>,
}

/// The verdict of one condition.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ConditionVerdict {
    /// The condition, and the values that it was compared with.
    pub condition: Condition,
    /// The position in the file: the pattern that matched or nearly matched, else the first one.
    pub position: Option<Position>,
    /// The outcome, or the error that prevented it.
    pub outcome: Result<Outcome>,
    /// Whether earlier conditions had already decided the verdict; then this is information only.
    pub after_verdict: bool,
}

/// A condition, and the values that it was compared with.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Condition {
    /// `always`
    Always {
        /// The value in the hook.
        value: bool,
    },
    /// `hasBindMounts`
    HasBindMounts {
        /// The value in the hook.
        value: bool,
        /// Whether the container has bind mounts.
        container: bool,
    },
    /// One entry of `annotations`.
    Annotation {
        /// The pattern of the key.
        key_pattern: String,
        /// The pattern of the value.
        value_pattern: String,
        /// How many annotations the container has.
        tried: usize,
        /// In the first condition of a hook for which no key matched: the keys of the container's
        /// annotations, up to ten of them, without the end of long ones.
        keys: Vec<String>,
        /// The annotation that matched, key and value.
        matched: Option<Annotation>,
        /// The nearest annotation whose key matched, but whose value did not.
        nearest: Option<Annotation>,
        /// The near miss: what keeps the value of the nearest annotation from matching; if no key
        /// matched, what keeps a key from matching.
        near_miss: Option<NearMiss>,
    },
    /// `commands`
    Commands {
        /// The patterns.
        patterns: Vec<String>,
        /// `process.args[0]`, if there is one.
        command: Option<String>,
        /// The pattern that matched.
        matched: Option<String>,
        /// The pattern that nearly matches, and what keeps it from matching.
        near_miss: Option<NearMiss>,
    },
}

/// An annotation of the container.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Annotation {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
}

impl Snapshot {
    /// Returns the verdict of each hook on a container, and the reasons (docs/spec.md, section 8).
    /// It agrees with [`Snapshot::select`].
    pub fn explain(&self, container: &Container<'_>) -> Explanation {
        let too_large = container.check().err();
        let mut error = too_large.clone();
        let mut allowance = Allowance::default();
        let line = CommandLine { container, words: OnceCell::new() };
        let noted = self.noted();
        let explain = |loaded: &std::sync::Arc<LoadedHook>| {
            let (file, lines) = (loaded.decoded(Wanted::Notes), Lines::new(loaded.text()));
            let mut recorder = Recorder {
                loaded,
                file: &file,
                lines,
                container,
                line: &line,
                conditions: Vec::new(),
                gave_keys: false,
                misses: MISSES,
                word_matches: WORD_MATCHES,
            };
            let verdict = match &too_large {
                Some(too_large) => Err(too_large.clone()),
                None => loaded.conditions.evaluate(container, &mut recorder),
            };
            let fails = match &verdict {
                Ok(true) => allowance.take(loaded).err(),
                Ok(false) => None,
                Err(cause) => Some(loaded.matching_error(cause.clone())),
            };
            if error.is_none() {
                error = fails;
            }
            let diagnostics = match &verdict {
                Ok(true) => {
                    let noted = noted.get(&*loaded.path).into_iter().flatten().copied();
                    noted.chain(loaded.warnings().iter().filter(is_problem)).cloned().collect()
                }
                Ok(false) | Err(_) => Vec::new(),
            };
            HookVerdict {
                name: text_of(loaded.name()),
                path: loaded.path.to_path_buf(),
                verdict,
                any_of: file.hook.when.any_of,
                conditions: recorder.conditions,
                stages: owned(file.hook.stages.as_deref().unwrap_or_default()),
                diagnostics,
            }
        };
        let hooks = self.hooks.iter().map(explain).collect();
        Explanation {
            generation: self.generation(),
            error,
            hooks,
            masked: self.masked.iter().map(MaskedHook::from).collect(),
            without_hook: self.without_hook().cloned().collect(),
        }
    }

    /// Returns the errors and warnings of this snapshot by file. The warnings that a hook computes
    /// itself ([`LoadedHook::warnings`]) are not among them.
    fn noted(&self) -> HashMap<&Path, Vec<&Diagnostic>> {
        let all = self.noted_diagnostics().chain(self.duplicates());
        by_file(all.filter(is_problem).collect())
    }
}

/// Returns whether a diagnostic is an error or a warning.
fn is_problem(diagnostic: &&Diagnostic) -> bool {
    diagnostic.severity != Severity::Info
}

impl Explanation {
    /// Returns the explanation as JSON. Its members are this type's fields in camel case.
    pub fn to_json(&self) -> String {
        crate::go::json::to_string(self)
    }
}

/// Records the steps of an evaluation.
struct Recorder<'a> {
    loaded: &'a LoadedHook,
    file: &'a Decoded<'a>,
    /// The lines of the file.
    lines: Lines,
    container: &'a Container<'a>,
    line: &'a CommandLine<'a>,
    conditions: Vec<ConditionVerdict>,
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
struct CommandLine<'a> {
    container: &'a Container<'a>,
    words: OnceCell<(Vec<String>, Option<String>)>,
}

impl CommandLine<'_> {
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

impl Recorder<'_> {
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

fn owned(strings: &[Cow<'_, str>]) -> Vec<String> {
    let mut owned = Vec::with_capacity(strings.len());
    for string in strings {
        owned.push(string.to_string());
    }
    owned
}

fn as_text<S: Serializer>(
    error: &Option<Error>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    error.as_ref().map(Error::to_string).serialize(serializer)
}

/// Writes one line: the path of the file, and the verdict or the error that prevented it.
impl fmt::Display for HookVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.verdict {
            Ok(true) => write!(f, "{path}: matches"),
            Ok(false) => write!(f, "{path}: does not match"),
            Err(error) => write!(f, "{path}: {}", error.plain_message()),
        }
    }
}

impl Serialize for HookVerdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &self.name)?;
        serialize_path(&mut map, "path", &self.path)?;
        match &self.verdict {
            Ok(true) => map.serialize_entry("verdict", "match")?,
            Ok(false) => map.serialize_entry("verdict", "no-match")?,
            Err(error) => {
                map.serialize_entry("verdict", "error")?;
                map.serialize_entry("error", &error.to_string())?;
            }
        }
        map.serialize_entry("stages", &self.stages)?;
        map.serialize_entry("anyOf", &self.any_of)?;
        map.serialize_entry("conditions", &self.conditions)?;
        if !self.diagnostics.is_empty() {
            map.serialize_entry("diagnostics", &self.diagnostics)?;
        }
        map.end()
    }
}

impl Serialize for ConditionVerdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match &self.condition {
            Condition::Always { value } => {
                map.serialize_entry("condition", "always")?;
                map.serialize_entry("value", value)?;
            }
            Condition::HasBindMounts { value, container } => {
                map.serialize_entry("condition", "has-bind-mounts")?;
                map.serialize_entry("value", value)?;
                map.serialize_entry("container", container)?;
            }
            Condition::Annotation {
                key_pattern,
                value_pattern,
                tried,
                keys,
                matched,
                nearest,
                near_miss,
            } => {
                map.serialize_entry("condition", "annotation")?;
                map.serialize_entry("keyPattern", key_pattern)?;
                map.serialize_entry("valuePattern", value_pattern)?;
                map.serialize_entry("tried", tried)?;
                if !keys.is_empty() {
                    map.serialize_entry("keys", keys)?;
                }
                map.serialize_entry("matched", matched)?;
                map.serialize_entry("nearest", nearest)?;
                map.serialize_entry("nearMiss", near_miss)?;
            }
            Condition::Commands { patterns, command, matched, near_miss } => {
                map.serialize_entry("condition", "commands")?;
                map.serialize_entry("patterns", patterns)?;
                map.serialize_entry("command", command)?;
                map.serialize_entry("matched", matched)?;
                map.serialize_entry("nearMiss", near_miss)?;
            }
        }
        if let Some(Position { line, column }) = self.position {
            map.serialize_entry("line", &line)?;
            map.serialize_entry("column", &column)?;
        }
        match &self.outcome {
            Ok(outcome) => map.serialize_entry("outcome", outcome.as_str())?,
            Err(error) => {
                map.serialize_entry("outcome", "error")?;
                map.serialize_entry("error", &error.to_string())?;
            }
        }
        map.serialize_entry("afterVerdict", &self.after_verdict)?;
        map.end()
    }
}
