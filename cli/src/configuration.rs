//! Reading a container's config, and writing it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use crate::report::Failure;

/// The file that is meant: that of a bundle directory is its `config.json`.
pub fn file_of(config: &Path) -> PathBuf {
    if config.is_dir() { config.join("config.json") } else { config.to_owned() }
}

/// A config that was read.
pub struct Config {
    /// Where from.
    pub name: String,
    pub text: String,
}

/// Reads a config; `-` is standard input.
pub fn read(config: &Path) -> Result<Config, Failure> {
    let (name, text) = if config == Path::new("-") {
        let mut text = Vec::new();
        ("standard input".to_owned(), io::stdin().read_to_end(&mut text).map(|_| text))
    } else {
        let file = file_of(config);
        (file.display().to_string(), std::fs::read(file))
    };
    let text = text.map_err(|error| Failure::Error(format!("{name}: {error}")))?;
    match String::from_utf8(text) {
        Ok(text) => Ok(Config { name, text }),
        Err(_) => Err(Failure::Error(format!("{name}: the config is not UTF-8"))),
    }
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

/// Replaces a file by another of this content, at once: whoever opens it sees the old or the new one, whole. Mode and
/// owner stay; a link stays one.
pub fn replace(file: &Path, content: &str) -> Result<(), Failure> {
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |error: io::Error| Failure::Error(format!("{path}: {error}"))
    };
    let (target, old) = match std::fs::canonicalize(file) {
        Ok(target) => {
            let metadata = target.metadata().map_err(failed(&target))?;
            (target, Some(metadata))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => (file.to_owned(), None),
        Err(error) => return Err(failed(file)(error)),
    };
    if old.as_ref().is_some_and(|metadata| !metadata.is_file()) {
        // A pipe or a device: there is nothing to replace.
        return std::fs::write(&target, content).map_err(failed(&target));
    }
    let directory = match target.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let temporary = directory.join(format!(".{name}.{}.new", std::process::id()));
    let written = write_new(&temporary, content, old.as_ref())
        .and_then(|()| std::fs::rename(&temporary, &target))
        .and_then(|()| File::open(&directory)?.sync_all());
    written.map_err(|error| {
        // Gone already if only the last step failed.
        let _ = std::fs::remove_file(&temporary);
        failed(&target)(error)
    })
}

fn write_new(path: &Path, content: &str, like: Option<&std::fs::Metadata>) -> io::Result<()> {
    let mode = if like.is_some() { 0o600 } else { 0o666 };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(content.as_bytes())?;
    if let Some(like) = like {
        let own = file.metadata()?;
        if (own.uid(), own.gid()) != (like.uid(), like.gid()) {
            fchown(&file, Some(like.uid()), Some(like.gid()))?;
        }
        // After the owner: a change of owner takes the set-user-ID bits away.
        file.set_permissions(std::fs::Permissions::from_mode(like.mode() & 0o7777))?;
    }
    file.sync_all()
}
