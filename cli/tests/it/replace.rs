//! Checks which files the command replaces, and which attributes they keep.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::fs::{XattrFlags, getxattr, setxattr};

use crate::support::{self, CONFIG, HOOK, INJECTED, Place, is_root};

const ACCESS: &str = "system.posix_acl_access";
const DEFAULT: &str = "system.posix_acl_default";

/// Returns an ACL in the kernel's format: user, a named user, group, mask, other.
fn acl(user: u16, named: u16, group: u16, mask: u16, other: u16) -> Vec<u8> {
    let none = u32::MAX;
    let entries = [
        (1, user, none),
        (2, named, 12345),
        (4, group, none),
        (0x10, mask, none),
        (0x20, other, none),
    ];
    let mut bytes = 2_u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in entries {
        bytes.extend(u16::to_le_bytes(tag));
        bytes.extend(permissions.to_le_bytes());
        bytes.extend(id.to_le_bytes());
    }
    bytes
}

fn attribute(path: &Path, name: &str) -> Option<Vec<u8>> {
    let mut value = vec![0; 1 << 16];
    let length = getxattr(path, name, &mut value[..]).ok()?;
    value.truncate(length);
    Some(value)
}

/// Sets an attribute. If the file system does not support it, prints the reason and returns false.
fn set(path: &Path, name: &str, value: &[u8]) -> bool {
    let done = setxattr(path, name, value, XattrFlags::empty());
    if let Err(error) = done {
        println!("SKIP: {name} cannot be set here: {error}");
    }
    done.is_ok()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn the_acl_and_the_attributes_stay() {
    let place = Place::new();
    let config = place.path("bundle/config.json");
    let access = acl(6, 6, 0, 6, 0);
    let large = vec![b'x'; 3000];
    if !set(&config, ACCESS, &access)
        || !set(&config, "user.note", b"kept")
        || !set(&config, "user.large", &large)
    {
        return;
    }
    let label = b"system_u:object_r:container_config_t:s0\0";
    let has_label = set(&config, "security.selinux", label);
    let before = fs::metadata(&config).unwrap();
    place.edit("bundle");
    let after = fs::metadata(&config).unwrap();
    assert_eq!(place.read("bundle/config.json"), INJECTED);
    assert_ne!(after.ino(), before.ino());
    assert_eq!(after.mode(), before.mode());
    assert_eq!(attribute(&config, ACCESS).unwrap(), access);
    assert_eq!(attribute(&config, "user.note").unwrap(), b"kept");
    assert_eq!(attribute(&config, "user.large").unwrap(), large);
    assert!(!has_label || attribute(&config, "security.selinux").unwrap() == label);
}

#[test]
fn a_default_acl_does_not_widen_an_old_file() {
    let place = Place::new();
    let config = place.path("bundle/config.json");
    fs::set_permissions(&config, PermissionsExt::from_mode(0o640)).unwrap();
    if !set(&place.path("bundle"), DEFAULT, &acl(7, 7, 7, 7, 7)) {
        return;
    }
    place.edit("bundle");
    assert_eq!((mode(&config), attribute(&config, ACCESS)), (0o640, None));
    // It applies to a new file, as for any program.
    fs::write(place.path("bundle/by-hand"), "").unwrap();
    assert_eq!(place.inject(&["bundle", "-o", "bundle/new"]).0, Some(0));
    let (by_hand, new) = (place.path("bundle/by-hand"), place.path("bundle/new"));
    assert_eq!(
        (mode(&new), attribute(&new, ACCESS)),
        (mode(&by_hand), attribute(&by_hand, ACCESS))
    );
    assert!(attribute(&new, ACCESS).is_some());
}

#[test]
fn a_capability_is_not_copied_but_reported() {
    let place = Place::new();
    let config = place.path("bundle/config.json");
    // cap_net_raw+ep
    let capability = [[0x01, 0, 0, 0x02], [0, 0x20, 0, 0], [0; 4], [0; 4], [0; 4]].concat();
    if !set(&config, "security.capability", &capability) {
        return;
    }
    let (code, _, stderr) = place.inject(&["--in-place", "bundle"]);
    let want = "note: bundle/config.json: the attribute security.capability was not copied to the new file\n";
    assert_eq!((code, stderr.as_str()), (Some(0), want));
    assert_eq!(attribute(&config, "security.capability"), None);
}

#[test]
fn the_owner_stays_and_set_id_bits_go() {
    let place = Place::new();
    let config = place.path("bundle/config.json");
    if is_root() {
        chown(&config, Some(1234), Some(4321)).unwrap();
    }
    fs::set_permissions(&config, PermissionsExt::from_mode(0o6754)).unwrap();
    let before = fs::metadata(&config).unwrap();
    place.edit("bundle");
    let after = fs::metadata(&config).unwrap();
    assert_eq!((after.uid(), after.gid(), mode(&config)), (before.uid(), before.gid(), 0o754));
    // A set-group-ID directory does not change the group.
    fs::set_permissions(place.path("bundle"), PermissionsExt::from_mode(0o2755)).unwrap();
    assert_eq!(place.inject(&["--in-place", "bundle"]).0, Some(0));
    assert_eq!(fs::metadata(&config).unwrap().gid(), before.gid());
    // A file without write permission is replaced too.
    fs::set_permissions(&config, PermissionsExt::from_mode(0o400)).unwrap();
    assert_eq!(place.inject(&["--in-place", "bundle"]).0, Some(0));
    assert_eq!(mode(&config), 0o400);
}

#[test]
fn the_umask_decides_about_a_new_file() {
    let place = Place::new();
    for (umask, want) in [("077", 0o600), ("022", 0o644), ("000", 0o666)] {
        let script = format!(
            "umask {umask}; rm -f new; exec '{}' inject --hooks-dir hooks.d -o new bundle",
            env!("CARGO_BIN_EXE_oci-hooks")
        );
        let done = Command::new("sh").args(["-c", &script]).current_dir(place.path(".")).status();
        assert!(done.unwrap().success());
        assert_eq!(
            (mode(&place.path("new")), place.read("new").as_str()),
            (want, INJECTED),
            "{umask}"
        );
        // An existing file keeps its mode, independent of the umask.
        fs::set_permissions(place.path("new"), PermissionsExt::from_mode(0o604)).unwrap();
        let script = script.replace("rm -f new; ", "");
        let done = Command::new("sh").args(["-c", &script]).current_dir(place.path(".")).status();
        assert!(done.unwrap().success());
        assert_eq!(mode(&place.path("new")), 0o604);
    }
}

#[test]
fn hard_links_keep_the_old_content() {
    let place = Place::new();
    fs::hard_link(place.path("bundle/config.json"), place.path("other")).unwrap();
    place.edit("bundle");
    assert_eq!(place.read("bundle/config.json"), INJECTED);
    assert_eq!(place.read("other"), CONFIG);
    assert_eq!(place.names("bundle"), ["config.json"]);
}

#[test]
fn links_that_only_root_can_make_are_followed() {
    let place = Place::new();
    fs::create_dir(place.path("links")).unwrap();
    symlink("../bundle", place.path("links/directory")).unwrap();
    symlink("directory/../bundle/./config.json", place.path("links/file")).unwrap();
    symlink("links/file", place.path("link")).unwrap();
    place.edit("link");
    assert_eq!(place.read("bundle/config.json"), INJECTED);
    assert!(place.path("link").is_symlink() && place.path("links/file").is_symlink());
    symlink("loop", place.path("loop")).unwrap();
    let (code, _, stderr) = place.inject(&["-o", "loop", "bundle"]);
    assert_eq!(
        (code, stderr.as_str()),
        (Some(1), "error: loop: too many levels of symbolic links\n")
    );
}

#[test]
fn root_follows_no_link_of_another_user() {
    if !is_root() {
        println!(
            "SKIP: root_follows_no_link_of_another_user: only root is protected from other users"
        );
        return;
    }
    let place = Place::new();
    // Relative: an absolute one would lead through /tmp.
    symlink("bundle/config.json", place.path("link")).unwrap();
    symlink("bundle", place.path("directory")).unwrap();
    let assert_rejected = |why: &str, given: &str, link: &str| {
        let given = place.path(given);
        let link = place.path(link);
        let given = given.to_str().unwrap();
        for arguments in [&["--in-place", given][..], &["-o", given, "bundle"]] {
            let (code, _, stderr) = place.inject(arguments);
            assert_eq!(code, Some(1), "{why}: {stderr}");
            let want = format!("does not follow the symbolic link {}: ", link.display());
            assert!(stderr.contains(&want), "{why}: {stderr}");
        }
        assert_eq!(place.read("bundle/config.json"), CONFIG, "{why}");
    };
    let here = place.path(".");
    let restore = || {
        chown(&here, Some(0), Some(0)).unwrap();
        fs::set_permissions(&here, PermissionsExt::from_mode(0o755)).unwrap();
    };
    // The link is in a directory of another user, in a world-writable directory (also with the
    // sticky bit), or in one that a group may write.
    chown(&here, Some(1234), None).unwrap();
    assert_rejected("owner", "link", "link");
    assert_rejected("owner, a directory", "directory/config.json", "directory");
    restore();
    for mode in [0o757, 0o1777] {
        fs::set_permissions(&here, PermissionsExt::from_mode(mode)).unwrap();
        assert_rejected(&format!("{mode:o}"), "link", "link");
    }
    restore();
    chown(&here, None, Some(1234)).unwrap();
    fs::set_permissions(&here, PermissionsExt::from_mode(0o775)).unwrap();
    assert_rejected("group", "link", "link");
    restore();
    if set(&here, ACCESS, &acl(7, 7, 5, 7, 5)) {
        assert_rejected("ACL", "link", "link");
        rustix::fs::removexattr(&here, ACCESS).unwrap();
    }
    restore();
    // The link is in root's directory, but another user owns the parent and can move it.
    fs::create_dir_all(place.path("home/roots")).unwrap();
    fs::write(place.path("home/roots/config.json"), CONFIG).unwrap();
    symlink("config.json", place.path("home/roots/link")).unwrap();
    chown(place.path("home"), Some(1234), None).unwrap();
    assert_rejected("above", "home/roots/link", "home/roots/link");
    // The link leads through a directory of another user.
    fs::create_dir(place.path("home/bundle")).unwrap();
    fs::write(place.path("home/bundle/config.json"), CONFIG).unwrap();
    symlink("home/bundle/config.json", place.path("through")).unwrap();
    assert_rejected("through", "through", "through");
    // The same file can be edited by its own path.
    place.edit("home/bundle");
    assert_eq!(place.read("home/bundle/config.json"), INJECTED);
}

#[test]
fn names_may_be_as_long_as_the_system_allows() {
    let place = Place::new();
    let name = "n".repeat(255);
    fs::write(place.path(&name), CONFIG).unwrap();
    place.edit(&name);
    assert_eq!(place.read(&name), INJECTED);
    let longer = "n".repeat(256);
    let (code, _, stderr) = place.inject(&["-o", &longer, "bundle"]);
    assert_eq!(code, Some(1));
    assert!(stderr.starts_with(&format!("error: {longer}: file name too long")), "{stderr}");
}

#[test]
fn other_than_regular_files_are_rejected_without_waiting() {
    let place = Place::new();
    assert!(Command::new("mkfifo").arg(place.path("fifo")).status().unwrap().success());
    fs::remove_file(place.path("bundle/config.json")).unwrap();
    symlink("../fifo", place.path("bundle/config.json")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(place.path("socket")).unwrap();
    for path in ["fifo", "bundle", "hooks.d", "socket", "/dev/null", "/dev/tty", "/", ".", ".."] {
        if path == "hooks.d" {
            fs::create_dir(place.path("hooks.d/config.json")).unwrap();
        }
        let in_place = [&["--hooks-dir", "empty.d", "--in-place", path][..]].concat();
        for command in ["inject", "filter"] {
            let (code, _, stderr) = place.run(&[&[command], &in_place[..]].concat());
            assert_eq!(code, Some(1), "{path}: {stderr}");
            let is_right = stderr.contains(": only a regular file can be replaced\n")
                || stderr.contains(": is a directory")
                || stderr.contains(": no such file or directory");
            assert!(is_right, "{path}: {stderr}");
        }
    }
    // The user did not ask to wait for a FIFO that is a bundle's config.
    for command in ["inject", "explain", "filter"] {
        let (code, _, stderr) = place.run(&[command, "--hooks-dir", "empty.d", "bundle"]);
        assert_eq!(code, Some(1));
        assert!(stderr.contains("error: bundle/config.json: not a regular file\n"), "{stderr}");
    }
    // A FIFO that the user names is read and written; `<(command)` is a FIFO.
    let script = format!(
        "'{0}' inject --hooks-dir hooks.d <(echo '{{}}'); \
         cat fifo & '{0}' inject --hooks-dir hooks.d -o fifo <(printf '{{}}'); wait",
        env!("CARGO_BIN_EXE_oci-hooks")
    );
    fs::remove_dir(place.path("hooks.d/config.json")).unwrap();
    let output =
        Command::new("bash").args(["-c", &script]).current_dir(place.path(".")).output().unwrap();
    let (code, stdout, stderr) = support::outcome(&output);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert_eq!(stdout, format!("{INJECTED}\n{INJECTED}"));
}

#[test]
fn links_of_proc_lead_to_open_files() {
    let place = Place::new();
    let shell = |script: &str| {
        let script = script.replace(
            "INJECT",
            &format!("'{}' inject --hooks-dir hooks.d bundle", env!("CARGO_BIN_EXE_oci-hooks")),
        );
        support::outcome(
            &Command::new("bash")
                .args(["-c", &script])
                .current_dir(place.path("."))
                .output()
                .unwrap(),
        )
    };
    let done = (Some(0), INJECTED.to_owned(), String::new());
    // A pipe is written to.
    assert_eq!(shell("INJECT -o /dev/stdout | cat"), done);
    assert_eq!(shell("INJECT -o /proc/self/fd/1 | cat"), done);
    // A regular file is replaced by its name, if it has one.
    assert_eq!(shell("INJECT -o /dev/stdout > file; cat file"), done);
    let (code, _, stderr) = shell("exec > gone; rm gone; INJECT -o /dev/stdout");
    assert_eq!(code, Some(1));
    assert!(stderr.starts_with("error: /dev/stdout: "), "{stderr}");
    // Another file that has this name now is not replaced.
    let (code, _, stderr) =
        shell("exec > gone; rm gone; echo x > 'gone (deleted)'; INJECT -o /dev/stdout");
    assert_eq!((code, place.read("gone (deleted)").as_str()), (Some(1), "x\n"), "{stderr}");
}

#[test]
fn inputs_have_a_size_limit() {
    let place = Place::new();
    let endless = |arguments: &[&str], limit: u32| {
        let script = format!(
            "ulimit -v 500000; exec '{}' {}",
            env!("CARGO_BIN_EXE_oci-hooks"),
            arguments.join(" ")
        );
        for (script, name) in [
            (script.replace("FILE", "/dev/zero"), "/dev/zero"),
            (script.replace("FILE", "-") + " < /dev/zero", "standard input"),
        ] {
            let output = Command::new("bash")
                .args(["-c", &script])
                .current_dir(place.path("."))
                .stdin(Stdio::null())
                .output()
                .unwrap();
            let (code, _, stderr) = support::outcome(&output);
            let want = format!("error: {name}: the file is too large (the limit is {limit} MiB)\n");
            assert_eq!((code, stderr), (Some(1), want), "{script}");
        }
    };
    endless(&["migrate", "FILE"], 16);
    endless(&["inject", "--hooks-dir", "hooks.d", "FILE"], 64);
    endless(&["filter", "--hooks-dir", "hooks.d", "FILE"], 64);
    endless(&["explain", "--hooks-dir", "hooks.d", "FILE"], 64);
    endless(&["run", "--state", "FILE", "hooks.d/a.json"], 64);
    // A file of exactly the limit is read.
    let mut text = HOOK.to_owned();
    text.push_str(&" ".repeat((16 << 20) - text.len()));
    fs::write(place.path("large.json"), &text).unwrap();
    assert_eq!(place.run(&["migrate", "--in-place", "large.json"]).0, Some(0));
    text.push(' ');
    fs::write(place.path("large.json"), &text).unwrap();
    for arguments in [&["migrate", "--in-place", "large.json"][..], &["migrate", "large.json"]] {
        let (code, _, stderr) = place.run(arguments);
        let want = "error: large.json: the file is too large (the limit is 16 MiB)\n";
        assert_eq!((code, stderr.as_str()), (Some(1), want));
    }
}

#[test]
fn filter_notices_a_change_while_its_hooks_run() {
    let place = Place::new();
    let script = "#!/bin/sh\ncat\necho '{\"foreign\":1}' > config.json\n";
    fs::write(place.path("hook"), script).unwrap();
    fs::set_permissions(place.path("hook"), PermissionsExt::from_mode(0o755)).unwrap();
    let path = place.path("hook");
    let hook = HOOK.replace("/bin/true", path.to_str().unwrap()).replace("poststop", "precreate");
    fs::write(place.path("hooks.d/a.json"), hook).unwrap();
    fs::write(place.path("bundle/config.json"), "{\"a\": 1}").unwrap();
    // (A file is only written if the hook changes the config.)
    fs::write(place.path("hook"), script.replace("cat\n", "cat >/dev/null; echo '{\"b\":1}'\n"))
        .unwrap();
    let (code, _, stderr) =
        place.run(&["filter", "--hooks-dir", "hooks.d", "--in-place", "bundle"]);
    let want = "error: bundle/config.json: another process changed it in the meantime; it was not replaced\n";
    assert_eq!((code, stderr.as_str()), (Some(1), want));
    assert_eq!(place.read("bundle/config.json"), "{\"foreign\":1}\n");
}
