//! `oci-hooks inject`

use std::process::ExitCode;

use libhooks::{Policy, diagnostics_to_json};

use crate::arguments::Inject;
use crate::destination::{self, Lock};
use crate::report::{self, Failure};

pub fn run(arguments: &Inject) -> Result<ExitCode, Failure> {
    let destination = &arguments.destination;
    if let Err(usage) = destination::check(destination, &arguments.container.config) {
        return Ok(usage);
    }
    let manager = arguments.source.manager(Policy::Compatible)?;
    let (config, target) =
        destination::read_config(destination, &arguments.container.config, Lock::Held)?;
    let failure = |error| config.failure(error);
    let parsed = config.parse()?;
    let annotations = arguments.container.annotations(&parsed);
    let selection =
        manager.select(&arguments.container.of(&parsed, &annotations)).map_err(failure)?;
    let injection = if arguments.if_absent {
        selection.inject_absent(&parsed)
    } else {
        selection.inject(&parsed)
    };
    let stage_hooks = &injection.extension_stage_hooks;

    // Authors of hooks read warnings with `lint`. This command prints only which hooks are missing,
    // or run although an override should switch them off.
    let mut diagnostics = manager.without_hook();
    if !arguments.if_absent {
        diagnostics.extend(selection.already_present(&parsed));
    }
    if !arguments.json {
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
        destination::write(target, destination, &config, &injection.config)?;
    }
    match (is_file, arguments.json) {
        (false, false) => report::deliver(&injection.config)?,
        (true, false) => {}
        (_, true) => {
            // No JSON library prints the config, so its bytes stay as they are. A config that was
            // written to a file is not repeated.
            let config =
                if is_file { ["", "", ""] } else { ["\"config\":", &injection.config, ","] };
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
                "}",
            ])?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
