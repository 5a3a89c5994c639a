//! A directory with hooks and configs to run the command in.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub const HOOK: &str = r#"{"version": "1.0.0", "hook": {"path": "/bin/true", "env": ["A=b"]}, "when": {"always": true}, "stages": ["poststop"]}"#;
pub const CONFIG: &str = "{}";
pub const INJECTED: &str = r#"{"hooks":{"poststop":[{"path":"/bin/true","env":["A=b"]}]}}"#;

pub struct Place {
    root: tempfile::TempDir,
}

impl Place {
    /// Makes `hooks.d` with one hook, and `bundle` with a config.
    pub fn new() -> Place {
        Place::within(&std::env::temp_dir())
    }

    pub fn within(directory: &Path) -> Place {
        let place = Place { root: tempfile::tempdir_in(directory).unwrap() };
        fs::create_dir(place.path("hooks.d")).unwrap();
        fs::write(place.path("hooks.d/a.json"), HOOK).unwrap();
        fs::create_dir(place.path("bundle")).unwrap();
        fs::write(place.path("bundle/config.json"), CONFIG).unwrap();
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Returns the names in a directory, sorted.
    pub fn names(&self, directory: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(directory)).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oci-hooks"));
        command.args(arguments).current_dir(self.root.path()).stdin(Stdio::null());
        command
    }

    /// Returns the exit code, standard output and standard error.
    pub fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        outcome(&self.command(arguments).output().unwrap())
    }

    pub fn inject(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        self.run(&[&["inject", "--hooks-dir", "hooks.d"], arguments].concat())
    }

    /// Injects in place, which must succeed without a message.
    pub fn edit(&self, config: &str) {
        let done = self.inject(&["--in-place", config]);
        assert_eq!(done, (Some(0), String::new(), String::new()));
    }
}

pub fn outcome(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Runs the command in a directory with this standard input.
pub fn run(directory: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_oci-hooks"))
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that fails early does not read all of its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}
