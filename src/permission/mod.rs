//! The users who may write a file or directory, as data. The judgement is made from permissions
//! that were read before, without a system call.
//!
//! Hooks run as root, or as the user whose engine runs them. A user who may write a hook file, its
//! program or a directory on the path to them can run programs as that user. Root, the effective
//! user and the group 0 are trusted.

mod concern;

use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use crate::sys::{
    AclKind, AclState, AclTag, AclUnknown, KERNEL_OVERFLOW, Overflow, Root, Status, effective_uid,
};
pub(crate) use concern::{Concern, Matter, Relation, Subject};

const GROUP_WRITE: u32 = 0o020;
const OTHER_WRITE: u32 = 0o002;
/// The permission to write, in an entry of an access control list.
const WRITE: u16 = 2;
/// The kernel returns this id for ids in an access control list that are not mapped.
const UNMAPPED: u32 = u32::MAX;

/// The users and groups that the process trusts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trust {
    /// The effective user of the process.
    pub user: u32,
    pub overflow: Overflow,
}

/// The trust in the user or group of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Trusted,
    Foreign,
    /// The id stands for all users or groups that the user namespace does not map.
    Unknown,
}

impl Trust {
    /// Trusts only root, in any namespace.
    pub const ROOT: Trust = Trust { user: 0, overflow: Overflow { uid: None, gid: None } };

    /// Reads the user and the user namespace of the process.
    pub fn of_process() -> Trust {
        Trust { user: effective_uid(), overflow: Overflow::of_process() }
    }

    /// Does the same for one file only. It reads the user namespace only if the file has an id that
    /// namespaces use for unmapped ids.
    pub fn for_file(status: &Status) -> Trust {
        if status.uid == KERNEL_OVERFLOW || status.gid == KERNEL_OVERFLOW {
            return Trust::of_process();
        }
        // (It does not need the effective user either if root owns the file.)
        let user = if status.uid == 0 { 0 } else { effective_uid() };
        Trust { user, overflow: Overflow::default() }
    }

    fn user(&self, uid: u32) -> Standing {
        if self.overflow.uid.is_some_and(|overflow| uid == overflow || uid == UNMAPPED) {
            Standing::Unknown
        } else if uid == 0 || uid == self.user {
            Standing::Trusted
        } else {
            Standing::Foreign
        }
    }

    fn group(&self, gid: u32) -> Standing {
        if self.overflow.gid.is_some_and(|overflow| gid == overflow || gid == UNMAPPED) {
            Standing::Unknown
        } else if gid == 0 {
            Standing::Trusted
        } else {
            Standing::Foreign
        }
    }

    /// Returns whether this user is trusted or not known.
    pub fn allows_owner(&self, uid: u32) -> bool {
        self.user(uid) != Standing::Foreign
    }
}

/// The permissions of a file or directory, as the kernel reports them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Permissions {
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    /// Its access control list. If there is one, the group bits of the mode are its mask.
    pub access: AclState,
    /// For a directory: the access control list that new files in it get.
    pub default: AclState,
}

/// A user or group that may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Writer {
    Everybody,
    Group(u32),
    User(u32),
}

/// One problem of the permissions of a file or directory, or one unknown fact about them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Finding {
    /// This user owns it and is not trusted.
    ForeignOwner(u32),
    /// These may write it, by its mode or by its access control list.
    Writable { by: Vec<Writer>, by_list: bool },
    /// These may write new files in it.
    NewFilesWritable(Vec<Writer>),
    /// Its owner is not mapped in the user namespace of the process.
    OwnerUnknown(u32),
    /// A user or group may write it that is not mapped in the user namespace of the process.
    WriterUnknown,
    /// Its access control list is not known.
    ListUnknown(AclUnknown),
}

impl Finding {
    /// Returns whether something is not known, rather than wrong.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Finding::OwnerUnknown(_) | Finding::WriterUnknown | Finding::ListUnknown(_))
    }
}

impl Permissions {
    /// Returns the permissions of the mode, without access control lists.
    pub fn of_status(status: &Status) -> Permissions {
        Permissions {
            mode: status.mode,
            uid: status.uid,
            gid: status.gid,
            access: AclState::Absent,
            default: AclState::Absent,
        }
    }

    /// Reads the permissions of the file at this path, which must not be a symlink.
    pub fn of_path(root: &Root, path: &Path, status: &Status) -> Permissions {
        Permissions { access: root.acl(path, AclKind::Access), ..Permissions::of_status(status) }
    }

