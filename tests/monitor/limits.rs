//! Kernel limits: watches and file descriptors that are refused.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use inotify::Inotify;
use libhooks::ChangeKind::{Added, Problem, Removed, Updated};
use libhooks::{Code, Errno, Policy};

use crate::place::{LONG, Place, become_user, change, marked, unprivileged};

/// Runs the test of this name again with this value of a limit, in its own user namespace, so that
/// other processes keep their limit. Returns whether this is that run.
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
    run(
        Command::new("unshare")
            .args(["-Ur", "sh", "-c", &script])
            .arg(std::env::current_exe().unwrap()),
        test,
    );
    false
}

/// Does the same, without a limit, for a test that needs its own process.
fn alone(test: &str) -> bool {
    if std::env::var_os("LIBHOOKS_LIMITED").is_some() {
        return true;
    }
    run(&mut Command::new(std::env::current_exe().unwrap()), test);
    false
}

fn run(command: &mut Command, test: &str) {
    let output = command
        .args(["--exact", test, "--nocapture"])
        .env("LIBHOOKS_LIMITED", "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn logged(place: &Place, text: &str) -> usize {
    place.log.lock().unwrap().iter().filter(|line| line.contains(text)).count()
}

#[test]
fn no_inotify_instance_is_left() {
    if !limited("limits::no_inotify_instance_is_left", "max_inotify_instances", 1) {
        return;
    }
    let taken = Inotify::init().unwrap();
    let mut place = Place::new(&["a", "b"]);
    // The first dispatch has returned that there are changes.
    let refused = place.monitor.changes().unwrap().remove(0);
    assert_eq!((refused.kind, refused.path), (Problem, place.path("a")));
    assert_eq!(refused.diagnostic.unwrap().code, Code::WatchRefused);
    assert_eq!(
        logged(&place, "inotify_init1: too many open files; falling back to polling every 1 s"),
        1
    );
    place.write("a/x.json", "x");
    assert_eq!(place.settle(), [change(Added, "a/x.json")]);
    place.write("a/x.json", "y");
    assert_eq!(place.settle(), [change(Updated, "a/x.json")]);
    place.rename_in("a/x.json", "z");
    assert_eq!(place.settle(), [change(Updated, "a/x.json")]);
    fs::remove_dir_all(place.path("a")).unwrap();
    assert_eq!(place.settle(), [change(Removed, "a/x.json")]);
    assert_eq!(logged(&place, "too many open files"), 1);

    drop(taken);
    while logged(&place, "inotify works again") == 0 {
        place.monitor.wait(Some(std::time::Duration::from_millis(100))).unwrap();
    }
    fs::create_dir(place.path("a")).unwrap();
    place.write("a/x.json", "x");
    assert_eq!(place.settle(), [change(Added, "a/x.json")]);
    assert_eq!(logged(&place, "falling back to polling"), 1);
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

/// A user who may pass through a directory, but may not list it, may not watch it.
#[test]
fn a_directory_above_that_cannot_be_watched() {
    let root = tempfile::tempdir().unwrap();
    fs::set_permissions(root.path(), fs::Permissions::from_mode(0o711)).unwrap();
    let Some(place) = unprivileged().filter(|_| fs::read_dir(root.path()).is_err()) else {
        println!("SKIP: this user can read every file");
        return;
    };
    let mut place = Place::at(place, &["a"], Policy::LENIENT, |place| {
        symlink(root.path().join("hooks.d"), place.join("a")).unwrap();
    });
    assert_eq!(place.changes().len(), 1);
    become_user(0);
    fs::create_dir(root.path().join("hooks.d")).unwrap();
    fs::write(root.path().join("hooks.d/x.json"), marked("x")).unwrap();
    become_user(65534);
    assert_eq!(place.settle()[0], change(Added, "a/x.json"));
}

/// A host that has no file descriptors left for a while keeps its hooks, gets a report, and has the
/// new hooks later.
#[test]
fn no_descriptor_is_left() {
    if !alone("limits::no_descriptor_is_left") {
        return;
    }
    let mut place = Place::new(&["a"]);
    place.write("a/x.json", "x");
    place.settle();
    place.write("a/y.json", "y");
    let mut taken = Vec::new();
    while let Ok(file) = fs::File::open("/dev/null") {
        taken.push(file);
    }
    assert!(place.monitor.wait(LONG).unwrap());
    let changes = place.changes();
    assert!(
        place
            .manager
            .reload()
            .is_err_and(|error| error.errno().map_or(0, Errno::raw_os_error) == libc::EMFILE)
    );
    assert_eq!(place.marks(), ["x"]);
    drop(taken);
    assert_eq!(changes, [change(Problem, "a/y.json")]);
    assert_eq!(place.settle(), [change(Added, "a/y.json")]);
    assert_eq!(logged(&place, "too many open files"), 1);
}

#[test]
fn without_inotify_a_root_is_polled() {
    if limited("limits::without_inotify_a_root_is_polled", "max_inotify_instances", 0) {
        let root = tempfile::tempdir().unwrap();
        let lines = crate::root::watch(root.path());
        assert!(lines.iter().any(|line| line.contains("falling back to polling")), "{lines:?}");
    }
}
