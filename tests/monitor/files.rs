//! Changes to hook files.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};

use libhooks::ChangeKind::{Added, Masked, Present, Problem, Removed, Resolved, Unmasked, Updated};
use libhooks::{Errno, ErrorKind, Policy};

use crate::place::{Place, change, marked, unprivileged};

#[test]
fn one_file_after_the_other_in_one_directory_and_in_two() {
    for directories in [&["a"][..], &["a", "b"]] {
        let mut place = Place::new(directories);
        for directory in directories {
            let file = |name: &str| format!("{directory}/{name}");
            place.write(&file("x.json"), "written");
            assert_eq!(place.settle(), [change(Added, &file("x.json"))]);
            place.write(&file("x.json"), "rewritten");
            assert_eq!(place.settle(), [change(Updated, &file("x.json"))]);
            let mut open = OpenOptions::new()
                .write(true)
                .truncate(true)
                .open(place.path(&file("x.json")))
                .unwrap();
            open.write_all(marked("truncated").as_bytes()).unwrap();
            drop(open);
            assert_eq!(place.settle(), [change(Updated, &file("x.json"))]);
            place.rename_in(&file("y.json"), "renamed in");
            assert_eq!(place.settle(), [change(Added, &file("y.json"))]);
            place.rename_in(&file("y.json"), "renamed over");
            assert_eq!(place.settle(), [change(Updated, &file("y.json"))]);
            fs::rename(place.path(&file("y.json")), place.path(&file("z.json"))).unwrap();
            assert_eq!(
                place.settle(),
                [change(Removed, &file("y.json")), change(Added, &file("z.json"))]
            );
            fs::rename(place.path(&file("z.json")), place.path("elsewhere")).unwrap();
            assert_eq!(place.settle(), [change(Removed, &file("z.json"))]);
            fs::hard_link(place.path("elsewhere"), place.path(&file("z.json"))).unwrap();
            assert_eq!(place.settle(), [change(Added, &file("z.json"))]);
            fs::remove_file(place.path(&file("z.json"))).unwrap();
            fs::remove_file(place.path(&file("x.json"))).unwrap();
            place.settle();
            assert!(place.marks().is_empty());
        }
    }
}

#[test]
fn files_mask_and_unmask_each_other() {
    let mut place = Place::new(&["a", "b"]);
    place.write("a/x.json", "low");
    place.settle();
    place.write("b/x.json", "high");
    assert_eq!(place.settle(), [change(Added, "b/x.json"), change(Masked, "a/x.json")]);
    assert_eq!(place.marks(), ["high"]);
    // A masked file is read, too.
    place.write("a/x.json", "lower");
    assert_eq!(place.changed(), [change(Updated, "a/x.json")]);
    // An invalid file masks nothing.
    fs::write(place.path("b/x.json"), "{").unwrap();
    let changes = place.settle();
    assert_eq!(changes[..2], [change(Removed, "b/x.json"), change(Unmasked, "a/x.json")]);
    // The error, and the warning that the override has no effect.
    assert_eq!(changes[2..], [change(Problem, "b/x.json"), change(Problem, "b/x.json")]);
    assert_eq!(place.marks(), ["lower"]);
    place.write("b/x.json", "high");
    place.settle();
    fs::remove_file(place.path("b/x.json")).unwrap();
    assert_eq!(place.settle(), [change(Removed, "b/x.json"), change(Unmasked, "a/x.json")]);
    assert_eq!(place.marks(), ["lower"]);
}

#[test]
fn a_file_that_becomes_unreadable_and_readable_again() {
    let Some(root) = unprivileged() else {
        println!("SKIP: this user can read every file");
        return;
    };
    let mut place =
        Place::at(root, &["a"], Policy::LENIENT, |root| fs::create_dir(root.join("a")).unwrap());
    place.write("a/x.json", "x");
    place.settle();
    // Another user than that of the process owns the file, which is a separate problem.
    let first = |changes: Vec<_>| changes.into_iter().next();
    for path in ["a/x.json", "a", ""] {
        fs::set_permissions(place.path(path), Permissions::from_mode(0o000)).unwrap();
        assert_eq!(first(place.settle()), Some(change(Removed, "a/x.json")), "{path}");
        let mode = if path == "a/x.json" { 0o644 } else { 0o755 };
        fs::set_permissions(place.path(path), Permissions::from_mode(mode)).unwrap();
        assert_eq!(first(place.settle()), Some(change(Added, "a/x.json")), "{path}");
    }
}

