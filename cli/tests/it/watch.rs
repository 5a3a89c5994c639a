//! Runs `oci-hooks watch` as users do. The tests wait for its output; they never sleep.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};

const HOOK: &str = r#"{"version": "1.0.0", "hook": {"path": "/bin/true", "env": ["A=b"]}, "when": {"always": true}, "stages": ["poststop"]}"#;

struct Watching {
    root: tempfile::TempDir,
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
    stderr: BufReader<ChildStderr>,
}

impl Watching {
    /// Starts to watch `d`, which need not exist, and waits for the line "watching".
    fn new(arguments: &[&str], prepare: impl FnOnce(PathBuf)) -> Watching {
        let root = tempfile::tempdir().unwrap();
        prepare(root.path().join("d"));
        let mut child = Command::new(env!("CARGO_BIN_EXE_oci-hooks"))
            .args(["watch", "--hooks-dir", "d"])
            .args(arguments)
            .current_dir(root.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().map(BufReader::new);
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.starts_with("watching: ") {
            line.clear();
            assert!(stderr.read_line(&mut line).unwrap() > 0, "it ended without a message");
        }
        Watching { root, child, stdout, stderr }
    }

    fn write(&self, name: &str, content: &str) {
        let directory = self.root.path().join("d");
        fs::create_dir_all(&directory).unwrap();
        // The file appears complete, so that it is one change.
        let new = self.root.path().join("new");
        fs::write(&new, content).unwrap();
        fs::rename(new, directory.join(name)).unwrap();
    }

    /// Returns the next line without its time.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.as_mut().unwrap().read_line(&mut line).unwrap();
        let line = line.trim_end();
        if let Some(hint) = line.strip_prefix(&" ".repeat(32)) {
            return hint.to_owned();
        }
        if let Some(json) = line.strip_prefix(r#"{"time":""#) {
            let (time, rest) = json.split_at(20);
            assert_is_time(time);
            return format!("{{{}", rest.strip_prefix("\",").unwrap());
        }
        let (time, rest) = line.split_at(20);
        assert_is_time(time);
        rest.strip_prefix("  ").unwrap().to_owned()
    }

    fn end(mut self, signal: &str) -> ExitStatus {
        let sent =
            Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let status = self.child.wait().unwrap();
        let mut rest = String::new();
        self.stderr.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
        status
    }
}

