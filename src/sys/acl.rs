//! POSIX access control lists, which the kernel returns in extended attributes (acl(5), xattr(7)).

use std::ffi::{CStr, c_char, c_void};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::status::with_c_string;
use crate::go::Errno;

/// The kernel's limit of an extended attribute, and of the list of their names.
const MAX_SIZE: usize = 64 << 10;
/// Enough for 63 entries, so that most lists are read by one system call.
const USUAL_SIZE: usize = 508;

/// Extended attributes that hold access control lists of other kinds. This module does not know
/// their rules.
const OTHER_KINDS: [&str; 6] = [
    "system.nfs4_acl",
    "system.nfs4_acl_xdr",
    "system.richacl",
    "system.ntfs_acl",
    "system.cifs_acl",
    "system.smb3_acl",
];

/// A POSIX access control list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Acl {
    pub entries: Vec<AclEntry>,
}

/// An entry of a list: a user or group, and its permissions. Read is 4, write 2, execute 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AclEntry {
    pub tag: AclTag,
    pub permissions: u16,
}

/// The users or groups of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AclTag {
    Owner,
    User(u32),
    OwningGroup,
    Group(u32),
    /// Limits every entry except those of the owner and of all other users.
    Mask,
    Other,
}

/// The access control list of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AclState {
    /// The file has no list: its mode decides.
    Absent,
    Posix(Acl),
    Unknown(AclUnknown),
}

/// Why the access control list of a file is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum AclUnknown {
    /// The list is of another kind; the name is that of its extended attribute.
    OtherKind(&'static str),
    /// The file system returns something that is not a list.
    Malformed,
    /// The kernel refuses to read it, with this error number.
    Unreadable(Errno),
}

/// A kind of access control list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AclKind {
    /// The list for access to the file.
    Access,
    /// For a directory: the list that new files in it get.
    Default,
}

impl Acl {
    /// Decodes the value of the extended attribute: a version, then entries of a tag, permissions
    /// and an id, all little-endian. Returns `None` if it is not a valid list. A list without
    /// entries is valid, and means that there is no list.
    pub fn decode(value: &[u8]) -> Option<Acl> {
        let (version, rest) = value.split_first_chunk::<4>()?;
        if u32::from_le_bytes(*version) != 2 || rest.len() % 8 != 0 {
            return None;
        }
        let entries = rest.chunks_exact(8).map(decode_entry).collect::<Option<Vec<AclEntry>>>()?;
        let count = |tag: AclTag| entries.iter().filter(|entry| entry.tag == tag).count();
        let named =
            entries.iter().any(|entry| matches!(entry.tag, AclTag::User(_) | AclTag::Group(_)));
        let masks = count(AclTag::Mask);
        let once = [AclTag::Owner, AclTag::OwningGroup, AclTag::Other]
            .into_iter()
            .all(|tag| count(tag) == 1);
        let valid = entries.is_empty() || once && masks <= 1 && (masks == 1 || !named);
        valid.then_some(Acl { entries })
    }

    /// Returns the permissions that the mask allows: all of them if there is no mask.
    pub fn mask(&self) -> u16 {
        self.entries
            .iter()
            .find(|entry| entry.tag == AclTag::Mask)
            .map_or(7, |mask| mask.permissions)
    }
}

fn decode_entry(entry: &[u8]) -> Option<AclEntry> {
    let (tag, rest) = entry.split_first_chunk::<2>()?;
    let (permissions, id) = rest.split_first_chunk::<2>()?;
    let permissions = u16::from_le_bytes(*permissions);
    let id = u32::from_le_bytes(id.try_into().ok()?);
    let tag = match u16::from_le_bytes(*tag) {
        0x01 => AclTag::Owner,
        0x02 => AclTag::User(id),
        0x04 => AclTag::OwningGroup,
        0x08 => AclTag::Group(id),
        0x10 => AclTag::Mask,
        0x20 => AclTag::Other,
        _ => return None,
    };
    (permissions <= 7).then_some(AclEntry { tag, permissions })
}

