//! What the command line says.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{
    NonEmptyStringValueParser, PossibleValue, PossibleValuesParser, TypedValueParser,
};
use clap::{Args, ColorChoice, Parser, Subcommand, ValueEnum, ValueHint};
use libhooks::{Annotations, Code, Config, DEFAULT_DIR, Manager, OVERRIDE_DIR, Policy};

/// OCI hooks from hooks.d directories: which ones a container gets, why, and the config with them.
#[derive(Debug, Parser)]
#[command(name = "oci-hooks", version, max_term_width = 100)]
#[command(
    after_help = "Exit status: 0 fine; 1 an error, a hook that failed, and for list and explain a hook file that gives no hook; 2 wrong usage; 128 and the number of the signal that run, filter or watch ended on."
)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print a container's config with the hooks that are for it
    Inject(Inject),
    /// Tell for each hook whether it is for a container, and why
    Explain(Explain),
    /// List the hooks in the order in which they are injected
    List(List),
    /// Check hook files, or all of hooks.d directories, and tell what is wrong or hardly meant
    Lint(Lint),
    /// Run one hook as an engine would, and tell what became of it
    Run(Run),
    /// Tell what changes in the directories, until it is interrupted
    Watch(Watch),
    /// Pass a container's config through the precreate hooks that are for it, as Podman does
    Filter(Filter),
    /// Print the JSON Schema of hook files, for editors and other checkers
    Schema,
    /// Turn a hook file of version 0.1.0 into one of version 1.0.0, if there is one that does the
    /// same
    Migrate(Migrate),
    /// Print the script by which a shell completes this command's words
    Completion(Completion),
}

