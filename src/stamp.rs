//! What tells a file from another one, and from itself after a change, without a look into it.

use crate::sys::Status;

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
    pub fn of(status: &Status) -> Stamp {
        Stamp { device: status.device, inode: status.inode, size: status.size, changed: status.changed }
    }
}
