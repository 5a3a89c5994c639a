//! File systems whose permissions are decided by another computer, or by the program of a user.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::status::with_c_string;

/// The table of mounts of the calling thread: some threads of an engine have their own mount
/// namespace.
const TABLE: &str = "/proc/thread-self/mountinfo";

/// Whether the permissions that a file system shows are the ones that it enforces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum FileSystem {
    /// The kernel of this system decides.
    Local,
    /// Another computer decides. The string is the kind of file system.
    Network(&'static str),
    /// A program decides (FUSE).
    Program,
}

/// The numbers that statfs(2) returns for file systems that another computer serves (linux/magic.h
/// and the file systems' own sources).
const NETWORK: [(u32, &str); 15] = [
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB2"),
    (0x0102_1997, "9P"),
    (0x00c3_6400, "Ceph"),
    (0x5346_414f, "AFS"),
    (0x6b41_4653, "AFS"),
    (0x7375_7245, "Coda"),
    (0x564c, "NCP"),
    (0x0bd0_0bd0, "Lustre"),
    (0x2003_0528, "OrangeFS"),
    (0x1983_0326, "BeeGFS"),
    (0x786f_4256, "vboxsf"),
    (0xbacb_acbc, "vmhgfs"),
];

/// The number that statfs(2) returns for FUSE.
const FUSE: u32 = 0x6573_5546;

impl FileSystem {
    /// Returns the kind of file system that the file at this path, symlinks followed, is on.
    pub fn of_path(path: &Path) -> io::Result<FileSystem> {
        with_c_string(path.as_os_str().as_bytes(), |path| {
            // SAFETY: a NUL-terminated path, and memory for one answer.
            statfs(|answer| unsafe { libc::statfs64(path.as_ptr(), answer) })
        })
        .map(|answer| FileSystem::of_magic(magic(&answer)))
    }

    /// Returns the kind of file system that an open file is on.
    pub(super) fn of_file(file: BorrowedFd<'_>) -> io::Result<FileSystem> {
        Ok(FileSystem::of_magic(magic(&statfs_of_file(file)?)))
    }

    fn of_magic(magic: u32) -> FileSystem {
        if magic == FUSE {
            return FileSystem::Program;
        }
        let network = NETWORK.into_iter().find(|(known, _)| *known == magic);
        network.map_or(FileSystem::Local, |(_, name)| FileSystem::Network(name))
    }
}

/// Returns the state of the file system that an open file is on.
pub(super) fn statfs_of_file(file: BorrowedFd<'_>) -> io::Result<libc::statfs64> {
    // SAFETY: an open file descriptor, and memory for one answer.
    statfs(|answer| unsafe { libc::fstatfs64(file.as_raw_fd(), answer) })
}

fn statfs(call: impl FnOnce(*mut libc::statfs64) -> libc::c_int) -> io::Result<libc::statfs64> {
    let mut answer = MaybeUninit::<libc::statfs64>::uninit();
    if call(answer.as_mut_ptr()) < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call has succeeded, so it has filled the answer.
    Ok(unsafe { answer.assume_init() })
}

/// Returns the number of the kind of file system. It has 32 bits. The type of the field is wider
/// on some systems, and signed on other systems.
#[allow(clippy::unnecessary_cast)]
pub(super) fn magic(answer: &libc::statfs64) -> u32 {
    answer.f_type as u32
}

/// Returns the user whose program serves the FUSE file system of this device; `None` if the table
/// of mounts does not say.
pub(crate) fn fuse_user(device: u64) -> Option<u32> {
    user_in(&std::fs::read(TABLE).ok()?, device)
}

/// Does the same for the content of a table (proc_pid_mountinfo(5)).
fn user_in(table: &[u8], device: u64) -> Option<u32> {
    let number = format!("{}:{}", libc::major(device), libc::minor(device));
    table.split(|&byte| byte == b'\n').find_map(|line| {
        let mut fields = line.split(|&byte| byte == b' ');
        if fields.nth(2)? != number.as_bytes() {
            return None;
        }
        fields.find(|field| *field == b"-")?;
        let kind = fields.next()?;
        // A hypervisor serves it, like the disks.
        if kind == b"virtiofs" {
            return Some(0);
        }
        let mut options = fields.nth(1)?.split(|&byte| byte == b',');
        let user = options.find_map(|option| option.strip_prefix(b"user_id="))?;
        std::str::from_utf8(user).ok()?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_recognized_by_their_numbers() {
        assert_eq!(FileSystem::of_magic(0xef53), FileSystem::Local);
        assert_eq!(FileSystem::of_magic(0x6969), FileSystem::Network("NFS"));
        assert_eq!(FileSystem::of_magic(0x0102_1997), FileSystem::Network("9P"));
        assert_eq!(FileSystem::of_magic(FUSE), FileSystem::Program);
        assert_eq!(FileSystem::of_path(Path::new("/proc")).unwrap(), FileSystem::Local);
        assert!(FileSystem::of_path(Path::new("/nonexistent")).is_err());
    }

    #[test]
    fn the_user_is_read_from_the_table_of_mounts() {
        let table = b"27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n\
            40 27 0:50 / /mnt/a\\040b rw,nosuid shared:2 master:1 - fuse.sshfs me@there:/ rw,\
            user_id=1000,group_id=1000\n\
            41 27 0:51 / /mnt/c rw - fuse /dev/fuse rw,user_id=0,group_id=0,allow_other\n\
            42 27 0:52 / /mnt/d rw - virtiofs share rw\n\
            43 27 0:53 / /mnt/e rw - fuse x rw,user_id=many\n\
            44 27 0:54\n";
        let user = |minor| user_in(table, libc::makedev(0, minor));
        let found = [50, 51, 52, 53, 54, 55].map(user);
        assert_eq!(found, [Some(1000), Some(0), Some(0), None, None, None]);
        assert_eq!(user_in(table, libc::makedev(254, 0)), None);
        assert_eq!(user_in(b"", 0), None);
    }
}