#[test]
fn a_file_that_is_written_between_loading_and_watching() {
    let mut place = Place::new(&["a"]);
    place.write("a/x.json", "x");
    let mut second = place.manager.monitor().unwrap();
    assert!(second.dispatch().unwrap());
    assert_eq!(second.changes().unwrap().len(), 1);
    // No change is reported twice.
    assert!(second.changes().unwrap().is_empty());
    place.settle();
}

#[test]
fn a_half_written_file_loads_when_it_is_complete() {
    let mut place = Place::new(&["a"]);
    place.write("a/other.json", "other");
    place.settle();
    let text = marked("whole");
    let (first, rest) = text.split_at(text.len() / 2);
    let mut file = File::create(place.path("a/x.json")).unwrap();
    file.write_all(first.as_bytes()).unwrap();
    assert_eq!(place.changed(), [change(Problem, "a/x.json")]);
    assert_eq!(place.marks(), ["other"]);
    file.write_all(rest.as_bytes()).unwrap();
    drop(file);
    assert_eq!(place.changed(), [change(Added, "a/x.json"), change(Resolved, "a/x.json")]);
    assert_eq!(place.marks(), ["other", "whole"]);
    place.settle();
}

#[test]
fn a_half_written_file_keeps_its_last_good_hook() {
    let mut place = Place::with(&["a"], Policy::Lenient { keep_last_good: true }, |root| {
        fs::create_dir(root.join("a")).unwrap();
        fs::write(root.join("a/x.json"), marked("old")).unwrap();
    });
    let text = marked("new");
    let (first, rest) = text.split_at(text.len() / 2);
    let mut file = File::create(place.path("a/x.json")).unwrap();
    file.write_all(first.as_bytes()).unwrap();
    assert_eq!(place.changed(), [change(Problem, "a/x.json")]);
    assert_eq!(place.marks(), ["old"]);
    file.write_all(rest.as_bytes()).unwrap();
    drop(file);
    assert_eq!(place.changed(), [change(Updated, "a/x.json"), change(Resolved, "a/x.json")]);
    assert_eq!(place.marks(), ["new"]);
    // A removed file is not an invalid one.
    fs::remove_file(place.path("a/x.json")).unwrap();
    assert_eq!(place.changed(), [change(Removed, "a/x.json")]);
}

#[test]
fn under_strict_the_old_snapshot_stays() {
    let mut place = Place::with(&["a"], Policy::Strict, |root| {
        fs::create_dir(root.join("a")).unwrap();
        fs::set_permissions(root.join("a"), Permissions::from_mode(0o755)).unwrap();
        fs::write(root.join("a/x.json"), marked("old")).unwrap();
        fs::set_permissions(root.join("a/x.json"), Permissions::from_mode(0o644)).unwrap();
    });
    fs::write(place.path("a/x.json"), "{").unwrap();
    let error = place.monitor.wait(crate::place::LONG).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::HookFile);
    assert_eq!(place.marks(), ["old"]);
    assert_eq!(place.changes(), [change(Problem, "a/x.json")]);
    place.write("a/x.json", "new");
    assert_eq!(place.changed(), [change(Updated, "a/x.json"), change(Resolved, "a/x.json")]);
    assert_eq!(place.marks(), ["new"]);
    // An executable that is only in a refused snapshot is watched, too.
    let named =
        |name: &str| marked("newer").replace("/bin/true", place.path(name).to_str().unwrap());
    let hook = named("late");
    fs::write(place.path("a/x.json"), hook).unwrap();
    let error = place.monitor.wait(crate::place::LONG).unwrap_err();
    assert_eq!(error.errno().map_or(0, Errno::raw_os_error), libc::ENOENT);
    fs::copy("/bin/true", place.path("late")).unwrap();
    assert_eq!(place.changed()[0], change(Updated, "a/x.json"));
    assert_eq!(place.marks(), ["newer"]);
}

#[test]
fn an_executable_that_comes_and_goes() {
    let mut place = Place::new(&["a"]);
    let hook = marked("x").replace("/bin/true", place.path("bin/sub/hook").to_str().unwrap());
    fs::write(place.path("a/x.json"), hook).unwrap();
    assert_eq!(place.settle(), [change(Problem, "a/x.json")]);
    fs::create_dir_all(place.path("bin/sub")).unwrap();
    fs::copy("/bin/true", place.path("bin/sub/hook")).unwrap();
    assert_eq!(place.settle(), [change(Added, "a/x.json"), change(Resolved, "a/x.json")]);
    fs::remove_file(place.path("bin/sub/hook")).unwrap();
    assert_eq!(place.settle(), [change(Removed, "a/x.json"), change(Problem, "a/x.json")]);
    symlink("/bin/true", place.path("bin/sub/hook")).unwrap();
    assert_eq!(place.settle(), [change(Added, "a/x.json"), change(Resolved, "a/x.json")]);
    fs::rename(place.path("bin"), place.path("bin.old")).unwrap();
    place.settle();
    assert!(place.marks().is_empty());
}

