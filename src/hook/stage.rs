//! The stages of a container's life at which hooks run, and where the hooks of a stage go.

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

/// Where a hook goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    /// Into the config.
    Stage(Stage),
    /// To the caller.
    Extension(String),
}

impl Target {
    /// Where the hooks of the stage of this name go: to the caller if it is one of its extension stages, even one that OCI
    /// defines too.
    pub fn of(stage: &str, extension_stages: &[String]) -> Option<Target> {
        if extension_stages.iter().any(|extension| extension == stage) {
            return Some(Target::Extension(stage.to_owned()));
        }
        Stage::from_name(stage).map(Target::Stage)
    }
}
