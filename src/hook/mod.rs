//! A hook: what a file of a `hooks.d` directory says, in the form of version 1.0.0.
//!
//! [`decode`] reads both versions of the format (`v1_0_0` and `v0_1_0`, of `fields`), [`validate`] checks what was read and compiles its conditions.

mod decode;
mod decoded;
mod draft;
mod fields;
mod quote;
mod reader;
mod v0_1_0;
mod v1_0_0;
mod validate;

use std::collections::BTreeMap;

use serde::Serialize;

pub(crate) use decode::{decode, decode_again};
pub(crate) use decoded::{DecodeError, Decoded, Field, UnknownKey, Wanted};
pub(crate) use draft::{Draft, WhenDraft};
pub(crate) use quote::quote;
pub use reader::{Reader, Reading};
use v1_0_0::decode_entries;
pub(crate) use v1_0_0::decode_when;
pub use validate::validate;
pub(crate) use validate::{Invalid, Validator, check_extension_stages, nil_hook};

/// The version that every hook has in memory; a file of version 0.1.0 is translated into it.
pub const VERSION: &str = "1.0.0";

/// A hook and the containers that it is for (SPEC §3).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Hook {
    /// `1.0.0`, or the hook is not valid.
    pub version: String,
    /// What is injected into a container's config.
    pub hook: OciHook,
    /// For which containers.
    pub when: When,
    /// At which stages: OCI's, or the caller's extension stages. `None` is not valid, an empty list is.
    pub stages: Option<Vec<String>>,
}

impl Hook {
    /// Whether its program is one of the container's files: nothing on this system's disk is run.
    pub(crate) fn runs_in_container(&self) -> bool {
        only_in_container(self.stages.as_deref().unwrap_or_default())
    }

    /// The hook as JSON of version 1.0.0. The conditions of a 0.1.0 hook, of which one is enough, say so by `"or": true`
    /// in `when`: a key that this library's functions understand, and files do not.
    pub fn to_json(&self) -> String {
        crate::json::to_string(self)
    }
}

/// Whether a hook of these stages is run by a container's first process, which sees the container's files.
fn only_in_container(stages: &[impl AsRef<str>]) -> bool {
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

impl OciHook {
    /// Reads one entry of `config.hooks` or an array of them, as Go reads them; `null` is none.
    ///
    /// # Errors
    /// [`ErrorKind::Json`](crate::ErrorKind::Json) if it is neither.
    pub fn list_from_json(text: &str) -> crate::Result<Vec<OciHook>> {
        let content = text.as_bytes();
        crate::error::check_limit("bytes of the hooks", content.len(), crate::limits::CONFIG)?;
        decode_entries(content).map_err(|error| error.in_argument(content))
    }
}

/// Which containers a hook is for (SPEC §5).
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

/// A stage of the OCI runtime specification, as the member of `config.hooks` that its hooks go to. `prestart` is
/// deprecated and means `createRuntime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// `createContainer`
    CreateContainer,
    /// `createRuntime`, and `prestart`
    CreateRuntime,
    /// `poststart`
    Poststart,
    /// `poststop`
    Poststop,
    /// `startContainer`
    StartContainer,
}

impl Stage {
    /// All stages, in the order in which their members are written.
    pub const ALL: [Stage; 5] = [
        Stage::CreateContainer,
        Stage::CreateRuntime,
        Stage::Poststart,
        Stage::Poststop,
        Stage::StartContainer,
    ];

    /// The stage of this name.
    pub fn from_name(name: &str) -> Option<Stage> {
        match name {
            "prestart" => Some(Stage::CreateRuntime),
            _ => Stage::ALL.into_iter().find(|stage| stage.as_str() == name),
        }
    }

    /// The member of `config.hooks`.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::CreateContainer => "createContainer",
            Stage::CreateRuntime => "createRuntime",
            Stage::Poststart => "poststart",
            Stage::Poststop => "poststop",
            Stage::StartContainer => "startContainer",
        }
    }
}
