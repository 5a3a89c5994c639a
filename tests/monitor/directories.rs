//! Changes to hook directories, and to the paths that lead to them.

use std::fs;
use std::os::unix::fs::symlink;

use libhooks::ChangeKind::{Added, Removed, Resolved, Updated};
use libhooks::Policy;

use crate::place::{Place, change, marked};

/// Watches directories that do not exist yet.
fn missing(directories: &[&str]) -> Place {
    Place::with(directories, Policy::Compatible, |_| ())
}

#[test]
fn a_directory_that_is_missing_at_the_start() {
    let mut place = missing(&["a"]);
    fs::create_dir(place.path("a")).unwrap();
    place.write("a/x.json", "x");
    assert_eq!(place.settle(), [change(Added, "a/x.json")]);
}

#[test]
fn a_directory_whose_parents_are_missing() {
    let mut place = missing(&["one/two/three", "one/two/four"]);
    // One directory at a time, and several at once.
    fs::create_dir(place.path("one")).unwrap();
    assert!(!place.monitor.dispatch().unwrap());
    fs::create_dir_all(place.path("one/two/three")).unwrap();
    place.write("one/two/three/x.json", "x");
    assert_eq!(place.settle(), [change(Added, "one/two/three/x.json")]);
    fs::create_dir_all(place.path("one/two/four")).unwrap();
    place.write("one/two/four/y.json", "y");
    assert_eq!(place.settle(), [change(Added, "one/two/four/y.json")]);
    fs::remove_dir_all(place.path("one")).unwrap();
    place.settle();
    assert!(place.marks().is_empty());
    fs::create_dir_all(place.path("elsewhere/two/four")).unwrap();
    place.write("elsewhere/two/four/z.json", "z");
    fs::rename(place.path("elsewhere"), place.path("one")).unwrap();
    assert_eq!(place.settle(), [change(Added, "one/two/four/z.json")]);
}

#[test]
fn a_directory_that_is_removed_and_comes_back() {
    let mut place = Place::new(&["a", "b"]);
    for round in ["one", "two", "three"] {
        place.write("a/x.json", round);
        place.settle();
        assert_eq!(place.marks(), [round]);
        fs::remove_dir_all(place.path("a")).unwrap();
        if round != "two" {
            place.settle();
            assert!(place.marks().is_empty());
        }
        fs::create_dir(place.path("a")).unwrap();
    }
}

#[test]
fn a_directory_that_is_moved_away_and_back() {
    let mut place = Place::new(&["up/a"]);
    place.write("up/a/x.json", "x");
    place.settle();
    // The directory itself, and its parent.
    for path in ["up/a", "up"] {
        fs::rename(place.path(path), place.path("away")).unwrap();
        assert_eq!(place.settle(), [change(Removed, "up/a/x.json")], "{path}");
        let away = if path == "up" { "away/a/x.json" } else { "away/x.json" };
        place.write(away, "changed meanwhile");
        fs::rename(place.path("away"), place.path(path)).unwrap();
        assert_eq!(place.settle(), [change(Added, "up/a/x.json")], "{path}");
        place.write("up/a/x.json", "x");
        assert_eq!(place.settle(), [change(Updated, "up/a/x.json")], "{path}");
    }
    // A file in its place.
    fs::rename(place.path("up/a"), place.path("away")).unwrap();
    fs::write(place.path("up/a"), "no directory").unwrap();
    place.settle();
    fs::remove_file(place.path("up/a")).unwrap();
    fs::rename(place.path("away"), place.path("up/a")).unwrap();
    place.settle();
    assert_eq!(place.marks(), ["x"]);
}

