//! The root file system of a container: the files that its `startContainer` hooks see.

use std::path::{Path, PathBuf};

use crate::go::Errno;
use crate::go::json::{JsonError, JsonReader, Kind};
use crate::sys::Root;

/// The root file system of a container's bundle, as it is on this host before the container starts.
///
/// [`Snapshot::explain`](crate::Snapshot::explain) looks in it for the programs of hooks that run
/// inside the container. Paths are resolved as the container resolves them.
#[derive(Debug, Clone)]
pub struct RootFilesystem {
    root: Root,
    /// Where the config mounts other file systems, whose content is not known.
    mount_points: Vec<PathBuf>,
}

impl RootFilesystem {
    /// Opens the root file system that the JSON of a config names. `bundle` is the directory of the
    /// config.
    ///
    /// Returns `None` if there is nothing to look into: the config has no `root.path`, or this path
    /// does not lead to a directory that can be read, or the directory is empty, because an engine
    /// mounts the file system only while the container runs.
    pub fn of_bundle(config: &str, bundle: &Path) -> Option<RootFilesystem> {
        let (path, mount_points) = read(&mut JsonReader::of_str(config)).ok()?;
        let root = Root::open(&bundle.join(path?)).ok()?;
        let mut listed = root.open_directory(Path::new("/")).ok()?;
        let entry = listed.next(|name, _| (name != "." && name != "..").then_some(())).ok()?;
        entry.map(|()| RootFilesystem { root, mount_points })
    }

    /// Returns whether a path leads nowhere inside the container. A path below a mount point may
    /// lead to any file.
    pub(crate) fn lacks(&self, path: &Path) -> bool {
        let is_mounted = self.mount_points.iter().any(|point| path.starts_with(point));
        let is_missing = |error| matches!(Errno::of(&error), Errno(libc::ENOENT | libc::ENOTDIR));
        !is_mounted && path.is_absolute() && self.root.status(path).is_err_and(is_missing)
    }
}

/// Reads `root.path`, and the destinations of `mounts`, of a config.
fn read(reader: &mut JsonReader<'_>) -> Result<(Option<PathBuf>, Vec<PathBuf>), JsonError> {
    let (mut path, mut mount_points) = (None, Vec::new());
    reader.object(|reader, key| {
        match (&*key.value, reader.peek()?) {
            ("root", Kind::Object) => path = member(reader, "path")?,
            ("mounts", Kind::Array) => reader.array(|reader| {
                match reader.peek()? {
                    Kind::Object => mount_points.extend(member(reader, "destination")?),
                    _ => reader.skip()?,
                }
                Ok::<(), JsonError>(())
            })?,
            _ => reader.skip()?,
        }
        Ok::<(), JsonError>(())
    })?;
    Ok((path, mount_points))
}

/// Reads a member of an object that is a path.
fn member(reader: &mut JsonReader<'_>, name: &str) -> Result<Option<PathBuf>, JsonError> {
    let mut found = None;
    reader.object(|reader, key| {
        if key.value == name && reader.peek()? == Kind::String {
            found = Some(PathBuf::from(reader.string()?.value.into_owned()));
        } else {
            reader.skip()?;
        }
        Ok::<(), JsonError>(())
    })?;
    Ok(found)
}
