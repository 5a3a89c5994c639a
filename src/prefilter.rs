//! Which hooks need not be looked at: those that ask for a text of which the container has not even the parts.
//!
//! Most hooks are not for most containers, and most patterns hold a text that an input must have in it. So of each such hook
//! a few pairs of neighbouring bytes of that text are kept, all hooks' in one array; of a container all pairs are gathered
//! once. Where one of a hook's is not among them, the hook is not for it, and nothing else of the hook was touched.
//!
//! This decides nothing that evaluating the conditions would decide otherwise: only hooks are passed over whose verdict would
//! be that they do not match, never one whose evaluation might fail.

use crate::container::{Container, Process};
use crate::when::{Compiled, Conditions};

/// How many pairs of a text are asked for: its last ones, since what tells keys and paths apart is at the end.
const ASKED: usize = 4;

/// What a hook requires of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequiredBigrams {
    of: Subject,
    /// Bigrams, by their numbers in [`Bigrams`]; the first one again where there are fewer.
    pairs: [u16; ASKED],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    /// Any container may do.
    Nothing,
    /// The keys of its annotations.
    Keys,
    /// Its command.
    Command,
}

impl RequiredBigrams {
    pub fn new(conditions: &Conditions) -> RequiredBigrams {
        let nothing = RequiredBigrams { of: Subject::Nothing, pairs: [0; ASKED] };
        // Where one condition is enough, all would have to be asked.
        if conditions.any_of {
            return nothing;
        }
        let keys = conditions.annotations.iter().map(|pair| (Subject::Keys, std::slice::from_ref(&pair.key)));
        let commands = (Subject::Command, &*conditions.commands);
        let required = |(of, patterns)| Some(RequiredBigrams { of, pairs: shared_pairs(patterns)? });
        keys.chain([commands]).find_map(required).unwrap_or(nothing)
    }
}

/// Bigrams that are in all texts of these patterns; `None` if there are none, or if a pattern matches without a text.
fn shared_pairs(patterns: &[Compiled]) -> Option<[u16; ASKED]> {
    // Patterns of many texts have few pairs that all of them share.
    const MOST: usize = 16;
    let mut texts: [&[u8]; MOST] = [&[]; MOST];
    let mut count = 0;
    for pattern in patterns {
        let before = count;
        pattern.for_each_text(&mut |text| {
            if let Some(slot) = texts.get_mut(count) {
                *slot = text;
            }
            count += 1;
        });
        if count == before {
            return None;
        }
    }
    let (first, others) = texts.get(..count)?.split_first()?;
    // Texts may be long, and each pair is looked for in all of them.
    const TRIED: usize = 16;
    let is_shared = |pair: &&[u8]| others.iter().all(|text| text.windows(2).any(|other| other == *pair));
    let mut pairs = first.windows(2).rev().take(TRIED).filter(is_shared).map(number);
    let mut asked = [pairs.next()?; ASKED];
    for (slot, pair) in asked.iter_mut().skip(1).zip(pairs) {
        *slot = pair;
    }
    Some(asked)
}

/// Neighbouring bytes of some texts. Other ones may have the same number: a pair may be missing that seems to be there.
struct Bigrams([u64; BIGRAMS / 64]);

const BIGRAMS: usize = 2048;

/// The number of a pair.
fn number(pair: &[u8]) -> u16 {
    let [a, b] = pair.first_chunk().copied().unwrap_or_default();
    u16::from_le_bytes([a, b]).wrapping_mul(0x9E37) >> 5
}

impl Bigrams {
    fn of<'t>(texts: impl Iterator<Item = &'t [u8]>) -> Bigrams {
        let mut pairs = Bigrams([0; BIGRAMS / 64]);
        for number in texts.flat_map(|text| text.windows(2)).map(number) {
            if let Some(word) = pairs.0.get_mut(usize::from(number / 64)) {
                *word |= 1 << (number % 64);
            }
        }
        pairs
    }

    fn has(&self, number: u16) -> bool {
        self.0.get(usize::from(number / 64)).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }
}

/// A container, as requirements see it.
pub(crate) struct Prefilter {
    keys: Bigrams,
    /// `None`: there is no command to ask, so it is up to the conditions what that means.
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

    /// Whether a hook that requires this might be for the container.
    #[inline]
    pub fn passes(&self, required: &RequiredBigrams) -> bool {
        let pairs = match required.of {
            Subject::Nothing => return true,
            Subject::Keys => &self.keys,
            Subject::Command => match &self.command {
                Some(command) => command,
                None => return true,
            },
        };
        required.pairs.iter().all(|pair| pairs.has(*pair))
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::hook::decode_when;
    use crate::when::NoTrace;

    fn conditions(when: &str) -> Conditions {
        Conditions::compile(&decode_when(when.as_bytes()).unwrap(), Compiled::read)
    }

    fn container<'a>(process: Process<'a>, keys: &[&'a str]) -> Container<'a> {
        let pair = |key: &&'a str| (Cow::Borrowed(key.as_bytes()), Cow::Borrowed(&b"true"[..]));
        Container { process, annotations: keys.iter().map(pair).collect(), has_bind_mounts: false }
    }

    #[test]
    fn asks_for_what_tells_texts_apart() {
        let of = |when| RequiredBigrams::new(&conditions(when));
        let numbers = |pairs: [&str; ASKED]| pairs.map(|pair| number(pair.as_bytes()));
        for (when, subject, pairs) in [
            (r#"{"annotations": {"^org\\.example\\.key$": ".*"}}"#, Subject::Keys, ["ey", "ke", ".k", "e."]),
            (r#"{"commands": ["^/bin/(ba)?sh$"]}"#, Subject::Command, ["sh", "/b", "n/", "in"]),
            (r#"{"commands": [".*/init$"]}"#, Subject::Command, ["it", "ni", "in", "/i"]),
            (r#"{"commands": ["^ab$"]}"#, Subject::Command, ["ab"; ASKED]),
            // The key is any, the command is not.
            (r#"{"annotations": {".*": "x"}, "commands": ["sh$"]}"#, Subject::Command, ["sh"; ASKED]),
        ] {
            assert_eq!(of(when), RequiredBigrams { of: subject, pairs: numbers(pairs) }, "{when}");
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
    fn who_is_passed_over_does_not_match() {
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
        let commands =
            ["", "/", "/bin/sh", "/bin/bash", "/usr/sbin/sh", "init", "/sbin/init", "BIN", "ni/nib"];
        let keys: [&[&str]; 5] =
            [&[], &["org.example.key"], &["key", "k"], &["yek.elpmaxe.gro"], &["org", "nothing", "key"]];
        let mut passed_over = 0;
        for when in whens {
            let conditions = conditions(when);
            let required = RequiredBigrams::new(&conditions);
            for keys in keys {
                let of_command = |command: &'static str| Process::Command(Cow::Borrowed(command.as_bytes()));
                let processes = commands.into_iter().map(of_command);
                for process in processes.chain([Process::Absent, Process::NoArgs]) {
                    let container = container(process, keys);
                    if !Prefilter::new(&container).passes(&required) {
                        let verdict = conditions.evaluate(&container, &mut NoTrace);
                        assert!(matches!(verdict, Ok(false)), "{when} {container:?}: {verdict:?}");
                        passed_over += 1;
                    }
                }
            }
        }
        assert!(passed_over > 100, "{passed_over}");
    }
}
