//! `oci-hooks inject`

use std::process::ExitCode;

use libhooks::{Config, Policy, diagnostics_to_json};

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
    let parsed = Config::parse(&config.text).map_err(failure)?;
    let annotations = arguments.container.annotations(&parsed);
    let selection =
        manager.select(&arguments.container.of(&parsed, &annotations)).map_err(failure)?;
    let injection = selection.inject(&parsed);
    let stage_hooks = &injection.extension_stage_hooks;

    // Warnings are for those who write hooks; whoever injects needs to know what is lost, or runs
    // against their will.
    let mut diagnostics = manager.without_hook();
    diagnostics.extend(selection.already_present(&parsed));
    if !arguments.json {
        report::diagnostics(&diagnostics);
        for (stage, hooks) in &stage_hooks.0 {
            let message = format!(
                "{} hook(s) of stage {stage} are for the engine to run; --json shows them",
                hooks.len()
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
            // The config is not printed anew by a JSON library; where it went to a file it is not
            // repeated.
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
