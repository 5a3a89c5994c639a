//! A hook in memory, in the form of version 1.0.0.

use std::collections::BTreeMap;

use serde::Serialize;

use super::stage::Stage;
use crate::go::json;

/// The version that every hook has in memory; a file of version 0.1.0 is translated into it.
pub const VERSION: &str = "1.0.0";

/// A hook and the containers that it is for (docs/spec.md, section 3).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Hook {
    /// `1.0.0`, or the hook is not valid.
    pub version: String,
    /// What is injected into a container's config.
    pub hook: OciHook,
    /// For which containers.
    pub when: When,
    /// At which stages: OCI's, or the caller's extension stages. `None` is not valid, an empty
    /// list is.
    pub stages: Option<Vec<String>>,
}

impl Hook {
    /// Whether its program is one of the container's files: nothing on this system's disk is run.
    pub(crate) fn runs_in_container(&self) -> bool {
        only_in_container(self.stages.as_deref().unwrap_or_default())
    }

    /// The hook as JSON of version 1.0.0. The conditions of a 0.1.0 hook, of which one is enough,
    /// say so by `"or": true` in `when`: a key that this library's functions understand, and
    /// files do not.
    pub fn to_json(&self) -> String {
        json::to_string(self)
    }
}

/// Whether a hook of these stages is run by a container's first process, which sees the container's
/// files.
pub(super) fn only_in_container(stages: &[impl AsRef<str>]) -> bool {
    let is = |stage: &_| AsRef::<str>::as_ref(stage) == Stage::StartContainer.as_str();
    !stages.is_empty() && stages.iter().all(is)
}

/// An entry of `config.hooks`, as the OCI runtime specification has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OciHook {
    /// The executable.
    pub path: String,
    /// Its arguments, the zeroth included.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Its environment, as `NAME=VALUE`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// Seconds until it is killed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<i64>,
}

/// Which containers a hook is for (docs/spec.md, section 5).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct When {
    /// True holds for every container, false for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub always: Option<bool>,
    /// Holds if the container has bind mounts.
    #[serde(rename = "hasBindMounts", skip_serializing_if = "Option::is_none")]
    pub has_bind_mounts: Option<bool>,
    /// Patterns of an annotation's key and of its value; each pair is a condition.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Patterns of which one must match the container's `process.args[0]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
    /// One condition that holds is enough (version 0.1.0), instead of all.
    #[serde(rename = "or", skip_serializing_if = "std::ops::Not::not")]
    pub any_of: bool,
}
