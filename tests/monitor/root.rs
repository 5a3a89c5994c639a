//! A monitor of hooks in another root.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use libhooks::{ChangeKind, Manager, Monitor, Policy, Root};

use crate::place::LONG;

fn hook(program: &str) -> String {
    format!(
        r#"{{"version": "1.0.0", "hook": {{"path": "{program}"}}, "when": {{"always": true}}, "stages": []}}"#
    )
}

/// Waits for changes, and returns the kind and path of each that is no problem.
fn changes(monitor: &mut Monitor) -> Vec<(ChangeKind, String)> {
    loop {
        assert!(monitor.wait(LONG).unwrap());
        let changes = monitor.changes().unwrap().into_iter();
        let changes: Vec<_> = changes
            .filter(|change| change.diagnostic.is_none())
            .map(|change| (change.kind, change.path.display().to_string()))
            .collect();
        if !changes.is_empty() {
            return changes;
        }
    }
}

/// Changes files in a root, and expects the changes of the hooks.
pub fn watch(root: &Path) -> Vec<String> {
    for directory in ["hooks.d", "srv", "opt"] {
        fs::create_dir(root.join(directory)).unwrap();
    }
    fs::write(root.join("opt/one"), "").unwrap();
    fs::write(root.join("srv/old"), hook("/opt/one")).unwrap();
    symlink("/srv/target", root.join("hooks.d/link.json")).unwrap();
    let lines = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let written = std::sync::Arc::clone(&lines);
    let builder = Manager::builder().root(Root::open(root).unwrap()).directory("/hooks.d");
    let builder =
        builder.policy(Policy::LENIENT).log(libhooks::LogLevel::Info, move |_, message, _| {
            written.lock().unwrap().push(message.to_owned())
        });
    let manager = builder.load().unwrap();
    let mut monitor = manager.monitor().unwrap();
    monitor.dispatch().unwrap();
    monitor.changes().unwrap();

    let change = |kind: ChangeKind, path: &str| vec![(kind, path.to_owned())];
    fs::write(root.join("hooks.d/a.json"), hook("/opt/one")).unwrap();
    assert_eq!(changes(&mut monitor), change(ChangeKind::Added, "/hooks.d/a.json"));
    // A file and a directory of the absolute link's target.
    symlink("/srv/old", root.join("srv/target")).unwrap();
    assert_eq!(changes(&mut monitor), change(ChangeKind::Added, "/hooks.d/link.json"));
    fs::write(root.join("srv/old"), hook("/opt/two")).unwrap();
    assert_eq!(changes(&mut monitor), change(ChangeKind::Removed, "/hooks.d/link.json"));
    // The program that the hook needs.
    fs::write(root.join("opt/two"), "").unwrap();
    assert_eq!(changes(&mut monitor), change(ChangeKind::Added, "/hooks.d/link.json"));
    fs::remove_file(root.join("opt/one")).unwrap();
    assert_eq!(changes(&mut monitor), change(ChangeKind::Removed, "/hooks.d/a.json"));
    drop(monitor);
    std::mem::take(&mut *lines.lock().unwrap())
}

#[test]
fn events_are_those_of_files_in_the_root() {
    let root = tempfile::tempdir().unwrap();
    let lines = watch(root.path());
    assert!(!lines.iter().any(|line| line.contains("polling")), "{lines:?}");
}
