//! Reading a container's config, and writing it.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libhooks::Position;

use crate::arguments::Destination;
use crate::report::{self, Failure};

/// The file that is meant: that of a bundle directory is its `config.json`.
pub fn file_of(config: &Path) -> PathBuf {
    if config.is_dir() { config.join("config.json") } else { config.to_owned() }
}

/// Whether a new config can go where it is to go.
pub fn check(destination: &Destination, config: &Path) -> Result<(), ExitCode> {
    if destination.in_place && config == Path::new("-") {
        report::error("--in-place needs a file, not standard input");
        return Err(ExitCode::from(2));
    }
    Ok(())
}

/// The file that a new config goes to; `None` is standard output.
pub fn destination(destination: &Destination, config: &Path) -> Result<Option<PathBuf>, Failure> {
    if !destination.in_place {
        let file = destination.output.clone().filter(|output| output != Path::new("-"));
        // Told before hooks are run for nothing.
        if let Some(file) = &file {
            let directory = directory_of(file);
            std::fs::metadata(&directory).map_err(|error| failed(&directory, &error))?;
        }
        return Ok(file);
    }
    let file = file_of(config);
    if !file.is_file() {
        return Err(Failure::Error(format!("{}: only a regular file can be replaced", file.display())));
    }
    Ok(Some(file))
}

/// Writes a new config to its file. One that is replaced and need not change is not touched.
pub fn write_changed(file: &Path, destination: &Destination, old: &str, new: &str) -> Result<(), Failure> {
    if destination.in_place && old == new { Ok(()) } else { write(file, new) }
}

/// A config that was read, or a hook file.
pub struct Config {
    /// Where from.
    pub name: String,
    pub text: String,
}

/// Reads a config; `-` is standard input.
pub fn read(config: &Path) -> Result<Config, Failure> {
    read_text(&if config == Path::new("-") { config.to_owned() } else { file_of(config) })
}

/// Reads a file, no bundle; `-` is standard input.
pub fn read_text(file: &Path) -> Result<Config, Failure> {
    let is_stdin = file == Path::new("-");
    let name = if is_stdin { "standard input".to_owned() } else { file.display().to_string() };
    match String::from_utf8(read_bytes(file)?) {
        Ok(text) => Ok(Config { name, text }),
        Err(error) => {
            let position = Position::of(error.as_bytes(), error.utf8_error().valid_up_to());
            let (line, column) = (position.line, position.column);
            Err(Failure::Error(format!("{name}:{line}:{column}: it is not UTF-8 [not-utf8]")))
        }
    }
}

/// Reads all of a file; `-` is standard input.
pub fn read_bytes(file: &Path) -> Result<Vec<u8>, Failure> {
    if file != Path::new("-") {
        return std::fs::read(file).map_err(|error| failed(file, &error));
    }
    let mut bytes = Vec::new();
    let read = io::stdin().read_to_end(&mut bytes);
    read.map(|_| bytes).map_err(|error| failed(Path::new("standard input"), &error))
}

impl Config {
    /// An error of the library's; where it is about the config, with the config's name.
    pub fn failure(&self, error: libhooks::Error) -> Failure {
        match (&error.place().path, error.place().position) {
            (None, Some(place)) => Failure::Error(format!(
                "{}:{}:{}: {} [{}]",
                self.name,
                place.line,
                place.column,
                error.message(),
                error.code().as_str()
            )),
            _ => Failure::Hooks(error),
        }
    }
}

/// Writes to a file. A regular file is replaced at once: whoever opens it sees the old or the new content, whole;
/// its mode and owner stay, and a link to it stays a link. What is no regular file (a pipe, a device) is written to.
fn write(file: &Path, content: &str) -> Result<(), Failure> {
    // What is really there, through links; those of /proc lead to what has no path.
    match std::fs::metadata(file) {
        Ok(old) if old.is_file() => replace(&resolve(file)?, content, Some(&old)),
        Ok(_) => {
            let written =
                OpenOptions::new().write(true).open(file).and_then(|mut f| f.write_all(content.as_bytes()));
            written.map_err(|error| failed(file, &error))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => replace(&resolve(file)?, content, None),
        Err(error) => Err(failed(file, &error)),
    }
}

/// The file that a path means in the end; the last one of a chain of links need not exist.
fn resolve(file: &Path) -> Result<PathBuf, Failure> {
    let mut target = file.to_owned();
    // As many as the system follows.
    for _ in 0..40 {
        match std::fs::read_link(&target) {
            Ok(next) => target = directory_of(&target).join(next),
            Err(_) => return Ok(target),
        }
    }
    Err(Failure::Error(format!("{}: too many levels of symbolic links", file.display())))
}

fn directory_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn replace(target: &Path, content: &str, old: Option<&Metadata>) -> Result<(), Failure> {
    let directory = directory_of(target);
    let (temporary, file) = create_beside(target).map_err(|error| failed(&directory, &error))?;
    let written = fill(file, content, old).and_then(|()| std::fs::rename(&temporary, target));
    if let Err(error) = written {
        // Ours, and useless now.
        let _ = std::fs::remove_file(&temporary);
        return Err(failed(target, &error));
    }
    // The new file is in its place. That the directory says so after a power cut, too, is asked for, but a directory that
    // may be written and not read cannot be opened for it; nothing is lost then.
    if let Ok(opened) = File::open(&directory) {
        let _ = opened.sync_all();
    }
    Ok(())
}

/// A new file in the same directory, of a name that nobody else has.
fn create_beside(target: &Path) -> io::Result<(PathBuf, File)> {
    let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let directory = directory_of(target);
    let mut attempt = u64::from(std::process::id());
    loop {
        // Process ids repeat, in containers above all: the clock tells them apart, and what exists is left alone.
        let clock = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |d| d.subsec_nanos());
        let path = directory.join(format!(".{name}.{attempt:x}{clock:08x}"));
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => attempt += 1,
            Err(error) => return Err(error),
        }
    }
}

fn fill(mut file: File, content: &str, old: Option<&Metadata>) -> io::Result<()> {
    file.write_all(content.as_bytes())?;
    if let Some(old) = old {
        let own = file.metadata()?;
        if (own.uid(), own.gid()) != (old.uid(), old.gid()) {
            fchown(&file, Some(old.uid()), Some(old.gid()))?;
        }
    }
    // After the owner: a change of owner takes the set-user-ID bits away. A new file is for everybody to read, as `>` makes it.
    let mode = old.map_or(0o644, |old| old.mode() & 0o7777);
    file.set_permissions(Permissions::from_mode(mode))?;
    file.sync_all()
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::Error(format!("{}: {error}", path.display()))
}
