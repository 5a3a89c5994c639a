//! `oci-hooks inject`

use std::path::Path;
use std::process::ExitCode;

use libhooks::{Code, Policy, Severity, diagnostics_to_json};

use crate::arguments::Inject;
use crate::configuration;
use crate::report::{self, Failure};

pub fn run(arguments: &Inject) -> Result<ExitCode, Failure> {
    if arguments.in_place && arguments.container.config == Path::new("-") {
        report::error("--in-place needs a file or a bundle, not standard input");
        return Ok(ExitCode::from(2));
    }
    let manager = arguments.source.manager(Policy::Compatible)?;
    let config = configuration::read(&arguments.container.config)?;
    let failure = |error| config.failure(error);
    let annotations = arguments.container.annotations(&config.text).map_err(failure)?;
    let has_bind_mounts = arguments.container.has_bind_mounts;
    let injection = manager.hooks(&config.text, annotations.as_ref(), has_bind_mounts).map_err(failure)?;
    let stage_hooks = &injection.extension_stage_hooks;

    let mut diagnostics = manager.diagnostics();
    // Warnings are for those who write hooks; whoever injects needs to know what is lost, or runs against their will.
    diagnostics.retain(|diagnostic| {
        diagnostic.severity == Severity::Error || diagnostic.code == Code::OverrideIneffective
    });
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

    let file = match &arguments.output {
        _ if arguments.in_place => Some(configuration::file_of(&arguments.container.config)),
        Some(stdout) if stdout == Path::new("-") => None,
        output => output.clone(),
    };
    if let Some(file) = file.as_ref().filter(|_| arguments.in_place)
        && !file.is_file()
    {
        return Err(Failure::Error(format!("{}: only a regular file can be replaced", file.display())));
    }
    if let Some(file) = &file
        // A file that need not change is not touched.
        && !(arguments.in_place && injection.config == config.text)
    {
        configuration::write(file, &injection.config)?;
    }
    match (&file, arguments.json) {
        (None, false) => report::deliver(&injection.config)?,
        (Some(_), false) => {}
        (_, true) => {
            // The config as it is, not printed anew by a JSON library; where it went to a file it is not repeated.
            let config =
                if file.is_some() { String::new() } else { format!("\"config\":{},", injection.config) };
            let diagnostics = diagnostics_to_json(&diagnostics);
            let stage_hooks = stage_hooks.to_json();
            report::deliver(&format!(
                "{{{config}\"extensionStageHooks\":{stage_hooks},\"diagnostics\":{diagnostics}}}\n"
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
