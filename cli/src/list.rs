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
        let mut text = listing.to_json();
        // One object: the list, and what is wrong.
        text.truncate(text.len().saturating_sub(1));
        report::print(&format!("{text},\"diagnostics\":{}}}\n", diagnostics_to_json(&diagnostics)))?;
        return Ok(done);
    }
    report::diagnostics(&diagnostics);
    let mut text = String::new();
    for listed in &listing.hooks {
        let stages: Vec<&str> = listed.hook.stages.iter().flatten().map(String::as_str).collect();
        let argv = match &listed.hook.hook.args[..] {
            [] => String::new(),
            args => format!(" {}", args.iter().skip(1).cloned().collect::<Vec<_>>().join(" ")),
        };
        let lines = [
            format!("{}\n", Shown(&listed.path.display().to_string())),
            format!("    runs    {}{}\n", Shown(&listed.hook.hook.path), Shown(argv.trim_end())),
            format!("    stages  {}\n", Shown(&stages.join(", "))),
            format!("    when    {}\n", Shown(&conditions(&listed.hook.when))),
        ];
        text.extend(lines);
        for masked in &listed.masks {
            let _ = writeln!(text, "    masks   {}", Shown(&masked.display().to_string()));
        }
    }
    if listing.hooks.is_empty() {
        report::note("info", &format!("no hooks in {}", directories(arguments)));
    }
    report::print(&text)?;
    Ok(done)
}

fn directories(arguments: &List) -> String {
    let directories = arguments.source.directories();
    directories.iter().map(|d| d.display().to_string()).collect::<Vec<_>>().join(", ")
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