#[test]
fn a_symlink_to_a_directory_that_is_retargeted() {
    let mut place = Place::with(&["link/hooks.d"], Policy::Compatible, |root| {
        for name in ["one", "two"] {
            fs::create_dir_all(root.join(name).join("hooks.d")).unwrap();
            fs::write(root.join(name).join("hooks.d/x.json"), marked(name)).unwrap();
        }
        symlink("one", root.join("link")).unwrap();
    });
    assert_eq!(place.marks(), ["one"]);
    // Atomically, and in two steps.
    symlink("two", place.path("new")).unwrap();
    fs::rename(place.path("new"), place.path("link")).unwrap();
    assert_eq!(place.settle(), [change(Updated, "link/hooks.d/x.json")]);
    assert_eq!(place.marks(), ["two"]);
    fs::remove_file(place.path("link")).unwrap();
    assert_eq!(place.settle(), [change(Removed, "link/hooks.d/x.json")]);
    symlink(place.path("one"), place.path("link")).unwrap();
    assert_eq!(place.settle(), [change(Added, "link/hooks.d/x.json")]);
    // The new target is watched, and the old one no longer.
    place.write("one/hooks.d/x.json", "one again");
    assert_eq!(place.settle(), [change(Updated, "link/hooks.d/x.json")]);
    let generation = place.manager.generation();
    place.write("two/hooks.d/x.json", "two again");
    assert!(!place.monitor.dispatch().unwrap());
    assert_eq!(place.manager.generation(), generation);
}

/// As the kubelet does it: the files are symlinks through `..data`, which is a symlink to a
/// directory with a time in its name.
#[test]
fn a_config_map_that_is_swapped_repeatedly() {
    let fill = |root: &std::path::Path, version: usize| {
        let directory = root.join(format!("a/..version_{version}"));
        fs::create_dir_all(&directory).unwrap();
        for name in ["x.json", "y.json"] {
            fs::write(directory.join(name), marked(&format!("{name} {version}"))).unwrap();
        }
        symlink(format!("..version_{version}"), root.join("a/..data_tmp")).unwrap();
        fs::rename(root.join("a/..data_tmp"), root.join("a/..data")).unwrap();
    };
    let mut place = Place::with(&["a"], Policy::Compatible, |root| {
        fill(root, 0);
        for name in ["x.json", "y.json"] {
            symlink(format!("..data/{name}"), root.join("a").join(name)).unwrap();
        }
    });
    assert_eq!(place.marks(), ["x.json 0", "y.json 0"]);
    for version in 1..=10 {
        fill(place.root.path(), version);
        fs::remove_dir_all(place.path(&format!("a/..version_{}", version - 1))).unwrap();
        assert_eq!(place.settle(), [change(Updated, "a/x.json"), change(Updated, "a/y.json")]);
        assert_eq!(place.marks(), [format!("x.json {version}"), format!("y.json {version}")]);
    }
    // Several in a row, without a dispatch.
    for version in 11..=20 {
        fill(place.root.path(), version);
    }
    place.settle();
    assert_eq!(place.marks(), ["x.json 20", "y.json 20"]);
}

/// inotify has one watch for two paths of the same directory.
#[test]
fn two_paths_to_one_directory() {
    let mut place = Place::with(&["real", "link", "real/../real"], Policy::LENIENT, |root| {
        fs::create_dir(root.join("real")).unwrap();
        symlink("real", root.join("link")).unwrap();
    });
    place.write("real/x.json", "x");
    place.settle();
    fs::remove_file(place.path("link")).unwrap();
    place.settle();
    place.write("real/x.json", "y");
    assert_eq!(
        place.settle(),
        [change(Updated, "real/../real/x.json")].map(|(kind, _)| change(kind, "real/x.json"))
    );
    // A directory inside the other one.
    fs::create_dir(place.path("link")).unwrap();
    place.write("link/z.json", "z");
    assert_eq!(place.settle(), [change(Added, "link/z.json")]);
}

#[test]
fn dangling_and_circular_links() {
    let mut place = missing(&["circular", "dangling", ""]);
    symlink("circular", place.path("circular")).unwrap();
    symlink("missing/hooks.d", place.path("dangling")).unwrap();
    place.settle();
    fs::create_dir_all(place.path("missing/hooks.d")).unwrap();
    place.write("missing/hooks.d/x.json", "x");
    assert_eq!(place.settle(), [change(Added, "dangling/x.json")]);
    fs::remove_file(place.path("circular")).unwrap();
    fs::create_dir(place.path("circular")).unwrap();
    place.write("circular/y.json", "y");
    assert_eq!(place.settle(), [change(Added, "circular/y.json"), change(Resolved, "circular")]);
}
