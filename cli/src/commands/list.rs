//! `oci-hooks list`

use std::path::Path;
use std::process::ExitCode;

use libhooks::{Policy, Severity, When, diagnostics_to_json};

use crate::arguments::List;
use crate::layout;
use crate::report::{self, Failure};
use crate::table::Table;

pub fn run(arguments: &List) -> Result<ExitCode, Failure> {
    let hooks = arguments.source.load(&[], Policy::LENIENT)?;
    let listing = hooks.list();
    let diagnostics = hooks.diagnostics();
    let failed = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    let done = if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    if arguments.json {
        // One object: the list and the diagnostics.
        let refusal = serde_json::Value::from(arguments.source.refusal());
        let text = report::with_member(listing.to_json(), "refusal", &refusal.to_string());
        report::print_json(&report::with_member(
            text,
            "diagnostics",
            &diagnostics_to_json(&diagnostics),
        ))?;
        return Ok(done);
    }
    let without_hook = hooks.without_hook();
    report::diagnostics(&without_hook);
    let problems =
        diagnostics.iter().filter(|diagnostic| diagnostic.severity >= Severity::Warning).count();
    let more = problems.saturating_sub(without_hook.len());
    if more > 0 {
        let them = if more == 1 { "it" } else { "them" };
        let more = report::plural(more, "more problem");
        report::note(
            "info",
            &format!("{more}; run `oci-hooks lint` with the same options to see {them}"),
        );
    }
    report::missing(&arguments.source.root(), &arguments.source.hooks_dir);
    report::refusal(arguments.source.engine.title(), arguments.source.refusal().as_deref());
    let mut table = Table::new(["HOOK", "FROM", "STAGES", "RUNS", "WHEN"]);
    for listed in &listing.hooks {
        let stages: Vec<&str> = listed.hook.stages.iter().flatten().map(String::as_str).collect();
        let (runs, when) = (&listed.hook.hook.path, conditions(&listed.hook.when));
        table.add([&listed.name, &directory(&listed.path), &stages.join(","), runs, &when]);
        for masked in listing.masked.iter().filter(|masked| masked.by == listed.path) {
            let masked_by = format!("never (masked by {})", listed.path.display());
            table.add([&listed.name, &directory(&masked.path), "-", "-", &masked_by]);
        }
    }
    if listing.hooks.is_empty() {
        report::no_hooks(&arguments.source.root(), &arguments.source.directories());
        report::ignored_files(&arguments.source.root(), &arguments.source.directories());
    } else {
        report::print(&table.text(layout::terminal()))?;
    }
    Ok(done)
}

/// Returns the directory of a file.
fn directory(path: &Path) -> String {
    path.parent().map(|directory| directory.display().to_string()).unwrap_or_default()
}

/// Describes conditions in one line.
fn conditions(when: &When) -> String {
    let mut parts = Vec::new();
    parts.extend(
        when.always.map(|always| if always { "always".to_owned() } else { "never".to_owned() }),
    );
    parts.extend(when.has_bind_mounts.map(|wanted| {
        if wanted { "has bind mounts" } else { "never (hasBindMounts is false)" }.to_owned()
    }));
    parts.extend(
        when.annotations.iter().map(|(key, value)| format!("annotation /{key}/ is /{value}/")),
    );
    if !when.commands.is_empty() {
        let patterns: Vec<String> =
            when.commands.iter().map(|command| format!("/{command}/")).collect();
        parts.push(format!("command is {}", patterns.join(" or ")));
    }
    match (&parts[..], when.any_of) {
        ([], _) => "never (no conditions)".to_owned(),
        (_, true) => parts.join(" or "),
        (_, false) => parts.join(" and "),
    }
}
