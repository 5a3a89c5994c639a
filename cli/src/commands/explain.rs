//! `oci-hooks explain`

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anstyle::Style;
use libhooks::{
    Annotation, Code, Condition, ConditionVerdict, Diagnostic, Explanation, HookVerdict, NearMiss,
    Obstacle, Outcome, Policy, RootFilesystem, Severity, Stage,
};

use crate::arguments::Explain;
use crate::color;
use crate::files;
use crate::report::{self, Failure, Shown};

/// Returns the root file system of the bundle in which the config is. It is not known if the config
/// is read from standard input, or if the hooks are those of another root.
fn root_filesystem(arguments: &Explain, config: &str) -> Option<RootFilesystem> {
    let given = &arguments.container.config;
    if given == Path::new("-") || arguments.source.root.is_some() {
        return None;
    }
    let bundle = if given.is_dir() { given } else { given.parent()? };
    RootFilesystem::of_bundle(config, bundle)
}

pub fn run(arguments: &Explain) -> Result<ExitCode, Failure> {
    let hooks = arguments.source.load(&[], Policy::LENIENT)?;
    let config = files::read_config(&arguments.container.config)?;
    let failure = |error| config.failure(error);
    let parsed = config.parse()?;
    let annotations = arguments.container.annotations(&parsed);
    let files = root_filesystem(arguments, &config.text);
    let container = arguments.container.of(&parsed, &annotations).root_filesystem(files.as_ref());
    container.check().map_err(failure)?;
    let mut explanation = hooks.explain(&container);
    // Includes the hooks that `--hook` hides: one of them may run instead of a file that it shows.
    let files: Vec<PathBuf> = explanation.hooks.iter().map(|hook| hook.path.clone()).collect();
    if let Some(name) = &arguments.hook {
        if !paths(&explanation).any(|path| is_called(path, name)) {
            return Err(Failure::Error(format!(
                "no hook file is named {name}{}",
                near(&explanation, name)
            )));
        }
        explanation.hooks.retain(|hook| is_called(&hook.path, name));
        explanation.masked.retain(|masked| is_called(&masked.path, name));
        explanation.without_hook.retain(|diagnostic| is_called(&diagnostic.path, name));
    }
    let is_error = |diagnostic: &Diagnostic| diagnostic.severity == Severity::Error;
    let refusal = arguments.source.refusal();
    let failed = explanation.error.is_some()
        || refusal.is_some()
        || explanation.without_hook.iter().any(is_error);
    let done = if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    if arguments.json {
        // One object: the explanation, and the error with which an engine would reject the
        // directories.
        let refusal = serde_json::Value::from(refusal);
        report::print_json(&report::with_member(
            explanation.to_json(),
            "refusal",
            &refusal.to_string(),
        ))?;
        return Ok(done);
    }
    let nothing = explanation.error.is_some() || refusal.is_some();
    let mut tree = Tree { text: String::new(), nothing };
    let engine = &arguments.source.engine;
    let stages = engine.stages(&[], &arguments.source.extension_stage);
    for hook in &explanation.hooks {
        tree.hook(hook, &|stage| destination(stage, &stages, engine.keeps_prestart()));
    }
    for masked in &explanation.masked {
        let by = masked.by.display();
        let path = masked.path.display().to_string();
        tree.root(&path, color::FAINT, &format!("masked by {by}"));
    }
    for diagnostic in &explanation.without_hook {
        // (A file of another set runs anyway.)
        let same_set: &[PathBuf] = if hooks.only().is_some() { &files } else { &[] };
        tree.without_hook(diagnostic, &explanation.without_hook, same_set);
    }
    color::choose(arguments.color);
    report::print(&tree.text)?;
    if files.is_empty() {
        report::no_hooks(&arguments.source.root(), &arguments.source.directories());
        report::ignored_files(&arguments.source.root(), &arguments.source.directories());
    }
    if let Some(error) = &explanation.error {
        report::note("error", &format!("no hooks are injected: {error}"));
    }
    report::missing(&arguments.source.root(), &arguments.source.hooks_dir);
    report::refusal(engine.title(), refusal.as_deref());
    Ok(done)
}

