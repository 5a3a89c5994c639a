//! Checks how the command prints: each message with one write, and no result lost without an error.

use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};

const BIN: &str = env!("CARGO_BIN_EXE_oci-hooks");

/// Makes a directory with a good hook, and files that fail.
fn place() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let hook = r#"{"version": "1.0.0", "hook": {"path": "/bin/sh"}, "when": {"always": true}, "stages": ["poststop"]}"#;
    fs::create_dir(place.path().join("d")).unwrap();
    fs::create_dir(place.path().join("bad")).unwrap();
    fs::write(place.path().join("d/a.json"), hook).unwrap();
    fs::write(place.path().join("bad/a.json"), "{").unwrap();
    fs::write(place.path().join("bad/b.json"), hook.replace("poststop", "é\u{1b}")).unwrap();
    fs::write(place.path().join("c.json"), "{}").unwrap();
    place
}

/// A datagram socket keeps the data of each write separate.
#[test]
fn a_message_is_one_write() {
    let place = place();
    for (arguments, messages) in [
        (&["list", "--hooks-dir", "/nope/a/long/path"][..], 1),
        (&["inject", "--hooks-dir", "bad", "c.json"], 3),
        (&["lint", "d"], 1),
        (&["list", "--no-such-option"], 1),
        (&["run", "d/none.json"], 1),
    ] {
        let (reader, writer) = UnixDatagram::pair().unwrap();
        let mut command = Command::new(BIN);
        command
            .args(arguments)
            .current_dir(place.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command.stderr(OwnedFd::from(writer)).status().unwrap();
        drop(command);
        let mut written = Vec::new();
        let mut buffer = vec![0; 1 << 16];
        reader.set_nonblocking(true).unwrap();
        while let Ok(count @ 1..) = reader.recv(&mut buffer) {
            written.push(String::from_utf8(buffer[..count].to_vec()).unwrap());
        }
        let lines: usize = written.iter().map(|message| message.lines().count()).sum();
        assert!(
            written.iter().all(|message| message.ends_with('\n')),
            "{arguments:?}: {written:?}"
        );
        assert!(written.len() == messages || lines == written.len(), "{arguments:?}: {written:?}");
        assert!(!written.is_empty(), "{arguments:?}");
    }
}

/// Messages that quote megabytes of input are shortened; JSON is complete.
#[test]
fn long_quotations_are_shortened() {
    let place = place();
    let pattern = format!("({}", "a".repeat(1 << 20));
    let hook = format!(
        r#"{{"version": "1.0.0", "hook": {{"path": "/bin/sh"}}, "when": {{"commands": ["{pattern}"]}}, "stages": []}}"#
    );
    fs::write(place.path().join("bad/a.json"), hook).unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new(BIN).args(arguments).current_dir(place.path()).output().unwrap();
        (output.stdout.len(), output.stderr.len())
    };
    for arguments in [
        &["list", "--hooks-dir", "bad"][..],
        &["inject", "--hooks-dir", "bad", "c.json"],
        &["explain", "--hooks-dir", "bad", "c.json"],
        &["lint", "bad"],
        &["run", "bad/a.json"],
        &["list", "--hooks-dir", &"n".repeat(1 << 16)],
    ] {
        let (stdout, stderr) = run(arguments);
        assert!((1..40_000).contains(&(stdout + stderr)), "{arguments:?}: {stdout}, {stderr}");
    }
    assert!(run(&["list", "--json", "--hooks-dir", "bad"]).0 > 1 << 20);
}

/// Runs a command with a redirection of the shell. Returns its exit code and standard error.
fn redirected(arguments: &str, redirection: &str, place: &tempfile::TempDir) -> (i32, String) {
    let script = format!("exec \"$0\" {arguments} {redirection}");
    let output =
        Command::new("sh").args(["-c", &script, BIN]).current_dir(place.path()).output().unwrap();
    assert_eq!(output.stdout, b"");
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

const RESULTS: [&str; 14] = [
    "inject --hooks-dir d c.json",
    "inject --hooks-dir d --json c.json",
    "filter --hooks-dir d c.json",
    "filter --hooks-dir d --json c.json",
    "explain --hooks-dir d c.json",
    "explain --hooks-dir d --json c.json",
    "list --hooks-dir d",
    "list --hooks-dir d --json",
    "lint --format sarif d",
    "run --json d/a.json",
    "migrate d/a.json",
    "schema",
    "completion fish",
    "--help",
];

#[test]
fn a_result_that_cannot_be_printed_is_an_error() {
    let place = place();
    for arguments in RESULTS {
        for (redirection, reason) in
            [(">&-", "bad file descriptor"), (">/dev/full", "no space left on device")]
        {
            let (code, stderr) = redirected(arguments, redirection, &place);
            assert_eq!(code, 1, "{arguments} {redirection}: {stderr}");
            let message = format!("error: standard output: {reason}");
            assert!(stderr.contains(&message), "{arguments} {redirection}: {stderr}");
        }
        let (code, _) = redirected(arguments, ">/dev/null", &place);
        assert_eq!(code, 0, "{arguments}");
    }
}

/// A closed standard output is not an error if nothing is printed.
#[test]
fn files_need_no_standard_output() {
    let place = place();
    for arguments in
        ["inject --hooks-dir d --in-place c.json", "inject --hooks-dir d -o o.json c.json"]
    {
        let (code, stderr) = redirected(arguments, ">&-", &place);
        assert_eq!(code, 0, "{stderr}");
    }
    assert!(fs::read_to_string(place.path().join("c.json")).unwrap().contains("/bin/sh"));
    // std opens /dev/null for reading and writing in place of a closed standard output. If the user
    // opens it, that is not an error.
    let null = File::options().read(true).write(true).open("/dev/null").unwrap();
    let mut command = Command::new(BIN);
    assert!(command.args(["schema"]).stdout(null).status().unwrap().success());
}

/// Help has at most 100 columns, also in a pipe to a pager.
#[test]
fn help_has_short_lines() {
    let help = |arguments: &[&str]| {
        // The terminal may be wider.
        let output = Command::new(BIN).args(arguments).env("COLUMNS", "300").output().unwrap();
        assert!(output.status.success(), "{arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    for command in ["", "inject", "explain", "list", "lint", "run", "watch", "filter", "migrate"] {
        let arguments = ["help", command];
        let text = help(arguments.split_at(if command.is_empty() { 1 } else { 2 }).0);
        let longest = text.lines().max_by_key(|line| line.chars().count()).unwrap();
        assert!(longest.chars().count() <= 100, "{command}: {longest}");
    }
}
