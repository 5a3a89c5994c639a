//! `oci-hooks run`

use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use libhooks::exec::{self, RunOptions, RunResult, Stream, Suspend};

use libhooks::{Code, Config, Diagnostic, Hook, OciHook, ReadOptions};

use crate::arguments::{ACCEPTED_STAGES, Run};
use crate::cancel::Cancel;
use crate::files;
use crate::report::{self, Failure};
use crate::terminal::Live;

pub fn run(arguments: &Run) -> Result<ExitCode, Failure> {
    // The conditions are not checked: the user decides to run this hook.
    let options = ReadOptions::new()
        .extension_stages(&arguments.extension_stage)
        .extension_stages(ACCEPTED_STAGES);
    let Hook { mut hook, stages, .. } = Hook::read(&arguments.hook, &options)?;
    if arguments.timeout.is_some() {
        hook.timeout = None;
    }
    let input = Input::of(&stages.unwrap_or_default());
    let (state, warning) = match &arguments.state {
        Some(file) => {
            let state = files::read_bytes(file, files::CONFIG_LIMIT, files::Input::State)?;
            let warning = input.check(&state).err();
            let name = files::name(file);
            (state, warning.map(|error| warning_about(&name, &error)))
        }
        None => (Vec::new(), None),
    };
    if !arguments.json {
        if let Some(warning) = &warning {
            report::note("warning", warning);
        }
        if arguments.state.is_none() {
            let message = format!(
                "the hook reads an empty standard input; --state FILE gives it the container's {}",
                input.as_str()
            );
            report::note("note", &message);
        }
        report::note("running", &command(&hook, timeout(&hook, arguments.timeout)));
        if hook.env.is_empty() {
            report::note(
                "note",
                "the hook has no \"env\": its environment is empty here, but a runtime may pass on \
                 the engine's or the container's; write \"env\": \
                 [\"PATH=/usr/sbin:/usr/bin:/sbin:/bin\"]",
            );
        }
    }
    // Signals are caught only from here on: printing the notes above may block until their reader
    // reads, and a signal must end that wait.
    let cancel = Cancel::while_hooks_run()?;
    let mut stop = || cancel.stop();
    // The hook shares the command's stdout and stderr, so it waits for their readers itself. If a
    // stream is a terminal, the command passes the output on, escaped. With --json the output is
    // captured.
    let (stdout, stderr) = (io::stdout(), io::stderr());
    let mut live = Live::new(arguments.raw_output);
    let own = |stream, fd| (!arguments.json && !live.shows(stream)).then_some(fd);
    let own = (own(Stream::Stdout, stdout.as_fd()), own(Stream::Stderr, stderr.as_fd()));
    let mut print = |stream, bytes: &[u8]| {
        live.print(stream, bytes);
        Ok(())
    };
    let mut options = RunOptions::new()
        .timeout(arguments.timeout)
        .stdout(own.0)
        .stderr(own.1)
        .cancel(cancel.descriptor())
        .suspend(Suspend { descriptor: cancel.stop_descriptor(), stop: &mut stop })
        // This is the main thread.
        .end_with_thread(true);
    if !arguments.json {
        options = options.output(&mut print);
    }
    if let Some(directory) = &arguments.dir {
        options = options.directory(directory);
    }
    let ran = exec::run(&hook, &state, options);
    live.end();
    let ran = match ran {
        Err(error) if error.code() == Code::StartFailed => {
            drop(cancel);
            return not_started(&error, arguments);
        }
        ran => ran?,
    };
    let code = match &ran.error {
        None => ExitCode::SUCCESS,
        Some(_) if ran.cancelled => cancel.exit_code(),
        Some(_) => ExitCode::FAILURE,
    };
    // From here on, a signal may end the command while it prints.
    drop(cancel);
    if arguments.json {
        let env = serde_json::Value::from(hook.env);
        let warnings = serde_json::Value::from_iter(warning);
        let json = report::with_member(ran.to_json(), "env", &env.to_string());
        report::deliver_json(&[&report::with_member(json, "warnings", &warnings.to_string())])?;
    } else {
        report_result(&ran, timeout(&hook, arguments.timeout));
        report::diagnostics(&of_file(&ran.diagnostics, &arguments.hook));
    }
    Ok(code)
}

