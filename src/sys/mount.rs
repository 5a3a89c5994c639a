//! Mounts and their file systems: what programs may do there, and who decides about permissions
//! (another computer, or the program of a user).

use std::ffi::OsString;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

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

/// The rights that a mount withholds from programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MountFlags {
    /// They cannot be executed.
    pub noexec: bool,
    /// Their setuid and setgid bits and their capabilities have no effect.
    pub nosuid: bool,
}

impl MountFlags {
    /// Returns the flags of the mount through which a file was opened.
    pub fn of_file(file: impl AsFd) -> io::Result<MountFlags> {
        let mut answer = MaybeUninit::<libc::statvfs64>::uninit();
        // SAFETY: an open file descriptor, and memory for one answer.
        if unsafe { libc::fstatvfs64(file.as_fd().as_raw_fd(), answer.as_mut_ptr()) } < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call has succeeded, so it has filled the answer.
        let flags = unsafe { answer.assume_init() }.f_flag;
        Ok(MountFlags {
            noexec: flags & libc::ST_NOEXEC != 0,
            nosuid: flags & libc::ST_NOSUID != 0,
        })
    }
}

/// Returns the mount point of the mount through which a file was opened; `None` if the tables of
/// the kernel do not say.
pub(crate) fn mount_point(file: impl AsFd) -> Option<PathBuf> {
    let number = file.as_fd().as_raw_fd();
    let about = std::fs::read(format!("/proc/thread-self/fdinfo/{number}")).ok()?;
    let mut lines = about.split(|&byte| byte == b'\n');
    let id = lines.find_map(|line| line.strip_prefix(b"mnt_id:"))?.trim_ascii();
    point_in(&std::fs::read(TABLE).ok()?, id)
}

/// Does the same for the content of a table (proc_pid_mountinfo(5)) and the number of a mount.
fn point_in(table: &[u8], id: &[u8]) -> Option<PathBuf> {
    table.split(|&byte| byte == b'\n').find_map(|line| {
        let mut fields = line.split(|&byte| byte == b' ');
        (fields.next()? == id).then_some(())?;
        Some(PathBuf::from(OsString::from_vec(unescaped(fields.nth(3)?))))
    })
}

/// Returns the bytes of a field, in which whitespace and backslashes are octal numbers.
fn unescaped(field: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut left = field;
    while let Some((first, rest)) = left.split_first() {
        let digits = rest.get(..3).filter(|_| *first == b'\\');
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let (byte, used) = match digits.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => (byte, 3),
            None => (*first, 0),
        };
        bytes.push(byte);
        left = rest.get(used..).unwrap_or_default();
    }
    bytes
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
        let point = |id: &str| point_in(table, id.as_bytes());
        assert_eq!(point("40"), Some("/mnt/a b".into()));
        assert_eq!([point("27"), point("44"), point("4")], [Some("/".into()), None, None]);
        assert_eq!(unescaped(br"\134\04\9"), br"\\04\9");
    }

    #[test]
    fn the_mount_of_a_file_is_found() {
        let file = std::fs::File::open("/proc/self/status").unwrap();
        assert_eq!(mount_point(&file), Some("/proc".into()));
        assert!(MountFlags::of_file(&file).is_ok());
    }
}
