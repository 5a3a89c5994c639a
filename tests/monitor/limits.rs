//! When the system refuses to watch.

use std::fs;
use std::process::Command;

use inotify::Inotify;
use libhooks::ChangeKind::{Added, Problem, Removed, Updated};
use libhooks::Policy;

use crate::place::{Place, told};

/// Runs the test of this name again, where a limit is that low: in a user namespace of its own, so that no other is
/// concerned. Returns whether this is that run.
fn limited(test: &str, limit: &str, value: u32) -> bool {
    if std::env::var_os("LIBHOOKS_LIMITED").is_some() {
        return true;
    }
    let script = format!("echo {value} > /proc/sys/user/{limit} && exec \"$0\" \"$@\"");
    let allowed = Command::new("unshare").args(["-Ur", "sh", "-c", &script, "true"]).status();
    if !allowed.is_ok_and(|status| status.success()) {
        println!("SKIP: limits need a user namespace");
        return false;
    }
    let status = Command::new("unshare")
        .args(["-Ur", "sh", "-c", &script])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env("LIBHOOKS_LIMITED", "1")
        .status();
    assert!(status.unwrap().success());
    false
}

fn logged(place: &Place, text: &str) -> usize {
    place.log.lock().unwrap().iter().filter(|line| line.contains(text)).count()
}

#[test]
fn no_instance_is_left() {
    if !limited("limits::no_instance_is_left", "max_inotify_instances", 1) {
        return;
    }
    let taken = Inotify::init().unwrap();
    let mut place = Place::new(&["a", "b"]);
    assert_eq!(place.changes(), [told(Problem, "a")]);
    assert_eq!(
        logged(&place, "inotify_init1: too many open files: hook files are looked at every 1 s instead"),
        1
    );
    place.write("a/x.json", "x");
    assert_eq!(place.settle(), [told(Added, "a/x.json")]);
    place.write("a/x.json", "y");
    assert_eq!(place.settle(), [told(Updated, "a/x.json")]);
    place.rename_in("a/x.json", "z");
    assert_eq!(place.settle(), [told(Updated, "a/x.json")]);
    fs::remove_dir_all(place.path("a")).unwrap();
    assert_eq!(place.settle(), [told(Removed, "a/x.json")]);
    assert_eq!(logged(&place, "too many open files"), 1);

    drop(taken);
    while logged(&place, "the system tells of changes to hook files again") == 0 {
        place.monitor.wait(Some(std::time::Duration::from_millis(100))).unwrap();
    }
    fs::create_dir(place.path("a")).unwrap();
    place.write("a/x.json", "x");
    assert_eq!(place.settle(), [told(Added, "a/x.json")]);
    assert_eq!(logged(&place, "hook files are looked at"), 1);
}

#[test]
fn no_watch_is_left() {
    if !limited("limits::no_watch_is_left", "max_inotify_watches", 2) {
        return;
    }
    let mut place = Place::new(&["a", "b"]);
    assert_eq!(place.changes().len(), 1);
    for directory in ["a", "b"] {
        let file = format!("{directory}/x.json");
        place.write(&file, "x");
        place.settle();
        place.write(&file, "y");
        place.settle();
        assert_eq!(place.marks(), ["y"]);
    }
    fs::remove_file(place.path("b/x.json")).unwrap();
    place.settle();
    assert_eq!(logged(&place, "inotify_add_watch: no space left on device"), 1);
}

/// Who may pass a directory but not list it, may not watch it.
#[test]
fn a_directory_above_that_cannot_be_watched() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    fs::set_permissions(root.path(), fs::Permissions::from_mode(0o711)).unwrap();
    // SAFETY: setfsuid(2) takes a number, and concerns this thread alone.
    unsafe { libc::setfsuid(65534) };
    if fs::read_dir(root.path()).is_ok() {
        println!("SKIP: who may read everything cannot be kept from it here");
        return;
    }
    let mut place = Place::with(&["a"], Policy::Lenient, false, |place| {
        std::os::unix::fs::symlink(root.path().join("hooks.d"), place.join("a")).unwrap();
    });
    assert_eq!(place.changes().len(), 1);
    // SAFETY: as above.
    unsafe { libc::setfsuid(0) };
    fs::create_dir(root.path().join("hooks.d")).unwrap();
    fs::write(root.path().join("hooks.d/x.json"), crate::place::marked("x")).unwrap();
    // SAFETY: as above.
    unsafe { libc::setfsuid(65534) };
    assert_eq!(place.settle(), [told(Added, "a/x.json")]);
}
