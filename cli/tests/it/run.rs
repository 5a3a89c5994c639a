//! Runs `oci-hooks run` as users do, and ends `run` and `filter` by signals.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Instant;

const STATE: &str = r#"{"ociVersion": "1.0.2", "id": "", "status": "created", "bundle": "/b"}"#;
pub const CONFIG: &str = "{\"process\": {\"args\": [\"sh\"]}, \"x\": 1e400}\n";

pub struct Place(pub tempfile::TempDir);

impl Place {
    /// Makes a directory `d` with a hook file for each shell script.
    pub fn new(stage: &str, scripts: &[(&str, &str)]) -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        fs::create_dir(place.path("d")).unwrap();
        for (name, script) in scripts {
            let args = serde_json::json!(["sh", "-c", script]);
            let hook = format!(
                r#"{{"version": "1.0.0", "hook": {{"path": "/bin/sh", "args": {args}, "env": ["PATH=/bin:/usr/bin"]}},
                "when": {{"annotations": {{"^run$": "yes"}}}}, "stages": ["{stage}"]}}"#
            );
            fs::write(place.path("d").join(name), hook).unwrap();
        }
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().unwrap()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oci-hooks"));
        command.args(arguments).current_dir(self.0.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Returns the exit code, standard output and standard error.
    pub fn run(&self, arguments: &[&str], input: &str) -> (i32, String, String) {
        let mut child = self.start(arguments);
        // A command that fails early does not read all of its input.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        outcome(child.wait_with_output().unwrap())
    }

    /// Filters the config of an annotated container.
    pub fn filter(&self, arguments: &[&str]) -> (i32, String, String) {
        let all = [&["filter", "--hooks-dir", "d", "--annotation", "run=yes"], arguments].concat();
        self.run(&all, CONFIG)
    }
}

pub fn outcome(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_hook_reads_its_state_and_its_output_is_passed_on() {
    let place = Place::new("poststop", &[("a.json", "cat; echo oh >&2; exit $CODE")]);
    fs::write(place.path("state.json"), STATE).unwrap();
    for arguments in
        [&["run", "d/a.json", "--state", "-"][..], &["run", "--state", "state.json", "d/a.json"]]
    {
        let (code, stdout, stderr) = place.run(arguments, STATE);
        assert_eq!((code, stdout.as_str()), (0, STATE), "{stderr}");
        let lines: Vec<&str> = stderr.lines().collect();
        let [running, oh, done] = lines[..] else { panic!("{stderr}") };
        let arguments = r#"["-c", "cat; echo oh >&2; exit $CODE"]"#;
        let want = format!(
            r#"running: /bin/sh, name "sh", arguments {arguments}, env ["PATH=/bin:/usr/bin"]"#
        );
        assert_eq!(running, want);
        assert_eq!(oh, "oh");
        assert!(done.starts_with("done: exit status 0 after "), "{done}");
    }
    let (code, stdout, _) = place.run(&["run", "--json", "--state=state.json", "d/a.json"], "");
    let result: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        (code, &result["exitStatus"], &result["error"]),
        (0, &0.into(), &serde_json::Value::Null)
    );
    assert_eq!(
        (&result["stdout"]["tail"], &result["stderr"]["tail"]),
        (&STATE.into(), &"oh\n".into())
    );
    assert_eq!(result["env"], serde_json::json!(["PATH=/bin:/usr/bin"]));
    assert_eq!(result["warnings"], serde_json::json!([]));
}

