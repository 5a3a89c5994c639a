//! `oci-hooks run`

use std::process::ExitCode;

use libhooks::exec::{self, CAPTURE_LIMIT, RunOptions, RunResult};

use crate::arguments::Run;
use crate::cancel::Cancel;
use crate::configuration;
use crate::report::{self, Failure};

pub fn run(arguments: &Run) -> Result<ExitCode, Failure> {
    // What it is for is not checked: whoever runs a hook by hand plays the engine.
    let stages: Vec<&str> =
        arguments.extension_stage.iter().map(String::as_str).chain(["precreate"]).collect();
    let mut hook = libhooks::read(&arguments.hook, &stages)?.hook;
    if arguments.timeout.is_some() {
        hook.timeout = None;
    }
    let state = match &arguments.state {
        Some(file) => configuration::read_bytes(file)?,
        None => Vec::new(),
    };
    let cancel = Cancel::new()?;
    if !arguments.json {
        let limit = arguments.timeout.map_or(String::new(), |limit| format!(" for at most {limit:?}"));
        report::note("runs", &format!("{}{limit}", report::command(&hook)));
        if hook.env.is_empty() {
            report::note(
                "note",
                "its environment is empty: there is no PATH, unless its file gives one in \"env\"",
            );
        }
    }
    let mut pass_on = |stream, bytes: &[u8]| report::pass_on(stream, bytes);
    let ran = exec::run(
        &hook,
        &state,
        RunOptions {
            directory: arguments.dir.clone(),
            timeout: arguments.timeout,
            capture_limit: if arguments.json { CAPTURE_LIMIT } else { 0 },
            output: if arguments.json { None } else { Some(&mut pass_on) },
            cancel: Some(cancel.descriptor()),
            ..RunOptions::default()
        },
    )?;
    if arguments.json {
        let mut text = ran.to_json();
        text.truncate(text.len().saturating_sub(1));
        let env = serde_json::Value::from(hook.env);
        report::deliver(&format!("{text},\"env\":{env}}}\n"))?;
    } else {
        tell(&ran);
    }
    let code = if ran.error.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    Ok(cancel.exit_code().filter(|_| ran.cancelled).unwrap_or(code))
}

/// Tells what became of the hook.
fn tell(ran: &RunResult) {
    let end = match (ran.exit_status, ran.signal) {
        (Some(status), _) => format!("exit status {status}"),
        (_, Some(signal)) => format!("killed by signal {signal}"),
        _ => "an end that nobody knows".to_owned(),
    };
    let wrote = format!("{} bytes to stdout, {} to stderr", ran.stdout.total, ran.stderr.total);
    report::note("done", &format!("{end} after {:.1?}; it wrote {wrote}", ran.duration));
    for error in
        [&ran.error, &ran.hook_error.clone().filter(|_| ran.hook_error != ran.error)].into_iter().flatten()
    {
        report::error(error);
    }
}
