//! JSON that is not what was asked for: a container's config, or its state.

use std::fmt::{self, Display, Formatter};

use crate::go::json::Kind;

/// A form of JSON that is recognised by its keys.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum JsonForm {
    /// An array that is not the output of `podman inspect` or `docker inspect`.
    Array,
    /// The output of `podman inspect` or `docker inspect`, or one element of it. The path is that
    /// of the config, which only Podman prints.
    Inspect { config: Option<Box<str>> },
    /// The output of `crictl inspect`.
    CriInspect,
    /// A container's state.
    State { bundle: Box<str> },
    /// A hook file.
    HookFile,
    /// A container's config.
    Config,
}

/// Why JSON is not a container's state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum NotAState {
    Empty,
    /// It is not JSON.
    Text,
    /// It is JSON, but not an object.
    Value(Kind),
    Form(JsonForm),
    /// It is an object without this member, or the member is not a string.
    Lacks(&'static str),
}

impl JsonForm {
    /// Returns the stable name, in kebab-case.
    pub fn kind(&self) -> &'static str {
        match self {
            JsonForm::Array => "array",
            JsonForm::Inspect { .. } => "inspect-output",
            JsonForm::CriInspect => "crictl-inspect-output",
            JsonForm::State { .. } => "state",
            JsonForm::HookFile => "hook-file",
            JsonForm::Config => "config",
        }
    }

    /// Writes that this is not a config, and where the config is.
    pub fn not_a_config(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "this is {self}, not a container's config; ")?;
        match self {
            JsonForm::Inspect { config: Some(path) } => write!(f, "the config is the file {path}"),
            JsonForm::Array | JsonForm::Inspect { config: None } => f.write_str(
                "for Podman, this command prints the path of the config: \
                 podman inspect --format '{{.OCIConfigPath}}' CONTAINER; for Docker, the config of a \
                 running container is \
                 /run/containerd/io.containerd.runtime.v2.task/moby/ID/config.json",
            ),
            JsonForm::CriInspect => {
                f.write_str("the config is in it: crictl inspect ID | jq .info.runtimeSpec")
            }
            JsonForm::State { bundle } => write!(f, "the config is the file {bundle}/config.json"),
            JsonForm::HookFile | JsonForm::Config => {
                f.write_str("the config is the file config.json in the container's bundle")
            }
        }
    }
}

impl Display for JsonForm {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            JsonForm::Array => "an array",
            JsonForm::Inspect { config: Some(_) } => "the output of podman inspect",
            JsonForm::Inspect { config: None } => "the output of podman inspect or docker inspect",
            JsonForm::CriInspect => "the output of crictl inspect",
            JsonForm::State { .. } => "a container's state",
            JsonForm::HookFile => "a hook file",
            JsonForm::Config => "a container's config",
        })
    }
}

impl Display for NotAState {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            NotAState::Empty => f.write_str("this is not a container's state: it is empty"),
            NotAState::Text => f.write_str("this is not a container's state: it is not JSON"),
            NotAState::Value(kind) => write!(f, "this is {kind}, not a container's state"),
            NotAState::Form(form) => write!(f, "this is {form}, not a container's state"),
            NotAState::Lacks(name) => {
                write!(f, "this is not a container's state: it has no string {name:?}")
            }
        }
    }
}
