//! Explaining: each hook's verdict on a container, condition by condition, and the list of hooks (SPEC §8).

use std::path::{Path, PathBuf};

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::container::{Container, Process};
use crate::diagnostic::{Diagnostic, Severity, serialize_path, text_of};
use crate::error::{Error, Result};
use crate::hook::{Hook, Stage, When};
use crate::inject::Target;
use crate::json::text_of as text_of_bytes;
use crate::loaded::Loaded;
use crate::snapshot::{Masked, Snapshot};
use crate::when::{Evaluated, Outcome, Trace};

/// Why each hook is for a container, or is not.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Explanation {
    /// Which set of hooks was asked.
    pub generation: u64,
    /// What [`Manager::hooks`](crate::Manager::hooks) fails with for this container, if it does.
    pub error: Option<String>,
    /// Each hook's verdict, in the order of injection.
    pub hooks: Vec<HookVerdict>,
    /// Hooks that were not asked, since files of later directories mask them.
    pub masked: Vec<MaskedHook>,
    /// Files that give no hook, and why.
    pub without_hook: Vec<Diagnostic>,
}

/// One hook's verdict.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HookVerdict {
    /// The name of its file.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// Whether it is injected; an error says why that could not be told.
    pub verdict: std::result::Result<bool, String>,
    /// Its stages, as its file has them.
    pub stages: Vec<String>,
    /// Whether one condition that holds is enough (version 0.1.0), instead of all.
    pub any_of: bool,
    /// What each condition came to, in the order in which they are tried.
    pub conditions: Vec<ConditionVerdict>,
}

/// What a condition came to.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ConditionVerdict {
    /// The condition, and what it looked at.
    #[serde(flatten)]
    pub condition: Condition,
    /// `holds`, `fails`, `ignored` (commands, and the container has no process) or `error`.
    pub outcome: &'static str,
    /// The text of an `error`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The conditions before it had settled the verdict; it is shown for information.
    pub after_verdict: bool,
}

/// A condition, and what it looked at.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(tag = "condition", rename_all = "kebab-case", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Condition {
    /// `always`
    Always {
        /// What the hook says.
        value: bool,
    },
    /// `hasBindMounts`
    HasBindMounts {
        /// What the hook says.
        value: bool,
        /// What the container has.
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
        /// The annotation that matched, key and value.
        matched: Option<Annotation>,
        /// The nearest miss: an annotation whose key matched, but its value did not.
        nearest: Option<Annotation>,
    },
    /// `commands`
    Commands {
        /// The patterns.
        patterns: Vec<String>,
        /// `process.args[0]`, if there is one.
        command: Option<String>,
        /// The pattern that matched.
        matched: Option<String>,
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

/// A hook that a file of a later directory hides.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MaskedHook {
    /// Its file.
    pub path: PathBuf,
    /// The file that hides it.
    pub by: PathBuf,
}

/// The hooks in the order of injection, and what masks what.
#[derive(Debug, Clone, serde::Serialize)]
#[non_exhaustive]
pub struct Listing {
    /// Which set of hooks this is.
    pub generation: u64,
    /// The hooks, in the order of injection.
    pub hooks: Vec<ListedHook>,
    /// Hooks that files of later directories hide.
    pub masked: Vec<MaskedHook>,
}

/// A hook and where it comes from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ListedHook {
    /// The name of its file.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// The files of earlier directories that it hides.
    pub masks: Vec<PathBuf>,
    /// The hook itself.
    pub hook: Hook,
    /// The members of `config.hooks` that it is added to, in the order of its stages: one that is there twice, twice.
    pub injected: Vec<Stage>,
    /// The extension stages that it goes to instead.
    pub extension_stages: Vec<String>,
}

impl Explanation {
    pub(crate) fn new(snapshot: &Snapshot, container: &Container<'_>) -> Explanation {
        let mut error = None;
        let explain = |loaded: &std::sync::Arc<Loaded>| {
            let hook = loaded.hook();
            let when = &hook.when;
            let annotations = when.annotations.iter().collect();
            let mut recorder = Recorder { when, annotations, container, conditions: Vec::new() };
            let verdict = loaded.conditions.evaluate(container, &mut recorder).map_err(|cause| {
                error.get_or_insert_with(|| loaded.matching_error(cause.clone()).to_string());
                cause.to_string()
            });
            HookVerdict {
                name: text_of(loaded.name()),
                path: loaded.path.to_path_buf(),
                verdict,
                any_of: when.any_of,
                conditions: recorder.conditions,
                stages: hook.stages.unwrap_or_default(),
            }
        };
        let hooks = snapshot.hooks.iter().map(explain).collect();
        let failures = snapshot.without_hook().filter(|diagnostic| diagnostic.severity == Severity::Error);
        Explanation {
            generation: snapshot.generation(),
            error,
            hooks,
            masked: snapshot.masked.iter().map(MaskedHook::from).collect(),
            without_hook: failures.cloned().collect(),
        }
    }

    /// The explanation as JSON. Its members are this type's fields in camel case.
    pub fn to_json(&self) -> String {
        crate::json::to_string(self)
    }
}

impl Snapshot {
    /// The hooks in the order of injection, and what masks what.
    pub fn list(&self) -> Listing {
        // Both are in the order of injection.
        let mut masked = self.masked.iter().peekable();
        let mut masks = |loaded: &Loaded| {
            let next = || masked.next_if(|masked| masked.by == loaded.path);
            std::iter::from_fn(next).map(|masked| masked.loaded.path.to_path_buf()).collect()
        };
        Listing {
            generation: self.generation(),
            hooks: self.hooks.iter().map(|loaded| ListedHook::new(loaded, masks(loaded))).collect(),
            masked: self.masked.iter().map(MaskedHook::from).collect(),
        }
    }