impl AclState {
    /// Reads a list of the file at this path, which must not be a symlink.
    pub fn of_path(path: &Path, kind: AclKind) -> AclState {
        // SAFETY: `named` gives a NUL-terminated path and name, and memory of the given size.
        let get =
            |path, name, value: Memory| unsafe { libc::lgetxattr(path, name, value.0, value.1) };
        // SAFETY: as above.
        AclState::named(path, kind, &get, &|path, names| unsafe {
            libc::llistxattr(path, names.0.cast(), names.1)
        })
    }

    /// Reads a list of the file at this path, symlinks followed.
    pub(super) fn of_target(path: &Path, kind: AclKind) -> AclState {
        // SAFETY: `named` gives a NUL-terminated path and name, and memory of the given size.
        let get =
            |path, name, value: Memory| unsafe { libc::getxattr(path, name, value.0, value.1) };
        // SAFETY: as above.
        AclState::named(path, kind, &get, &|path, names| unsafe {
            libc::listxattr(path, names.0.cast(), names.1)
        })
    }

    fn named(
        path: &Path,
        kind: AclKind,
        get: &dyn Fn(*const c_char, *const c_char, Memory) -> isize,
        list: &dyn Fn(*const c_char, Memory) -> isize,
    ) -> AclState {
        let named = |call: &dyn Fn(*const c_char) -> isize| {
            with_c_string(path.as_os_str().as_bytes(), |path| count(call(path.as_ptr())))
        };
        AclState::read(
            |name, value| named(&|path| get(path, name, value)),
            |names| named(&|path| list(path, names)),
            kind,
        )
    }

    /// Reads a list of an open file, which must not be open with O_PATH.
    pub fn of_descriptor(file: BorrowedFd<'_>, kind: AclKind) -> AclState {
        let file = file.as_raw_fd();
        AclState::read(
            // SAFETY: an open file descriptor, a NUL-terminated name, and memory of the given size.
            |name, value| count(unsafe { libc::fgetxattr(file, name, value.0, value.1) }),
            // SAFETY: an open file descriptor, and memory of the given size.
            |names| count(unsafe { libc::flistxattr(file, names.0.cast(), names.1) }),
            kind,
        )
    }

    fn read(
        get: impl Fn(*const c_char, Memory) -> io::Result<usize>,
        list: impl Fn(Memory) -> io::Result<usize>,
        kind: AclKind,
    ) -> AclState {
        let name: &CStr = match kind {
            AclKind::Access => c"system.posix_acl_access",
            AclKind::Default => c"system.posix_acl_default",
        };
        match filled(USUAL_SIZE, |value| get(name.as_ptr(), value)) {
            Ok(value) => match Acl::decode(&value) {
                Some(Acl { entries }) if entries.is_empty() => AclState::Absent,
                Some(acl) => AclState::Posix(acl),
                None => AclState::Unknown(AclUnknown::Malformed),
            },
            Err(error) => match Errno::of(&error) {
                Errno(libc::ENODATA) => AclState::Absent,
                // The file system has no POSIX lists, but may have lists of another kind.
                Errno(libc::EOPNOTSUPP) => {
                    match filled(MAX_SIZE, list).ok().as_deref().and_then(other_kind) {
                        Some(kind) => AclState::Unknown(AclUnknown::OtherKind(kind)),
                        None => AclState::Absent,
                    }
                }
                errno => AclState::Unknown(AclUnknown::Unreadable(errno)),
            },
        }
    }
}

/// Memory that a system call fills: where it starts, and its size.
type Memory = (*mut c_void, usize);

