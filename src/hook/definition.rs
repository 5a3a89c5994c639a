//! A hook in memory, in the form of version 1.0.0.

use std::collections::BTreeMap;

use serde::Serialize;

use super::stage::Stage;
use crate::go::json;

/// The version of every hook in memory. Files of version 0.1.0 are translated into it.
pub const VERSION: &str = "1.0.0";

/// A hook, with its conditions and its stages (docs/spec.md, section 3).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Hook {
    /// The version. A valid hook has `1.0.0`.
    pub version: String,
    /// The entry that is injected into a container's config.
    pub hook: OciHook,
    /// The conditions that select containers.
    pub when: When,
    /// The stages: stages of OCI, or extension stages of the caller. `None` is invalid; an empty
    /// list is valid.
    pub stages: Option<Vec<String>>,
}

impl Hook {
    /// Returns whether its program is a file of the container: no file of the host is run.
    pub(crate) fn runs_in_container(&self) -> bool {
        only_in_container(self.stages.as_deref().unwrap_or_default())
    }

    /// Returns the hook as JSON of version 1.0.0. If one condition is enough, as in a hook of
    /// version 0.1.0, `when` has `"or": true`. Functions of this library read this key; in hook
    /// files it is unknown.
    pub fn to_json(&self) -> String {
        json::to_string(self)
    }
}

/// Returns whether only a container's first process runs a hook of these stages. That process sees
/// the files of the container.
pub(super) fn only_in_container(stages: &[impl AsRef<str>]) -> bool {
    let is = |stage: &_| AsRef::<str>::as_ref(stage) == Stage::StartContainer.as_str();
    !stages.is_empty() && stages.iter().all(is)
}

/// An entry of `config.hooks`, as in the OCI runtime specification.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OciHook {
    /// The executable.
    pub path: String,
    /// Its arguments, including the zeroth.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Its environment variables, as `NAME=VALUE`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// The timeout in seconds, after which the hook is killed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<i64>,
}

/// The conditions that select the containers of a hook (docs/spec.md, section 5).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct When {
    /// `true` holds for every container, `false` for no container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub always: Option<bool>,
    /// `true` holds if the container has bind mounts, `false` for no container.
    #[serde(rename = "hasBindMounts", skip_serializing_if = "Option::is_none")]
    pub has_bind_mounts: Option<bool>,
    /// Patterns for the key and the value of an annotation. Each pair is a condition.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Patterns for the container's `process.args[0]`. One of them must match.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
    /// Whether one condition that holds is enough (version 0.1.0). Otherwise all must hold.
    #[serde(rename = "or", skip_serializing_if = "std::ops::Not::not")]
    pub any_of: bool,
}
