//! A prefilter: skips hooks whose patterns require a literal string that cannot occur in the
//! container.
//!
//! Most hooks do not match most containers, and most patterns contain a literal that every match
//! contains too. The prefilter keeps a few bigrams (pairs of neighbouring bytes) of that literal
//! for each hook, those of all hooks in one array. It collects the bigrams of a container once. If
//! a required one is missing, the hook does not match, and nothing else of the hook is read.
//!
//! The prefilter changes no verdict. It skips only hooks whose evaluation returns "does not match",
//! never one whose evaluation can fail.

use crate::container::{Container, Process};
use crate::when::{Compiled, Conditions};

/// How many bigrams of a literal are required. They are the last ones, since keys and paths differ
/// at the end.
const REQUIRED: usize = 4;

/// The bigrams that must occur in a container for a hook to match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequiredBigrams {
    of: Subject,
    /// Numbers of bigrams in [`Bigrams`]. If there are fewer, the first one is repeated.
    numbers: [u16; REQUIRED],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    /// Nothing is required: the conditions must be evaluated.
    Nothing,
    /// The keys of the annotations.
    Keys,
    /// The command.
    Command,
}

impl RequiredBigrams {
    pub fn new(conditions: &Conditions) -> RequiredBigrams {
        let nothing = RequiredBigrams { of: Subject::Nothing, numbers: [0; REQUIRED] };
        // If one condition is enough, none of them is required.
        if conditions.any_of {
            return nothing;
        }
        let keys = conditions
            .annotations
            .iter()
            .map(|pair| (Subject::Keys, std::slice::from_ref(&pair.key)));
        let commands = (Subject::Command, &*conditions.commands);
        let required =
            |(of, patterns)| Some(RequiredBigrams { of, numbers: shared_bigrams(patterns)? });
        keys.chain([commands]).find_map(required).unwrap_or(nothing)
    }
}

/// Returns bigrams that occur in all literals of these patterns. Returns `None` if the literals
/// share no bigram, or if a pattern has no required literal.
fn shared_bigrams(patterns: &[Compiled]) -> Option<[u16; REQUIRED]> {
    // Patterns with many literals have few bigrams that all of them share.
    const MAX_LITERALS: usize = 16;
    let mut literals: [&[u8]; MAX_LITERALS] = [&[]; MAX_LITERALS];
    let mut count = 0;
    for pattern in patterns {
        let before = count;
        for literal in pattern.required_literals() {
            if let Some(slot) = literals.get_mut(count) {
                *slot = literal;
            }
            count += 1;
        }
        if count == before {
            return None;
        }
    }
    let (first, rest) = literals.get(..count)?.split_first()?;
    // Literals may be long, and each bigram is searched in all of them.
    const TRIED: usize = 16;
    let is_shared = |bigram: &&[u8]| {
        rest.iter().all(|literal| literal.windows(2).any(|other| other == *bigram))
    };
    let mut shared = first.windows(2).rev().take(TRIED).filter(is_shared).map(number);
    let mut required = [shared.next()?; REQUIRED];
    for (slot, number) in required.iter_mut().skip(1).zip(shared) {
        *slot = number;
    }
    Some(required)
}

/// The set of bigrams of some strings. Two bigrams may have the same number, so the set may seem to
/// contain one that is missing.
struct Bigrams([u64; BIGRAMS / 64]);

const BIGRAMS: usize = 2048;

/// Returns the number of a bigram.
fn number(bigram: &[u8]) -> u16 {
    let [a, b] = bigram.first_chunk().copied().unwrap_or_default();
    u16::from_le_bytes([a, b]).wrapping_mul(0x9E37) >> 5
}

impl Bigrams {
    fn of<'t>(strings: impl Iterator<Item = &'t [u8]>) -> Bigrams {
        let mut bigrams = Bigrams([0; BIGRAMS / 64]);
        for number in strings.flat_map(|text| text.windows(2)).map(number) {
            if let Some(word) = bigrams.0.get_mut(usize::from(number / 64)) {
                *word |= 1 << (number % 64);
            }
        }
        bigrams
    }

    fn has(&self, number: u16) -> bool {
        self.0.get(usize::from(number / 64)).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }
}

/// The bigrams of a container.
pub(crate) struct Prefilter {
    keys: Bigrams,
    /// `None` if there is no command: then the conditions decide.
    command: Option<Bigrams>,
}

impl Prefilter {
    pub fn new(container: &Container<'_>) -> Prefilter {
        Prefilter {
            keys: Bigrams::of(container.annotations.iter().map(|(key, _)| key.as_ref())),
            command: match &container.process {
                Process::Command(command) => Some(Bigrams::of(std::iter::once(command.as_ref()))),
                Process::Absent | Process::NoArgs => None,
            },
        }
    }

