//! `oci-hooks filter`

use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::ExitCode;

use libhooks::exec::{self, FilterOptions, FilterResult, RunOptions, Stream, Suspend};
use libhooks::{ErrorKind, Manager, Policy, SelectedHook, Selection};

use crate::arguments::{Filter, one_set};
use crate::cancel::Cancel;
use crate::commands::run::{killed_after, of_file, timeout};
use crate::destination::{self, Lock};
use crate::diff::unified;
use crate::files::Config;
use crate::report::{self, Failure};
use crate::terminal::Live;

/// The stage whose hooks can change the config before the runtime reads it (oci-hooks(5) of
/// Podman).
const STAGE: &str = "precreate";

pub fn run(arguments: &Filter) -> Result<ExitCode, Failure> {
    let given = &arguments.container.config;
    if let Err(usage) = destination::check(&arguments.destination, given) {
        return Ok(usage);
    }
    let engine = &arguments.source.engine;
    let stages = engine.stages(&[STAGE], &arguments.source.extension_stage);
    if !stages.iter().any(|stage| stage == STAGE) {
        let message = format!("{} has no stage {STAGE}, so it runs no such hooks", engine.title());
        return Err(Failure::Error(message));
    }
    let hooks = arguments.source.load(&[STAGE], Policy::Compatible)?;
    let manager = one_set(&hooks, engine)?;
    let (config, target) = destination::read_config(&arguments.destination, given, Lock::NotHeld)?;
    let selection = select(manager, &config, arguments)?;
    let hooks: Vec<_> = selection.at(STAGE).collect();
    report::diagnostics(&manager.without_hook());
    if hooks.is_empty() {
        report::note("info", &format!("no {STAGE} hook matches this container"));
    }

    let cancel = Cancel::while_hooks_run()?;
    let mut stop = || cancel.stop();
    // The hooks share the command's stderr, unless --json or --output-annotations captures their
    // output. If stderr is a terminal, the command passes the output on, escaped.
    let stderr = io::stderr();
    let is_live = !arguments.json && !arguments.output_annotations;
    let mut live = Live::new(arguments.raw_output);
    let is_shown = is_live && live.shows(Stream::Stderr);
    let mut print = |stream, bytes: &[u8]| {
        if stream == Stream::Stderr {
            live.print(stream, bytes);
        }
        Ok(())
    };
    let mut run = RunOptions::new()
        .timeout(arguments.timeout)
        .stderr((is_live && !is_shown).then(|| stderr.as_fd()))
        .cancel(cancel.descriptor())
        .suspend(Suspend { descriptor: cancel.stop_descriptor(), stop: &mut stop })
        // This is the main thread.
        .end_with_thread(true);
    if is_shown {
        run = run.output(&mut print);
    }
    if let Some(directory) = arguments.dir.as_ref().or_else(|| given.is_dir().then_some(given)) {
        run = run.directory(directory);
    }
    let options = FilterOptions::new()
        .run(run)
        .output_annotations(arguments.output_annotations)
        .patches(arguments.diff);
    let result = exec::filter(hooks.iter().map(SelectedHook::hook), &config.text, options)
        .map_err(|error| config.failure(error))?;
    live.end();
    let code = match &result.failure {
        None => ExitCode::SUCCESS,
        Some(failure) if failure.kind == ErrorKind::Cancelled => cancel.exit_code(),
        Some(_) => ExitCode::FAILURE,
    };
    // From here on, a signal may end the command while it prints.
    drop(cancel);

    let warnings = warnings(&hooks, &result);
    if !arguments.json {
        warnings.iter().for_each(|warning| report::note("warning", warning));
    }
    if let Some(failure) = &result.failure {
        let failed = failure.hook.and_then(|index| hooks.get(index));
        let hook = failed
            .map(|hook| format!("{} ({}): ", hook.name(), hook.hook().path))
            .unwrap_or_default();
        let error = match failed {
            Some(failed) if failure.kind == ErrorKind::Timeout => {
                killed_after(timeout(failed.hook(), arguments.timeout))
            }
            _ => failure.error.clone(),
        };
        let stderr = if is_shown || failure.stderr.is_empty() {
            String::new()
        } else {
            format!(": {}", failure.stderr)
        };
        report::error(&format!("{hook}{error}{stderr}"));
        if let Some(hint) = failure.hint() {
            report::note("  hint", &hint);
        }
        let file = failed.map(SelectedHook::file).unwrap_or(Path::new(""));
        report::diagnostics(&of_file(&failure.diagnostics, file));
    } else if let Some(target) = target {
        destination::write(target, &arguments.destination, &config, &result.config)?;
    } else if !arguments.json && !arguments.diff {
        report::deliver(&result.config)?;
    }
    let names: Vec<String> = hooks.iter().map(SelectedHook::name).collect();
    if arguments.json {
        let warnings = serde_json::Value::from(warnings).to_string();
        let names = serde_json::Value::from(names).to_string();
        let json = report::with_member(result.to_json(), "warnings", &warnings);
        report::deliver_json(&[&report::with_member(json, "names", &names)])?;
    } else if arguments.diff {
        report::print(&diffs(&config, &names, &result))?;
    }
    Ok(code)
}

/// Selects the hooks for the container of a config.
fn select(manager: &Manager, config: &Config, arguments: &Filter) -> Result<Selection, Failure> {
    let parsed = config.parse()?;
    let annotations = arguments.container.annotations(&parsed);
    manager
        .select(&arguments.container.of(&parsed, &annotations))
        .map_err(|error| config.failure(error))
}

/// Returns a warning for each hook that removed what every runtime needs.
fn warnings(hooks: &[SelectedHook<'_>], result: &FilterResult) -> Vec<String> {
    let warning = |dropped: &exec::DroppedMembers| {
        let name = hooks.get(dropped.hook).map(SelectedHook::name).unwrap_or_default();
        format!("{name} ({}): {dropped}", dropped.path)
    };
    result.dropped.iter().map(warning).collect()
}

/// Returns the changes of each successful hook, in order.
fn diffs(config: &Config, names: &[String], result: &FilterResult) -> String {
    let mut text = String::new();
    let mut before = (config.name.clone(), config.text.as_str());
    // There is one patch for each successful hook.
    let succeeded = result.runs.iter().zip(result.patches.iter().flatten());
    for (name, (ran, _)) in names.iter().zip(succeeded) {
        let Ok(printed) = std::str::from_utf8(&ran.stdout.tail) else { break };
        let after = (format!("{} after {name}", config.name), printed);
        let changes = unified((&before.0, before.1), (&after.0, after.1));
        if changes.is_empty() {
            report::note("info", &format!("{name} made no changes"));
        }
        text += &changes;
        before = after;
    }
    text
}
