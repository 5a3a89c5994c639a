//! `oci-hooks engines`

use std::process::ExitCode;

use libhooks::engines::{self, Engine};

use crate::arguments::Engines;
use crate::layout::{self, wrapped};
use crate::report::{self, Failure};
use crate::table::Table;

pub fn run(arguments: &Engines) -> Result<ExitCode, Failure> {
    let ranges: Vec<&Engine> = match &arguments.name {
        Some(ranges) => ranges.0.clone(),
        None => engines::all().iter().collect(),
    };
    if arguments.json {
        let ranges: Vec<String> = ranges.into_iter().map(Engine::to_json).collect();
        report::print_json(&format!("{{\"engines\":[{}]}}", ranges.join(",")))?;
    } else if arguments.name.is_some() {
        let ranges: Vec<String> = ranges.into_iter().map(facts).collect();
        report::print(&ranges.join("\n"))?;
    } else {
        report::print(&overview(&ranges).text(layout::terminal()))?;
        let message = "oci-hooks engines NAME shows all facts about an engine, with their sources";
        report::note("info", message);
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns a row for each range of versions.
fn overview(ranges: &[&Engine]) -> Table<5> {
    let head = ["ENGINE", "VERSIONS", "EXTENSION STAGES", "PRESTART IN", "DEFAULT DIRECTORIES"];
    let mut table = Table::new(head);
    for engine in ranges {
        let (stages, prestart, directories) = match &engine.loading {
            None => ("-".to_owned(), "-".to_owned(), "none; it reads no hook files".to_owned()),
            Some(loading) => {
                let stages = loading.extension_stages.join(", ");
                let stages = if stages.is_empty() { "none".to_owned() } else { stages };
                let separator = if loading.one_set { ", " } else { " and, independently, " };
                (stages, format!("hooks.{}", loading.prestart), loading.directories.join(separator))
            }
        };
        table.add([engine.name, &versions(engine), &stages, &prestart, &directories]);
    }
    table
}

/// Describes a range of versions.
fn versions(engine: &Engine) -> String {
    match (engine.from, engine.below) {
        (Some(from), Some(below)) => format!("{from} to below {below}"),
        (Some(from), None) => format!("{from} and later"),
        (None, _) => "all".to_owned(),
    }
}

/// Returns the facts about a range of versions, with their sources.
fn facts(engine: &Engine) -> String {
    let width = layout::terminal();
    let examined = engine.checked.map(|version| format!(" (examined up to {version})"));
    let (title, examined) = (engine.title, examined.unwrap_or_default());
    let mut text = format!("{title}, versions: {}{examined}\n", versions(engine));
    for fact in engine.facts {
        for line in [
            format!("  {:17} {}", fact.subject.as_str(), fact.text),
            format!("{:20}Source: {}", "", fact.source),
        ] {
            text += &format!("{}\n", wrapped(&line, width, 20));
        }
    }
    text
}
