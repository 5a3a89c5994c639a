//! Passes a config through hooks, each of which may change it (docs/spec.md, section 9): Podman's
//! `precreate` stage.

use std::fmt;

use super::output::open_files;
use super::patch::{Operation, diff, patch_to_json};
use super::run::{RunResult, run};
use super::{FilterOptions, RunOptions, Stream, Suspend};
use crate::container::{Config, top_level};
use crate::go::Errno;
use crate::hook::OciHook;
use crate::log::{Log, LogLevel, LogLine};
use crate::problem::{Code, Diagnostic, ErrorKind, Result};

/// The result of passing a config through hooks.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FilterResult {
    /// The results of the hooks that ran, including the one that failed.
    pub runs: Vec<RunResult>,
    /// The config that the last successful hook printed, byte for byte. If no hook succeeded, the
    /// config that was passed in.
    pub config: String,
    /// The changes that each successful hook made to the config; `None` without
    /// [`FilterOptions::patches`].
    pub patches: Option<Vec<Vec<Operation>>>,
    /// The hooks whose output lacks members that their input had.
    pub dropped: Vec<DroppedMembers>,
    /// The reason for a failure; `None` if every hook succeeded.
    pub failure: Option<FilterFailure>,
}

/// The members that a hook removed from the config, of those without which no runtime starts a
/// container: `ociVersion`, `process` and `root`. As in the reference, the output of a hook is the
/// whole new config, and is not merged with the old one.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct DroppedMembers {
    /// The index of the hook, from 0.
    pub hook: usize,
    /// The executable of that hook.
    pub path: String,
    /// The names of the members.
    pub members: Vec<&'static str>,
}

/// Says which members the output of the hook lacks.
impl fmt::Display for DroppedMembers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.members.iter().map(|name| format!("{name:?}")).collect();
        let names = match &names[..] {
            [first @ .., second_last, last] => {
                let first: String = first.iter().map(|name| format!("{name}, ")).collect();
                format!("{first}{second_last} and {last}")
            }
            names => names.concat(),
        };
        write!(f, "its output lacks {names}, which the config had")
    }
}

/// The reason why passing a config through hooks failed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FilterFailure {
    /// The index of the hook that failed, from 0; `None` if it failed before the first hook.
    pub hook: Option<usize>,
    /// The executable of that hook.
    pub path: Option<String>,
    /// The end of the hook's stderr, as a string.
    pub stderr: String,
    /// [`ErrorKind::HookFailed`], [`ErrorKind::Timeout`], [`ErrorKind::Cancelled`], or
    /// [`ErrorKind::Io`] if a file that an annotation names cannot be opened.
    pub kind: ErrorKind,
    /// The reference's *hook error*; `None` if the hook process itself did not fail.
    pub hook_error: Option<String>,
    /// The reference's *error*.
    pub error: String,
    /// The system's error number, if opening the file of an annotation or starting the hook failed.
    #[serde(serialize_with = "number")]
    pub errno: Option<Errno>,
    /// The first line of what the hook printed, shortened, if that is not a config: `""` if it
    /// printed nothing. `None` for other failures.
    pub output: Option<String>,
    /// Why the program of the hook cannot run, as in
    /// [`Error::diagnostics`](crate::Error::diagnostics) and [`RunResult::diagnostics`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub diagnostics: Vec<Diagnostic>,
}

impl FilterFailure {
    /// Returns what the hook printed instead of a config, and what it should do.
    pub fn hint(&self) -> Option<String> {
        Some(match self.output.as_deref()? {
            "" => "the hook printed nothing; it must print the whole config, changed or not".into(),
            line if line.starts_with(['{', '[']) || line == "null" => {
                format!("the hook printed {line:?}")
            }
            line => format!("the hook printed {line:?}; messages belong on standard error"),
        })
    }

    /// Returns the message for a person: the hook, the error, what it printed instead of a config
    /// or why its program cannot run, and the end of its stderr.
    pub fn message(&self) -> String {
        let mut message = self.error.clone();
        if let (Some(hook), Some(path)) = (self.hook, &self.path) {
            message = format!("hook {hook} ({path}): {message}");
        }
        if let Some(hint) = self.hint() {
            message = format!("{message} ({hint})");
        }
        // (The words of the system say of a missing program that it is missing.)
        let is_news = |found: &&Diagnostic| found.code != Code::MissingExecutable;
        if let Some(reason) = self.diagnostics.first().filter(is_news) {
            message = format!("{message} ({})", reason.message());
        }
        if self.stderr.is_empty() { message } else { format!("{message}: {}", self.stderr) }
    }

