//! The root file system of a container: the files that its `startContainer` hooks see.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::go::Errno;
use crate::go::json::{JsonError, JsonReader, Kind};
use crate::sys::{MAX_LINKS, Root, names};

/// The root file system of a container's bundle, as it is on this host before the container starts.
///
/// [`Snapshot::explain`](crate::Snapshot::explain) looks in it for the programs of hooks that run
/// inside the container. Paths are resolved as the container resolves them.
#[derive(Debug, Clone)]
pub struct RootFilesystem {
    root: Root,
    /// Where the config mounts other file systems, whose content is not known: paths without
    /// symlinks.
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
        let (path, destinations) = read(&mut JsonReader::of_str(config)).ok()?;
        let root = Root::open(&bundle.join(path?)).ok()?;
        let mut listed = root.open_directory(Path::new("/")).ok()?;
        listed.next(|name, _| (name != "." && name != "..").then_some(())).ok()??;
        let mut files = RootFilesystem { root, mount_points: Vec::new() };
        let followed = destinations.iter().map(|destination| files.follow(destination));
        // (Where a destination leads that cannot be followed, is not known: it counts as it is.)
        let mount_points = followed.zip(&destinations).map(|(followed, destination)| {
            followed.map_or_else(|| Path::new("/").join(destination), |followed| followed.path)
        });
        files.mount_points = mount_points.collect();
        Some(files)
    }

    /// Returns whether a path leads nowhere inside the container. A path that leads through a mount
    /// point may lead to any file.
    pub(crate) fn lacks(&self, path: &Path) -> bool {
        path.is_absolute() && self.follow(path).is_some_and(|followed| followed.is_missing)
    }

    /// Follows a path, which starts at the root, and its symlinks. Returns `None` if it leads to a
    /// mount point, or cannot be followed.
    fn follow(&self, path: &Path) -> Option<Followed> {
        let mut followed = Followed { path: PathBuf::from("/"), is_missing: false };
        let mut rest: Vec<OsString> = names(path).rev().collect();
        let mut links = 0;
        while let Some(name) = rest.pop() {
            let at = &mut followed.path;
            if name == ".." {
                at.pop();
                continue;
            }
            at.push(name);
            if self.mount_points.iter().any(|point| at.starts_with(point)) {
                return None;
            }
            if followed.is_missing {
                continue;
            }
            match self.root.link_status(at) {
                Ok(status) if status.is_link() => {
                    links += 1;
                    let target = self.root.read_link(at).ok().filter(|_| links <= MAX_LINKS)?;
                    at.pop();
                    if target.is_absolute() {
                        *at = PathBuf::from("/");
                    }
                    rest.extend(names(&target).rev());
                }
                Ok(_) => {}
                Err(error) => match Errno::of(&error) {
                    Errno(libc::ENOENT | libc::ENOTDIR) => followed.is_missing = true,
                    _ => return None,
                },
            }
        }
        Some(followed)
    }
}

/// Where a path leads.
struct Followed {
    /// The path without symlinks, as far as there are files.
    path: PathBuf,
    is_missing: bool,
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
