//! The types of the table: a range of versions of an engine, its facts, and versions.

use super::loading::Loading;

/// A range of versions of an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Engine {
    /// The name of its program, in lower case: `podman`, `buildah`, `crio`, …
    pub name: &'static str,
    /// The name that people use, such as `CRI-O`.
    pub title: &'static str,
    /// The first version of the range. `None`: every version.
    pub from: Option<&'static str>,
    /// The first version after the range. `None`: the range has no end.
    pub below: Option<&'static str>,
    /// The newest version of the range whose source was examined, if it is known.
    pub checked: Option<&'static str>,
    /// How it loads hook files. `None`: it reads no hook directories.
    pub loading: Option<Loading>,
    /// The facts about it, each with its source.
    pub facts: &'static [Fact],
}

/// A fact about an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Fact {
    /// The subject.
    pub subject: Subject,
    /// The fact, in one or more sentences.
    pub text: &'static str,
    /// The source: files of the engine's repository at a version, a manual page, or a measurement.
    pub source: &'static str,
}

/// The subject of a fact about an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Subject {
    /// The directories that it reads by default.
    Directories,
    /// How other directories are configured.
    Configuration,
    /// The differences without root.
    Rootless,
    /// When files are read, and the effect of an invalid file.
    Loading,
    /// The stages of OCI that it accepts, and what becomes of `prestart`.
    Stages,
    /// The stages that it runs itself.
    ExtensionStages,
    /// The annotations that conditions see.
    Annotations,
    /// The mounts that the condition `hasBindMounts` counts.
    BindMounts,
    /// The environment and the working directory of a hook without `env`.
    Environment,
    /// The way to use hooks if the engine reads no hook directories.
    Instead,
}

impl Subject {
    /// All subjects, in the order in which they are shown.
    pub const ALL: [Subject; 10] = [
        Subject::Directories,
        Subject::Configuration,
        Subject::Rootless,
        Subject::Loading,
        Subject::Stages,
        Subject::ExtensionStages,
        Subject::Annotations,
        Subject::BindMounts,
        Subject::Environment,
        Subject::Instead,
    ];

    /// Returns the name: `directories`, `configuration`, `extension-stages`, …
    pub fn as_str(self) -> &'static str {
        match self {
            Subject::Directories => "directories",
            Subject::Configuration => "configuration",
            Subject::Rootless => "rootless",
            Subject::Loading => "loading",
            Subject::Stages => "stages",
            Subject::ExtensionStages => "extension-stages",
            Subject::Annotations => "annotations",
            Subject::BindMounts => "bind-mounts",
            Subject::Environment => "environment",
            Subject::Instead => "instead",
        }
    }
}

impl Engine {
    /// Returns the fact about a subject. `None`: it is not known, or the engine reads no hooks.
    pub fn fact(&self, subject: Subject) -> Option<&'static Fact> {
        self.facts.iter().find(|fact| fact.subject == subject)
    }

    /// Returns whether the versions of the range contain this one.
    pub(super) fn contains(&self, version: Version) -> bool {
        let at = |bound: Option<&str>| bound.and_then(Version::parse);
        at(self.from).is_none_or(|from| from <= version)
            && at(self.below).is_none_or(|below| version < below)
    }

    /// Returns the range as JSON: `name`, `title`, `from`, `below`, `checked`, `loading`
    /// (`directories`, `oneSet`, `extensionStages`, `prestart`) and `facts` (`subject`, `text`,
    /// `source`).
    pub fn to_json(&self) -> String {
        crate::go::json::to_string(self)
    }
}

/// The first three numbers of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version([u64; 3]);

impl Version {
    /// Reads a version, such as `5`, `v4.9.3` or `4.3.1+ds1-8`.
    pub(super) fn parse(text: &str) -> Option<Version> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let end = text.find(|next: char| next != '.' && !next.is_ascii_digit());
        let mut numbers = [0; 3];
        let parts = text.get(..end.unwrap_or(text.len()))?.split('.');
        for (number, part) in numbers.iter_mut().zip(parts) {
            *number = part.parse().ok()?;
        }
        Some(Version(numbers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_have_the_same_names_in_json() {
        for subject in Subject::ALL {
            assert_eq!(crate::go::json::to_string(&subject), format!("\"{}\"", subject.as_str()));
        }
    }
}
