//! The stages of a container's life at which hooks run, and the target of the hooks of a stage.

use std::fmt;
use std::str::FromStr;

/// A stage of the OCI runtime specification, as the member of `config.hooks` that its hooks go to.
/// `prestart` is deprecated and means `createRuntime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
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

    /// Returns the stage of this name.
    pub(crate) fn from_name(name: &str) -> Option<Stage> {
        match name {
            "prestart" => Some(Stage::CreateRuntime),
            _ => Stage::ALL.into_iter().find(|stage| stage.as_str() == name),
        }
    }

    /// Returns the name of the member of `config.hooks`.
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

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Parses the name of a stage. `prestart` is deprecated, and becomes [`Stage::CreateRuntime`].
impl FromStr for Stage {
    type Err = UnknownStage;

    fn from_str(name: &str) -> Result<Stage, UnknownStage> {
        Stage::from_name(name).ok_or(UnknownStage(()))
    }
}

/// The error for a string that is not a stage of the OCI runtime specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownStage(());

impl fmt::Display for UnknownStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this is not a stage of the OCI runtime specification")
    }
}

impl std::error::Error for UnknownStage {}

/// The target of a hook: the config or the caller.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// The config, at a stage of the OCI runtime specification.
    Stage(Stage),
    /// The caller, which runs the hook at this extension stage.
    Extension(String),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Target {
    /// Returns the name of the stage.
    pub fn as_str(&self) -> &str {
        match self {
            Target::Stage(stage) => stage.as_str(),
            Target::Extension(stage) => stage,
        }
    }

    /// Returns the target of the hooks of this stage. It is the caller if the stage is one of its
    /// extension stages, even if OCI defines the stage too.
    pub(crate) fn of(stage: &str, extension_stages: &[String]) -> Option<Target> {
        if extension_stages.iter().any(|extension| extension == stage) {
            return Some(Target::Extension(stage.to_owned()));
        }
        Stage::from_name(stage).map(Target::Stage)
    }
}
