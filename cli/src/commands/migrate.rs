//! `oci-hooks migrate`

use std::path::Path;
use std::process::ExitCode;

use libhooks::{Error, Hook, NoEquivalent, Severity};

use crate::arguments::{ACCEPTED_STAGES, Migrate};
use crate::destination;
use crate::files::{self, Config};
use crate::report::{self, Failure};

pub fn run(arguments: &Migrate) -> Result<ExitCode, Failure> {
    let (given, destination) = (&arguments.hook, &arguments.destination);
    if let Err(usage) = destination::check(destination, given) {
        return Ok(usage);
    }
    let (file, target) = destination::read_hook_file(destination, given)?;
    let hook = Hook::decode(file.text.as_bytes(), None).map_err(|error| broken(&file, &error))?;
    // (The file `null` has no version, so it is read as 0.1.0, where it is an error.)
    let hook = hook.unwrap_or_default();
    let migrated = match hook.migrate() {
        Ok(migrated) => migrated,
        Err(reason) => {
            report_no_equivalent(&file, &reason);
            return Ok(ExitCode::FAILURE);
        }
    };
    let text = if migrated == hook {
        report::note("note", &format!("{}: already version 1.0.0", file.name));
        file.text.clone()
    } else {
        report_changes(&file, &hook, &migrated);
        let text = serde_json::to_string_pretty(&migrated);
        text.map_err(|error| Failure::Error(error.to_string()))? + "\n"
    };
    if let Err(error) = migrated.validate(&ACCEPTED_STAGES) {
        let reason = error.plain_message();
        let message = format!("an engine on this system would reject this hook: {reason}");
        let severity = Severity::Warning.as_str();
        report::say(&report::line(Path::new(&file.name), None, severity, &message, error.code()));
    }
    match target {
        Some(target) => destination::write(target, destination, &file, &text)?,
        None => report::deliver(&text)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Converts the error of an invalid hook file.
fn broken(file: &Config, error: &Error) -> Failure {
    files::located(&file.name, error.place().position, &error.plain_message(), error.code())
}

/// Reports why the file cannot be converted, with a hint.
fn report_no_equivalent(file: &Config, reason: &NoEquivalent) {
    report::error(&format!("{}: {reason}", file.name));
    let mut hint = "write one version 1.0.0 file for each condition; a container that meets \
                    several conditions gets the hook several times"
        .to_owned();
    if reason.conditions.contains(&"cmds") {
        hint += ", and a container whose process.args is empty cannot be started even if it meets \
                 another condition";
    }
    report::note("  hint", &hint);
}

/// Reports which parts of the old file are not in the new one.
fn report_changes(file: &Config, old: &Hook, new: &Hook) {
    for (key, place) in Hook::unknown_keys(file.text.as_bytes()) {
        let message = format!(
            "{}:{}:{}: unknown key {key:?} is dropped",
            file.name, place.line, place.column
        );
        report::note("note", &message);
    }
    if new.when.always == Some(false) {
        let message = "the hook matches no container, as before";
        report::note("note", &format!("{}: {message}", file.name));
    } else if old.when.has_bind_mounts == Some(false) {
        let message = "\"hasbindmounts\": false is dropped, because it never holds";
        report::note("note", &format!("{}: {message}", file.name));
    }
}
