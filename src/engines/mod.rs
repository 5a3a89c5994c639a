//! The engines and how each reads hook files, by version, as data with sources.
//!
//! ```
//! use libhooks::engines;
//!
//! let podman = engines::find("podman")?;
//! let loading = podman.loading.unwrap();
//! assert_eq!(loading.directories, ["/usr/share/containers/oci/hooks.d"]);
//! assert_eq!(loading.extension_stages, ["precreate", "poststop"]);
//! assert_eq!(engines::find("podman@4.3.1")?.loading.unwrap().prestart, "prestart");
//! # Ok::<(), engines::UnknownEngine>(())
//! ```

mod engine;
mod loading;
mod table;

use std::fmt;

use engine::Version;
pub use engine::{Engine, Fact, Subject};
pub(crate) use loading::refusing;
pub use loading::{DEFAULT_DIR, Loading, OVERRIDE_DIR};

/// Returns the ranges of versions of all engines. Those of one engine are in the order of versions.
pub fn all() -> &'static [Engine] {
    table::ENGINES
}

/// Returns the names of all engines.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<&'static str> = all().iter().map(|engine| engine.name).collect();
    names.dedup();
    names
}

/// Finds an engine by `NAME`, which means its newest known versions, or by `NAME@VERSION`. Names
/// may be in upper case, and `cri-o` is `crio`.
///
/// # Errors
/// [`UnknownEngine`] if there is no such engine, or it is not known at this version.
pub fn find(name: &str) -> Result<&'static Engine, UnknownEngine> {
    let (given, version) = match name.split_once('@') {
        Some((given, version)) => (given, Some(version)),
        None => (name, None),
    };
    let plain = given.to_ascii_lowercase().replace('-', "");
    let mut ranges = all().iter().filter(|engine| engine.name == plain);
    let oldest = ranges.clone().next().and_then(|engine| engine.from);
    let newest = ranges.clone().next_back();
    let Some(newest) = newest else { return Err(UnknownEngine::Name(given.to_owned())) };
    let Some(version) = version else { return Ok(newest) };
    let unknown =
        || UnknownEngine::Version { title: newest.title, version: version.to_owned(), oldest };
    let parsed = Version::parse(version).ok_or_else(unknown)?;
    ranges.find(|engine| engine.contains(parsed)).ok_or_else(unknown)
}

/// The error of [`find`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownEngine {
    /// No engine has this name.
    Name(String),
    /// The engine is not known at this version.
    #[non_exhaustive]
    Version {
        /// The engine.
        title: &'static str,
        /// The version.
        version: String,
        /// The oldest known version.
        oldest: Option<&'static str>,
    },
}

impl fmt::Display for UnknownEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UnknownEngine::Name(name) => {
                write!(f, "no engine is named {name:?}; known are {}", names().join(", "))
            }
            UnknownEngine::Version { title, version, oldest } => {
                write!(f, "{title} {version:?} is not known")?;
                match oldest {
                    Some(oldest) => write!(f, "; the table starts with {title} {oldest}"),
                    None => Ok(()),
                }
            }
        }
    }
}

impl std::error::Error for UnknownEngine {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranges_of_an_engine_follow_each_other() {
        for pair in all().windows(2) {
            let [first, second] = pair else { unreachable!() };
            if first.name == second.name {
                assert_eq!(first.below, second.from, "{}", first.name);
            } else {
                assert_eq!(first.below, None, "{}", first.name);
            }
        }
        for engine in all() {
            let bounds = [engine.from, engine.below].into_iter().flatten();
            assert!(bounds.chain(engine.checked).all(|text| Version::parse(text).is_some()));
            let checked = engine.checked.and_then(Version::parse);
            assert!(checked.is_none_or(|checked| engine.contains(checked)), "{}", engine.name);
        }
    }

    #[test]
    fn the_newest_ranges_are_those_that_lint_uses() {
        let newest = names().into_iter().map(|name| find(name).unwrap());
        let loading = newest.filter_map(|engine| Some((engine.title, engine.loading?)));
        let mut loading: Vec<_> = loading.collect();
        let mut known: Vec<_> = loading::NEWEST.into_iter().map(|(t, l)| (t, *l)).collect();
        loading.sort_by_key(|(title, _)| *title);
        known.sort_by_key(|(title, _)| *title);
        assert_eq!(loading, known);
    }

    #[test]
    fn every_fact_has_a_source_and_says_what_the_data_say() {
        for engine in all() {
            let subjects: Vec<Subject> = engine.facts.iter().map(|fact| fact.subject).collect();
            let order = Subject::ALL.into_iter().filter(|subject| subjects.contains(subject));
            assert!(order.eq(subjects.iter().copied()), "{}", engine.name);
            for Fact { subject, text, source } in engine.facts {
                let is_sentence = text.trim_end_matches(')').ends_with('.');
                assert!(!source.is_empty() && is_sentence, "{}: {subject:?}", engine.name);
            }
            let Some(loading) = engine.loading else {
                assert!(engine.fact(Subject::Instead).is_some(), "{}", engine.name);
                continue;
            };
            let text = |subject| engine.fact(subject).map(|fact| fact.text).unwrap();
            let directories = text(Subject::Directories);
            assert!(loading.directories.iter().all(|path| directories.contains(path)));
            assert_eq!(loading.one_set, !directories.contains("set of its own"));
            let stages = text(Subject::ExtensionStages);
            assert!(loading.extension_stages.iter().all(|stage| stages.contains(stage)));
            assert_eq!(loading.extension_stages.is_empty(), stages.starts_with("None"));
            let prestart = format!("`prestart` are added to `hooks.{}`", loading.prestart);
            assert!(text(Subject::Stages).contains(&prestart), "{}", engine.name);
        }
    }

    #[test]
    fn names_and_versions() {
        for (name, from) in [
            ("podman", "5.0.0"),
            ("Podman@4.3.1+ds1-8+b1", "3.0.0"),
            ("podman@v4.6", "4.6.0"),
            ("podman@6", "5.0.0"),
            ("crio@1.30.14", "1.18.0"),
            ("CRI-O", "1.31.0"),
            ("buildah@1.34.9", "1.27.0"),
        ] {
            assert_eq!(find(name).unwrap().from, Some(from), "{name}");
        }
        assert_eq!(find("docker@29").unwrap().loading, None);
        for (name, message) in [
            (
                "pod\u{1b}man",
                "no engine is named \"pod\\u{1b}man\"; known are podman, buildah, crio, containerd, \
                 docker, nerdctl, k3s",
            ),
            ("podman@2.2", "Podman \"2.2\" is not known; the table starts with Podman 3.0.0"),
            ("podman@", "Podman \"\" is not known; the table starts with Podman 3.0.0"),
            ("docker@x", "Docker \"x\" is not known"),
        ] {
            assert_eq!(find(name).unwrap_err().to_string(), message);
        }
    }
}
