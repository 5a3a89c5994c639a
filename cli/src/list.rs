//! `oci-hooks list`

use std::fmt::Write as _;
use std::process::ExitCode;

use libhooks::{Policy, Severity, When, diagnostics_to_json};

use crate::arguments::List;
use crate::report::{self, Failure, Shown};

pub fn run(arguments: &List) -> Result<ExitCode, Failure> {
    let manager = arguments.source.manager(Policy::Lenient)?;
    let listing = manager.list();
    let diagnostics = manager.diagnostics();
    let failed = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    let done = if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    if arguments.json {
        // One object: the list, and what is wrong.
        let refusal = serde_json::Value::from(arguments.source.refusal());
        let text = report::with_member(listing.to_json(), "refusal", &refusal.to_string());
        report::print(
            &(report::with_member(text, "diagnostics", &diagnostics_to_json(&diagnostics)) + "\n"),
        )?;
        return Ok(done);
    }
    report::diagnostics(&diagnostics);
    report::refusal(arguments.source.refusal().as_deref());
    let mut text = String::new();
    for listed in &listing.hooks {
        let stages: Vec<&str> = listed.hook.stages.iter().flatten().map(String::as_str).collect();
        let lines = [
            format!("{}\n", Shown(&listed.path.display().to_string())),
            format!("    runs    {}\n", Shown(&report::command(&listed.hook.hook))),
            format!("    stages  {}\n", Shown(&stages.join(", "))),
            format!("    when    {}\n", Shown(&conditions(&listed.hook.when))),
        ];
        text.extend(lines);
        for masked in &listed.masks {
            let _ = writeln!(text, "    masks   {}", Shown(&masked.display().to_string()));
        }
    }
    if listing.hooks.is_empty() {
        report::no_hooks(&arguments.source.directories());
    }
    report::print(&text)?;
    Ok(done)
}

/// Conditions in a line.
fn conditions(when: &When) -> String {
    let mut parts = Vec::new();
    parts.extend(when.always.map(|always| if always { "always".to_owned() } else { "never".to_owned() }));
    parts.extend(when.has_bind_mounts.map(|wanted| {
        let what = if wanted { "it has bind mounts" } else { "never (hasBindMounts is false)" };
        what.to_owned()
    }));
    parts.extend(when.annotations.iter().map(|(key, value)| format!("annotation /{key}/ is /{value}/")));
    if !when.commands.is_empty() {
        let patterns: Vec<String> = when.commands.iter().map(|command| format!("/{command}/")).collect();
        parts.push(format!("the command matches {}", patterns.join(" or ")));
    }
    match (&parts[..], when.any_of) {
        ([], _) => "never (no condition)".to_owned(),
        (_, true) => parts.join(" or "),
        (_, false) => parts.join(" and "),
    }
}