    fn new(kind: ErrorKind, hook_error: Option<String>, error: impl Into<String>) -> FilterFailure {
        let error = error.into();
        FilterFailure {
            hook: None,
            path: None,
            stderr: String::new(),
            output: None,
            kind,
            hook_error,
            error,
            errno: None,
            diagnostics: Vec::new(),
        }
    }
}

/// Passes `config` through hooks. Each hook reads on stdin the config that the hook before it
/// printed, and prints the new config. Filtering stops at the first hook that fails or prints an
/// invalid config; [`FilterResult::failure`] reports it.
///
/// # Errors
/// [`ErrorKind::Json`] if `config` is not a valid config.
pub fn filter<'h>(
    hooks: impl IntoIterator<Item = &'h OciHook>,
    config: &str,
    options: FilterOptions<'_>,
) -> Result<FilterResult> {
    let hooks: Vec<&OciHook> = hooks.into_iter().collect();
    filter_through(&hooks, config, options)
}

fn filter_through(
    hooks: &[&OciHook],
    config: &str,
    options: FilterOptions<'_>,
) -> Result<FilterResult> {
    Config::parse(config)?;
    let FilterOptions { run: options, output_annotations, patches, log } = options;
    let mut result = FilterResult {
        runs: Vec::new(),
        config: config.to_owned(),
        patches: patches.then(Vec::new),
        dropped: Vec::new(),
        failure: None,
    };
    let mut files = [None, None];
    if output_annotations && !hooks.is_empty() {
        match open_files(config) {
            Ok(opened) => files = opened,
            Err(error) => {
                let failure = FilterFailure::new(error.kind(), None, error.message());
                result.failure = Some(FilterFailure { errno: error.errno(), ..failure });
                return Ok(result);
            }
        }
    }
    let RunOptions {
        directory,
        timeout,
        post_kill_timeout,
        capture_limit,
        stderr,
        mut output,
        cancel,
        process_group,
        mut suspend,
        end_with_thread,
        ..
    } = options;
    let mut members = if hooks.is_empty() { Vec::new() } else { top_level(config) };
    for (index, hook) in hooks.iter().enumerate() {
        let mut append = |stream: Stream, bytes: &[u8]| {
            if let Some(output) = output.as_mut() {
                output(stream, bytes)?;
            }
            let [stdout, stderr] = &mut files;
            match if stream == Stream::Stdout { stdout } else { stderr } {
                Some(file) => file.append(bytes),
                None => Ok(()),
            }
        };
        let options = RunOptions {
            directory: directory.clone(),
            timeout,
            post_kill_timeout,
            capture_limit,
            stdout: None,
            stderr,
            merge_stderr: false,
            output: Some(&mut append),
            cancel,
            process_group,
            suspend: suspend.as_mut().map(|suspend| Suspend {
                descriptor: suspend.descriptor,
                stop: &mut *suspend.stop,
            }),
            end_with_thread,
        };
        let failure = match run(hook, result.config.as_bytes(), options) {
            Err(error) => {
                let message = error.message();
                let failure =
                    FilterFailure::new(ErrorKind::HookFailed, Some(message.to_owned()), message);
                let diagnostics = error.diagnostics().to_vec();
                Some(FilterFailure { errno: error.errno(), diagnostics, ..failure })
            }
            Ok(ran) => {
                let failure = failure_of(&ran, index);
                if failure.is_none() {
                    // `failure_of` checked that it is UTF-8.
                    let config = String::from_utf8_lossy(&ran.stdout.tail).into_owned();
                    let before = std::mem::replace(&mut members, top_level(&config));
                    let dropped = before.into_iter().filter(|name| !members.contains(name));
                    result.note_dropped(index, hook, dropped.collect());
                    result.accept(config, index, hook, log.as_ref());
                }
                result.runs.push(ran);
                failure
            }
        };
        if let Some(failure) = failure {
            let stderr =
                result.runs.get(index).map(|ran| end_of(&ran.stderr.tail)).unwrap_or_default();
            let path = Some(hook.path.clone());
            result.failure = Some(FilterFailure { hook: Some(index), path, stderr, ..failure });
            break;
        }
    }
    Ok(result)
}

