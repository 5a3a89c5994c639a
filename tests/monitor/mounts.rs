//! Mounts over a directory, which inotify does not report.

use std::ffi::CString;
use std::fs;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;

use libhooks::ChangeKind::{Added, Removed};
use libhooks::Policy;

use crate::place::{Place, change};

/// Gives this thread its own mount namespace.
fn own_mount_namespace() -> bool {
    // SAFETY: unshare(2) takes a number, and CLONE_NEWNS affects only this thread; mount(2) gets
    // strings and NULL.
    unsafe {
        libc::unshare(libc::CLONE_NEWNS) == 0
            && libc::mount(
                ptr::null(),
                c"/".as_ptr(),
                ptr::null(),
                libc::MS_REC | libc::MS_PRIVATE,
                ptr::null(),
            ) == 0
    }
}

fn mount(source: Option<&Path>, target: &Path) {
    let string = |path: &Path| CString::new(path.as_os_str().as_bytes()).unwrap();
    let (from, target) = (string(source.unwrap_or(Path::new("tmpfs"))), string(target));
    let flags = if source.is_some() { libc::MS_BIND } else { 0 };
    let mode = c"mode=755".as_ptr().cast();
    // SAFETY: strings that outlive the call.
    let result =
        unsafe { libc::mount(from.as_ptr(), target.as_ptr(), c"tmpfs".as_ptr(), flags, mode) };
    assert_eq!(result, 0, "{}", std::io::Error::last_os_error());
}

fn unmount(target: &Path) {
    let target = CString::new(target.as_os_str().as_bytes()).unwrap();
    // SAFETY: a string that outlives the call.
    assert_eq!(unsafe { libc::umount2(target.as_ptr(), libc::MNT_DETACH) }, 0);
}

#[test]
fn a_mount_over_a_directory_over_its_parent_and_over_a_file() {
    if !own_mount_namespace() {
        println!("SKIP: mounts need root");
        return;
    }
    let mut place = Place::new(&["up/a"]);
    place.write("up/a/x.json", "x");
    fs::create_dir_all(place.path("other/a")).unwrap();
    place.write("other/a/y.json", "y");
    place.settle();
    let (directory, up, file) = (place.path("up/a"), place.path("up"), place.path("up/a/x.json"));

    mount(None, &directory);
    assert_eq!(place.settle(), [change(Removed, "up/a/x.json")]);
    place.write("up/a/z.json", "z");
    assert_eq!(place.settle(), [change(Added, "up/a/z.json")]);
    unmount(&directory);
    assert_eq!(place.settle(), [change(Removed, "up/a/z.json"), change(Added, "up/a/x.json")]);

    mount(Some(&place.path("other")), &up);
    assert_eq!(place.settle(), [change(Removed, "up/a/x.json"), change(Added, "up/a/y.json")]);
    place.write("other/a/y.json", "changed through its other path");
    place.settle();
    unmount(&up);
    assert_eq!(place.settle(), [change(Removed, "up/a/y.json"), change(Added, "up/a/x.json")]);

    mount(Some(&place.path("other/a/y.json")), &file);
    place.settle();
    assert_eq!(place.marks(), ["changed through its other path"]);
    unmount(&file);
    place.settle();
    assert_eq!(place.marks(), ["x"]);
}

/// A missing directory is made in a file system that was mounted over its parent meanwhile.
#[test]
fn a_mount_over_the_parent_of_a_missing_directory() {
    if !own_mount_namespace() {
        println!("SKIP: mounts need root");
        return;
    }
    let mut place =
        Place::with(&["up/a"], Policy::LENIENT, |root| fs::create_dir(root.join("up")).unwrap());
    mount(None, &place.path("up"));
    // The mount is noticed, but changes no hook.
    assert!(!place.monitor.dispatch().unwrap());
    fs::create_dir(place.path("up/a")).unwrap();
    place.write("up/a/x.json", "x");
    assert_eq!(place.settle(), [change(Added, "up/a/x.json")]);
    unmount(&place.path("up"));
    assert_eq!(place.settle(), [change(Removed, "up/a/x.json")]);
}

/// A mount is reported even if any code has polled the file descriptor before.
#[test]
fn a_mount_that_is_polled_more_than_once() {
    if !own_mount_namespace() {
        println!("SKIP: mounts need root");
        return;
    }
    let mut place = Place::new(&["a", "other"]);
    place.write("a/x.json", "x");
    place.settle();
    let descriptor = place.monitor.as_fd().as_raw_fd();
    let readable = |timeout| {
        let mut entry = libc::pollfd { fd: descriptor, events: libc::POLLIN, revents: 0 };
        // SAFETY: one entry.
        unsafe { libc::poll(&mut entry, 1, timeout) == 1 }
    };
    while readable(100) {
        place.monitor.dispatch().unwrap();
    }
    // A bind mount of a directory of the same file system: only the table of mounts shows it.
    mount(Some(&place.path("other")), &place.path("a"));
    for _ in 0..3 {
        assert!(readable(60_000));
    }
    assert!(place.monitor.dispatch().unwrap());
    assert_eq!(place.changes(), [change(Removed, "a/x.json")]);
}