/// Returns whether a name selects a file: it is the file's name as displayed, or the end of its
/// path.
fn is_called(path: &Path, name: &str) -> bool {
    let own = path.file_name().map(|own| own.to_string_lossy().into_owned());
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let end = name.strip_prefix("./").unwrap_or(name);
    own.as_deref() == Some(name) || !end.is_empty() && whole.ends_with(end)
}

/// Returns the paths of all files in an explanation.
fn paths(explanation: &Explanation) -> impl Iterator<Item = &PathBuf> {
    let hooks = explanation.hooks.iter().map(|hook| &hook.path);
    let masked = explanation.masked.iter().map(|masked| &masked.path);
    hooks.chain(masked).chain(explanation.without_hook.iter().map(|diagnostic| &diagnostic.path))
}

/// Returns a suggestion for a name that no file has.
fn near(explanation: &Explanation, name: &str) -> String {
    let mut names = paths(explanation).filter_map(|path| path.file_name()?.to_str());
    let whole = format!("{name}.json");
    let is_near = |own: &&str| own.eq_ignore_ascii_case(name) || own.eq_ignore_ascii_case(&whole);
    match names.find(is_near) {
        Some(meant) => format!(" (did you mean {meant}?)"),
        None if !name.ends_with(".json") => {
            " (engines read only names that end in .json)".to_owned()
        }
        None => String::new(),
    }
}

/// Describes the stage at which a hook that lists this stage runs. `keeps_prestart` is whether
/// `prestart` stays a stage of its own.
fn destination(stage: &str, extension_stages: &[String], keeps_prestart: bool) -> String {
    if extension_stages.iter().any(|extension| extension == stage) {
        return format!("{stage} (by the engine)");
    }
    match stage.parse::<Stage>() {
        Ok(injected) if injected.as_str() != stage && !keeps_prestart => {
            format!("{} (listed as {stage})", injected.as_str())
        }
        _ => stage.to_owned(),
    }
}

/// The verdict on each file, and the reasons below it.
struct Tree {
    text: String,
    /// No hooks are injected, because of an error.
    nothing: bool,
}

impl Tree {
    /// Adds the line of a file, with its verdict.
    fn root(&mut self, path: &str, style: Style, verdict: &str) {
        let path = color::paint(color::BOLD, &Shown(path).to_string());
        let verdict = color::paint(style, &Shown(&report::short(verdict)).to_string());
        let _ = writeln!(self.text, "{path}: {verdict}");
    }

    /// Adds a hook. `destination` describes a stage.
    fn hook(&mut self, hook: &HookVerdict, destination: &dyn Fn(&str) -> String) {
        let stages: Vec<String> = hook.stages.iter().map(|stage| destination(stage)).collect();
        let (style, verdict) = match &hook.verdict {
            Ok(true) if self.nothing => {
                (color::YELLOW, "matches, but no hooks are injected (see the error)".to_owned())
            }
            Ok(true) if stages.is_empty() => {
                (color::YELLOW, "matches, but has no stages".to_owned())
            }
            Ok(true) => (color::GREEN, format!("matches, runs at {}", stages.join(", "))),
            Ok(false) => (color::RED, "does not match".to_owned()),
            Err(error) => (color::RED, format!("error: {error}")),
        };
        self.root(&hook.path.display().to_string(), style, &verdict);
        for diagnostic in &hook.diagnostics {
            self.diagnostic(diagnostic);
        }
        if hook.conditions.is_empty() {
            let _ = writeln!(
                self.text,
                "└─ no conditions, so it matches no container (oci-hooks lint finds misspelled keys)"
            );
        }
        if hook.any_of && hook.conditions.len() > 1 {
            let _ = writeln!(self.text, "│  one matching condition is enough (version 0.1.0):");
        }
        let mut listed = false;
        for (index, condition) in hook.conditions.iter().enumerate() {
            let keys = keys(condition).filter(|_| !std::mem::replace(&mut listed, true));
            self.condition(condition, keys, index + 1 == hook.conditions.len());
        }
    }