impl FilterResult {
    fn note_dropped(&mut self, index: usize, hook: &OciHook, members: Vec<&'static str>) {
        if !members.is_empty() {
            self.dropped.push(DroppedMembers { hook: index, path: hook.path.clone(), members });
        }
    }

    /// Takes over the config that a hook printed.
    fn accept(&mut self, config: String, index: usize, hook: &OciHook, log: Option<&Log>) {
        let line = LogLine::new(log, LogLevel::Debug);
        if self.patches.is_some() || line.is_some() {
            // Both configs were parsed before.
            let patch = diff(&self.config, &config).unwrap_or_default();
            if let Some(line) = line.filter(|_| !patch.is_empty()) {
                let message = format!("hook {index} ({}) changed the config", hook.path);
                let (index, changes) = (index.to_string(), patch_to_json(&patch));
                let fields = [("hook", index.as_str()), ("path", &hook.path), ("patch", &changes)];
                line.write_as(&message, &fields, || {
                    let path = crate::go::json::to_string(&hook.path);
                    format!("{{\"hook\":{index},\"path\":{path},\"patch\":{changes}}}")
                });
            }
            if let Some(patches) = &mut self.patches {
                patches.push(patch);
            }
        }
        self.config = config;
    }

    /// Returns the result as a JSON object: `config`, `failure` (null, or `hook`, `path`, `stderr`,
    /// `output`, `kind`, `hookError`, `error`, `errno`, `diagnostics`), `hooks` (each as in
    /// [`RunResult::to_json`]), `dropped` (`hook`, `path` and `members` of each), and `patches`
    /// (null, or a JSON Patch for each successful hook).
    pub fn to_json(&self) -> String {
        let patches = self.patches.as_ref().map(|patches| {
            let patches: Vec<String> = patches.iter().map(|patch| patch_to_json(patch)).collect();
            format!("[{}]", patches.join(","))
        });
        format!(
            "{{\"config\":{},\"failure\":{},\"hooks\":{},\"dropped\":{},\"patches\":{}}}",
            crate::go::json::to_string(&self.config),
            crate::go::json::to_string(&self.failure),
            crate::go::json::to_string(&self.runs),
            crate::go::json::to_string(&self.dropped),
            patches.as_deref().unwrap_or("null"),
        )
    }
}

/// Returns the failure of a hook that has run: its own, or that of the config that it printed.
fn failure_of(ran: &RunResult, index: usize) -> Option<FilterFailure> {
    if let Some(error) = &ran.error {
        let kind = match () {
            () if ran.timed_out => ErrorKind::Timeout,
            () if ran.cancelled => ErrorKind::Cancelled,
            () => ErrorKind::HookFailed,
        };
        let failure = FilterFailure::new(kind, ran.hook_error.clone(), error.as_str());
        return Some(FilterFailure { diagnostics: ran.diagnostics.clone(), ..failure });
    }
    let problem = if ran.stdout.is_truncated() {
        format!("{} bytes exceed the limit of {}", ran.stdout.total, ran.stdout.tail.len())
    } else {
        match std::str::from_utf8(&ran.stdout.tail) {
            Err(error) => format!("invalid UTF-8 at byte {}", error.valid_up_to()),
            Ok(config) => match Config::parse(config) {
                Err(error) => error.message().to_owned(),
                Ok(_) => return None,
            },
        }
    };
    let error = format!("unmarshal output from config-filter hook {index}: {problem}");
    let output = (!ran.stdout.is_truncated()).then(|| first_line(&ran.stdout.tail));
    Some(FilterFailure { output, ..FilterFailure::new(ErrorKind::HookFailed, None, error) })
}

/// Returns the first line that is not blank, at most as long as is useful in a message.
fn first_line(output: &[u8]) -> String {
    const MAX: usize = 200;
    let mut lines = output.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let line = lines.find(|line| !line.is_empty()).unwrap_or_default();
    let text = crate::go::text_of_bytes(line);
    match text.char_indices().nth(MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.into_owned(),
    }
}

/// Returns the end of a hook's stderr, at most as long as is useful in a message.
fn end_of(stderr: &[u8]) -> String {
    const MAX: usize = 1024;
    let end = stderr.get(stderr.len().saturating_sub(MAX)..).unwrap_or_default();
    crate::go::text_of_bytes(end).trim().to_owned()
}

/// Serializes an error number. The JSON member is always a number: 0 stands for no error number.
fn number<S: serde::Serializer>(
    errno: &Option<Errno>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_i32(errno.map_or(0, Errno::raw_os_error))
}
