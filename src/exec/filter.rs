//! Passing a config through hooks, each of which may change it (docs/spec.md, section 9): Podman's
//! `precreate` stage.

use super::output::open_files;
use super::patch::{Operation, diff, patch_to_json};
use super::run::{RunResult, run};
use super::{FilterOptions, RunOptions, Stream, Suspend};
use crate::container::Config;
use crate::go::Errno;
use crate::hook::OciHook;
use crate::log::{Log, LogLevel, LogLine};
use crate::problem::{ErrorKind, Result};

/// What became of a config and the hooks that it went through.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FilterResult {
    /// The hooks that were run, the failing one included.
    pub runs: Vec<RunResult>,
    /// The config as the last good hook printed it, byte for byte; the one passed in if there was
    /// none.
    pub config: String,
    /// What each hook changed in the config, if that was asked for; there is none of a failing
    /// hook.
    pub patches: Option<Vec<Vec<Operation>>>,
    /// Why it did not go well; `None`: it did.
    pub failure: Option<FilterFailure>,
}

/// Why a config did not get through.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FilterFailure {
    /// Which hook failed, from 0; `None`: none has run.
    pub hook: Option<usize>,
    /// Its executable.
    pub path: Option<String>,
    /// The end of what it wrote to stderr, as text.
    pub stderr: String,
    /// [`ErrorKind::HookFailed`], [`ErrorKind::Timeout`], [`ErrorKind::Cancelled`], or
    /// [`ErrorKind::Io`] if a file that an annotation names cannot be opened.
    pub kind: ErrorKind,
    /// The reference's *hook error*; `None`: nothing is wrong with a hook itself.
    pub hook_error: Option<String>,
    /// The reference's *error*.
    pub error: String,
    /// Why the system refused to open the file that an annotation names, or to start the hook.
    #[serde(serialize_with = "number")]
    pub errno: Option<Errno>,
}

impl FilterFailure {
    /// What went wrong, for people: which hook, the error, and the hook's last words.
    pub fn message(&self) -> String {
        let mut text = self.error.clone();
        if let (Some(hook), Some(path)) = (self.hook, &self.path) {
            text = format!("hook {hook} ({path}): {text}");
        }
        if self.stderr.is_empty() { text } else { format!("{text}: {}", self.stderr) }
    }

    fn new(kind: ErrorKind, hook_error: Option<String>, error: impl Into<String>) -> FilterFailure {
        let error = error.into();
        FilterFailure {
            hook: None,
            path: None,
            stderr: String::new(),
            kind,
            hook_error,
            error,
            errno: None,
        }
    }
}

/// Passes `config` through hooks: each gets on its stdin what the one before it printed, and what
/// it prints is the new config. A hook that fails, or prints no config, ends it; that is a result.
///
/// # Errors
/// [`ErrorKind::Json`] if the config is none.
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
                Some(FilterFailure { errno: error.errno(), ..failure })
            }
            Ok(ran) => {
                let failure = failure_of(&ran, index);
                if failure.is_none() {
                    // It was checked to be text.
                    let config = String::from_utf8_lossy(&ran.stdout.tail).into_owned();
                    result.accept(config, index, hook, log.as_ref());
                }
                result.runs.push(ran);
                failure
            }
        };
        if let Some(failure) = failure {
            let stderr =
                result.runs.get(index).map(|ran| last_words(&ran.stderr.tail)).unwrap_or_default();
            let path = Some(hook.path.clone());
            result.failure = Some(FilterFailure { hook: Some(index), path, stderr, ..failure });
            break;
        }
    }
    Ok(result)
}

impl FilterResult {
    /// Takes the config that a hook has printed.
    fn accept(&mut self, config: String, index: usize, hook: &OciHook, log: Option<&Log>) {
        let line = LogLine::new(log, LogLevel::Debug);
        if self.patches.is_some() || line.is_some() {
            // Both were read before.
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

    /// The result as JSON: `config`, `failure` (null, or `hook`, `path`, `stderr`, `kind`,
    /// `hookError`, `error`, `errno`), `hooks`, each as
    /// [`RunResult::to_json`] has it, and `patches` (null, or a JSON Patch for each good hook).
    pub fn to_json(&self) -> String {
        let patches = self.patches.as_ref().map(|patches| {
            let patches: Vec<String> = patches.iter().map(|patch| patch_to_json(patch)).collect();
            format!("[{}]", patches.join(","))
        });
        format!(
            "{{\"config\":{},\"failure\":{},\"hooks\":{},\"patches\":{}}}",
            crate::go::json::to_string(&self.config),
            crate::go::json::to_string(&self.failure),
            crate::go::json::to_string(&self.runs),
            patches.as_deref().unwrap_or("null"),
        )
    }
}

/// What is wrong with a hook that has run, or with what it printed.
fn failure_of(ran: &RunResult, index: usize) -> Option<FilterFailure> {
    if let Some(error) = &ran.error {
        let kind = match () {
            () if ran.timed_out => ErrorKind::Timeout,
            () if ran.cancelled => ErrorKind::Cancelled,
            () => ErrorKind::HookFailed,
        };
        return Some(FilterFailure::new(kind, ran.hook_error.clone(), error.as_str()));
    }
    let wrong = if ran.stdout.is_truncated() {
        format!("{} bytes, and {} are the most", ran.stdout.total, ran.stdout.tail.len())
    } else {
        match std::str::from_utf8(&ran.stdout.tail) {
            Err(error) => format!("not UTF-8: at byte {}", error.valid_up_to()),
            Ok(text) => match Config::parse(text) {
                Err(error) => error.message().to_owned(),
                Ok(_) => return None,
            },
        }
    };
    let error = format!("unmarshal output from config-filter hook {index}: {wrong}");
    Some(FilterFailure::new(ErrorKind::HookFailed, None, error))
}

/// The end of what was written, as much as belongs into a message.
fn last_words(stderr: &[u8]) -> String {
    const MOST: usize = 1024;
    let end = stderr.get(stderr.len().saturating_sub(MOST)..).unwrap_or_default();
    crate::go::text_of_bytes(end).trim().to_owned()
}

/// The JSON of this type has had a number from the start; 0 stands for none.
fn number<S: serde::Serializer>(
    errno: &Option<Errno>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_i32(errno.map_or(0, Errno::raw_os_error))
}
