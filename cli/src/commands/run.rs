//! `oci-hooks run`

use std::io;
use std::os::fd::AsFd;
use std::process::ExitCode;

use libhooks::exec::{self, RunOptions, RunResult, Stream, Suspend};

use libhooks::{Hook, ReadOptions};

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
    let mut hook = Hook::read(&arguments.hook, &options)?.hook;
    if arguments.timeout.is_some() {
        hook.timeout = None;
    }
    let state = match &arguments.state {
        Some(file) => files::read_bytes(file, files::CONFIG_LIMIT)?,
        None => Vec::new(),
    };
    if !arguments.json {
        let limit = arguments.timeout.map_or(String::new(), |limit| format!(", timeout {limit:?}"));
        report::note("running", &format!("{}{limit}", report::command(&hook)));
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
    let ran = exec::run(&hook, &state, options)?;
    live.end();
    let code = match &ran.error {
        None => ExitCode::SUCCESS,
        Some(_) if ran.cancelled => cancel.exit_code(),
        Some(_) => ExitCode::FAILURE,
    };
    // From here on, a signal may end the command while it prints.
    drop(cancel);
    if arguments.json {
        let env = serde_json::Value::from(hook.env);
        report::deliver_json(&[&report::with_member(ran.to_json(), "env", &env.to_string())])?;
    } else {
        report_result(&ran);
    }
    Ok(code)
}

/// Reports how the hook ended.
fn report_result(ran: &RunResult) {
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