#[derive(Debug, Args)]
pub struct Inject {
    #[command(flatten)]
    pub source: Source,
    #[command(flatten)]
    pub container: Container,
    #[command(flatten)]
    pub destination: Destination,
    /// Print {"config", "extensionStageHooks", "diagnostics"} as JSON, without the config where it
    /// goes to a file
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Explain {
    #[command(flatten)]
    pub source: Source,
    #[command(flatten)]
    pub container: Container,
    /// Only the hook of this file name, or end of a path
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub hook: Option<String>,
    /// When to use colours
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
pub struct Watch {
    #[command(flatten)]
    pub source: Source,
    /// Print JSON: an object a line
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Lint {
    /// Hook files, and directories of them in increasing preference [default: the two well-known
    /// directories]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The same as naming it: other commands call it so; may be repeated
    #[arg(long, value_name = "DIR")]
    pub hooks_dir: Vec<PathBuf>,
    /// Stage of the engine's own that files may name, beside precreate; may be repeated
    #[arg(long, value_name = "STAGE")]
    pub extension_stage: Vec<String>,
    /// Tell of these problems only, by their codes (oci-hooks(5)), separated by commas
    #[arg(long, value_name = "CODES", value_delimiter = ',', value_parser = code(), hide_possible_values = true)]
    pub select: Vec<Code>,
    /// Do not tell of these problems
    #[arg(long, value_name = "CODES", value_delimiter = ',', value_parser = code(), hide_possible_values = true)]
    pub ignore: Vec<Code>,
    /// Fail on warnings, too
    #[arg(long)]
    pub strict: bool,
    /// How to tell of them
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    /// Print JSON: short for --format json
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
}

/// How problems are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people, and for editors that read path:line:column
    Text,
    /// One object
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

/// Where what is made of a file goes.
#[derive(Debug, Args)]
pub struct Destination {
    /// Write to FILE instead of standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "in_place")]
    pub output: Option<PathBuf>,
    /// Replace the file that was read, atomically; its mode and owner stay
    #[arg(long)]
    pub in_place: bool,
}

#[derive(Debug, Args)]
pub struct Run {
    /// The hook file, of any stage
    #[arg(value_name = "HOOKFILE")]
    pub hook: PathBuf,
    /// What the hook reads on its standard input: the container's state, from FILE, or from
    /// standard input if it is - [default: nothing]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub state: Option<PathBuf>,
    /// Kill the hook and its descendants after SECONDS, whatever its file says
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,
    /// Directory that the hook is started in [default: the current one]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
    /// Stage of the engine's own that the file may name, beside precreate; may be repeated
    #[arg(long, value_name = "STAGE")]
    pub extension_stage: Vec<String>,
    /// Hand the terminal itself to hooks, instead of printing their output with control characters
    /// escaped
    #[arg(long, conflicts_with = "json")]
    pub raw_output: bool,
    /// Print what became of it as JSON, with what it wrote
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Filter {
    #[command(flatten)]
    pub source: Source,
    #[command(flatten)]
    pub container: Container,
    #[command(flatten)]
    pub destination: Destination,
    /// Kill a hook whose file has no timeout after so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,
    /// Directory that hooks are started in [default: the bundle if CONFIG is one, else the current
    /// one]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
    /// Append the hooks' output to the files that the annotations run.oci.hooks.stdout and
    /// run.oci.hooks.stderr name
    #[arg(long)]
    pub output_annotations: bool,
    /// Print what each hook changed instead of the config: as unified diffs, or with --json as
    /// JSON Patches (RFC 6902)
    #[arg(long, conflicts_with_all = ["output", "in_place"])]
    pub diff: bool,
    /// Hand the terminal itself to hooks, instead of printing their output with control characters
    /// escaped
    #[arg(long, conflicts_with = "json")]
    pub raw_output: bool,
    /// Print JSON: the config (also where it goes to a file), what became of each hook and, with
    /// --diff, what it changed
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Migrate {
    /// The hook file, or - for standard input
    #[arg(value_name = "HOOKFILE")]
    pub hook: PathBuf,
    #[command(flatten)]
    pub destination: Destination,
}

#[derive(Debug, Args)]
pub struct Completion {
    pub shell: ShellName,
}

/// The shells that have a place of their own for such scripts on Linux.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ShellName {
    Bash,
    Zsh,
    Fish,
}

/// Stages that some engine runs itself: where files are looked at by themselves, they are known.
pub const OWN_STAGES: [&str; 1] = ["precreate"];

/// The two well-known directories, in increasing preference.
pub fn default_directories() -> Vec<PathBuf> {
    vec![DEFAULT_DIR.into(), OVERRIDE_DIR.into()]
}

/// Where hooks come from.
#[derive(Debug, Args)]
pub struct Source {
    /// Directory of hook files; repeat it in increasing preference [default: the two well-known
    /// ones]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub hooks_dir: Vec<PathBuf>,
    /// Stage that the engine runs itself, such as Podman's precreate; may be repeated
    #[arg(long, value_name = "STAGE")]
    pub extension_stage: Vec<String>,
    /// What makes loading fail: what Podman fails on (compatible), any problem (strict), or
    /// nothing (lenient) [default: compatible for inject and filter, else lenient]
    #[arg(long, value_name = "POLICY", value_parser = policy())]
    pub policy: Option<Policy>,
}

impl Source {
    /// Loads the hooks; `default` is the policy where none is asked for.
    pub fn manager(&self, default: Policy) -> libhooks::Result<Manager> {
        self.manager_with(&[], default)
    }

    /// The same, with more extension stages.
    pub fn manager_with(&self, stages: &[&str], default: Policy) -> libhooks::Result<Manager> {
        let builder = Manager::builder()
            .directories(self.directories())
            .extension_stages(stages.iter().copied())
            .extension_stages(&self.extension_stage)
            .policy(self.policy.unwrap_or(default));
        #[cfg(test)]
        let builder = builder.log(libhooks::LogLevel::Debug, evaluations::count);
        builder.load()
    }

    /// What an engine says that loads these hooks, where the command shows them although they
    /// cannot be loaded so.
    pub fn refusal(&self) -> Option<String> {
        match self.policy {
            None => self.manager(Policy::Compatible).err().map(|error| error.message().to_owned()),
            Some(_) => None,
        }
    }

    /// The directories, in increasing preference.
    pub fn directories(&self) -> Vec<PathBuf> {
        match &self.hooks_dir[..] {
            [] => default_directories(),
            given => given.to_vec(),
        }
    }
}

/// Which container is asked about.
#[derive(Debug, Args)]
pub struct Container {
    /// The container's config: a file, a bundle directory with a config.json, or - for standard
    /// input
    #[arg(value_name = "CONFIG", default_value = "-")]
    pub config: PathBuf,
    /// An annotation of the container, beside the config's own or in place of the one of that key;
    /// may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub annotation: Vec<(String, String)>,
    /// Whether the container has bind mounts [default: what the config's mounts say]
    #[arg(long, value_name = "BOOL")]
    pub has_bind_mounts: Option<bool>,
}

impl Container {
    /// The config's annotations with those given.
    pub fn annotations(&self, config: &Config<'_>) -> Annotations {
        let mut annotations = config.annotations();
        annotations
            .extend(self.annotation.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        annotations
    }

    /// The container of a config, with the annotations that [`Container::annotations`] gave.
    pub fn of<'c>(
        &self,
        config: &'c Config<'_>,
        annotations: &'c Annotations,
    ) -> libhooks::Container<'c> {
        config.container().annotations(annotations).bind_mounts(self.has_bind_mounts)
    }
}

fn policy() -> impl TypedValueParser<Value = Policy> {
    let names = [Policy::Compatible, Policy::Strict, Policy::LENIENT].map(Policy::as_str);
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Policy>())
}

/// The codes of what files and directories can have.
fn code() -> impl TypedValueParser<Value = Code> {
    let codes = || Code::ALL.iter().filter(|code| code.severity().is_some());
    let values = codes().map(|code| PossibleValue::new(code.as_str()).help(code.summary()));
    let of_name = move |name: String| {
        codes().find(|code| code.as_str() == name).copied().ok_or("no such code")
    };
    PossibleValuesParser::new(values).try_map(of_name)
}

/// Seconds, with a fraction or without; none that no clock can count.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "it is no number".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
        None => Err("it has no '='".to_owned()),
    }
}

/// How often hooks are evaluated. The library writes a log line for each evaluation of each hook.
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

    /// How many there were in this thread since the last call.
    pub fn take() -> usize {
        COUNT.take()
    }
}
