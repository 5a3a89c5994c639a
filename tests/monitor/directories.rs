//! What happens to directories, and to what leads there.

use std::fs;
use std::os::unix::fs::symlink;

use libhooks::ChangeKind::{Added, Removed, Updated};
use libhooks::Policy;

use crate::place::{Place, marked, told};

/// Watches what is not there yet.
fn missing(directories: &[&str]) -> Place {
    Place::with(directories, Policy::Compatible, |_| ())
}

#[test]
fn a_directory_that_is_missing_at_the_start() {
    let mut place = missing(&["a"]);
    fs::create_dir(place.path("a")).unwrap();
    place.write("a/x.json", "x");
    assert_eq!(place.settle(), [told(Added, "a/x.json")]);
}

#[test]
fn a_directory_whose_parents_are_missing() {
    let mut place = missing(&["one/two/three", "one/two/four"]);
    // Step by step, and all at once.
    fs::create_dir(place.path("one")).unwrap();
    assert!(!place.monitor.dispatch().unwrap());
    fs::create_dir_all(place.path("one/two/three")).unwrap();
    place.write("one/two/three/x.json", "x");
    assert_eq!(place.settle(), [told(Added, "one/two/three/x.json")]);
    fs::create_dir_all(place.path("one/two/four")).unwrap();
    place.write("one/two/four/y.json", "y");
    assert_eq!(place.settle(), [told(Added, "one/two/four/y.json")]);
    fs::remove_dir_all(place.path("one")).unwrap();
    place.settle();
    assert!(place.marks().is_empty());
    fs::create_dir_all(place.path("elsewhere/two/four")).unwrap();
    place.write("elsewhere/two/four/z.json", "z");
    fs::rename(place.path("elsewhere"), place.path("one")).unwrap();
    assert_eq!(place.settle(), [told(Added, "one/two/four/z.json")]);
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
    // It, and what it is in.
    for path in ["up/a", "up"] {
        fs::rename(place.path(path), place.path("away")).unwrap();
        assert_eq!(place.settle(), [told(Removed, "up/a/x.json")], "{path}");
        let away = if path == "up" { "away/a/x.json" } else { "away/x.json" };
        place.write(away, "changed meanwhile");
        fs::rename(place.path("away"), place.path(path)).unwrap();
        assert_eq!(place.settle(), [told(Added, "up/a/x.json")], "{path}");
        place.write("up/a/x.json", "x");
        assert_eq!(place.settle(), [told(Updated, "up/a/x.json")], "{path}");
    }
    // Something else in its place.
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
    // Atomically, and not.
    symlink("two", place.path("new")).unwrap();
    fs::rename(place.path("new"), place.path("link")).unwrap();
    assert_eq!(place.settle(), [told(Updated, "link/hooks.d/x.json")]);
    assert_eq!(place.marks(), ["two"]);
    fs::remove_file(place.path("link")).unwrap();
    assert_eq!(place.settle(), [told(Removed, "link/hooks.d/x.json")]);
    symlink(place.path("one"), place.path("link")).unwrap();
    assert_eq!(place.settle(), [told(Added, "link/hooks.d/x.json")]);
    // What it leads to is watched, and what it led to does not matter any more.
    place.write("one/hooks.d/x.json", "one again");
    assert_eq!(place.settle(), [told(Updated, "link/hooks.d/x.json")]);
    let generation = place.manager.generation();
    place.write("two/hooks.d/x.json", "two again");
    assert!(!place.monitor.dispatch().unwrap());
    assert_eq!(place.manager.generation(), generation);
}

/// As the kubelet does it: the files are links through `..data`, which is a link to a directory
/// with a time in its name.
#[test]
fn a_config_map_that_is_swapped_again_and_again() {
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
        assert_eq!(place.settle(), [told(Updated, "a/x.json"), told(Updated, "a/y.json")]);
        assert_eq!(place.marks(), [format!("x.json {version}"), format!("y.json {version}")]);
    }
    // In a row, with nobody looking.
    for version in 11..=20 {
        fill(place.root.path(), version);
    }
    place.settle();
    assert_eq!(place.marks(), ["x.json 20", "y.json 20"]);
}

/// inotify gives two paths of one directory one watch.
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
        [told(Updated, "real/../real/x.json")].map(|(kind, _)| told(kind, "real/x.json"))
    );
    // One within the other.
    fs::create_dir(place.path("link")).unwrap();
    place.write("link/z.json", "z");
    assert_eq!(place.settle(), [told(Added, "link/z.json")]);
}

#[test]
fn links_that_lead_nowhere_or_round() {
    let mut place = missing(&["round", "nowhere", ""]);
    symlink("round", place.path("round")).unwrap();
    symlink("missing/hooks.d", place.path("nowhere")).unwrap();
    place.settle();
    fs::create_dir_all(place.path("missing/hooks.d")).unwrap();
    place.write("missing/hooks.d/x.json", "x");
    assert_eq!(place.settle(), [told(Added, "nowhere/x.json")]);
    fs::remove_file(place.path("round")).unwrap();
    fs::create_dir(place.path("round")).unwrap();
    place.write("round/y.json", "y");
    assert_eq!(place.settle(), [told(Added, "round/y.json")]);
}
