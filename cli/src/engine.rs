//! The engine that `--engine` names.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::Args;
use clap::builder::{NonEmptyStringValueParser, PossibleValue, TypedValueParser};
use libhooks::engines::{self, Engine, Loading, Subject, UnknownEngine};
use libhooks::{Code, DEFAULT_DIR, Diagnostic, OVERRIDE_DIR};

/// The engine whose directories and stages are used.
#[derive(Debug, Clone, Copy, Args)]
pub struct Chosen {
    /// Use the default directories and the extension stages of this engine: podman, buildah or
    /// crio, in its newest version, or NAME@VERSION. --hooks-dir replaces the directories
    #[arg(
        id = "engine",
        long,
        value_name = "ENGINE",
        value_parser = EngineParser,
        hide_possible_values = true
    )]
    pub reader: Option<Reader>,
}

/// An engine that reads hook directories.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    pub engine: &'static Engine,
    pub loading: Loading,
}

impl Chosen {
    /// Returns the extension stages: those of the engine, or `otherwise` without one, and those
    /// that are given.
    pub fn stages(&self, otherwise: &[&str], given: &[String]) -> Vec<String> {
        let own = self.reader.as_ref().map_or(otherwise, |reader| reader.loading.extension_stages);
        own.iter().map(|stage| (*stage).to_owned()).chain(given.iter().cloned()).collect()
    }

    /// Returns the sets of directories: those that are given as one set, or the default ones.
    pub fn sets(&self, given: &[PathBuf]) -> Vec<Vec<PathBuf>> {
        if !given.is_empty() {
            return vec![given.to_vec()];
        }
        match &self.reader {
            None => vec![vec![DEFAULT_DIR.into(), OVERRIDE_DIR.into()]],
            Some(Reader { loading, .. }) => {
                let directories = loading.directories.iter().map(PathBuf::from);
                if loading.one_set {
                    vec![directories.collect()]
                } else {
                    directories.map(|directory| vec![directory]).collect()
                }
            }
        }
    }

    /// Returns the name of the engine for messages.
    pub fn title(&self) -> &'static str {
        self.reader.map_or("an engine", |reader| reader.engine.title)
    }

    /// Corrects diagnostics of the library, which does not know the engine.
    pub fn correct(&self, diagnostics: &mut Vec<Diagnostic>) {
        diagnostics.retain(|diagnostic| self.concerns(diagnostic));
        self.correct_hints(diagnostics);
    }

    /// Returns whether a diagnostic concerns a user of the engine. That other engines refuse a
    /// directory because of a stage does not, if this engine runs the stage.
    pub fn concerns(&self, diagnostic: &Diagnostic) -> bool {
        // (The library reports only this stage.)
        let runs_stage = |reader: Reader| reader.loading.extension_stages.contains(&"precreate");
        diagnostic.code != Code::EngineSpecific || !self.reader.is_some_and(runs_stage)
    }

    /// Corrects the hints for stages that the engine does not run. The library, which does not know
    /// the engine, suggests to accept such a stage.
    pub fn correct_hints<'d>(&self, diagnostics: impl IntoIterator<Item = &'d mut Diagnostic>) {
        let Some(Reader { engine, .. }) = self.reader else { return };
        for diagnostic in diagnostics {
            let hint = diagnostic.hint.as_deref().filter(|_| diagnostic.code == Code::UnknownStage);
            let stage = hint.and_then(|hint| hint.split_once("pass --extension-stage "));
            if let Some((_, stage)) = stage {
                diagnostic.hint = Some(format!(
                    "{} does not run {stage} hooks, and refuses directories with such a file",
                    engine.title
                ));
            }
        }
    }

    /// Returns whether the engine adds the hooks of `prestart` to `hooks.prestart`, unlike this
    /// command.
    pub fn keeps_prestart(&self) -> bool {
        self.reader.is_some_and(|reader| reader.loading.prestart == "prestart")
    }
}

/// Parses the name of an engine that reads hook directories.
#[derive(Clone)]
struct EngineParser;

impl TypedValueParser for EngineParser {
    type Value = Reader;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Reader, clap::Error> {
        let parser = NonEmptyStringValueParser::new();
        parser.try_map(|name| reader(&name)).parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let readers = engines::names().into_iter().filter(|name| reader(name).is_ok());
        Some(Box::new(readers.map(PossibleValue::new)))
    }
}

/// Finds an engine that reads hook directories.
pub fn reader(name: &str) -> Result<Reader, String> {
    let engine = engines::find(name).map_err(|error| error.to_string())?;
    let instead = || engine.fact(Subject::Instead).map_or("", |fact| fact.text);
    let refusal = || format!("{} reads no hook directories. {}", engine.title, instead());
    engine.loading.map(|loading| Reader { engine, loading }).ok_or_else(refusal)
}

/// Some ranges of versions of one engine.
#[derive(Debug, Clone)]
pub struct Ranges(pub Vec<&'static Engine>);

/// Parses the name of any engine: `NAME` means all its versions, `NAME@VERSION` those that have the
/// same facts as this one.
#[derive(Clone)]
pub struct RangesParser;

impl TypedValueParser for RangesParser {
    type Value = Ranges;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Ranges, clap::Error> {
        let ranges = |name: String| {
            let found = engines::find(&name)?;
            let is_wanted = |range: &&Engine| {
                range.name == found.name && (!name.contains('@') || *range == found)
            };
            Ok::<Ranges, UnknownEngine>(Ranges(engines::all().iter().filter(is_wanted).collect()))
        };
        NonEmptyStringValueParser::new().try_map(ranges).parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(engines::names().into_iter().map(PossibleValue::new)))
    }
}
