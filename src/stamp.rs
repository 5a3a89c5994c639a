//! What tells a file from another one, and from itself after a change, without a look into it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

/// What is another one when a file is, or when its content, mode or owner changes. (Not always at once: clocks of file
/// systems tick slowly.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    /// When anything of it changed last: seconds since 1970, and nanoseconds.
    pub changed: (i64, i64),
}

impl Stamp {
    pub fn of(metadata: &Metadata) -> Stamp {
        Stamp {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}
