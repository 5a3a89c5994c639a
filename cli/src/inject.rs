//! `oci-hooks inject`

use std::process::ExitCode;

use libhooks::{Policy, diagnostics_to_json};

use crate::arguments::Inject;
use crate::configuration;
use crate::report::{self, Failure};

pub fn run(arguments: &Inject) -> Result<ExitCode, Failure> {
    let destination = &arguments.destination;
    if let Err(usage) = configuration::check(destination, &arguments.container.config) {
        return Ok(usage);
    }
    let manager = arguments.source.manager(Policy::Compatible)?;
    let config = configuration::read(&arguments.container.config)?;
    let failure = |error| config.failure(error);
    let annotations = arguments.container.annotations(&config.text).map_err(failure)?;
    let has_bind_mounts = arguments.container.has_bind_mounts;
    let injection = manager.hooks(&config.text, annotations.as_ref(), has_bind_mounts).map_err(failure)?;
    let stage_hooks = &injection.extension_stage_hooks;

    // Warnings are for those who write hooks; whoever injects needs to know what is lost, or runs against their will.
    let mut diagnostics = manager.without_hook();
    let again = manager.already_injected(&config.text, annotations.as_ref(), has_bind_mounts);
    diagnostics.extend(again.map_err(failure)?);
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

    let file = configuration::destination(destination, &arguments.container.config)?;
    if let Some(file) = &file {
        configuration::write_changed(file, destination, &config.text, &injection.config)?;
    }
    match (&file, arguments.json) {
        (None, false) => report::deliver(&injection.config)?,
        (Some(_), false) => {}
        (_, true) => {
            // The config is not printed anew by a JSON library; where it went to a file it is not repeated.
            let config = if file.is_some() { ["", "", ""] } else { ["\"config\":", &injection.config, ","] };
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
