//! The hook files of a directory, and their names (docs/spec.md, section 1).

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::go::Errno;
use crate::go::{path_in, path_prefix};
use crate::problem::{Cause, Error, ErrorKind, Refusal, Result};
use crate::sys::{Directory, Root};

/// Returns whether a file of this name is a hook file.
pub(crate) fn is_hook_file(name: &OsStr) -> bool {
    name.as_bytes().ends_with(b".json")
}

/// The hook files of a directory.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    /// Their paths, in the order of the bytes of their names.
    pub paths: Vec<Arc<Path>>,
    /// The paths of the symlinks among them, in any order.
    pub links: Vec<PathBuf>,
}

impl Listed {
    /// Applies changes to the named files only. Listing the directory again would block on
    /// concurrent writers.
    pub fn with(
        self: Arc<Listed>,
        root: &Root,
        directory: &Path,
        touched: &HashSet<OsString>,
    ) -> Arc<Listed> {
        if touched.is_empty() {
            return self;
        }
        let start = path_prefix(directory).len();
        let untouched = self.paths.iter().filter(|path| !touched.contains(name_of(path))).cloned();
        let mut files: Vec<Keyed> = untouched.map(|path| Keyed::new(path, start)).collect();
        let mut links: Vec<PathBuf> =
            self.links.iter().filter(|link| !touched.contains(name_of(link))).cloned().collect();
        for name in touched {
            let path = path_in(directory, name);
            let is_link = match root.link_status(&path) {
                Ok(found) => found.is_link(),
                // The file was removed, or is removed and made again repeatedly.
                Err(error) if matches!(Errno::of(&error), Errno(libc::ENOENT | libc::ENOTDIR)) => {
                    continue;
                }
                // Opening the file will report any other error.
                Err(_) => self.links.contains(&path),
            };
            links.extend(is_link.then(|| path.clone()));
            files.push(Keyed::new(path.into(), start));
        }
        Arc::new(Listed { paths: by_name(files), links })
    }
}

/// Lists the hook files of a directory. Returns also the open directory.
pub(crate) fn list(root: &Root, directory: &Path) -> Result<(Listed, Directory)> {
    let failed = |operation, error: std::io::Error| {
        let refusal = Refusal { operation, path: directory.to_owned(), errno: Errno::of(&error) };
        Error::new(ErrorKind::Io, Cause::Directory(refusal)).with_path(directory)
    };
    let mut listed = Listed::default();
    let mut opened = root.open_directory(directory).map_err(|error| failed("open", error))?;
    let mut path = path_prefix(directory);
    let prefix = path.len();
    let mut hook_file = |name: &OsStr, is_link: Option<bool>| {
        path.truncate(prefix);
        path.extend_from_slice(name.as_bytes());
        is_hook_file(name)
            .then(|| (Arc::<Path>::from(Path::new(OsStr::from_bytes(&path))), is_link))
    };
    let mut files = Vec::new();
    while let Some((path, is_link)) =
        opened.next(&mut hook_file).map_err(|error| failed("readdirent", error))?
    {
        // If the listing does not say whether it is a symlink, lstat(2) does. A file that has
        // disappeared meanwhile does not count as one.
        if is_link.unwrap_or_else(|| root.link_status(&path).is_ok_and(|found| found.is_link())) {
            listed.links.push(path.to_path_buf());
        }
        files.push(Keyed::new(path, prefix));
    }
    listed.paths = by_name(files);
    Ok((listed, opened))
}

/// A file with a sort key: its name, which starts at some byte of its path.
struct Keyed {
    /// The first bytes of the name as a number. Most names differ in them.
    key: u64,
    path: Arc<Path>,
    start: usize,
}

impl Keyed {
    fn new(path: Arc<Path>, start: usize) -> Keyed {
        let mut first = [0; 8];
        let name = path.as_os_str().as_bytes().iter().skip(start);
        first.iter_mut().zip(name).for_each(|(slot, byte)| *slot = *byte);
        Keyed { key: u64::from_be_bytes(first), path, start }
    }

    fn name(&self) -> Option<&[u8]> {
        self.path.as_os_str().as_bytes().get(self.start..)
    }
}

/// Sorts the files by the bytes of their names.
fn by_name(mut files: Vec<Keyed>) -> Vec<Arc<Path>> {
    files.sort_by(|a, b| a.key.cmp(&b.key).then_with(|| a.name().cmp(&b.name())));
    files.into_iter().map(|file| file.path).collect()
}

/// Returns the last component of a path that has one.
pub(crate) fn name_of(path: &Path) -> &OsStr {
    let path = path.as_os_str().as_bytes();
    let mut start = path.len();
    while start > 0 && path.get(start - 1) != Some(&b'/') {
        start -= 1;
    }
    OsStr::from_bytes(path.get(start..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_missing_files_are_left_out() {
        let names = |directory: &Path| {
            let before = Arc::new(Listed {
                paths: Vec::new(),
                links: vec![path_in(directory, OsStr::new("a.json"))],
            });
            let listed =
                before.with(&Root::default(), directory, &HashSet::from(["a.json".into()]));
            (listed.paths.len(), listed.links.len())
        };
        assert_eq!(names(Path::new("/nowhere")), (0, 0));
        assert_eq!(names(Path::new("/dev/null")), (0, 0));
        // lstat(2) fails for another reason: the path is too long.
        assert_eq!(names(Path::new(&"/directory".repeat(500))), (1, 1));
    }
}
