//! A second, simple implementation of conditions and injection, for comparison.

use go_regexp::Regexp;
use libhooks::{Stage, When};

use crate::container::{Container, Process};
use crate::json::{Members, elements, range};

/// Returns whether conditions match a container; `None` if evaluating them fails.
pub fn verdict(when: &When, container: &Container) -> Option<bool> {
    let mut held = false;
    // Evaluates the conditions one after another, and returns as soon as one decides.
    macro_rules! condition {
        ($holds:expr) => {
            match $holds {
                true if when.any_of => return Some(true),
                false if !when.any_of => return Some(false),
                holds => held |= holds,
            }
        };
    }
    if let Some(always) = when.always {
        condition!(always);
    }
    if let Some(wanted) = when.has_bind_mounts {
        condition!(wanted && container.has_bind_mounts);
    }
    for (key, value) in &when.annotations {
        condition!(annotation_matches(key, value, container)?);
    }
    if !when.commands.is_empty() {
        match &container.process {
            Process::Absent => {}
            Process::NoArgs => return None,
            Process::Command(command) => {
                let mut matches = false;
                for pattern in &when.commands {
                    matches = matches || Regexp::new(pattern).ok()?.is_match(command);
                }
                condition!(matches);
            }
        }
    }
    Some(held)
}

/// Matches annotations with two patterns. An invalid pattern only fails when it is evaluated.
fn annotation_matches(key: &str, value: &str, container: &Container) -> Option<bool> {
    for (own_key, own_value) in &container.annotations {
        if Regexp::new(key).ok()?.is_match(own_key) && Regexp::new(value).ok()?.is_match(own_value)
        {
            return Some(true);
        }
    }
    Some(false)
}

/// Returns a config with the given entries added to its hooks by stage. Every other byte stays.
///
/// # Panics
/// If the library must reject the config.
pub fn spliced(config: &str, additions: &[(Stage, Vec<String>)]) -> String {
    let members = Members::of(config).expect("an object");
    let list = |entries: &[String]| entries.join(",");
    let object = |wanted: &dyn Fn(Stage) -> bool| {
        let members =
            additions.iter().filter(|(stage, entries)| !entries.is_empty() && wanted(*stage));
        let members =
            members.map(|(stage, entries)| format!("\"{}\":[{}]", stage.as_str(), list(entries)));
        members.collect::<Vec<_>>().join(",")
    };
    let mut edits = Vec::new();
    match members.get("hooks") {
        None => edits.push(added(
            config,
            config,
            &members,
            &format!("\"hooks\":{{{}}}", object(&|_| true)),
        )),
        Some("null") => {
            let at = members.get("hooks").map(|value| range(config, value)).unwrap();
            edits.push((at, format!("{{{}}}", object(&|_| true))));
        }
        Some(hooks) => {
            let own = Members::of(hooks).expect("hooks is an object");
            for (stage, entries) in additions.iter().filter(|(_, entries)| !entries.is_empty()) {
                match own.get(stage.as_str()) {
                    None => {}
                    Some(value @ "null") => {
                        edits.push((range(config, value), format!("[{}]", list(entries))))
                    }
                    Some(value) => {
                        let last = elements(value)
                            .expect("an array")
                            .last()
                            .map(|last| range(config, last).end);
                        let at = last.unwrap_or(range(config, value).start + 1);
                        let comma = if last.is_some() { "," } else { "" };
                        edits.push((at..at, format!("{comma}{}", list(entries))));
                    }
                }
            }
            let absent = object(&|stage| own.get(stage.as_str()).is_none());
            if !absent.is_empty() {
                edits.push(added(config, hooks, &own, &absent));
            }
        }
    }
    // Two edits at one position stay in the order in which they were made: an entry, then a member
    // after it.
    edits.sort_by_key(|(at, _)| at.start);
    let mut result = String::new();
    let mut from = 0;
    for (at, text) in edits {
        result.push_str(&config[from..at.start]);
        result.push_str(&text);
        from = at.end;
    }
    result + &config[from..]
}

/// Returns the edit that adds members at the end of an object.
fn added(
    config: &str,
    object: &str,
    members: &Members<'_>,
    new: &str,
) -> (std::ops::Range<usize>, String) {
    match members.0.last() {
        Some(last) => {
            let end = range(config, last.value).end;
            (end..end, format!(",{new}"))
        }
        None => {
            let start = range(config, object).start;
            let bracket = start + object.find('{').unwrap() + 1;
            (bracket..bracket, new.to_owned())
        }
    }
}
