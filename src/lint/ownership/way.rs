//! The way to a file: every directory and symlink that the kernel passes, starting at the root.
//!
//! The walk uses paths without symlinks, from the top. It finds a user who could change a directory
//! on the way during the walk: that user cannot remove the first such directory from the way.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use crate::go::Errno;
use crate::permission::{Concern, Finding, Matter, Permissions, Relation, Trust};
use crate::sys::{FileSystem, MAX_LINKS, Root, Status, fuse_user, names};

/// The way to a directory.
#[derive(Debug)]
pub(super) struct Way {
    /// Problems of the directories and symlinks on the way, including the last directory.
    pub concerns: Vec<Concern>,
    /// The path of the directory without symlinks, or the error that ends the way.
    pub end: Result<PathBuf, Errno>,
    /// Whether the directory is sticky and other users can create files in it.
    shared: bool,
}

/// The kind of a name on the way.
#[derive(Debug, Clone)]
enum Entry {
    Directory(Rc<Directory>),
    Link { target: PathBuf, uid: u32 },
    Refused(Errno),
}

#[derive(Debug)]
struct Directory {
    matters: Vec<Matter>,
    shared: bool,
}

/// The ways of one load. Each directory is inspected once.
pub(super) struct Ways {
    pub root: Root,
    pub trust: Trust,
    ways: HashMap<PathBuf, Rc<Way>>,
    entries: HashMap<PathBuf, Entry>,
    file_systems: HashMap<u64, Option<Matter>>,
}

impl Ways {
    pub fn new(root: Root) -> Ways {
        Ways {
            root,
            trust: Trust::of_process(),
            ways: HashMap::new(),
            entries: HashMap::new(),
            file_systems: HashMap::new(),
        }
    }

    /// Follows a path to its end, which is not a symlink. Adds the problems on the way to
    /// `concerns`, but not those of the end. If the way to the directory of `path` is `known`, its
    /// problems are not added again.
    pub fn find(
        &mut self,
        path: &Path,
        known: bool,
        concerns: &mut Vec<Concern>,
    ) -> Result<(PathBuf, Status), Errno> {
        let mut path = self.absolute(path)?;
        for links in 0..=MAX_LINKS {
            // (A path that ends in `..` and the root are paths of directories.)
            let (directory, name) = match (path.parent(), path.file_name()) {
                (Some(directory), Some(name)) => (directory, name),
                _ => (&*path, OsStr::new("")),
            };
            let way = self.way(directory);
            if links > 0 || !known {
                concerns.extend(way.concerns.iter().cloned());
            }
            let end = way.end.as_ref().map_err(|errno| *errno)?;
            let found = if name.is_empty() { end.clone() } else { end.join(name) };
            let status = self.root.link_status(&found).map_err(|error| Errno::of(&error))?;
            if !status.is_link() {
                return Ok((found, status));
            }
            concerns.extend(self.link(&found, status.uid, way.shared));
            path = end.join(self.root.read_link(&found).map_err(|error| Errno::of(&error))?);
        }
        Err(Errno(libc::ELOOP))
    }

    /// Returns the way to a directory, which is walked once.
    pub fn way(&mut self, directory: &Path) -> Rc<Way> {
        if let Some(known) = self.ways.get(directory) {
            return Rc::clone(known);
        }
        let mut concerns = Vec::new();
        let walked = self.walk(directory, &mut concerns);
        let shared = walked.as_ref().is_ok_and(|(_, shared)| *shared);
        let way = Rc::new(Way { concerns, end: walked.map(|(end, _)| end), shared });
        self.ways.insert(directory.to_owned(), Rc::clone(&way));
        way
    }

