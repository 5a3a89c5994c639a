//! `oci-hooks watch`

use std::process::ExitCode;

use libhooks::{Change, Code, ErrorKind, Policy};

use crate::arguments::Watch;
use crate::cancel::Cancel;
use crate::report::{self, Failure, Shown};

pub fn run(arguments: &Watch) -> Result<ExitCode, Failure> {
    let manager = arguments.source.manager(Policy::LENIENT)?;
    let mut monitor = manager.monitor()?;
    let cancel = Cancel::while_watching()?;
    let canceller = monitor.canceller();
    cancel.on_signal(move || canceller.cancel())?;
    report::diagnostics(&manager.diagnostics());
    report::refusal(arguments.source.refusal().as_deref());
    let directories = arguments.source.directories();
    let shown: Vec<String> =
        directories.iter().map(|directory| directory.display().to_string()).collect();
    let hooks = report::plural(manager.snapshot().len(), "hook");
    report::note("watching", &format!("{} ({hooks})", shown.join(", ")));
    loop {
        match monitor.wait(None) {
            Err(error) if error.kind() == ErrorKind::Cancelled => return Ok(cancel.exit_code()),
            Err(error) if error.code() == Code::WatchRefused => return Err(error.into()),
            // A reload that fails under the strict policy keeps the old hooks. Its diagnostics are
            // among the changes.
            Ok(_) | Err(_) => {}
        }
        for change in monitor.changes()? {
            let read = if arguments.json {
                report::print_json(&json(&change))?
            } else {
                report::print_line(&lines(&change))?
            };
            if !read {
                return Ok(ExitCode::SUCCESS);
            }
        }
    }
}

fn json(change: &Change) -> String {
    serde_json::to_string(change).unwrap_or_default()
}

fn lines(change: &Change) -> String {
    let kind = change.kind.as_str();
    let path = change.path.display();
    let subject = match (&change.diagnostic, &change.by) {
        (Some(diagnostic), _) => report::problem(diagnostic),
        (None, Some(by)) => format!("{path} by {}", by.display()),
        (None, None) => path.to_string(),
    };
    let hint = change.diagnostic.as_ref().and_then(|diagnostic| diagnostic.hint.as_deref());
    let hint = hint
        .map_or(String::new(), |hint| format!("\n          hint: {}", Shown(&report::short(hint))));
    format!("{kind:<8}  {}{hint}", Shown(&report::short(&subject)))
}
