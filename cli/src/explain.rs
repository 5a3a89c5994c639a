//! `oci-hooks explain`

use std::fmt::Write as _;
use std::process::ExitCode;

use libhooks::{Annotation, Condition, ConditionVerdict, HookVerdict, Policy, Stage};

use crate::arguments::Explain;
use crate::configuration;
use crate::report::{self, Failure, Shown};

pub fn run(arguments: &Explain) -> Result<ExitCode, Failure> {
    let manager = arguments.source.manager(Policy::Lenient)?;
    let config = configuration::read(&arguments.container.config)?;
    let failure = |error| config.failure(error);
    let annotations = arguments.container.annotations(&config.text).map_err(failure)?;
    let has_bind_mounts = arguments.container.has_bind_mounts;
    let mut explanation =
        manager.explain(&config.text, annotations.as_ref(), has_bind_mounts).map_err(failure)?;
    if let Some(name) = &arguments.hook {
        explanation.hooks.retain(|hook| hook.name == *name);
        explanation.masked.retain(|masked| masked.path.ends_with(name));
        explanation.without_hook.retain(|diagnostic| diagnostic.path.ends_with(name));
        if explanation.hooks.is_empty() && explanation.without_hook.is_empty() {
            return Err(Failure::Error(format!("no hook file is called {name}")));
        }
    }
    let failed = explanation.error.is_some() || !explanation.without_hook.is_empty();
    let done = if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    let refusal = arguments.source.refusal();
    if arguments.json {
        // One object: the explanation, and what an engine would say to the directories.
        let refusal = serde_json::Value::from(refusal);
        report::print(&(report::with_member(explanation.to_json(), "refusal", &refusal.to_string()) + "\n"))?;
        return Ok(done);
    }
    let nothing = explanation.error.is_some() || refusal.is_some();
    let mut text = String::new();
    for hook in &explanation.hooks {
        describe(&mut text, hook, &arguments.source.extension_stage, nothing);
    }
    for masked in &explanation.masked {
        let (path, by) = (masked.path.display().to_string(), masked.by.display().to_string());
        let _ = writeln!(text, "{}: not considered, masked by {}", Shown(&path), Shown(&by));
    }
    report::print(&text)?;
    if explanation.hooks.is_empty() {
        report::no_hooks(&arguments.source.directories());
    }
    if let Some(error) = &explanation.error {
        report::note("error", &format!("no hook is injected: {error}"));
    }
    report::diagnostics(&explanation.without_hook);
    report::refusal(refusal.as_deref());
    Ok(done)
}

/// Where a hook of this stage goes.
fn destination(stage: &str, extension_stages: &[String]) -> String {
    if extension_stages.iter().any(|extension| extension == stage) {
        return format!("{stage} (for the engine to run)");
    }
    match Stage::from_name(stage) {
        Some(injected) if injected.as_str() != stage => format!("{} (its {stage})", injected.as_str()),
        _ => stage.to_owned(),
    }
}

fn describe(text: &mut String, hook: &HookVerdict, extension_stages: &[String], nothing: bool) {
    let path = hook.path.display().to_string();
    let stages: Vec<String> = hook.stages.iter().map(|stage| destination(stage, extension_stages)).collect();
    let verdict = match &hook.verdict {
        Ok(true) if nothing => "matches, but no hook at all is injected (see the error)".to_owned(),
        Ok(true) if stages.is_empty() => "matches, but lists no stage".to_owned(),
        Ok(true) => format!("matches, goes to {}", stages.join(", ")),
        Ok(false) => "does not match".to_owned(),
        Err(error) => format!("error: {error}"),
    };
    let _ = writeln!(text, "{}: {}", Shown(&path), Shown(&verdict));
    if hook.conditions.is_empty() {
        let _ = writeln!(text, "    it has no condition, so it is for no container");
    }
    if hook.any_of && hook.conditions.len() > 1 {
        let _ = writeln!(text, "    any one of these is enough (version 0.1.0):");
    }
    for condition in &hook.conditions {
        let after = if condition.after_verdict { " (the verdict was there already)" } else { "" };
        let _ = writeln!(text, "    {:7} {}{after}", condition.outcome, Shown(&reason(condition)));
    }
}

/// A condition in words.
fn reason(verdict: &ConditionVerdict) -> String {
    match &verdict.condition {
        Condition::Always { value } => format!("always is {value}"),
        Condition::HasBindMounts { value: true, container } => {
            let has = if *container { "has some" } else { "has none" };
            format!("hasBindMounts is true, and the container {has}")
        }
        Condition::HasBindMounts { value: false, .. } => {
            "hasBindMounts is false, which holds for no container".to_owned()
        }
        Condition::Annotation { key_pattern, value_pattern, tried, matched, nearest } => {
            let found = match (matched, nearest) {
                (Some(Annotation { key, value }), _) => format!("{key:?}: {value:?} matches"),
                (None, Some(Annotation { key, value })) => {
                    format!("the key {key:?} matches, but its value {value:?} does not")
                }
                (None, None) => format!("none of the container's {tried} annotation(s) has such a key"),
            };
            format!("annotation /{key_pattern}/ is /{value_pattern}/: {found}")
        }
        Condition::Commands { patterns, command, matched } => {
            let patterns: Vec<String> = patterns.iter().map(|pattern| format!("/{pattern}/")).collect();
            let found = match (command, matched) {
                (Some(command), Some(pattern)) => format!("{command:?} matches /{pattern}/"),
                (Some(command), None) => format!("{command:?} matches none"),
                (None, _) if verdict.error.is_some() => "process.args is empty".to_owned(),
                (None, _) => "the container has no process".to_owned(),
            };
            format!("command is {}: {found}", patterns.join(" or "))
        }
        _ => String::new(),
    }
}