/// Checks that this is a time of today, or of the days around it.
fn assert_is_time(time: &str) {
    let date = |days: &str| {
        let output = Command::new("date").args(["-u", "-d", days, "+%F"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let dates = [date("-1 day"), date("now"), date("1 day")];
    assert!(dates.iter().any(|date| time.starts_with(date.as_str())), "{time}");
    let digits = |c: char| if c.is_ascii_digit() { '0' } else { c };
    assert_eq!(time.chars().map(digits).collect::<String>(), "0000-00-00T00:00:00Z");
}

fn empty(directory: PathBuf) {
    fs::create_dir(directory).unwrap();
}

#[test]
fn changes_are_printed_as_they_happen() {
    let mut watching = Watching::new(&[], empty);
    watching.write("a.json", HOOK);
    assert_eq!(watching.line(), "added     d/a.json");
    watching.write("a.json", &HOOK.replace("poststop", "poststart"));
    assert_eq!(watching.line(), "updated   d/a.json");
    watching.write("b.json", "{");
    assert_eq!(
        watching.line(),
        "problem   d/b.json:1:2: error: the JSON is incomplete [json-unexpected-end]"
    );
    assert_eq!(watching.line(), "hint: add the missing closing quote, bracket or brace");
    watching.write("b.json", &HOOK.replace("/bin/true", "/nonexistent"));
    let incomplete = "d/b.json:1:2: error: the JSON is incomplete [json-unexpected-end]";
    assert_eq!(watching.line(), format!("resolved  {incomplete}"));
    assert!(watching.line().starts_with("problem   d/b.json:1:"));
    assert_eq!(watching.line(), "hint: install the executable, or correct the hook's path");
    fs::remove_dir_all(watching.root.path().join("d")).unwrap();
    assert_eq!(watching.line(), "removed   d/a.json");
    assert!(watching.line().starts_with("resolved  d/b.json:1:"));
    assert_eq!(watching.end("-INT").code(), Some(130));
}

#[test]
fn a_missing_directory_is_awaited_and_json_is_one_object_per_line() {
    let mut watching = Watching::new(&["--json"], |_| ());
    watching.write("a.json", HOOK);
    assert_eq!(watching.line(), r#"{"change":"added","path":"d/a.json"}"#);
    watching.write("b.json", "{");
    let line: serde_json::Value = serde_json::from_str(&watching.line()).unwrap();
    assert_eq!(line["change"], "problem");
    assert_eq!(line["diagnostic"]["code"], "json-unexpected-end");
    assert_eq!(watching.end("-TERM").code(), Some(143));
}

/// After a reload that fails, watching continues.
#[test]
fn strict_continues_after_an_error() {
    let mut watching = Watching::new(&["--policy", "strict"], empty);
    watching.write("a.json", "{");
    assert!(watching.line().starts_with("problem   d/a.json:1:2: "));
    assert!(watching.line().starts_with("hint: "));
    watching.write("a.json", HOOK);
    assert_eq!(watching.line(), "added     d/a.json");
    assert!(watching.line().starts_with("resolved  d/a.json:1:2: "));
    assert_eq!(watching.end("-INT").code(), Some(130));
}

/// The output starts with what is there, in the order of injection.
#[test]
fn what_is_there_at_the_start_is_printed() {
    let prepare = |directory: PathBuf| {
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join("b.json"), HOOK).unwrap();
        fs::write(directory.join("a.json"), HOOK.replace("poststop", "poststart")).unwrap();
        fs::write(directory.join("c.json"), "{").unwrap();
    };
    let mut watching = Watching::new(&["--policy", "lenient"], prepare);
    let problem = "d/c.json:1:2: error: the JSON is incomplete [json-unexpected-end]";
    assert_eq!(watching.line(), "present   d/a.json");
    assert_eq!(watching.line(), "present   d/b.json");
    assert_eq!(watching.line(), format!("problem   {problem}"));
    assert!(watching.line().starts_with("hint: "));
    watching.write("c.json", &HOOK.replace("poststop", "createRuntime"));
    assert_eq!(watching.line(), "added     d/c.json");
    assert_eq!(watching.line(), format!("resolved  {problem}"));
    watching.end("-INT");

    let mut watching = Watching::new(&["--json", "--policy", "lenient"], prepare);
    assert_eq!(watching.line(), r#"{"change":"present","path":"d/a.json"}"#);
    assert_eq!(watching.line(), r#"{"change":"present","path":"d/b.json"}"#);
    let mut next = || serde_json::from_str::<serde_json::Value>(&watching.line()).unwrap();
    let problem = next();
    assert_eq!(problem["change"], "problem");
    fs::remove_file(watching.root.path().join("d/c.json")).unwrap();
    let line: serde_json::Value = serde_json::from_str(&watching.line()).unwrap();
    assert_eq!(
        (&line["change"], &line["diagnostic"]),
        (&"resolved".into(), &problem["diagnostic"])
    );
    watching.end("-INT");
}

#[test]
fn control_characters_in_a_name_are_escaped() {
    let mut watching = Watching::new(&[], empty);
    watching.write("\u{1b}[31m.json", HOOK);
    assert_eq!(watching.line(), r"added     d/\u{1b}[31m.json");
    watching.end("-INT");
}

#[test]
fn a_closed_pipe_ends_the_command() {
    let mut watching = Watching::new(&[], empty);
    watching.stdout = None;
    watching.write("a.json", HOOK);
    assert_eq!(watching.child.wait().unwrap().code(), Some(0));
}