/// Returns the bytes that a system call writes into memory of this size, or of the largest size if
/// that is too small.
fn filled(size: usize, call: impl Fn(Memory) -> io::Result<usize>) -> io::Result<Vec<u8>> {
    let mut memory = vec![0_u8; size];
    match call((memory.as_mut_ptr().cast(), memory.len())) {
        Ok(length) => {
            memory.truncate(length);
            Ok(memory)
        }
        Err(error) if Errno::of(&error) == Errno(libc::ERANGE) && size < MAX_SIZE => {
            filled(MAX_SIZE, call)
        }
        Err(error) => Err(error),
    }
}

/// Converts the result of a system call that returns a size.
fn count(result: isize) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

/// Returns the kind of access control list that these names of extended attributes contain. Each
/// name ends in NUL.
fn other_kind(names: &[u8]) -> Option<&'static str> {
    let mut names = names.split(|&byte| byte == 0);
    names.find_map(|name| OTHER_KINDS.into_iter().find(|kind| kind.as_bytes() == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(version: u32, entries: &[(u16, u16, u32)]) -> Vec<u8> {
        let mut value = version.to_le_bytes().to_vec();
        for (tag, permissions, id) in entries {
            value.extend(tag.to_le_bytes());
            value.extend(permissions.to_le_bytes());
            value.extend(id.to_le_bytes());
        }
        value
    }

    const LEAST: [(u16, u16, u32); 3] = [(1, 6, u32::MAX), (4, 4, u32::MAX), (0x20, 4, u32::MAX)];

    #[test]
    fn lists_of_the_kernel_are_decoded() {
        let [owner, group, other] = LEAST;
        let acl = Acl::decode(&encoded(
            2,
            &[owner, (2, 7, 12345), group, (8, 5, 7), (0x10, 5, 0), other],
        ));
        let acl = acl.unwrap();
        assert_eq!(acl.mask(), 5);
        let tags: Vec<AclTag> = acl.entries.iter().map(|entry| entry.tag).collect();
        use AclTag::*;
        assert_eq!(tags, [Owner, User(12345), OwningGroup, Group(7), Mask, Other]);
        assert_eq!(Acl::decode(&encoded(2, &LEAST)).unwrap().mask(), 7);
        assert_eq!(Acl::decode(&encoded(2, &[])).unwrap().entries, []);
    }

    #[test]
    fn invalid_lists_are_not_decoded() {
        let [owner, group, other] = LEAST;
        for value in [
            vec![],
            vec![2, 0, 0],
            encoded(1, &LEAST),
            encoded(3, &LEAST),
            encoded(2, &LEAST)[..27].to_vec(),
            encoded(2, &[owner, group]),
            encoded(2, &[owner, owner, group, other]),
            encoded(2, &[owner, group, other, (0x40, 7, 0)]),
            encoded(2, &[(1, 8, 0), group, other]),
            // A named user needs a mask.
            encoded(2, &[owner, (2, 7, 12345), group, other]),
            encoded(2, &[owner, group, (0x10, 7, 0), (0x10, 7, 0), other]),
        ] {
            assert_eq!(Acl::decode(&value), None, "{value:?}");
        }
    }

    #[test]
    fn lists_of_other_kinds_are_recognized_by_their_names() {
        assert_eq!(other_kind(b"user.x\0system.nfs4_acl\0"), Some("system.nfs4_acl"));
        assert_eq!(other_kind(b"security.selinux\0system.richacl\0"), Some("system.richacl"));
        assert_eq!(other_kind(b"user.system.richacl\0system.posix_acl_access\0"), None);
        assert_eq!(other_kind(b""), None);
    }

    #[test]
    fn a_file_without_a_list_has_none() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(AclState::of_path(file.path(), AclKind::Access), AclState::Absent);
        use std::os::fd::AsFd;
        assert_eq!(
            AclState::of_descriptor(file.as_file().as_fd(), AclKind::Access),
            AclState::Absent
        );
        let gone = Path::new("/nonexistent");
        let unknown = AclState::Unknown(AclUnknown::Unreadable(Errno(libc::ENOENT)));
        assert_eq!(AclState::of_path(gone, AclKind::Access), unknown);
    }
}
