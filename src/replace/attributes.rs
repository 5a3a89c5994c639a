//! Copying the owner, mode, ACL and extended attributes of a file to another file.

use std::fs::{File, Metadata, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

use rustix::fs::XattrFlags;
use rustix::io::Errno;

use super::error::Reason;

/// The extended attribute with the access ACL of a file.
const ACCESS_ACL: &str = "system.posix_acl_access";
const SELINUX: &str = "security.selinux";

/// Returns the device and inode, which identify a file.
pub(super) fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// Gives an empty file, which no other user may open, the owner, the attributes, the ACL and the
/// mode of another file, in this order. So at no moment may a user open it who may not open the
/// other file. Returns the names of the attributes that were left out.
pub(super) fn carry_over(
    old: &File,
    metadata: &Metadata,
    new: &File,
) -> Result<Vec<String>, Reason> {
    let own = new.metadata().map_err(Reason::during("examine the new file"))?;
    if (own.uid(), own.gid()) != (metadata.uid(), metadata.gid()) {
        fchown(new, Some(metadata.uid()), Some(metadata.gid()))
            .map_err(Reason::during("give the new file the owner of the old one"))?;
    }
    let mut left_out = Vec::new();
    for name in names(old).map_err(Reason::during("list the extended attributes"))? {
        if name == ACCESS_ACL {
            continue;
        }
        let is_copied = (name == SELINUX || name.starts_with("user.")) && copy(old, new, &name)?;
        if !is_copied {
            left_out.push(name);
        }
    }
    match attribute(old, ACCESS_ACL).map_err(Reason::during("read the ACL"))? {
        Some(acl) => rustix::fs::fsetxattr(new, ACCESS_ACL, &acl, XattrFlags::empty())
            .map_err(Reason::during("give the new file the ACL of the old one"))?,
        // The directory's default ACL may have given it one.
        None => match rustix::fs::fremovexattr(new, ACCESS_ACL) {
            Ok(()) | Err(Errno::NODATA | Errno::OPNOTSUPP | Errno::NOSYS) => {}
            Err(error) => return Err(Reason::during("remove the ACL of the new file")(error)),
        },
    }
    // Without the set-user-ID, set-group-ID and sticky bits, since the content is different.
    new.set_permissions(Permissions::from_mode(metadata.mode() & 0o777))
        .map_err(Reason::during("give the new file the mode of the old one"))?;
    Ok(left_out)
}

/// Copies an attribute. Returns whether the new file has it.
fn copy(old: &File, new: &File, name: &str) -> Result<bool, Reason> {
    let failed = Reason::during("give the new file the extended attributes of the old one");
    let Some(value) = attribute(old, name).map_err(&failed)? else { return Ok(true) };
    let own = attribute(new, name).map_err(&failed)?;
    if own.as_ref() == Some(&value) {
        return Ok(true);
    }
    match rustix::fs::fsetxattr(new, name, &value, XattrFlags::empty()) {
        Ok(()) => Ok(true),
        // With SELinux, each file has a label. Without it, only root may set a label, and nothing
        // reads it.
        Err(_) if name == SELINUX && own.is_none() => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

/// Returns the names of a file's extended attributes.
fn names(file: &File) -> rustix::io::Result<Vec<String>> {
    let list = grow(|buffer| rustix::fs::flistxattr(file, buffer))?;
    let names = list.unwrap_or_default();
    let names = names.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    Ok(names.map(|name| String::from_utf8_lossy(name).into_owned()).collect())
}

/// Returns the value of an extended attribute, if the file has it.
fn attribute(file: &File, name: &str) -> rustix::io::Result<Option<Vec<u8>>> {
    grow(|buffer| rustix::fs::fgetxattr(file, name, buffer))
}

/// Reads into a buffer that grows until it is large enough. Returns `None` if there is no such
/// attribute, or the file system has no attributes.
fn grow(
    mut read: impl FnMut(&mut [u8]) -> rustix::io::Result<usize>,
) -> rustix::io::Result<Option<Vec<u8>>> {
    // The kernel allows 64 KiB.
    let mut buffer = vec![0; 512];
    loop {
        match read(&mut buffer) {
            Ok(length) => {
                buffer.truncate(length);
                return Ok(Some(buffer));
            }
            Err(Errno::RANGE) if buffer.len() < 1 << 20 => buffer.resize(buffer.len() * 4, 0),
            Err(Errno::NODATA | Errno::OPNOTSUPP | Errno::NOSYS) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
}
