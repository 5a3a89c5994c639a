//! Who can write what runs as root: a table of permissions, and what each policy and `lint` say about them.

use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};
use std::path::Path;

use libhooks::{Code, ErrorKind, Manager, Options, Policy, check};

const SAFE: &[Code] = &[];
const WRITABLE: &[Code] = &[Code::WritableByOthers];
const FOREIGN: &[Code] = &[Code::ForeignOwner];
const PARENT: &[Code] = &[Code::ParentWritable];
const UNKNOWN: &[Code] = &[Code::PermissionsUnknown];

/// What is done to a tree with `hooks.d/a.json`, `far/near/program` (a script), and `far/near/interpreter`.
enum Do {
    Mode(&'static str, u32),
    Owner(&'static str, u32, u32),
    /// Entries of an access control list: tag, permissions, id.
    Access(&'static str, &'static [(u16, u16, u32)]),
    Default(&'static str, &'static [(u16, u16, u32)]),
    /// Moves the file elsewhere and puts a symlink in its place: the file, where it goes, and the owner of the link.
    Link(&'static str, &'static str, u32),
}
use Do::*;

const NONE: u32 = u32::MAX;
const USER: u32 = 12345;

/// A row: its name, what is done, what a load that looks at everything says, what a compatible load says.
type Row = (&'static str, &'static [Do], &'static [Code], &'static [Code]);

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
    let [path, name] = [path.as_os_str().as_bytes(), name.as_bytes()].map(|text| CString::new(text).unwrap());
    // SAFETY: two NUL-terminated strings, and as many bytes as it says.
    let result =
        unsafe { libc::setxattr(path.as_ptr(), name.as_ptr(), value.as_ptr().cast(), value.len(), 0) };
    assert_eq!(result, 0, "{:?}", std::io::Error::last_os_error());
}

fn tree() -> tempfile::TempDir {
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
        r#"{{"version": "1.0.0", "hook": {{"path": "{}"}}, "when": {{"always": true}}, "stages": ["poststop"]}}"#,
        program.display()
    );
    fs::write(at("hooks.d/a.json"), hook).unwrap();
    for (file, mode) in [(program, 0o755), (interpreter, 0o755), (at("hooks.d/a.json"), 0o644)] {
        fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
    }
    root
}

fn apply(root: &Path, action: &Do) {
    match action {
        Mode(name, mode) => fs::set_permissions(root.join(name), fs::Permissions::from_mode(*mode)).unwrap(),
        Owner(name, uid, gid) => chown(root.join(name), Some(*uid), Some(*gid)).unwrap(),
        Access(name, list) => set_list(&root.join(name), "system.posix_acl_access", list),
        Default(name, list) => set_list(&root.join(name), "system.posix_acl_default", list),
        Link(name, to, uid) => {
            fs::rename(root.join(name), root.join(to)).unwrap();
            symlink(root.join(to), root.join(name)).unwrap();
            lchown(root.join(name), Some(*uid), Some(0)).unwrap();
        }
    }
}

/// The codes that a load finds, each once.
fn codes(directory: &Path, policy: Policy, inspect: bool) -> Vec<Code> {
    let options = Options { policy, inspect, ..Options::default() };
    let found = match Manager::new(&[directory], &[], options) {
        Ok(manager) => manager.diagnostics(),
        Err(error) => error.diagnostics().to_vec(),
    };
    let mut codes: Vec<Code> = found.into_iter().map(|diagnostic| diagnostic.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[test]
fn each_is_judged() {
    // SAFETY: geteuid(2) takes nothing.
    if unsafe { libc::geteuid() } != 0 {
        println!("SKIP: permissions: only root can give files away");
        return;
    }
    for (name, actions, thorough, compatible) in ROWS {
        let root = tree();
        let directory = root.path().join("hooks.d");
        actions.iter().for_each(|action| apply(root.path(), action));
        assert_eq!(codes(&directory, Policy::Compatible, false), *compatible, "{name}: compatible");
        assert_eq!(codes(&directory, Policy::Lenient, true), *thorough, "{name}: as lint asks");
        assert_eq!(codes(&directory, Policy::Strict, false), *thorough, "{name}: strict");
        let options = Options { policy: Policy::Strict, ..Options::default() };
        let refused = Manager::new(&[&directory], &[], options).err();
        assert_eq!(refused.is_some(), !thorough.is_empty(), "{name}");
        if let Some(error) = refused {
            assert_eq!((error.kind(), error.code()), (ErrorKind::Strict, thorough[0]), "{name}");
        }
        // A file by itself: its directory is one above it.
        let alone = !check(directory.join("a.json"), &[]).is_empty();
        let only_default = name.starts_with("directory: default");
        let sticky = name.starts_with("directory: sticky");
        assert_eq!(alone, !thorough.is_empty() && !only_default && !sticky, "{name}: alone");
    }
}

/// What cannot be known is said, and is no reason to refuse: here, whose files those of unmapped users are.
#[test]
fn unmapped_owners_are_not_known() {
    // In the namespace, this program runs the test again, with the directory.
    if let Some(directory) = std::env::var_os("PERMISSIONS_DIRECTORY") {
        return assert_owners_are_not_known(Path::new(&directory));
    }
    let root = tree();
    let run = || {
        std::process::Command::new("unshare")
            .args(["-U", "--"])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "unmapped_owners_are_not_known", "--nocapture"])
            .env("PERMISSIONS_DIRECTORY", root.path().join("hooks.d"))
            .output()
    };
    let output = match run() {
        Ok(output) => output,
        Err(error) => return println!("SKIP: permissions: unshare: {error}"),
    };
    let [stdout, stderr] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    if !output.status.success() && stderr.contains("unshare failed") {
        return println!("SKIP: permissions: the system refuses user namespaces: {stderr}");
    }
    // (Without the count, a test that is not found would pass.)
    assert!(output.status.success() && stdout.contains("1 passed"), "{stdout}{stderr}");
}

fn assert_owners_are_not_known(directory: &Path) {
    let options = Options { policy: Policy::Strict, ..Options::default() };
    let manager = Manager::new(&[directory], &[], options).unwrap();
    assert!(manager.diagnostics().iter().all(|diagnostic| diagnostic.code == Code::PermissionsUnknown));
    assert_eq!(codes(directory, Policy::Strict, false), UNKNOWN);
}
