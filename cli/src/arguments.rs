//! The command line.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{
    NonEmptyStringValueParser, PathBufValueParser, PossibleValue, PossibleValuesParser,
    StringValueParser, TypedValueParser,
};
use clap::{Args, ColorChoice, Parser, Subcommand, ValueEnum, ValueHint};
use libhooks::{Annotations, Code, Config, Manager, Policy, Root};

use crate::engine::{Chosen, Ranges, RangesParser};
use crate::hook_sets::HookSets;
use crate::report::{self, Failure};

/// Check, list, explain, inject and run the OCI hooks of hooks.d directories
#[derive(Debug, Parser)]
#[command(name = "oci-hooks", version, max_term_width = 100)]
#[command(
    after_help = "Exit status: 0 on success; 1 on an error, if a hook failed, if list or explain \
                  found an invalid hook file, or lint found an error (with --strict also a \
                  warning); 2 on wrong usage; 128 plus the signal number if a signal ended run, \
                  filter or watch.\n\n\
                  Manual: man oci-hooks; man 5 oci-hooks describes hook files. If a hook does not \
                  run, see docs/my-hook-does-not-run.md (\"My hook does not run\") in the sources."
)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print a container's config with the matching hooks added
    Inject(Inject),
    /// Explain why each hook does or does not match a container
    Explain(Explain),
    /// List the hooks in injection order
    List(List),
    /// Check hook files or hooks.d directories for errors and likely mistakes
    Lint(Lint),
    /// Show which directories and stages each engine reads, by version, and the source of each fact
    Engines(Engines),
    /// Run one hook as an engine would, and report its result
    Run(Run),
    /// Print changes of the hook directories as they happen
    Watch(Watch),
    /// Pass a container's config through the matching precreate hooks, as Podman does
    Filter(Filter),
    /// Print the JSON Schema of hook files, for editors and validators
    Schema,
    /// Convert a 0.1.0 hook file to 1.0.0, or explain why it cannot be converted
    Migrate(Migrate),
    /// Generate a completion script for bash, zsh or fish
    Completion(Completion),
    /// Print the version
    Version,
}

#[derive(Debug, Args)]
pub struct Inject {
    #[command(flatten)]
    pub source: Source,
    #[command(flatten)]
    pub container: Container,
    #[command(flatten)]
    pub destination: Destination,
    /// Do not add a hook again that the config already has at the same stage
    #[arg(long)]
    pub if_absent: bool,
    /// Print a JSON object with config, extensionStageHooks, diagnostics and warnings (no config if
    /// it is written to a file)
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Explain {
    #[command(flatten)]
    pub source: Source,
    #[command(flatten)]
    pub container: Container,
    /// Explain only the hook file with this name; NAME may include parent directories
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub hook: Option<String>,
    /// Choose when to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    pub source: Source,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Engines {
    /// Show all facts about this engine, with their sources: NAME or NAME@VERSION
    #[arg(value_name = "NAME", value_parser = RangesParser, hide_possible_values = true)]
    pub name: Option<Ranges>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Watch {
    #[command(flatten)]
    pub source: Source,
    /// Print one JSON object per line
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Lint {
    /// Hook files and directories, or - for standard input; of several directories, the last takes
    /// precedence [default: /usr/share/containers/oci/hooks.d and /etc/containers/oci/hooks.d]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Check DIR, as if it were given as PATH. May be repeated
    #[arg(long, value_name = "DIR")]
    pub hooks_dir: Vec<PathBuf>,
    /// Resolve PATH, symlinks and programs inside DIR, as after chroot(2)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, value_parser = root())]
    pub root: Option<Root>,
    #[command(flatten)]
    pub engine: Chosen,
    /// Accept this extension stage (without --engine, precreate is always accepted). May be
    /// repeated
    #[arg(long, value_name = "STAGE", value_parser = StageParser, hide_possible_values = true)]
    pub extension_stage: Vec<String>,
    /// Report only these diagnostic codes, separated by commas; oci-hooks(5) lists them
    #[arg(
        long,
        value_name = "CODES",
        value_delimiter = ',',
        value_parser = code(),
        hide_possible_values = true
    )]
    pub select: Vec<Code>,
    /// Do not report these diagnostic codes
    #[arg(
        long,
        value_name = "CODES",
        value_delimiter = ',',
        value_parser = code(),
        hide_possible_values = true
    )]
    pub ignore: Vec<Code>,
    /// Exit with status 1 on warnings too
    #[arg(long)]
    pub strict: bool,
    /// Print the diagnostics of severity info too; JSON and SARIF always have them
    #[arg(long)]
    pub info: bool,
    /// Report only what is wrong in the files' texts: no missing programs, owners or permissions of
    /// this machine
    #[arg(long)]
    pub portable: bool,
    /// Call standard input NAME in diagnostics; without it, `<stdin>`
    #[arg(long, value_name = "NAME", value_hint = ValueHint::FilePath)]
    pub stdin_filename: Option<PathBuf>,
    /// Set the output format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    /// Print JSON, the same as --format json
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// Choose when to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
}