    /// Returns whether a hook that requires these bigrams may match the container.
    #[inline]
    pub fn passes(&self, required: &RequiredBigrams) -> bool {
        let bigrams = match required.of {
            Subject::Nothing => return true,
            Subject::Keys => &self.keys,
            Subject::Command => match &self.command {
                Some(command) => command,
                None => return true,
            },
        };
        required.numbers.iter().all(|number| bigrams.has(*number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hook::When;
    use crate::when::NoTrace;

    fn conditions(when: &str) -> Conditions {
        Conditions::compile(&(&When::from_json(when).unwrap()).into(), Compiled::read)
    }

    fn container<'a>(process: Process<'a>, keys: &[&'a str]) -> Container<'a> {
        Container::from_parts(process, keys.iter().map(|key| (*key, "true")), false)
    }

    #[test]
    fn requires_the_last_bigrams() {
        let of = |when| RequiredBigrams::new(&conditions(when));
        let numbers = |bigrams: [&str; REQUIRED]| bigrams.map(|bigram| number(bigram.as_bytes()));
        for (when, subject, bigrams) in [
            (
                r#"{"annotations": {"^org\\.example\\.key$": ".*"}}"#,
                Subject::Keys,
                ["ey", "ke", ".k", "e."],
            ),
            (r#"{"commands": ["^/bin/(ba)?sh$"]}"#, Subject::Command, ["sh", "/b", "n/", "in"]),
            (r#"{"commands": [".*/init$"]}"#, Subject::Command, ["it", "ni", "in", "/i"]),
            (r#"{"commands": ["^ab$"]}"#, Subject::Command, ["ab"; REQUIRED]),
            // Any key matches, but not any command.
            (
                r#"{"annotations": {".*": "x"}, "commands": ["sh$"]}"#,
                Subject::Command,
                ["sh"; REQUIRED],
            ),
        ] {
            assert_eq!(
                of(when),
                RequiredBigrams { of: subject, numbers: numbers(bigrams) },
                "{when}"
            );
        }
        for when in [
            r#"{"always": true}"#,
            r#"{"commands": ["a"]}"#,
            r#"{"commands": [".*"]}"#,
            r#"{"commands": ["sh$", "[0-9]+"]}"#,
            r#"{"commands": ["ab$", "cd$"]}"#,
            r#"{"commands": ["sh$"], "or": true}"#,
            r#"{"commands": []}"#,
        ] {
            assert_eq!(of(when).of, Subject::Nothing, "{when}");
        }
    }

    #[test]
    fn skipped_hooks_do_not_match() {
        let whens = [
            r#"{"annotations": {"^org\\.example\\.key$": ".*"}}"#,
            r#"{"annotations": {"key": "true", "^nothing$": ".*"}}"#,
            r#"{"annotations": {".*": ".*"}, "commands": ["^/bin/(ba)?sh$", "/init$"]}"#,
            r#"{"annotations": {"^org": "false"}, "commands": ["^/bin/.*"]}"#,
            r#"{"commands": ["^/usr/s?bin/(sh|bash)$"]}"#,
            r#"{"commands": ["(?i)BIN"], "hasBindMounts": false}"#,
            r#"{"commands": ["zzz"], "always": true}"#,
            r#"{"commands": ["zzz"], "annotations": {"key": ""}, "or": true}"#,
        ];
        let commands = [
            "",
            "/",
            "/bin/sh",
            "/bin/bash",
            "/usr/sbin/sh",
            "init",
            "/sbin/init",
            "BIN",
            "ni/nib",
        ];
        let keys: [&[&str]; 5] = [
            &[],
            &["org.example.key"],
            &["key", "k"],
            &["yek.elpmaxe.gro"],
            &["org", "nothing", "key"],
        ];
        let mut skipped = 0;
        for when in whens {
            let conditions = conditions(when);
            let required = RequiredBigrams::new(&conditions);
            for keys in keys {
                let of_command = |command: &'static str| Process::from(command);
                let processes = commands.into_iter().map(of_command);
                for process in processes.chain([Process::Absent, Process::NoArgs]) {
                    let container = container(process, keys);
                    if !Prefilter::new(&container).passes(&required) {
                        let verdict = conditions.evaluate(&container, &mut NoTrace);
                        assert!(matches!(verdict, Ok(false)), "{when} {container:?}: {verdict:?}");
                        skipped += 1;
                    }
                }
            }
        }
        assert!(skipped > 100, "{skipped}");
    }
}
