//! `oci-hooks inject`

use std::process::ExitCode;

use libhooks::{ExtensionStageHooks, ListedHook, Listing, Policy, Selection, diagnostics_to_json};

use crate::arguments::Inject;
use crate::destination::{self, Lock};
use crate::files::Config;
use crate::report::{self, Failure};

pub fn run(arguments: &Inject) -> Result<ExitCode, Failure> {
    let destination = &arguments.destination;
    if let Err(usage) = destination::check(destination, &arguments.container.config) {
        return Ok(usage);
    }
    let hooks = arguments.source.load(&[], Policy::Compatible)?;
    let (config, target) =
        destination::read_config(destination, &arguments.container.config, Lock::Held)?;
    // Authors of hooks read warnings with `lint`. This command prints only which hooks are missing,
    // or run although an override should switch them off.
    let mut diagnostics = hooks.without_hook();
    let original = config.parse()?;
    let annotations = arguments.container.annotations(&original);
    let container = arguments.container.of(&original, &annotations);
    let mut warnings = Vec::new();
    let mut stage_hooks = ExtensionStageHooks::default();
    let mut injected: Option<Config> = None;
    for manager in hooks.managers() {
        let changed = injected.as_ref().map(Config::parse).transpose()?;
        let current = changed.as_ref().unwrap_or(&original);
        let selection = manager.select(&container).map_err(|error| config.failure(error))?;
        // (The second of two sets may repeat a hook of the first one. The engine runs both.)
        let injection = if arguments.if_absent {
            selection.inject_absent_from(&original, current)
        } else {
            diagnostics.extend(selection.already_present(&original));
            selection.inject(current)
        };
        if arguments.source.engine.keeps_prestart() {
            let engine = arguments.source.engine.title();
            warnings.extend(of_prestart(engine, &manager.list(), &selection));
        }
        stage_hooks.0.extend(injection.extension_stage_hooks.0);
        injected = Some(Config { name: config.name.clone(), text: injection.config });
    }
    let injected = injected.map(|injected| injected.text).unwrap_or_default();

    if !arguments.json {
        warnings.iter().for_each(|warning| report::note("warning", warning));
        report::diagnostics(&diagnostics);
        for (stage, hooks) in &stage_hooks.0 {
            let hooks = report::plural(hooks.len(), "hook");
            let message = format!(
                "{hooks} not injected: the engine runs stage {stage} itself (--json shows such hooks)"
            );
            report::note("info", &message);
        }
    }

    let is_file = target.is_some();
    if let Some(target) = target {
        destination::write(target, destination, &config, &injected)?;
    }
    match (is_file, arguments.json) {
        (false, false) => report::deliver(&injected)?,
        (true, false) => {}
        (_, true) => {
            // No JSON library prints the config, so its bytes stay as they are. A config that was
            // written to a file is not repeated.
            let config = if is_file { ["", "", ""] } else { ["\"config\":", &injected, ","] };
            let [name, config, comma] = config;
            report::deliver_json(&[
                "{",
                name,
                config,
                comma,
                "\"extensionStageHooks\":",
                &stage_hooks.to_json(),
                ",\"diagnostics\":",
                &diagnostics_to_json(&diagnostics),
                ",\"warnings\":",
                &serde_json::Value::from(warnings).to_string(),
                "}",
            ])?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns a warning about each hook of the stage `prestart`, under an engine that adds
/// them to another member of the config than this command does.
fn of_prestart(engine: &str, listing: &Listing, selection: &Selection) -> Vec<String> {
    let listed = listing.hooks.iter().filter(|listed| {
        let is_prestart = listed.hook.stages.iter().flatten().any(|stage| stage == "prestart");
        is_prestart && selection.hooks().any(|hook| hook.file() == listed.path)
    });
    let warning = |hook: &ListedHook| {
        format!(
            "{}: this version of {engine} adds the hook to hooks.prestart, and this command to \
             hooks.createRuntime",
            hook.path.display()
        )
    };
    listed.map(warning).collect()
}