/// The format in which `lint` prints diagnostics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text for people, and for editors that read path:line:column
    Text,
    /// One line per diagnostic, as GCC writes it
    Gcc,
    /// Workflow commands of GitHub Actions
    Github,
    /// One JSON object
    Json,
    /// SARIF 2.1.0, for code scanning services
    Sarif,
}

/// Where the new config or hook file is written.
#[derive(Debug, Args)]
pub struct Destination {
    /// Write to FILE instead of standard output
    #[arg(
        short,
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        conflicts_with = "in_place"
    )]
    pub output: Option<PathBuf>,
    /// Replace the input file atomically; its mode and owner are kept
    #[arg(long)]
    pub in_place: bool,
}

#[derive(Debug, Args)]
pub struct Run {
    /// Only for its message: hooks run with the programs of this system
    #[arg(long, value_name = "DIR", hide = true, value_parser = no_root())]
    pub root: Option<Root>,
    /// Hook file to run; its stages do not matter
    #[arg(value_name = "HOOKFILE")]
    pub hook: PathBuf,
    /// Pass the container's state from FILE to the hook's standard input; - is standard input
    /// [default: empty input]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub state: Option<PathBuf>,
    /// Kill the hook and its descendants after SECONDS, overriding the timeout in the hook file
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,
    /// Start the hook in this directory [default: the current directory]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
    /// Accept this extension stage (precreate is always accepted). May be repeated
    #[arg(long, value_name = "STAGE", value_parser = StageParser, hide_possible_values = true)]
    pub extension_stage: Vec<String>,
    /// Let hooks write to the terminal directly; by default, control characters in their output
    /// are escaped
    #[arg(long, conflicts_with = "json")]
    pub raw_output: bool,
    /// Print the result as JSON, including the hook's output
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(mut_arg("root", |root| root.hide(true).value_parser(no_root())))]
pub struct Filter {
    #[command(flatten)]
    pub source: Source,
    #[command(flatten)]
    pub container: Container,
    #[command(flatten)]
    pub destination: Destination,
    /// Kill a hook after SECONDS if its file has no timeout
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,
    /// Start the hooks in this directory [default: CONFIG if it is a bundle directory, otherwise
    /// the current directory]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
    /// Append the hooks' output to the files named by the annotations run.oci.hooks.stdout and
    /// run.oci.hooks.stderr
    #[arg(long)]
    pub output_annotations: bool,
    /// Print the changes of each hook instead of the config: unified diffs, or JSON Patches
    /// (RFC 6902) with --json
    #[arg(long, conflicts_with_all = ["output", "in_place"])]
    pub diff: bool,
    /// Let hooks write to the terminal directly; by default, control characters in their output
    /// are escaped
    #[arg(long, conflicts_with = "json")]
    pub raw_output: bool,
    /// Print the config, the result of each hook and, with --diff, its changes as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Migrate {
    /// Hook file to convert, or - for standard input
    #[arg(value_name = "HOOKFILE")]
    pub hook: PathBuf,
    #[command(flatten)]
    pub destination: Destination,
}

#[derive(Debug, Args)]
pub struct Completion {
    /// Shell to generate the script for
    pub shell: ShellName,
    /// The words of a command line
    #[arg(hide = true, last = true)]
    pub words: Vec<String>,
}

/// The shells that have a directory for completion scripts on Linux.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ShellName {
    Bash,
    Zsh,
    Fish,
    /// Not a shell: the scripts ask for the names of the hook files that a command line reads
    #[value(hide = true)]
    HookNames,
}

/// The extension stages that are accepted when hook files are read without an engine's options.
pub const ACCEPTED_STAGES: [&str; 1] = ["precreate"];

/// The hook directories, and how they are loaded.
#[derive(Debug, Args)]
pub struct Source {
    /// Read hook files from this directory. May be repeated; the last takes precedence [default:
    /// /usr/share/containers/oci/hooks.d and /etc/containers/oci/hooks.d]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub hooks_dir: Vec<PathBuf>,
    /// Resolve hook directories, hook files, symlinks and programs inside DIR, as after chroot(2)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, value_parser = root())]
    pub root: Option<Root>,
    #[command(flatten)]
    pub engine: Chosen,
    /// Accept this extension stage, which the engine runs itself, such as Podman's precreate. May
    /// be repeated
    #[arg(long, value_name = "STAGE", value_parser = StageParser, hide_possible_values = true)]
    pub extension_stage: Vec<String>,
    /// Choose what makes loading fail: what makes Podman fail (compatible), any invalid file or
    /// insecure permission (strict), or nothing (lenient) [default: compatible for inject and
    /// filter, otherwise lenient]
    #[arg(long, value_name = "POLICY", value_parser = policy())]
    pub policy: Option<Policy>,
}

impl Source {
    /// Loads the hooks. `stages` are the extension stages without `--engine`, in addition to those
    /// of `--extension-stage`; `default` is the policy without `--policy`.
    pub fn load(&self, stages: &[&str], default: Policy) -> Result<HookSets, Failure> {
        self.try_load(stages, default).map_err(|error| {
            let mut diagnostics = error.diagnostics().to_vec();
            if diagnostics.is_empty() {
                return Failure::Hooks(error);
            }
            self.engine.correct(&mut diagnostics);
            Failure::Loading(diagnostics)
        })
    }