/// Reports that the hook could not be started, and why. With `--json`, programs get the error, too.
fn not_started(error: &libhooks::Error, arguments: &Run) -> Result<ExitCode, Failure> {
    report::note("error", &format!("{} [{}]", error.message(), error.code()));
    report::diagnostics(&of_file(error.diagnostics(), &arguments.hook));
    if arguments.json {
        report::deliver_json(&[&error.to_json()])?;
    }
    Ok(ExitCode::FAILURE)
}

/// Returns the diagnostics of a program as those of the hook file that names it.
pub fn of_file(diagnostics: &[Diagnostic], file: &Path) -> Vec<Diagnostic> {
    let mut diagnostics = diagnostics.to_vec();
    diagnostics.iter_mut().for_each(|found| found.path = file.to_owned());
    diagnostics
}

/// The standard input that a hook expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Input {
    State,
    /// The only stage is precreate.
    Config,
    /// The stages are precreate and others.
    Either,
}

impl Input {
    fn of(stages: &[String]) -> Input {
        let precreate = stages.iter().filter(|stage| *stage == "precreate").count();
        match precreate {
            0 => Input::State,
            count if count == stages.len() => Input::Config,
            _ => Input::Either,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Input::State => "state",
            Input::Config => "config",
            Input::Either => "state or config",
        }
    }

    /// Checks that the content of a file is what the hook reads.
    fn check(self, content: &[u8]) -> libhooks::Result<()> {
        match self {
            Input::State => exec::check_state(content),
            Input::Config => {
                let text = String::from_utf8_lossy(content);
                Config::reject_other_json(&text).and_then(|()| Config::parse(&text).map(drop))
            }
            Input::Either => Ok(()),
        }
    }
}

fn warning_about(name: &str, error: &libhooks::Error) -> String {
    let place =
        error.place().position.map_or(String::new(), |at| format!("{}:{}:", at.line, at.column));
    format!("{name}:{place} {} [{}]", error.plain_message(), error.code().as_str())
}

/// Returns the time after which a hook is killed. `given` applies if its file has no timeout.
pub fn timeout(hook: &OciHook, given: Option<Duration>) -> Option<Duration> {
    let in_file = hook.timeout.map(|seconds| u64::try_from(seconds).unwrap_or_default());
    in_file.map(Duration::from_secs).or(given)
}

/// Returns the message about a hook that exceeded its timeout.
pub fn killed_after(timeout: Option<Duration>) -> String {
    let seconds = timeout.unwrap_or_default().as_secs_f64();
    format!("killed after its timeout of {seconds} s")
}

/// Returns the executable of a hook, the name that it gets as its first argument, the other
/// arguments, its environment and its timeout.
fn command(hook: &OciHook, timeout: Option<Duration>) -> String {
    let mut text = hook.path.clone();
    if let Some((name, arguments)) = hook.args.split_first() {
        if *name != hook.path {
            text += &format!(", name {name:?}");
        }
        if !arguments.is_empty() {
            text += &format!(", arguments {arguments:?}");
        } else if *name != hook.path {
            text += ", no arguments";
        }
    }
    if !hook.env.is_empty() {
        text += &format!(", env {:?}", hook.env);
    }
    if let Some(timeout) = timeout {
        text += &format!(", timeout {} s", timeout.as_secs_f64());
    }
    text
}

/// Reports how the hook ended.
fn report_result(ran: &RunResult, timeout: Option<Duration>) {
    if ran.timed_out {
        // A hook that is still there after the kill signal is worth another line.
        let is_reaped = ran.exit_status.is_some() || ran.signal.is_some();
        report::error(&killed_after(timeout));
        return ran.hook_error.iter().filter(|_| !is_reaped).for_each(|error| report::error(error));
    }
    let end = match (ran.exit_status, ran.signal) {
        (Some(status), _) => format!("exit status {status}"),
        (_, Some(signal)) => format!("killed by signal {signal}"),
        _ => "unknown exit status".to_owned(),
    };
    report::note("done", &format!("{end} after {:.1?}", ran.duration));
    let hook_error = ran.hook_error.as_ref().filter(|_| ran.hook_error != ran.error);
    for error in ran.error.iter().chain(hook_error) {
        report::error(error);
    }
}
