//! The verdicts of hooks and conditions, and their JSON (docs/json.md).

use std::fmt;
use std::path::PathBuf;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::near_miss::NearMiss;
use crate::list::MaskedHook;
use crate::position::Position;
use crate::problem::{Diagnostic, Error, Result, serialize_path};
use crate::when::Outcome;

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

impl Explanation {
    /// Returns the explanation as JSON. Its members are this type's fields in camel case.
    pub fn to_json(&self) -> String {
        crate::go::json::to_string(self)
    }
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