    /// The hook at this place in the order of injection, as [`Snapshot::list`] has it.
    pub fn hook(&self, index: usize) -> Option<ListedHook> {
        let loaded = self.hooks.get(index)?;
        let masked = self.masked.iter().filter(|masked| masked.by == loaded.path);
        Some(ListedHook::new(loaded, masked.map(|masked| masked.loaded.path.to_path_buf()).collect()))
    }
}

impl ListedHook {
    fn new(loaded: &Loaded, masks: Vec<PathBuf>) -> ListedHook {
        let (mut injected, mut extension_stages) = (Vec::new(), Vec::new());
        for target in &loaded.injected().targets {
            match target {
                Target::Stage(stage) => injected.push(*stage),
                Target::Extension(stage) => extension_stages.push(stage.clone()),
            }
        }
        ListedHook {
            name: text_of(loaded.name()),
            path: loaded.path.to_path_buf(),
            masks,
            hook: loaded.hook(),
            injected,
            extension_stages,
        }
    }

    /// The entry as JSON, as it is in the list.
    pub fn to_json(&self) -> String {
        crate::json::to_string(self)
    }
}

impl Listing {
    /// The list as JSON: `generation`, `hooks` (`name`, `path`, `masks`, `hook`, `injected`, `extensionStages`) and `masked` (`path`, `by`).
    pub fn to_json(&self) -> String {
        crate::json::to_string(self)
    }
}

impl From<&Masked> for MaskedHook {
    fn from(masked: &Masked) -> MaskedHook {
        MaskedHook { path: masked.loaded.path.to_path_buf(), by: masked.by.to_path_buf() }
    }
}

/// Writes down what an evaluation does.
struct Recorder<'a> {
    when: &'a When,
    /// The pairs of `when.annotations`, by their index.
    annotations: Vec<(&'a String, &'a String)>,
    container: &'a Container<'a>,
    conditions: Vec<ConditionVerdict>,
}

impl Trace for Recorder<'_> {
    const GOES_ON: bool = true;

    fn condition(&mut self, condition: Evaluated, outcome: &Result<Outcome>, decided: bool) {
        let (outcome, error) = match outcome {
            Ok(Outcome::Holds) => ("holds", None),
            Ok(Outcome::Fails) => ("fails", None),
            Ok(Outcome::Ignored) => ("ignored", None),
            Err(error) => ("error", Some(Error::to_string(error))),
        };
        let condition = self.describe(condition);
        self.conditions.push(ConditionVerdict { condition, outcome, error, after_verdict: decided });
    }
}

impl Recorder<'_> {
    fn describe(&self, condition: Evaluated) -> Condition {
        let when = self.when;
        let annotation = |index: usize| {
            let (key, value) = self.container.annotations.get(index)?;
            Some(Annotation {
                key: text_of_bytes(key).into_owned(),
                value: text_of_bytes(value).into_owned(),
            })
        };
        match condition {
            Evaluated::Always => Condition::Always { value: when.always.unwrap_or_default() },
            Evaluated::HasBindMounts => Condition::HasBindMounts {
                value: when.has_bind_mounts.unwrap_or_default(),
                container: self.container.has_bind_mounts,
            },
            Evaluated::Annotation { index, matched, near } => {
                let pair = self.annotations.get(index);
                let (key, value) =
                    pair.map(|(key, value)| (key.as_str(), value.as_str())).unwrap_or_default();
                Condition::Annotation {
                    key_pattern: key.to_owned(),
                    value_pattern: value.to_owned(),
                    tried: self.container.annotations.len(),
                    matched: matched.and_then(annotation),
                    nearest: near.filter(|_| matched.is_none()).and_then(annotation),
                }
            }
            Evaluated::Commands { matched } => Condition::Commands {
                patterns: when.commands.clone(),
                command: match &self.container.process {
                    Process::Command(command) => Some(text_of_bytes(command).into_owned()),
                    Process::Absent | Process::NoArgs => None,
                },
                matched: matched.and_then(|index| when.commands.get(index)).cloned(),
            },
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
                map.serialize_entry("error", error)?;
            }
        }
        map.serialize_entry("stages", &self.stages)?;
        map.serialize_entry("anyOf", &self.any_of)?;
        map.serialize_entry("conditions", &self.conditions)?;
        map.end()
    }
}

impl Serialize for MaskedHook {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        serialize_path(&mut map, "path", &self.path)?;
        serialize_path(&mut map, "by", &self.by)?;
        map.end()
    }
}

impl Serialize for ListedHook {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &self.name)?;
        serialize_path(&mut map, "path", &self.path)?;
        let masks: Vec<PathJson<'_>> = self.masks.iter().map(|path| PathJson(path)).collect();
        map.serialize_entry("masks", &masks)?;
        map.serialize_entry("hook", &self.hook)?;
        let injected: Vec<&str> = self.injected.iter().map(|stage| stage.as_str()).collect();
        map.serialize_entry("injected", &injected)?;
        map.serialize_entry("extensionStages", &self.extension_stages)?;
        map.end()
    }
}

/// A path in an array of paths.
struct PathJson<'a>(&'a Path);

impl Serialize for PathJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        serialize_path(&mut map, "path", self.0)?;
        map.end()
    }
}
