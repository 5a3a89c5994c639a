//! `oci-hooks inject`

use std::path::Path;
use std::process::ExitCode;

use libhooks::{Code, Policy, Severity, diagnostics_to_json};

use crate::arguments::Inject;
use crate::configuration;
use crate::report::{self, Failure};

pub fn run(arguments: &Inject) -> Result<ExitCode, Failure> {
    let from_stdin = arguments.container.config == Path::new("-");
    if arguments.in_place && from_stdin {
        report::error("--in-place needs a file or a bundle, not standard input");
        return Ok(ExitCode::from(2));
    }
    let manager = arguments.source.manager(Policy::Compatible)?;
    let config = configuration::read(&arguments.container.config)?;
    let annotations = arguments.container.annotations();
    let has_bind_mounts = arguments.container.has_bind_mounts;
    let ask = |error| config.failure(error);
    let injection = manager.hooks(&config.text, annotations.as_ref(), has_bind_mounts).map_err(ask)?;

    let mut diagnostics = manager.diagnostics();
    // Warnings are for those who write hooks; whoever injects needs to know what is lost, or runs against their will.
    diagnostics.retain(|diagnostic| {
        diagnostic.severity == Severity::Error || diagnostic.code == Code::OverrideIneffective
    });
    diagnostics
        .extend(manager.already_injected(&config.text, annotations.as_ref(), has_bind_mounts).map_err(ask)?);
    if arguments.json {
        // The config as it is, not printed anew by a JSON library.
        report::print(&format!(
            "{{\"config\":{},\"extensionStageHooks\":{},\"diagnostics\":{}}}\n",
            injection.config,
            injection.extension_stage_hooks.to_json(),
            diagnostics_to_json(&diagnostics)
        ))?;
        return Ok(ExitCode::SUCCESS);
    }
    report::diagnostics(&diagnostics);
    for (stage, hooks) in &injection.extension_stage_hooks.0 {
        let message =
            format!("{} hook(s) of stage {stage} are for the engine to run; --json shows them", hooks.len());
        report::note("info", &message);
    }
    let file = if arguments.in_place {
        Some(configuration::file_of(&arguments.container.config))
    } else {
        arguments.output.clone()
    };
    match file {
        // Nothing to write: a file that need not change is not touched.
        Some(_) if arguments.in_place && injection.config == config.text => {}
        Some(file) => configuration::replace(&file, &injection.config)?,
        None => report::print(&injection.config)?,
    }
    Ok(ExitCode::SUCCESS)
}
