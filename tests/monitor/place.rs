//! The fixture: directories with a manager and its monitor.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use libhooks::{Change, ChangeKind, LogLevel, Manager, Monitor, Policy};

/// Longer than any test waits that passes.
pub const LONG: Option<Duration> = Some(Duration::from_secs(60));

pub struct Place {
    pub root: tempfile::TempDir,
    directories: Vec<PathBuf>,
    pub manager: Manager,
    pub monitor: Monitor,
    pub log: Arc<Mutex<Vec<String>>>,
}

impl Place {
    /// Makes these directories and watches them.
    pub fn new(directories: &[&str]) -> Place {
        Place::with(directories, Policy::LENIENT, |root| {
            for directory in directories {
                fs::create_dir_all(root.join(directory)).unwrap();
            }
        })
    }

    /// Watches these directories, after `prepare`.
    pub fn with(directories: &[&str], policy: Policy, prepare: impl FnOnce(&Path)) -> Place {
        Place::at(tempfile::tempdir().unwrap(), directories, policy, prepare)
    }

    /// Does the same in this directory.
    pub fn at(
        root: tempfile::TempDir,
        directories: &[&str],
        policy: Policy,
        prepare: impl FnOnce(&Path),
    ) -> Place {
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        prepare(root.path());
        let directories: Vec<PathBuf> =
            directories.iter().map(|name| root.path().join(name)).collect();
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&log);
        let builder = Manager::builder()
            .directories(&directories)
            .extension_stages(["precreate"])
            .policy(policy);
        let builder = builder.log(LogLevel::Debug, move |_, message, _| {
            lines.lock().unwrap().push(message.to_owned());
        });
        let manager = builder.load().unwrap();
        let monitor = manager.monitor().unwrap();
        let mut place = Place { root, directories, manager, monitor, log };
        // The reload with which every monitor starts.
        while !place.monitor.dispatch().unwrap_or(true) && place.manager.generation() < 2 {}
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes a hook file in one write, as editors and shells do.
    pub fn write(&self, name: &str, mark: &str) {
        fs::write(self.path(name), marked(mark)).unwrap();
    }

    /// Makes the file elsewhere, and renames it to its path.
    pub fn rename_in(&self, name: &str, mark: &str) {
        self.write(".elsewhere", mark);
        fs::rename(self.path(".elsewhere"), self.path(name)).unwrap();
    }

    /// Returns the hooks and problems of a new manager, and those that are in use.
    fn new_and_used(&self) -> [String; 2] {
        let builder =
            Manager::builder().directories(&self.directories).extension_stages(["precreate"]);
        let new = builder.policy(Policy::LENIENT).load().unwrap();
        [&new, &self.manager].map(|manager| {
            let list = manager.list();
            let marks = |hooks: Vec<(PathBuf, libhooks::Hook)>| format!("{hooks:?}");
            let used = marks(list.hooks.into_iter().map(|hook| (hook.path, hook.hook)).collect());
            let masked: Vec<String> =
                list.masked.iter().map(|masked| format!("{masked:?}")).collect();
            format!("{used}\n{masked:?}\n{:?}", manager.diagnostics())
        })
    }

    /// Waits until the hooks are those of a new manager, and returns the changes on the way.
    pub fn settle(&mut self) -> Vec<(ChangeKind, String)> {
        loop {
            let [new, used] = self.new_and_used();
            if new == used {
                break;
            }
            let reloaded = self.monitor.wait(LONG).unwrap();
            assert!(reloaded, "a new manager has\n{new}\nand this one\n{used}");
        }
        self.changes()
    }

    /// Waits until hooks or problems change, and returns the changes.
    pub fn changed(&mut self) -> Vec<(ChangeKind, String)> {
        assert!(self.monitor.wait(LONG).unwrap(), "nothing changes");
        self.changes()
    }

    pub fn changes(&mut self) -> Vec<(ChangeKind, String)> {
        let changes = self.monitor.changes().unwrap();
        changes.iter().map(|change| self.named(change)).collect()
    }

    /// Returns the kind of a change, and its path below the root.
    pub fn named(&self, change: &Change) -> (ChangeKind, String) {
        let path = change.path.strip_prefix(self.root.path()).unwrap_or(&change.path);
        (change.kind, path.display().to_string())
    }

    /// Returns the marks of the hooks, in order.
    pub fn marks(&self) -> Vec<String> {
        self.manager
            .list()
            .hooks
            .iter()
            .map(|listed| listed.hook.hook.args[1..].join(" "))
            .collect()
    }
}

/// Returns a hook that is identified by its argument.
pub fn marked(mark: &str) -> String {
    format!(
        r#"{{"version": "1.0.0", "hook": {{"path": "/bin/true", "args": ["true", "{mark}"], "env": ["A=b"]}}, "when": {{"always": true}}, "stages": ["poststop"]}}"#
    )
}

/// Returns a directory of an unprivileged user, and accesses files as that user in this thread:
/// file access uses the thread's fsuid, even if the process is root. Returns `None` if that is not
/// possible, or has no effect.
pub fn unprivileged() -> Option<tempfile::TempDir> {
    const NOBODY: u32 = 65534;
    let root = tempfile::tempdir().unwrap();
    let _ = std::os::unix::fs::chown(root.path(), Some(NOBODY), Some(NOBODY));
    become_user(NOBODY);
    fs::write(root.path().join("secret"), "").ok()?;
    fs::set_permissions(root.path().join("secret"), fs::Permissions::from_mode(0o000)).ok()?;
    fs::read(root.path().join("secret")).is_err().then_some(root)
}

/// Sets the user as whom this thread accesses files.
pub fn become_user(user: u32) {
    // SAFETY: setfsuid(2) takes a number, and affects only this thread.
    unsafe { libc::setfsuid(user) };
}

/// Returns a change in the form that [`Place::changes`] has.
pub fn change(kind: ChangeKind, path: &str) -> (ChangeKind, String) {
    (kind, path.to_owned())
}
