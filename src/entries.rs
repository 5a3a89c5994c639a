//! Which hook files a directory has, and what they are called (docs/spec.md, section 1).

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::go::Errno;
use crate::go::{path_in, path_prefix};
use crate::problem::{Cause, Error, ErrorKind, Refusal, Result};
use crate::sys::Directory;

/// Whether a file of this name is a hook file.
pub(crate) fn is_hook_file(name: &OsStr) -> bool {
    name.as_bytes().ends_with(b".json")
}

/// The hook files of a directory.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    /// Their paths, in the order of the bytes of their names.
    pub paths: Vec<Arc<Path>>,
    /// The paths of those of them that are symlinks, in any order.
    pub links: Vec<PathBuf>,
}

impl Listed {
    /// What there is after something has happened to these files and to no others. To list a
    /// directory would be to wait for those who write to it.
    pub fn with(self: Arc<Listed>, directory: &Path, touched: &HashSet<OsString>) -> Arc<Listed> {
        if touched.is_empty() {
            return self;
        }
        let begin = path_prefix(directory).len();
        let untouched = self.paths.iter().filter(|path| !touched.contains(name_of(path))).cloned();
        let mut files: Vec<Keyed> = untouched.map(|path| Keyed::new(path, begin)).collect();
        let mut links: Vec<PathBuf> =
            self.links.iter().filter(|link| !touched.contains(name_of(link))).cloned().collect();
        for name in touched {
            let path = path_in(directory, name);
            let is_link = match path.symlink_metadata() {
                Ok(found) => found.is_symlink(),
                // One that is gone is told as such, unless it comes and goes all the time.
                Err(error) if matches!(Errno::of(&error), Errno(libc::ENOENT | libc::ENOTDIR)) => {
                    continue;
                }
                // Whatever else this is: to open it will tell.
                Err(_) => self.links.contains(&path),
            };
            links.extend(is_link.then(|| path.clone()));
            files.push(Keyed::new(path.into(), begin));
        }
        Arc::new(Listed { paths: by_name(files), links })
    }
}

pub(crate) fn list(directory: &Path) -> Result<(Listed, Directory)> {
    let failed = |operation, error: std::io::Error| {
        let refusal = Refusal { operation, path: directory.to_owned(), errno: Errno::of(&error) };
        Error::new(ErrorKind::Io, Cause::Directory(refusal)).with_path(directory)
    };
    let mut listed = Listed::default();
    let mut opened = Directory::open(directory).map_err(|error| failed("open", error))?;
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
        // Where the listing does not tell, the file that will be read is asked; if it has gone
        // meanwhile, it is no link.
        if is_link.unwrap_or_else(|| path.symlink_metadata().is_ok_and(|found| found.is_symlink()))
        {
            listed.links.push(path.to_path_buf());
        }
        files.push(Keyed::new(path, prefix));
    }
    listed.paths = by_name(files);
    Ok((listed, opened))
}

/// A file by its name, which begins somewhere in its path.
struct Keyed {
    /// The first bytes of the name, as a number: most names differ in them.
    key: u64,
    path: Arc<Path>,
    begin: usize,
}

impl Keyed {
    fn new(path: Arc<Path>, begin: usize) -> Keyed {
        let mut first = [0; 8];
        let name = path.as_os_str().as_bytes().iter().skip(begin);
        first.iter_mut().zip(name).for_each(|(slot, byte)| *slot = *byte);
        Keyed { key: u64::from_be_bytes(first), path, begin }
    }

    fn name(&self) -> Option<&[u8]> {
        self.path.as_os_str().as_bytes().get(self.begin..)
    }
}

/// The files in the order of the bytes of their names.
fn by_name(mut files: Vec<Keyed>) -> Vec<Arc<Path>> {
    files.sort_by(|a, b| a.key.cmp(&b.key).then_with(|| a.name().cmp(&b.name())));
    files.into_iter().map(|file| file.path).collect()
}

/// The name of a file, which has one.
pub(crate) fn name_of(path: &Path) -> &OsStr {
    let path = path.as_os_str().as_bytes();
    let mut begin = path.len();
    while begin > 0 && path.get(begin - 1) != Some(&b'/') {
        begin -= 1;
    }
    OsStr::from_bytes(path.get(begin..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_gone_is_left_out() {
        let names = |directory: &Path| {
            let before = Arc::new(Listed {
                paths: Vec::new(),
                links: vec![path_in(directory, OsStr::new("a.json"))],
            });
            let listed = before.with(directory, &HashSet::from(["a.json".into()]));
            (listed.paths.len(), listed.links.len())
        };
        assert_eq!(names(Path::new("/nowhere")), (0, 0));
        assert_eq!(names(Path::new("/dev/null")), (0, 0));
        // The system cannot say what this is.
        assert_eq!(names(Path::new(&"/directory".repeat(500))), (1, 1));
    }
}
