//! The table: the actions on a tree of hooks, and the diagnostics of each policy afterwards.

use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use libhooks::Code;

const SAFE: &[Code] = &[];
const WRITABLE: &[Code] = &[Code::WritableByOthers];
const FOREIGN: &[Code] = &[Code::ForeignOwner];
const PARENT: &[Code] = &[Code::ParentWritable];
pub const UNKNOWN: &[Code] = &[Code::PermissionsUnknown];
const WRITABLE_AND_UNKNOWN: &[Code] = &[Code::WritableByOthers, Code::PermissionsUnknown];

/// An action on a tree with `hooks.d/a.json`, `far/near/program` (a script), and `run/interpreter`.
pub enum Action {
    Mode(&'static str, u32),
    Owner(&'static str, u32, u32),
    /// Entries of an access control list: tag, permissions, id.
    Access(&'static str, &'static [(u16, u16, u32)]),
    Default(&'static str, &'static [(u16, u16, u32)]),
    /// Moves a file and puts a symlink in its place: the file, its new path, and the owner of the
    /// symlink.
    Link(&'static str, &'static str, u32),
    /// Mounts the directory on itself with a FUSE program of this user.
    Fuse(&'static str, u32),
    /// Gives the hook these stages.
    Stages(&'static str),
}
use Action::*;

const NONE: u32 = u32::MAX;
const USER: u32 = 12345;

/// A row: its name, the actions, the diagnostics of a load that checks everything, and the
/// diagnostics of a compatible load.
pub type Row = (&'static str, &'static [Action], &'static [Code], &'static [Code]);

const fn acl(user: u32, permissions: u16, mask: u16) -> [(u16, u16, u32); 5] {
    [(1, 7, NONE), (2, permissions, user), (4, 5, NONE), (0x10, mask, NONE), (0x20, 5, NONE)]
}
const USER_WRITES: &[(u16, u16, u32)] = &acl(USER, 7, 7);
const USER_MASKED: &[(u16, u16, u32)] = &acl(USER, 7, 5);
const ROOT_WRITES: &[(u16, u16, u32)] = &acl(0, 7, 7);
const USER_READS: &[(u16, u16, u32)] = &acl(USER, 5, 7);
const GROUP_WRITES: &[(u16, u16, u32)] =
    &[(1, 7, NONE), (4, 5, NONE), (8, 7, 100), (0x10, 7, NONE), (0x20, 5, NONE)];
const OWNING_GROUP_WRITES: &[(u16, u16, u32)] =
    &[(1, 7, NONE), (2, 5, USER), (4, 7, NONE), (0x10, 7, NONE), (0x20, 5, NONE)];

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("root's, as it should be", &[], SAFE, SAFE),
    ("hook file: mode 0666", &[Mode("hooks.d/a.json", 0o666)], WRITABLE, WRITABLE),
    ("hook file: mode 0664, group 0", &[Mode("hooks.d/a.json", 0o664)], SAFE, SAFE),
    ("hook file: mode 0664, group 100", &[Owner("hooks.d/a.json", 0, 100), Mode("hooks.d/a.json", 0o664)], WRITABLE, WRITABLE),
    ("hook file: another owner", &[Owner("hooks.d/a.json", USER, 0)], FOREIGN, FOREIGN),
    ("hook file: list, user writes", &[Access("hooks.d/a.json", USER_WRITES)], WRITABLE, SAFE),
    ("hook file: list, user is masked", &[Access("hooks.d/a.json", USER_MASKED)], SAFE, SAFE),
    ("hook file: list, user reads", &[Access("hooks.d/a.json", USER_READS)], SAFE, SAFE),
    ("hook file: list, root writes", &[Access("hooks.d/a.json", ROOT_WRITES)], SAFE, SAFE),
    ("hook file: list, group writes", &[Access("hooks.d/a.json", GROUP_WRITES)], WRITABLE, SAFE),
    ("hook file: list, its group 100 writes", &[Owner("hooks.d/a.json", 0, 100), Access("hooks.d/a.json", OWNING_GROUP_WRITES)], WRITABLE, WRITABLE),
    ("hook file: list, its group 0 writes", &[Access("hooks.d/a.json", OWNING_GROUP_WRITES)], SAFE, SAFE),
    ("hook file: the mask is not the group's right", &[Owner("hooks.d/a.json", 0, 100), Access("hooks.d/a.json", ROOT_WRITES)], SAFE, WRITABLE),
    ("directory: mode 0777", &[Mode("hooks.d", 0o777)], WRITABLE, WRITABLE),
    ("directory: sticky, mode 1777", &[Mode("hooks.d", 0o1777)], WRITABLE, WRITABLE),
    ("directory: another owner", &[Owner("hooks.d", USER, 0)], FOREIGN, FOREIGN),
    ("directory: list, user writes", &[Access("hooks.d", USER_WRITES)], WRITABLE, SAFE),
    ("directory: default list, user writes", &[Default("hooks.d", USER_WRITES)], WRITABLE, SAFE),
    ("directory: default list, user reads", &[Default("hooks.d", USER_READS)], SAFE, SAFE),
    ("program: mode 0777", &[Mode("far/near/program", 0o777)], WRITABLE, WRITABLE),
    ("program: another owner", &[Owner("far/near/program", USER, 0)], FOREIGN, FOREIGN),
    ("program: list, user writes", &[Access("far/near/program", USER_WRITES)], WRITABLE, SAFE),
    ("program: its directory, mode 0777", &[Mode("far/near", 0o777)], PARENT, SAFE),
    ("program: its directory, sticky", &[Mode("far/near", 0o1777)], SAFE, SAFE),
    ("program: its directory, default list", &[Default("far/near", USER_WRITES)], SAFE, SAFE),
    ("program: two above, another owner", &[Owner("far", USER, 0)], PARENT, SAFE),
    ("program: two above, group 100", &[Owner("far", 0, 100), Mode("far", 0o775)], PARENT, SAFE),
    ("program: two above, list", &[Access("far", USER_WRITES)], PARENT, SAFE),
    ("program: two above, masked", &[Access("far", USER_MASKED)], SAFE, SAFE),
    ("program: link to a user's directory", &[Link("far/near/program", "theirs/program", 0), Owner("theirs", USER, 0)], PARENT, SAFE),
    ("program: user's link in a sticky directory", &[Mode("far/near", 0o1777), Link("far/near/program", "ours/program", USER)], PARENT, SAFE),
    ("program: root's link in a sticky directory", &[Mode("far/near", 0o1777), Link("far/near/program", "ours/program", 0)], SAFE, SAFE),
    ("program: user's link in root's directory", &[Link("far/near/program", "ours/program", USER)], SAFE, SAFE),
    ("hook file: link to a user's directory", &[Link("hooks.d/a.json", "theirs/a.json", 0), Owner("theirs", USER, 0)], PARENT, SAFE),
    ("program: only of startContainer, mode 0777", &[Mode("far/near/program", 0o777), Stages("startContainer")], SAFE, SAFE),
    ("program: only of startContainer, its directory, mode 0777", &[Mode("far/near", 0o777), Stages("startContainer")], SAFE, SAFE),
    ("program: of startContainer and poststop, mode 0777", &[Mode("far/near/program", 0o777), Stages("startContainer\", \"poststop")], WRITABLE, WRITABLE),
    ("hook file: only of startContainer, mode 0666", &[Mode("hooks.d/a.json", 0o666), Stages("startContainer")], WRITABLE, WRITABLE),
    ("FUSE: hook directory, served by a user", &[Fuse("hooks.d", USER)], UNKNOWN, SAFE),
    ("FUSE: hook directory, served by root", &[Fuse("hooks.d", 0)], SAFE, SAFE),
    ("FUSE: program's directory, served by a user", &[Fuse("far/near", USER)], UNKNOWN, SAFE),
    ("FUSE: two above the program, served by a user", &[Fuse("far", USER)], UNKNOWN, SAFE),
    ("FUSE: two above the program, served by root", &[Fuse("far", 0)], SAFE, SAFE),
    ("FUSE: interpreter's directory, served by a user", &[Fuse("run", USER)], UNKNOWN, SAFE),
    ("FUSE: elsewhere, served by a user", &[Fuse("ours", USER)], SAFE, SAFE),
    ("FUSE: served by a user, mode 0777", &[Mode("far/near/program", 0o777), Fuse("far", USER)], WRITABLE_AND_UNKNOWN, WRITABLE),
    ("interpreter: mode 0777", &[Mode("run/interpreter", 0o777)], WRITABLE, SAFE),
    ("interpreter: another owner", &[Owner("run/interpreter", USER, 0)], FOREIGN, SAFE),
    ("interpreter: its directory, mode 0777", &[Mode("run", 0o777)], PARENT, SAFE),
];

fn set_list(path: &Path, name: &str, entries: &[(u16, u16, u32)]) {
    let mut value = 2_u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in entries {
        value.extend(tag.to_le_bytes());
        value.extend(permissions.to_le_bytes());
        value.extend(id.to_le_bytes());
    }
    let [path, name] =
        [path.as_os_str().as_bytes(), name.as_bytes()].map(|string| CString::new(string).unwrap());
    // SAFETY: two NUL-terminated strings, and bytes of the given length.
    let result = unsafe {
        libc::setxattr(path.as_ptr(), name.as_ptr(), value.as_ptr().cast(), value.len(), 0)
    };
    assert_eq!(result, 0, "{:?}", std::io::Error::last_os_error());
}

/// Makes a tree of hooks that belongs to root.
fn safe() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    for directory in ["", "hooks.d", "far", "far/near", "run", "ours", "theirs"] {
        fs::create_dir_all(at(directory)).unwrap();
        fs::set_permissions(at(directory), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let [program, interpreter] = [at("far/near/program"), at("run/interpreter")];
    fs::copy("/bin/true", &interpreter).unwrap();
    fs::write(&program, format!("#!{}\n", interpreter.display())).unwrap();
    let hook = format!(
        r#"{{"version": "1.0.0", "hook": {{"path": "{}", "env": ["A=b"]}}, "when": {{"always": true}}, "stages": ["poststop"]}}"#,
        program.display()
    );
    fs::write(at("hooks.d/a.json"), hook).unwrap();
    for (file, mode) in [(program, 0o755), (interpreter, 0o755), (at("hooks.d/a.json"), 0o644)] {
        fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
    }
    root
}

fn apply(root: &Path, action: &Action) -> Result<(), String> {
    match action {
        Mode(name, mode) => {
            fs::set_permissions(root.join(name), fs::Permissions::from_mode(*mode)).unwrap()
        }
        Owner(name, uid, gid) => chown(root.join(name), Some(*uid), Some(*gid)).unwrap(),
        Access(name, list) => set_list(&root.join(name), "system.posix_acl_access", list),
        Default(name, list) => set_list(&root.join(name), "system.posix_acl_default", list),
        Link(name, to, uid) => {
            fs::rename(root.join(name), root.join(to)).unwrap();
            symlink(root.join(to), root.join(name)).unwrap();
            lchown(root.join(name), Some(*uid), Some(0)).unwrap();
        }
        Fuse(name, uid) => return mount(&root.join(name), *uid),
        Stages(stages) => {
            let file = root.join("hooks.d/a.json");
            fs::write(&file, fs::read_to_string(&file).unwrap().replace("poststop", stages))
                .unwrap();
        }
    }
    Ok(())
}

/// Mounts a directory on itself, unchanged. bindfs exits after the mount, and a program of this
/// user continues to serve it.
fn mount(directory: &Path, uid: u32) -> Result<(), String> {
    if !Path::new("/dev/fuse").exists() {
        return Err("no /dev/fuse here".to_owned());
    }
    let output = Command::new("setpriv")
        .args(["--ruid", &uid.to_string(), "--clear-groups", "bindfs", "-o", "allow_other"])
        .args([directory, directory])
        .output()
        .map_err(|error| format!("setpriv: {error}"))?;
    let message = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        Ok(())
    } else {
        Err(format!("bindfs: {} (make deps)", message.trim()))
    }
}

/// A tree of hooks after the actions of a row. Dropping it unmounts its mounts.
pub struct Tree {
    root: tempfile::TempDir,
    mounts: Vec<PathBuf>,
}

impl Tree {
    /// Makes the tree of a row, or returns why the system cannot have it.
    pub fn new(actions: &[Action]) -> Result<Tree, String> {
        let mut tree = Tree { root: safe(), mounts: Vec::new() };
        for action in actions {
            apply(tree.root.path(), action)?;
            if let Fuse(name, _) = action {
                tree.mounts.push(tree.root.path().join(name));
            }
        }
        Ok(tree)
    }

    pub fn hooks(&self) -> PathBuf {
        self.root.path().join("hooks.d")
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        for mount in &self.mounts {
            let path = CString::new(mount.as_os_str().as_bytes()).unwrap();
            // SAFETY: a NUL-terminated path.
            unsafe { libc::umount2(path.as_ptr(), libc::MNT_DETACH) };
        }
    }
}

/// Returns the rows, each with its tree. Prints why a row is left out, if the system cannot have
/// its tree.
pub fn trees() -> impl Iterator<Item = (&'static Row, Tree)> {
    let rows = if is_root() {
        ROWS
    } else {
        println!("SKIP: permissions: only root can give files away");
        &[]
    };
    rows.iter().filter_map(|row| match Tree::new(row.1) {
        Ok(tree) => Some((row, tree)),
        Err(why) => {
            println!("SKIP: permissions: {}: {why}", row.0);
            None
        }
    })
}

fn is_root() -> bool {
    // SAFETY: geteuid(2) takes nothing.
    unsafe { libc::geteuid() == 0 }
}