    fn walk(
        &mut self,
        directory: &Path,
        concerns: &mut Vec<Concern>,
    ) -> Result<(PathBuf, bool), Errno> {
        let mut at = PathBuf::from("/");
        let mut shared = self.pass(&at, concerns)?;
        let mut left = reversed(&self.absolute(directory)?);
        let mut links = 0;
        while let Some(name) = left.pop() {
            if name == ".." {
                // (In a path without symlinks, the parent is the path without its last name.)
                at.pop();
                shared = self.pass(&at, concerns)?;
                continue;
            }
            let next = at.join(&name);
            match self.entry(&next) {
                Entry::Directory(_) => {
                    shared = self.pass(&next, concerns)?;
                    at = next;
                }
                Entry::Link { target, uid } => {
                    concerns.extend(self.link(&next, uid, shared));
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(Errno(libc::ELOOP));
                    }
                    if target.is_absolute() {
                        at = PathBuf::from("/");
                        shared = self.pass(&at, concerns)?;
                    }
                    left.extend(names(&target).rev());
                }
                Entry::Refused(errno) => return Err(errno),
            }
        }
        Ok((at, shared))
    }

    /// Passes through a directory. Returns whether other users can create files in it.
    fn pass(&mut self, path: &Path, concerns: &mut Vec<Concern>) -> Result<bool, Errno> {
        let directory = match self.entry(path) {
            Entry::Directory(directory) => directory,
            Entry::Link { .. } => return Err(Errno(libc::ENOTDIR)),
            Entry::Refused(errno) => return Err(errno),
        };
        for matter in &directory.matters {
            let concern = Concern {
                relation: Relation::Above,
                path: path.to_owned(),
                matter: matter.clone(),
            };
            if !concerns.contains(&concern) {
                concerns.push(concern);
            }
        }
        Ok(directory.shared)
    }

    /// Returns the problem of a symlink in a directory where other users can create files: the
    /// owner of the symlink can replace it.
    fn link(&self, path: &Path, uid: u32, shared: bool) -> Option<Concern> {
        let matter = Matter::Permission { finding: Finding::ForeignOwner(uid), mode: 0 };
        let replaced = shared && !self.trust.allows_owner(uid);
        replaced.then(|| Concern { relation: Relation::Link, path: path.to_owned(), matter })
    }

    fn entry(&mut self, path: &Path) -> Entry {
        if let Some(known) = self.entries.get(path) {
            return known.clone();
        }
        let entry = self.inspect(path).unwrap_or_else(|error| Entry::Refused(Errno::of(&error)));
        self.entries.insert(path.to_owned(), entry.clone());
        entry
    }

    fn inspect(&mut self, path: &Path) -> io::Result<Entry> {
        let status = self.root.link_status(path)?;
        if status.is_link() {
            return Ok(Entry::Link { target: self.root.read_link(path)?, uid: status.uid });
        }
        if !status.is_directory() {
            return Ok(Entry::Refused(Errno(libc::ENOTDIR)));
        }
        let permissions = Permissions::of_path(&self.root, path, &status);
        let mut findings = permissions.judge(&self.trust);
        // In a sticky directory, a user can neither remove nor rename the files of other users.
        let is_write = |finding: &Finding| {
            matches!(finding, Finding::Writable { .. } | Finding::WriterUnknown)
        };
        let shared = permissions.is_sticky() && findings.iter().any(is_write);
        findings.retain(|finding| !(shared && is_write(finding)));
        let mode = status.mode;
        let mut matters: Vec<Matter> =
            findings.into_iter().map(|finding| Matter::Permission { finding, mode }).collect();
        matters.extend(self.file_system(path, status.device));
        Ok(Entry::Directory(Rc::new(Directory { matters, shared })))
    }

    /// Returns the problem of the file system of the file at this path, which is not a symlink.
    pub fn file_system(&mut self, path: &Path, device: u64) -> Option<Matter> {
        let known = self.file_systems.get(&device);
        if let Some(known) = known {
            return known.clone();
        }
        let matter = match self.root.file_system(path) {
            Ok(FileSystem::Local) => None,
            Ok(FileSystem::Network(kind)) => Some(Matter::Network { device, kind }),
            Ok(FileSystem::Program) => match fuse_user(device) {
                Some(user) if user == 0 || user == self.trust.user => None,
                user => Some(Matter::Program { device, user }),
            },
            Err(error) => Some(Matter::Unreachable(Errno::of(&error))),
        };
        self.file_systems.insert(device, matter.clone());
        matter
    }

    /// Returns the absolute path. The kernel returns the working directory without symlinks. In a
    /// root that is a directory, relative paths start at the root.
    fn absolute(&self, path: &Path) -> Result<PathBuf, Errno> {
        if path.is_absolute() {
            return Ok(path.to_owned());
        }
        if !self.root.is_host() {
            return Ok(Path::new("/").join(path));
        }
        let current = std::env::current_dir().map_err(|error| Errno::of(&error))?;
        Ok(current.join(path))
    }
}

/// Returns the names of a path, the last name first, with `..` for the parent.
fn reversed(path: &Path) -> Vec<OsString> {
    let name = |component: Component<'_>| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
    };
    path.components().rev().filter_map(name).collect()
}
