//! The destination of a new config or hook file: standard output, a file, or the input file.

use std::path::Path;
use std::process::ExitCode;

use libhooks::replace::{self, Durability, Replacement};

use crate::arguments::Destination;
use crate::files::{self, Config};
use crate::report::{self, Failure};

impl From<replace::Error> for Failure {
    fn from(error: replace::Error) -> Failure {
        Failure::Error(error.to_string())
    }
}

/// Rejects arguments that contradict each other.
pub fn check(destination: &Destination, input: &Path) -> Result<(), ExitCode> {
    if destination.in_place && input == Path::new("-") {
        report::error("--in-place requires a file, not standard input");
        return Err(ExitCode::from(2));
    }
    Ok(())
}

/// How long the lock of a file's directory is held, for which other writers wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// From before the file is read until it is replaced.
    Held,
    /// Only while it is replaced, because hooks that run before may take long. If the file changes
    /// in the meantime, that is an error.
    NotHeld,
}

/// Reads a config, and finds the file to write the new one to; `None` is standard output.
pub fn read_config(
    destination: &Destination,
    config: &Path,
    lock: Lock,
) -> Result<(Config, Option<Replacement>), Failure> {
    if destination.in_place {
        return read_in_place(&files::config_file(config), lock, files::CONFIG_LIMIT);
    }
    Ok((files::read_config(config)?, output(destination)?))
}

/// Reads a hook file, and finds the file to write the new one to; `None` is standard output.
pub fn read_hook_file(
    destination: &Destination,
    file: &Path,
) -> Result<(Config, Option<Replacement>), Failure> {
    if destination.in_place {
        return read_in_place(file, Lock::Held, files::HOOK_FILE_LIMIT);
    }
    Ok((files::read_hook_file(file)?, output(destination)?))
}

fn read_in_place(
    file: &Path,
    lock: Lock,
    limit: u64,
) -> Result<(Config, Option<Replacement>), Failure> {
    let mut target = Replacement::find(file)?;
    if lock == Lock::Held {
        target.lock()?;
    }
    let bytes = target.read(limit)?.to_vec();
    Ok((Config::new(files::name(file), bytes)?, Some(target)))
}

/// Finds the file that `-o` names. Called before hooks run, so that an error does not waste a run.
fn output(destination: &Destination) -> Result<Option<Replacement>, Failure> {
    match &destination.output {
        Some(file) if file != Path::new("-") => Ok(Some(Replacement::find(file)?)),
        _ => Ok(None),
    }
}

/// Writes the new config or hook file. With `--in-place`, a file that would not change is not
/// touched.
pub fn write(
    target: Replacement,
    destination: &Destination,
    old: &Config,
    new: &str,
) -> Result<(), Failure> {
    if destination.in_place && old.text == new {
        return Ok(());
    }
    let path = target.path().to_owned();
    let replaced = target.replace(new.as_bytes(), Durability::Synced)?;
    for name in replaced.left_out {
        let path = path.display();
        report::note(
            "note",
            &format!("{path}: the attribute {name} was not copied to the new file"),
        );
    }
    Ok(())
}
