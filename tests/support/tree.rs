//! Hook directories in a temporary directory, and the results of loading them.
// Each test binary uses only a part of it.
#![allow(dead_code)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use libhooks::{Code, Error, Manager, Policy, Severity};

pub const GOOD: &str = r#"{"version": "1.0.0", "hook": {"path": "/bin/true", "env": ["A=b"]}, "when": {"always": true}, "stages": ["poststop"]}"#;
pub const MISSING: &str = r#"{"version": "1.0.0", "hook": {"path": "/nonexistent/hook", "env": ["A=b"]}, "when": {"always": true}, "stages": ["poststop"]}"#;

/// Hook directories in a temporary directory.
pub struct Tree {
    pub root: tempfile::TempDir,
}

impl Tree {
    pub fn new() -> Tree {
        let root = tempfile::tempdir().unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Tree { root }
    }

    pub fn directory(&self, name: &str) -> PathBuf {
        let path = self.root.path().join(name);
        fs::create_dir_all(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    pub fn file(&self, directory: &str, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.directory(directory).join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        path
    }

    pub fn load(&self, directories: &[&str], policy: Policy) -> Result<Manager, Error> {
        let paths = directories.iter().map(|name| self.root.path().join(name));
        Manager::builder().directories(paths).policy(policy).load()
    }
}

/// Returns a hook with `mark` as its argument, to distinguish it from other hooks.
pub fn marked(mark: &str) -> String {
    format!(
        r#"{{"version": "1.0.0", "hook": {{"path": "/bin/true", "args": ["true", "{mark}"], "env": ["A=b"]}}, "when": {{"always": true}}, "stages": ["poststop"]}}"#
    )
}

/// Returns the marks of the hooks, in the order of injection.
pub fn marks(manager: &Manager) -> Vec<String> {
    manager.list().hooks.iter().map(|listed| listed.hook.hook.args[1..].join(" ")).collect()
}

pub fn codes(manager: &Manager) -> Vec<Code> {
    manager.diagnostics().iter().map(|diagnostic| diagnostic.code).collect()
}

pub fn error_codes(error: &Error) -> Vec<Code> {
    let errors =
        error.diagnostics().iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    errors.map(|diagnostic| diagnostic.code).collect()
}