    /// Adds a problem of a hook that matches, and its hint.
    fn diagnostic(&mut self, diagnostic: &Diagnostic) {
        let problem = report::problem(diagnostic);
        let problem = color::paint(color::YELLOW, &Shown(&report::short(&problem)).to_string());
        let _ = writeln!(self.text, "├─ {problem}");
        if let Some(hint) = &diagnostic.hint {
            let _ = writeln!(self.text, "│  hint: {}", Shown(&report::short(hint)));
        }
    }

    /// Adds a condition. `keys` describes the container's annotations.
    fn condition(&mut self, condition: &ConditionVerdict, keys: Option<String>, last: bool) {
        let (style, outcome) = match &condition.outcome {
            Ok(Outcome::Holds) => (color::GREEN, Outcome::Holds.as_str()),
            Ok(Outcome::Ignored) => (color::FAINT, Outcome::Ignored.as_str()),
            Ok(outcome) => (color::RED, outcome.as_str()),
            Err(_) => (color::RED, "error"),
        };
        let (description, why) = reason(condition);
        let place = condition.position.map(|at| format!(" ({}:{})", at.line, at.column));
        let place = color::paint(color::FAINT, &place.unwrap_or_default());
        let outcome = color::paint(style, &format!("{outcome:7}"));
        let _ = writeln!(
            self.text,
            "{} {outcome} {}{place}",
            if last { "└─" } else { "├─" },
            Shown(&report::short(&description))
        );
        let after = "not needed: an earlier condition already decided the result".to_owned();
        let after = condition.after_verdict.then_some(after);
        for line in why.into_iter().chain(keys).chain(after) {
            let _ = writeln!(
                self.text,
                "{}          {}",
                if last { ' ' } else { '│' },
                Shown(&report::short(&line))
            );
        }
    }

    /// Adds a file that gives no hook. `all` are the diagnostics of all such files; `files` are the
    /// files with hooks.
    fn without_hook(&mut self, diagnostic: &Diagnostic, all: &[Diagnostic], files: &[PathBuf]) {
        let name = diagnostic.path.file_name();
        let instead = files.iter().find(|path| path.file_name() == name);
        let runs = instead.and_then(|path| path.parent()).map(|directory| directory.display());
        let of_path = |known: &&Diagnostic| known.path == diagnostic.path;
        let has = |code| all.iter().filter(of_path).any(|known| known.code == code);
        let effect = match runs {
            Some(runs) if has(Code::OverrideIneffective) && self.nothing => {
                format!("; the hook of the same name in {runs} is not masked")
            }
            Some(runs) if has(Code::OverrideIneffective) => {
                format!("; the hook of the same name in {runs} runs instead")
            }
            Some(runs) => format!("; the hook of the same name in {runs} takes precedence anyway"),
            None => String::new(),
        };
        let is_reason = |known: &Diagnostic| known.code != Code::OverrideIneffective;
        let reason = diagnostic.message();
        let (style, verdict) = match diagnostic.severity {
            Severity::Error => (color::RED, format!("not loaded: {reason}{effect}")),
            _ if is_reason(diagnostic) => (color::YELLOW, format!("not loaded: {reason}{effect}")),
            // The effect is already printed with the reason. (A file that has just been removed has
            // no reason.)
            _ if all.iter().filter(of_path).any(is_reason) => return,
            _ => (color::YELLOW, format!("not loaded{effect}")),
        };
        let position = diagnostic.position.map(|p| (p.line, p.column));
        let place = report::located(&diagnostic.path, position);
        self.root(place.trim_end_matches(": "), style, &verdict);
        if let Some(hint) = &diagnostic.hint {
            let _ = writeln!(self.text, "└─ hint: {}", Shown(&report::short(hint)));
        }
    }
}

