//! `oci-hooks migrate`

use std::process::ExitCode;

use libhooks::{Error, Hook, NoEquivalent};

use crate::arguments::{Migrate, OWN_STAGES};
use crate::destination;
use crate::files::Config;
use crate::report::{self, Failure};

pub fn run(arguments: &Migrate) -> Result<ExitCode, Failure> {
    let (given, destination) = (&arguments.hook, &arguments.destination);
    if let Err(usage) = destination::check(destination, given) {
        return Ok(usage);
    }
    let (file, target) = destination::read_hook_file(destination, given)?;
    let hook = Hook::decode(file.text.as_bytes(), None).map_err(|error| broken(&file, &error))?;
    // (A file that is `null` names no version, and of 0.1.0 it is an error.)
    let hook = hook.unwrap_or_default();
    let migrated = match hook.migrate() {
        Ok(migrated) => migrated,
        Err(reason) => {
            refuse(&file, &reason);
            return Ok(ExitCode::FAILURE);
        }
    };
    let text = if migrated == hook {
        report::note("note", &format!("{}: it is of version 1.0.0 already", file.name));
        file.text.clone()
    } else {
        tell(&file, &hook, &migrated);
        let text = serde_json::to_string_pretty(&migrated);
        text.map_err(|error| Failure::Error(error.to_string()))? + "\n"
    };
    if let Err(error) = migrated.validate(&OWN_STAGES) {
        let code = error.code().as_str();
        report::note(
            "warning",
            &format!(
                "{}: an engine on this system would reject the hook: {} [{code}]",
                file.name,
                error.plain_message()
            ),
        );
    }
    match target {
        Some(target) => destination::write(target, destination, &file, &text)?,
        None => report::deliver(&text)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What the library says of a file that is no hook.
fn broken(file: &Config, error: &Error) -> Failure {
    let place = error
        .place()
        .position
        .map_or(String::new(), |place| format!(":{}:{}", place.line, place.column));
    Failure::Error(format!(
        "{}{place}: {} [{}]",
        file.name,
        error.plain_message(),
        error.code().as_str()
    ))
}

/// Says why there is no file of version 1.0.0, and what to do.
fn refuse(file: &Config, reason: &NoEquivalent) {
    report::error(&format!("{}: {reason}", file.name));
    let mut hint = "write a file of version 1.0.0 for each of them; a container that meets several gets the hook several \
                    times"
        .to_owned();
    if reason.conditions.contains(&"cmds") {
        hint += ", and one whose process.args is empty cannot be started, whatever else it meets";
    }
    report::note("  hint", &hint);
}

/// Says what of the old file is not in the new one.
fn tell(file: &Config, old: &Hook, new: &Hook) {
    for (key, place) in Hook::unknown_keys(file.text.as_bytes()) {
        let message = format!(
            "{}:{}:{}: unknown key {key:?} is left out",
            file.name, place.line, place.column
        );
        report::note("note", &message);
    }
    if new.when.always == Some(false) {
        report::note("note", &format!("{}: it is for no container, and stays so", file.name));
    } else if old.when.has_bind_mounts == Some(false) {
        let message = "its \"hasbindmounts\": false never holds, and is left out";
        report::note("note", &format!("{}: {message}", file.name));
    }
}