#[test]
fn a_symlinked_file_whose_target_changes() {
    let mut place = Place::new(&["a", "store/one", "store/two", "b"]);
    place.write("store/one/hook", "one");
    place.write("store/two/hook", "two");
    symlink("one", place.path("store/current")).unwrap();
    symlink("../store/current/hook", place.path("a/x.json")).unwrap();
    assert_eq!(place.settle(), [change(Added, "a/x.json")]);
    place.write("store/one/hook", "one again");
    assert_eq!(place.settle(), [change(Updated, "a/x.json")]);
    assert_eq!(place.marks(), ["one again"]);
    // The link in the middle, re-targeted atomically.
    symlink("two", place.path("store/new")).unwrap();
    fs::rename(place.path("store/new"), place.path("store/current")).unwrap();
    assert_eq!(place.settle(), [change(Updated, "a/x.json")]);
    place.write("store/two/hook", "two again");
    place.settle();
    assert_eq!(place.marks(), ["two again"]);
    // The symlink itself, to a target that does not exist at first.
    fs::remove_file(place.path("a/x.json")).unwrap();
    symlink("../store/three/hook", place.path("a/x.json")).unwrap();
    assert_eq!(place.settle(), [change(Removed, "a/x.json"), change(Problem, "a/x.json")]);
    fs::create_dir(place.path("store/three")).unwrap();
    place.write("store/three/hook", "three");
    assert_eq!(place.settle(), [change(Added, "a/x.json"), change(Resolved, "a/x.json")]);
}

/// Changes to other files cause no reload.
#[test]
fn other_files_are_left_alone() {
    let mut place = Place::new(&["a"]);
    place.write("a/x.json", "x");
    place.settle();
    let generation = place.manager.generation();
    for name in ["a/README", "a/.x.json.swp", "a/x.json~", "beside"] {
        place.write(name, "nothing");
        fs::remove_file(place.path(name)).unwrap();
    }
    File::open(place.path("a/x.json")).unwrap();
    assert!(!place.monitor.dispatch().unwrap());
    assert_eq!(place.manager.generation(), generation);
    // Writing the same content again is not a change.
    place.write("a/x.json", "x");
    place.write("a/y.json", "y");
    assert_eq!(place.settle(), [change(Added, "a/y.json")]);
}

/// A reload does not read files again whose metadata is the same, but it checks the metadata.
#[test]
fn a_file_that_is_changed_through_another_hard_link() {
    let mut place = Place::new(&["a"]);
    place.write("a/x.json", "x");
    fs::hard_link(place.path("a/x.json"), place.path("other")).unwrap();
    place.settle();
    fs::write(place.path("other"), marked("changed")).unwrap();
    // inotify reports nothing for the directory. The next event there leads to a reload, which
    // finds the change.
    place.write("a/y.json", "y");
    assert_eq!(place.settle(), [change(Updated, "a/x.json"), change(Added, "a/y.json")]);
}

/// The start of a report: what is there, before the first change.
#[test]
fn what_is_there_is_reported_first() {
    let mut place = Place::with(&["a", "b"], Policy::LENIENT, |root| {
        fs::create_dir(root.join("a")).unwrap();
        fs::create_dir(root.join("b")).unwrap();
        fs::write(root.join("a/x.json"), marked("low")).unwrap();
        fs::write(root.join("b/x.json"), marked("high")).unwrap();
        fs::write(root.join("b/bad.json"), "{").unwrap();
    });
    let present = |place: &Place| -> Vec<_> {
        let changes = place.monitor.present();
        changes.into_iter().map(|change| place.named(&change)).collect()
    };
    let start =
        [change(Present, "b/x.json"), change(Masked, "a/x.json"), change(Problem, "b/bad.json")];
    assert_eq!(present(&place), start);
    fs::remove_file(place.path("b/bad.json")).unwrap();
    assert_eq!(place.changed(), [change(Resolved, "b/bad.json")]);
    assert_eq!(present(&place), start[..2]);
}