/// Lists the keys of the container's annotations, if none of them matches.
fn keys(verdict: &ConditionVerdict) -> Option<String> {
    let Condition::Annotation { tried, keys, .. } = &verdict.condition else { return None };
    let quoted: Vec<String> = keys.iter().map(|key| format!("{key:?}")).collect();
    let more = match tried.saturating_sub(keys.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let noun =
        if *tried == 1 { "the container's annotation" } else { "the container's annotations" };
    let quoted = quoted.join(", ");
    (!keys.is_empty()).then(|| format!("{noun}: {quoted}{more} (labels are not annotations)"))
}

/// Describes a near miss. `many` is whether the condition has several patterns.
fn nearly(miss: &NearMiss, many: bool) -> String {
    let NearMiss { pattern, text, obstacles, message, .. } = miss;
    let matches =
        obstacles.iter().any(|it| matches!(it, Obstacle::OtherWord | Obstacle::CommandLine));
    match (matches, many) {
        (true, false) => message.clone(),
        (true, true) => format!("/{pattern}/: {message}"),
        (false, false) => format!("{text:?} nearly matches: {message}"),
        (false, true) => format!("{text:?} nearly matches /{pattern}/: {message}"),
    }
}

/// Describes a condition, and the reasons for its outcome.
fn reason(verdict: &ConditionVerdict) -> (String, Vec<String>) {
    match &verdict.condition {
        Condition::Always { value } => (format!("always is {value}"), Vec::new()),
        Condition::HasBindMounts { value: true, container } => {
            let has = if *container { "has" } else { "has no" };
            (format!("hasBindMounts is true, and the container {has} bind mounts"), Vec::new())
        }
        Condition::HasBindMounts { value: false, .. } => {
            ("hasBindMounts is false, which never holds".to_owned(), Vec::new())
        }
        Condition::Annotation {
            key_pattern,
            value_pattern,
            tried,
            matched,
            nearest,
            near_miss,
            ..
        } => {
            let found = match (matched, nearest) {
                (Some(Annotation { key, value }), _) => format!("{key:?}: {value:?} matches"),
                (None, Some(Annotation { key, value })) => {
                    format!("the key {key:?} matches, but its value {value:?} does not")
                }
                (None, None) => match tried {
                    0 => "the container has no annotations (labels do not count as annotations)"
                        .to_owned(),
                    1 => "the container has 1 annotation; its key does not match".to_owned(),
                    _ => format!("the container has {tried} annotations; no key matches"),
                },
            };
            let near = near_miss.as_ref().map(|miss| nearly(miss, false));
            let description = format!("annotation /{key_pattern}/ is /{value_pattern}/");
            (description, [found].into_iter().chain(near).collect())
        }
        Condition::Commands { patterns, command, matched, near_miss } => {
            let patterns: Vec<String> =
                patterns.iter().map(|pattern| format!("/{pattern}/")).collect();
            let found = match (command, matched) {
                (Some(command), Some(pattern)) => format!("{command:?} matches /{pattern}/"),
                (Some(command), None) if patterns.len() > 1 => {
                    format!("{command:?} matches no pattern")
                }
                (Some(command), None) => format!("{command:?} does not match"),
                (None, _) if verdict.outcome.is_err() => "process.args is empty".to_owned(),
                (None, _) => "the container has no process".to_owned(),
            };
            let near = near_miss.as_ref().map(|miss| nearly(miss, patterns.len() > 1));
            (
                format!("command is {}", patterns.join(" or ")),
                [found].into_iter().chain(near).collect(),
            )
        }
        _ => Default::default(),
    }
}