    fn try_load(&self, stages: &[&str], default: Policy) -> libhooks::Result<HookSets> {
        let stages = self.engine.stages(stages, &self.extension_stage);
        HookSets::load(self.engine, self.engine.sets(&self.hooks_dir), |directories| {
            let builder = Manager::builder()
                .root(self.root())
                .directories(directories)
                .extension_stages(&stages)
                .policy(self.policy.unwrap_or(default));
            #[cfg(test)]
            let builder = builder.log(libhooks::LogLevel::Debug, evaluations::count);
            builder.load()
        })
    }

    /// Returns the root of `--root`, or the host's root.
    pub fn root(&self) -> Root {
        self.root.clone().unwrap_or_default()
    }

    /// Returns the error with which an engine would reject these directories, in plain words.
    /// `None` with `--policy`.
    pub fn refusal(&self) -> Option<String> {
        match self.policy {
            None => {
                self.try_load(&[], Policy::Compatible).err().map(|error| report::placed(&error))
            }
            Some(_) => None,
        }
    }

    /// Returns the directories, in increasing precedence.
    pub fn directories(&self) -> Vec<PathBuf> {
        self.engine.sets(&self.hooks_dir).concat()
    }
}

/// Returns the manager of a command that works with one set of directories only.
pub fn one_set<'h>(hooks: &'h HookSets, engine: &Chosen) -> Result<&'h Manager, Failure> {
    let message = || {
        format!(
            "{} reads each of its default directories as a set of its own; choose one: --hooks-dir \
             DIR",
            engine.title()
        )
    };
    hooks.only().ok_or_else(|| Failure::Error(message()))
}

/// The container that hooks are selected for.
#[derive(Debug, Args)]
pub struct Container {
    /// Container's config: a file, a bundle directory with a config.json, or - for standard input
    #[arg(value_name = "CONFIG", default_value = "-")]
    pub config: PathBuf,
    /// Add an annotation, replacing any annotation with the same key in the config. May be
    /// repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub annotation: Vec<(String, String)>,
    /// Set whether the container has bind mounts [default: determined from the config's mounts]
    #[arg(long, value_name = "BOOL")]
    pub has_bind_mounts: Option<bool>,
}

impl Container {
    /// Returns the config's annotations and those of `--annotation`.
    pub fn annotations(&self, config: &Config<'_>) -> Annotations {
        let mut annotations = config.annotations();
        annotations
            .extend(self.annotation.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        annotations
    }

    /// Returns the container of a config, with the annotations from [`Container::annotations`].
    pub fn of<'c>(
        &self,
        config: &'c Config<'_>,
        annotations: &'c Annotations,
    ) -> libhooks::Container<'c> {
        config.container().annotations(annotations).bind_mounts(self.has_bind_mounts)
    }
}

/// Opens the directory of `--root`.
fn root() -> impl TypedValueParser<Value = Root> {
    PathBufValueParser::new().try_map(Root::open)
}

/// Rejects `--root` for commands that run hooks.
fn no_root() -> impl TypedValueParser<Value = Root> {
    PathBufValueParser::new().try_map(|_| {
        Err::<Root, &str>(
            "this command runs hooks, so it needs the root of this system; to run hooks of \
             another root, start oci-hooks inside it with chroot(8)",
        )
    })
}

fn policy() -> impl TypedValueParser<Value = Policy> {
    let names = [Policy::Compatible, Policy::Strict, Policy::LENIENT].map(Policy::as_str);
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Policy>())
}

/// Parses a diagnostic code that files and directories can have.
fn code() -> impl TypedValueParser<Value = Code> {
    let codes = || Code::ALL.iter().filter(|code| code.severity().is_some());
    let values = codes().map(|code| PossibleValue::new(code.as_str()).help(code.summary()));
    let of_name = move |name: String| {
        codes().find(|code| code.as_str() == name).copied().ok_or("no such code")
    };
    PossibleValuesParser::new(values).try_map(of_name)
}

/// Accepts any stage. Shells offer the extension stages that engines have.
#[derive(Clone)]
struct StageParser;

impl TypedValueParser for StageParser {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(ACCEPTED_STAGES.iter().map(PossibleValue::new)))
    }
}

/// Parses seconds, which may have a fraction. Rejects values that a `Duration` cannot hold.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
        None => Err("expected KEY=VALUE".to_owned()),
    }
}

/// Counts how often hooks are evaluated: the library logs each evaluation of each hook.
#[cfg(test)]
pub mod evaluations {
    use std::cell::Cell;

    use libhooks::LogLevel;

    thread_local! {
        static COUNT: Cell<usize> = const { Cell::new(0) };
    }

    pub fn count(_: LogLevel, message: &str, _: &str) {
        if message.ends_with(" matched") || message.ends_with(" did not match") {
            COUNT.set(COUNT.get() + 1);
        }
    }

    /// Returns the number of evaluations in this thread since the last call.
    pub fn take() -> usize {
        COUNT.take()
    }
}
