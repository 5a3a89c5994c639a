//! The state of directories, which polling compares to find changes.

use std::ffi::OsStr;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::entries::is_hook_file;
use crate::go::Errno;
use crate::sys::{FileStamp, Root};

/// Files that changed within this many seconds may change again and keep the same time: the clocks
/// of file systems tick slowly.
const RECENT: u64 = 2;

/// A hash of the metadata of directories and files. No file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    hash: u64,
    is_final: bool,
}

impl Fingerprint {
    pub fn new(root: &Root, directories: &[PathBuf], executables: &[Arc<str>]) -> Fingerprint {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let mut look = Look { root, now, sum: 0, is_final: true };
        for (number, directory) in directories.iter().enumerate() {
            look.at(number, directory);
            match root.open_directory(directory) {
                Ok(mut opened) => {
                    let hook_file = |name: &OsStr, _| is_hook_file(name).then(|| name.to_owned());
                    while let Ok(Some(name)) = opened.next(hook_file) {
                        look.at(number, &directory.join(name));
                    }
                }
                Err(error) => look.add(&(number, Errno::of(&error))),
            }
        }
        for executable in executables {
            look.at(directories.len(), Path::new(&**executable));
        }
        Fingerprint { hash: look.sum, is_final: look.is_final }
    }

    /// Returns whether any change from now on changes the fingerprint.
    pub fn is_final(self) -> bool {
        self.is_final
    }
}

struct Look<'r> {
    root: &'r Root,
    now: i64,
    /// A sum, since directories are listed in any order.
    sum: u64,
    is_final: bool,
}

impl Look<'_> {
    fn at(&mut self, number: usize, path: &Path) {
        match self.root.status(path) {
            Ok(status) => {
                let stamp = FileStamp::of(&status);
                if stamp.changed.0.abs_diff(self.now) <= RECENT {
                    self.is_final = false;
                }
                self.add(&(number, path, stamp));
            }
            Err(error) => self.add(&(number, path, Errno::of(&error))),
        }
    }

    fn add(&mut self, value: &impl Hash) {
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        self.sum = self.sum.wrapping_add(hasher.finish());
    }
}