    /// Reads the permissions of an open file or directory. It must not be open with O_PATH.
    ///
    /// # Errors
    /// The error of fstat(2).
    pub fn of_descriptor(file: impl AsFd) -> io::Result<Permissions> {
        let status = Status::of_file(file.as_fd())?;
        let access = AclState::of_descriptor(file.as_fd(), AclKind::Access);
        Ok(Permissions { access, ..Permissions::of_status(&status) })
    }

    /// Adds the access control list that new files in this directory get.
    pub fn with_default_list(self, root: &Root, directory: &Path) -> Permissions {
        Permissions { default: root.acl(directory, AclKind::Default), ..self }
    }

    /// Returns whether only the owner of a file in this directory can remove or rename it, even if
    /// other users may create files.
    pub fn is_sticky(&self) -> bool {
        self.mode & libc::S_ISVTX != 0
    }

    /// Returns everything that is wrong or not known: first about the owner, then about those who
    /// may write.
    pub fn judge(&self, trust: &Trust) -> Vec<Finding> {
        let mut found = Vec::new();
        match trust.user(self.uid) {
            Standing::Trusted => {}
            Standing::Foreign => found.push(Finding::ForeignOwner(self.uid)),
            Standing::Unknown => found.push(Finding::OwnerUnknown(self.uid)),
        }
        let Writers { known, by_list, unknown } = self.writers(&self.access, self.gid, trust);
        if !known.is_empty() {
            found.push(Finding::Writable { by: known, by_list });
        }
        // (Without the set-group-ID bit on the directory, a new file gets the group of its
        // creator.)
        let new_gid = if self.mode & libc::S_ISGID != 0 { self.gid } else { 0 };
        let of_new = match &self.default {
            AclState::Posix(_) => self.writers(&self.default, new_gid, trust),
            AclState::Absent | AclState::Unknown(_) => Writers::default(),
        };
        if !of_new.known.is_empty() {
            found.push(Finding::NewFilesWritable(of_new.known));
        }
        if unknown || of_new.unknown {
            found.push(Finding::WriterUnknown);
        }
        for list in [&self.access, &self.default] {
            if let AclState::Unknown(why) = list {
                found.push(Finding::ListUnknown(*why));
            }
        }
        found
    }

    /// Returns who may write by this list, or by the mode if there is no list. (If the list is not
    /// known, the mode is the most that a POSIX list allows.)
    fn writers(&self, list: &AclState, gid: u32, trust: &Trust) -> Writers {
        let mut writers = Writers::default();
        match list {
            AclState::Absent | AclState::Unknown(_) => {
                if self.mode & OTHER_WRITE != 0 {
                    writers.insert(Writer::Everybody);
                }
                if self.mode & GROUP_WRITE != 0 {
                    writers.add(trust.group(gid), Writer::Group(gid));
                }
            }
            AclState::Posix(acl) => {
                for entry in &acl.entries {
                    let masked = entry.permissions & acl.mask();
                    match entry.tag {
                        AclTag::Other if entry.permissions & WRITE != 0 => {
                            writers.insert(Writer::Everybody);
                        }
                        _ if masked & WRITE == 0 => continue,
                        AclTag::User(uid) => writers.add(trust.user(uid), Writer::User(uid)),
                        AclTag::Group(gid) => writers.add(trust.group(gid), Writer::Group(gid)),
                        AclTag::OwningGroup => writers.add(trust.group(gid), Writer::Group(gid)),
                        AclTag::Owner | AclTag::Mask | AclTag::Other => continue,
                    }
                }
                writers.by_list = !writers.known.is_empty();
            }
        }
        writers
    }
}

/// The users and groups that may write, except trusted ones.
#[derive(Default)]
struct Writers {
    /// Sorted.
    known: Vec<Writer>,
    by_list: bool,
    /// Whether an unmapped user or group may write.
    unknown: bool,
}

impl Writers {
    /// Adds a writer in its place, unless it is there already.
    fn insert(&mut self, writer: Writer) {
        if let Err(at) = self.known.binary_search(&writer) {
            self.known.insert(at, writer);
        }
    }

    fn add(&mut self, standing: Standing, writer: Writer) {
        match standing {
            Standing::Trusted => {}
            Standing::Foreign => self.insert(writer),
            Standing::Unknown => self.unknown = true,
        }
    }
}