#[test]
fn run_says_what_the_hook_reads() {
    let place = Place::new("poststop", &[("a.json", "true")]);
    let precreate = fs::read_to_string(place.path("d/a.json")).unwrap();
    let replace = |stages| precreate.replace(r#"["poststop"]"#, stages);
    fs::write(place.path("d/filter.json"), replace(r#"["precreate"]"#)).unwrap();
    fs::write(place.path("d/both.json"), replace(r#"["precreate", "poststop"]"#)).unwrap();
    for (hook, want) in [("a", "state"), ("filter", "config"), ("both", "state or config")] {
        let (code, _, stderr) = place.run(&["run", &format!("d/{hook}.json")], "");
        let want = format!(
            "note: the hook reads an empty standard input; --state FILE gives it the container's \
             {want}\nrunning: "
        );
        assert!(code == 0 && stderr.starts_with(&want), "{stderr}");
    }
    let not_a_state = "this is not a container's state: ";
    for (hook, input, want) in [
        ("a", STATE, String::new()),
        ("a", r#"{"ociVersion": "1", "id": "", "status": "x", "pid": 1}"#, String::new()),
        ("a", "", format!(" {not_a_state}it is empty [not-a-state]")),
        ("a", " \n", format!(" {not_a_state}it is empty [not-a-state]")),
        ("a", "id: a", format!(" {not_a_state}it is not JSON [not-a-state]")),
        ("a", "3", " this is a number, not a container's state [not-a-state]".to_owned()),
        ("a", "[{}]", " this is an array, not a container's state [not-a-state]".to_owned()),
        ("a", "{}", format!(" {not_a_state}it has no string \"ociVersion\" [not-a-state]")),
        (
            "a",
            r#"{"ociVersion": "1", "id": 3, "status": "x"}"#,
            format!(" {not_a_state}it has no string \"id\" [not-a-state]"),
        ),
        (
            "a",
            r#"{"id": "a", "status": "x", "bundle": "/b"}"#,
            format!(" {not_a_state}it has no string \"ociVersion\" [not-a-state]"),
        ),
        (
            "a",
            CONFIG,
            " this is a container's config, not a container's state [not-a-state]".into(),
        ),
        (
            "a",
            r#"[{"Id": "a", "Config": {}}]"#,
            " this is the output of podman inspect or docker inspect, not a container's state \
             [not-a-state]"
                .to_owned(),
        ),
        ("filter", CONFIG, String::new()),
        ("filter", "{}", String::new()),
        (
            "filter",
            STATE,
            "1:35: this is a container's state, not a container's config; the config is the file \
             /b/config.json [not-a-config]"
                .to_owned(),
        ),
        (
            "filter",
            "",
            "1:1: the file is empty or has only whitespace [json-unexpected-end]".to_owned(),
        ),
        ("filter", "starting", "1:1: expected a value, found 's' [json-syntax]".to_owned()),
        ("both", STATE, String::new()),
        ("both", CONFIG, String::new()),
    ] {
        let hook = format!("d/{hook}.json");
        let (code, _, stderr) = place.run(&["run", "--state", "-", &hook], input);
        let first = stderr.lines().next().unwrap();
        if want.is_empty() {
            assert!(code == 0 && first.starts_with("running: "), "{input}: {stderr}");
        } else {
            assert_eq!(first, format!("warning: standard input:{want}"), "{input}");
        }
        let (_, stdout, _) = place.run(&["run", "--json", "--state", "-", &hook], input);
        let result: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        let warnings: Vec<String> =
            (!want.is_empty()).then(|| format!("standard input:{want}")).into_iter().collect();
        assert_eq!(result["warnings"], serde_json::json!(warnings), "{input}");
    }
    // A state that cannot be read is an error, and the hook does not run.
    let (code, _, stderr) = place.run(&["run", "--state", "d", "d/a.json"], "");
    assert!(code == 1 && stderr.starts_with("error: d: "), "{stderr}");
}

#[test]
fn run_shows_the_name_apart_from_the_arguments() {
    let place = Place::new("poststop", &[]);
    for (args, want) in [
        (r#"[]"#, "/bin/true"),
        (r#"["/bin/true"]"#, "/bin/true"),
        (r#"["true"]"#, r#"/bin/true, name "true", no arguments"#),
        (r#"["--debug"]"#, r#"/bin/true, name "--debug", no arguments"#),
        (r#"["/bin/true", "a b"]"#, r#"/bin/true, arguments ["a b"]"#),
        (r#"["-c", "x"]"#, r#"/bin/true, name "-c", arguments ["x"]"#),
    ] {
        let hook = format!(
            r#"{{"version": "1.0.0", "hook": {{"path": "/bin/true", "args": {args}, "env": ["A=b"],
            "timeout": 9}}, "when": {{"always": true}}, "stages": ["poststop"]}}"#
        );
        fs::write(place.path("d/a.json"), hook).unwrap();
        let (_, _, stderr) = place.run(&["run", "d/a.json"], "");
        let want = format!("running: {want}, env [\"A=b\"], timeout 9 s");
        assert!(stderr.lines().any(|line| line == want), "{args}: {stderr}");
    }
}

#[test]
fn a_timeout_is_reported_in_one_line() {
    let place = Place::new("precreate", &[("a.json", "echo late >&2; exec sleep 60")]);
    let hook = fs::read_to_string(place.path("d/a.json")).unwrap();
    let timeout = "\"timeout\": 1, \"args\"";
    fs::write(place.path("d/a.json"), hook.replacen("\"args\"", timeout, 1)).unwrap();
    let (code, _, stderr) = place.run(&["run", "d/a.json", "--state", "-"], CONFIG);
    let lines: Vec<&str> = stderr.lines().skip(1).collect();
    assert_eq!((code, &lines[..]), (1, &["late", "error: killed after its timeout of 1 s"][..]));
    let message = "error: a.json (/bin/sh): killed after its timeout of 1 s\n";
    assert_eq!(place.filter(&[]), (1, String::new(), format!("late\n{message}")));
    fs::write(place.path("d/a.json"), hook).unwrap();
    let message = message.replace("1 s", "0.25 s");
    let done = place.filter(&["--timeout", "0.25"]);
    assert_eq!(done, (1, String::new(), format!("late\n{message}")));
}

#[test]
fn a_hook_without_env_is_noted() {
    let place = Place::new("poststop", &[]);
    for (env, noted) in [("", true), (r#", "env": []"#, true), (r#", "env": ["A=b"]"#, false)] {
        let file = format!(
            r#"{{"version": "1.0.0", "hook": {{"path": "/usr/bin/env"{env}}},
                "when": {{"always": true}}, "stages": ["poststop"]}}"#
        );
        fs::write(place.path("d/a.json"), file).unwrap();
        let (code, stdout, stderr) = place.run(&["run", "d/a.json"], "");
        assert_eq!((code, stdout.as_str()), (0, if noted { "" } else { "A=b\n" }), "{stderr}");
        // A runtime may give the hook another environment than this command does.
        let note = r#"note: the hook has no "env": its environment is empty here, but a runtime"#;
        assert_eq!(stderr.contains(note), noted, "{stderr}");
        assert_eq!(stderr.contains(r#"write "env": ["PATH="#), noted, "{stderr}");
    }
}

#[test]
fn a_hook_that_fails_fails_the_command() {
    let place = Place::new(
        "precreate",
        &[("a.json", "exit 3"), ("b.json", "exec sleep 60"), ("c.json", "pwd")],
    );
    let (code, stdout, stderr) = place.run(&["run", "d/a.json"], "");
    assert_eq!((code, stdout.as_str()), (1, ""));
    assert!(stderr.ends_with("error: executing [sh -c exit 3]: exit status 3\n"), "{stderr}");
    let (code, _, stderr) = place.run(&["run", "--timeout", "0.05", "d/b.json"], "");
    let end = ", timeout 0.05 s\nerror: killed after its timeout of 0.05 s\n";
    assert!(code == 1 && stderr.ends_with(end), "{stderr}");
    let (code, stdout, _) = place.run(&["run", "--dir", "/usr", "d/c.json"], "");
    assert_eq!((code, stdout.as_str()), (0, "/usr\n"));
    // An error has its path and position.
    fs::write(place.path("bad.json"), "{\"version\": \"1.0.0\",\n \"hook\": 3}").unwrap();
    for (arguments, want) in [
        (&["run", "bad.json"][..], "bad.json:2:10: error: "),
        (&["run", "none.json"], "none.json: error: "),
        (&["run", "d/a.json", "--state", "none"], "error: none: "),
        (&["run", "d/a.json", "--dir", "none"], "error: chdir none: no such file or directory"),
    ] {
        let (code, stdout, stderr) = place.run(arguments, "");
        assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
        assert!(stderr.lines().last().unwrap().starts_with(want), "{stderr}");
    }
    for timeout in ["x", "-1", "nan", "1e99"] {
        assert_eq!(place.run(&["run", "d/a.json", &format!("--timeout={timeout}")], "").0, 2);
    }
}

/// `lint`, `explain`, `run` and `filter` say the same about a program that cannot run.
#[test]
fn a_program_that_cannot_run_has_one_reason() {
    let place = Place::new("precreate", &[("a.json", "exit 0")]);
    let program = place.path("program");
    for (content, code) in [
        ("#!/nowhere/sh\n", "missing-interpreter"),
        ("#!/bin/sh\r\nexit 0\r\n", "missing-interpreter"),
        ("exit 0\n", "no-shebang"),
        ("#!/usr/bin/env sh -e\nexit 0\n", "bad-shebang"),
        ("", "truncated-executable"),
    ] {
        fs::write(&program, content).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let file = serde_json::json!({
            "version": "1.0.0",
            "hook": {"path": program, "env": ["PATH=/usr/bin:/bin"]},
            "when": {"always": true},
            "stages": ["precreate"],
        });
        fs::write(place.path("d/a.json"), file.to_string()).unwrap();
        fs::write(place.path("config.json"), r#"{"process": {"args": ["sh"]}}"#).unwrap();
        let (_, stdout, _) = place.run(&["lint", "--format", "gcc", "d/a.json"], "");
        let (_, reason) = stdout.split_once(" warning: ").unwrap();
        let reason = reason.lines().next().unwrap();
        assert!(reason.ends_with(&format!(" [{code}]")), "{stdout}");
        for (arguments, status) in [
            (&["explain", "--extension-stage=precreate", "--hooks-dir=d", "config.json"][..], 0),
            (&["run", "d/a.json"], 1),
            (&["filter", "--hooks-dir", "d", "config.json"], 1),
        ] {
            let (code, stdout, stderr) = place.run(arguments, "");
            assert_eq!(code, status, "{arguments:?}: {stderr}");
            let said = format!(": {reason}");
            assert!(format!("{stdout}{stderr}").contains(&said), "{arguments:?}: {stdout}{stderr}");
        }
        // Programs get the code; the message is still there for people.
        let (status, stdout, stderr) = place.run(&["run", "--json", "d/a.json"], "");
        let object: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!((status, object["diagnostics"][0]["code"].as_str()), (1, Some(code)));
        assert!(object["exitStatus"] == 127 || stderr.contains(&format!(": {reason}")), "{stderr}");
    }
}

#[test]
fn signals_end_the_hook_and_all_its_processes() {
    let script = "sleep 1000 & echo $! > pid.new; mv pid.new pid; wait";
    let place = Place::new("precreate", &[("a.json", script)]);
    fs::write(place.path("config.json"), CONFIG).unwrap();
    let filter = ["filter", "--hooks-dir", "d", "--annotation", "run=yes", "config.json"];
    for arguments in [&["run", "d/a.json"][..], &filter] {
        for (signal, want) in [("HUP", 129), ("INT", 130), ("QUIT", 131), ("TERM", 143)] {
            let child = place.start(arguments);
            let pid = await_content(&place.path("pid"));
            send(signal, &child);
            let (code, stdout, stderr) = outcome(child.wait_with_output().unwrap());
            assert_eq!((code, stdout.as_str()), (want, ""), "{stderr}");
            assert!(stderr.contains("context canceled"), "{stderr}");
            await_end(pid.trim());
            fs::remove_file(place.path("pid")).unwrap();
        }
    }
}

#[test]
fn no_hook_outlives_the_command() {
    let place = Place::new(
        "precreate",
        &[("a.json", "echo $$ > pid.new; mv pid.new pid; exec sleep 1000")],
    );
    let kill = |signals: &[&str]| {
        let mut child = place.start(&["run", "d/a.json"]);
        let pid = await_content(&place.path("pid"));
        fs::remove_file(place.path("pid")).unwrap();
        signals.iter().for_each(|signal| send(signal, &child));
        let status = child.wait().unwrap();
        // The command has ended, so the hook must have ended too.
        (pid.trim().to_owned(), status.code(), status.signal())
    };
    for _ in 0..20 {
        let (pid, code, signal) = kill(&["TERM", "HUP"]);
        assert!(!is_running(&pid), "it lives on after TERM and HUP");
        // The second signal may come after the hook has ended, and then ends the command.
        assert!(
            matches!((code, signal), (Some(143 | 129), None) | (None, Some(1))),
            "{code:?} {signal:?}"
        );
    }
    let (pid, code, _) = kill(&["TSTP", "TERM", "CONT"]);
    assert!(!is_running(&pid) && code == Some(143), "{code:?}");
    // After these signals, no process waits for the hook.
    for signal in ["KILL", "USR1", "ABRT"] {
        await_end(&kill(&[signal]).0);
    }
}

#[test]
fn a_stop_stops_the_hook_too() {
    let place = Place::new(
        "precreate",
        &[("a.json", "echo $$ > pid.new; mv pid.new pid; read -r x < fifo")],
    );
    assert!(Command::new("mkfifo").arg(place.path("fifo")).status().unwrap().success());
    // The system ignores SIGTSTP in an orphaned process group, and the group of the tests may be
    // one. A new group is not orphaned: its parent is in another group of the session.
    let child = place.command(&["run", "d/a.json"]).process_group(0).spawn().unwrap();
    let pid = await_content(&place.path("pid"));
    let command = child.id().to_string();
    send("TSTP", &child);
    for process in [pid.trim(), &command] {
        await_state(process, 'T');
    }
    send("CONT", &child);
    await_state(pid.trim(), 'S');
    fs::write(place.path("fifo"), "\n").unwrap();
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0));
}

#[test]
fn a_reader_that_stops_reading_does_not_delay_the_end() {
    let place = Place::new("precreate", &[("a.json", "yes")]);
    let mut child = place.start(&["run", "--timeout", "0.1", "d/a.json"]);
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert!(stderr.contains("killed after its timeout of 0.1 s"), "{stderr}");
    assert_eq!(child.wait().unwrap().code(), Some(1));
    // Closing the pipe ends the hook, as in any pipeline.
    let mut child = place.start(&["run", "d/a.json"]);
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn once_the_hooks_have_ended_a_signal_ends_the_command() {
    let place = Place::new("precreate", &[("a.json", "echo $$ > pid.new; mv pid.new pid; cat")]);
    fs::write(place.path("config.json"), CONFIG).unwrap();
    assert!(Command::new("mkfifo").arg(place.path("fifo")).status().unwrap().success());
    let mut child = place.start(&[
        "filter",
        "--hooks-dir",
        "d",
        "--annotation",
        "run=yes",
        "-o",
        "fifo",
        "config.json",
    ]);
    await_end(await_content(&place.path("pid")).trim());
    // The command waits for a reader of the FIFO. The first signal may come before it waits; then
    // another signal ends it.
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(start.elapsed().as_secs() < 10);
        send("TERM", &child);
        std::thread::yield_now();
    }
}

#[test]
fn an_ignored_signal_stays_ignored() {
    let place = Place::new(
        "precreate",
        &[("a.json", "echo $PPID > pid.new; mv pid.new pid; read -r x < fifo")],
    );
    assert!(Command::new("mkfifo").arg(place.path("fifo")).status().unwrap().success());
    let script = format!("trap '' INT; exec '{}' run d/a.json", env!("CARGO_BIN_EXE_oci-hooks"));
    let child =
        Command::new("sh").args(["-c", &script]).current_dir(place.0.path()).spawn().unwrap();
    await_content(&place.path("pid"));
    send("INT", &child);
    fs::write(place.path("fifo"), "\n").unwrap();
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0));
}

fn send(signal: &str, child: &Child) {
    assert!(
        Command::new("kill")
            .args(["-s", signal, &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
}

/// Waits for a file that appears complete, and returns its content.
fn await_content(path: &Path) -> String {
    let start = Instant::now();
    loop {
        match fs::read_to_string(path) {
            Ok(text) => return text,
            Err(error) => assert!(start.elapsed().as_secs() < 10, "{}: {error}", path.display()),
        }
        std::thread::yield_now();
    }
}

/// Waits until a process is in this state.
fn await_state(pid: &str, want: char) {
    let start = Instant::now();
    let state = || {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(") ").next().and_then(|rest| rest.chars().next())
    };
    while state() != Some(want) {
        assert!(start.elapsed().as_secs() < 10, "{pid} is in state {:?}, not {want}", state());
        std::thread::yield_now();
    }
}

/// Waits until a process has ended. It was killed, but the kernel may end it later.
fn await_end(pid: &str) {
    let start = Instant::now();
    while is_running(pid) {
        assert!(start.elapsed().as_secs() < 10, "{pid}");
        std::thread::yield_now();
    }
}

/// Returns whether a process exists and is not a zombie.
fn is_running(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ")
        .next()
        .is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z') && !rest.starts_with('X'))
}
