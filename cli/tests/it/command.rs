//! Runs the command as users do, and checks standard streams, files and exit codes.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::support::run;

const CONFIG: &str = "{ \"process\": {\"args\": [\"sh\"]}, \"future\": 1e400 }\n";
const INJECTED: &str = "{ \"process\": {\"args\": [\"sh\"]}, \"future\": 1e400,\"hooks\":{\"poststop\":[{\"path\":\"/bin/true\"}]} }\n";

struct Place {
    root: tempfile::TempDir,
}

impl Place {
    /// Makes a hook directory `d` with these files.
    fn new(files: &[(&str, &str)]) -> Place {
        let place = Place { root: tempfile::tempdir().unwrap() };
        fs::create_dir(place.path("d")).unwrap();
        for (name, content) in files {
            fs::write(place.path("d").join(name), content).unwrap();
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn run(&self, arguments: &[&str], input: &str) -> Output {
        run(self.root.path(), arguments, input)
    }
}

fn good() -> Place {
    Place::new(&[("a.json", &hook(r#"{"commands": ["^sh$"]}"#, r#"["poststop"]"#))])
}

fn hook(when: &str, stages: &str) -> String {
    format!(
        r#"{{"version": "1.0.0", "hook": {{"path": "/bin/true"}}, "when": {when}, "stages": {stages}}}"#
    )
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Returns the exit code, standard output and standard error.
fn outcome(output: &Output) -> (i32, String, String) {
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn inject_from_stdin_files_and_bundles() {
    let place = good();
    for arguments in [&["inject", "--hooks-dir", "d"][..], &["inject", "--hooks-dir", "d", "-"]] {
        assert_eq!(outcome(&place.run(arguments, CONFIG)), (0, INJECTED.into(), String::new()));
    }
    fs::create_dir(place.path("bundle")).unwrap();
    fs::write(place.path("bundle/config.json"), CONFIG).unwrap();
    for config in ["bundle", "bundle/config.json"] {
        let output = place.run(&["inject", "--hooks-dir", "d", config], "");
        assert_eq!(outcome(&output), (0, INJECTED.into(), String::new()));
    }
    let output = place.run(&["inject", "--hooks-dir", "d", "bundle", "-o", "new.json"], "");
    assert_eq!(outcome(&output), (0, String::new(), String::new()));
    assert_eq!(fs::read_to_string(place.path("new.json")).unwrap(), INJECTED);
    assert_eq!(fs::read_to_string(place.path("bundle/config.json")).unwrap(), CONFIG);
}

#[test]
fn in_place_keeps_mode_owner_and_link() {
    let place = good();
    fs::create_dir(place.path("bundle")).unwrap();
    fs::write(place.path("real.json"), CONFIG).unwrap();
    fs::set_permissions(place.path("real.json"), fs::Permissions::from_mode(0o640)).unwrap();
    // Only root can change the owner; for other users it stays.
    let _ = std::os::unix::fs::chown(place.path("real.json"), Some(1234), Some(1234));
    symlink("../real.json", place.path("bundle/config.json")).unwrap();
    let before = fs::metadata(place.path("real.json")).unwrap();
    let output = place.run(&["inject", "--hooks-dir", "d", "--in-place", "bundle"], "");
    assert_eq!(outcome(&output), (0, String::new(), String::new()));
    let after = fs::metadata(place.path("real.json")).unwrap();
    assert_eq!(fs::read_to_string(place.path("bundle/config.json")).unwrap(), INJECTED);
    assert!(place.path("bundle/config.json").is_symlink());
    assert_eq!(
        (after.mode(), after.uid(), after.gid()),
        (before.mode(), before.uid(), before.gid())
    );
    assert_ne!(after.ino(), before.ino(), "it is a new file, renamed over the old one");

    // A second injection adds the entry again, with a warning.
    let (code, _, stderr) =
        outcome(&place.run(&["inject", "--hooks-dir", "d", "--in-place", "bundle"], ""));
    assert_eq!(code, 0);
    assert!(stderr.contains("[already-injected]") && stderr.contains("d/a.json"), "{stderr}");

    // A failed replacement leaves no temporary file.
    let (code, _, stderr) =
        outcome(&place.run(&["inject", "--hooks-dir", "d", "--in-place", "missing"], ""));
    assert_eq!(code, 1);
    assert!(stderr.starts_with("error: missing: "), "{stderr}");
    let left: Vec<_> =
        fs::read_dir(place.root.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".new")), "{left:?}");
}

#[test]
fn output_goes_to_the_named_file() {
    let place = good();
    fs::write(place.path("config.json"), CONFIG).unwrap();
    let inject =
        |output: &str| place.run(&["inject", "--hooks-dir", "d", "-o", output, "config.json"], "");
    assert_eq!(outcome(&inject("-")), (0, INJECTED.into(), String::new()));
    // A link into /proc leads to a pipe, which has no path: the pipe is written to, not replaced.
    symlink("/proc/self/fd/1", place.path("stdout")).unwrap();
    assert_eq!(outcome(&inject("stdout")), (0, INJECTED.into(), String::new()));
    assert!(place.path("stdout").is_symlink());
    // A link whose target does not exist yet stays a link.
    symlink("later.json", place.path("link")).unwrap();
    assert_eq!(outcome(&inject("link")), (0, String::new(), String::new()));
    assert!(place.path("link").is_symlink());
    assert_eq!(fs::read_to_string(place.path("later.json")).unwrap(), INJECTED);
    // --json prints the other results if the config is written to a file.
    let output =
        place.run(&["inject", "--hooks-dir", "d", "--json", "-o", "new.json", "config.json"], "");
    assert_eq!(
        outcome(&output),
        (
            0,
            "{\"extensionStageHooks\":{},\"diagnostics\":[],\"warnings\":[]}\n".into(),
            String::new()
        )
    );
    let output = place.run(&["inject", "--hooks-dir", "d", "--in-place", "/dev/null"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

#[test]
fn directories_that_engines_reject_are_shown_with_an_error() {
    let place = Place::new(&[
        ("a.json", &hook(r#"{"always": true}"#, r#"["poststop"]"#)),
        ("b.json", &hook(r#"{"always": true}"#, r#"["nowhere"]"#)),
    ]);
    for (command, shown) in [("list", "\na.json  d     poststop"), ("explain", "d/a.json: matches")]
    {
        let (code, stdout, stderr) = outcome(&place.run(&[command, "--hooks-dir", "d"], "{}"));
        assert_eq!(code, 1);
        assert!(stdout.contains(shown), "{stdout}");
        assert!(
            stderr.contains(
                "would reject these directories: d/b.json:1:90: unknown stage \"nowhere\""
            ),
            "{stderr}"
        );
    }
    let (code, stdout, stderr) = outcome(&place.run(&["inject", "--hooks-dir", "d"], "{}"));
    assert_eq!((code, stdout.as_str()), (1, ""));
    assert!(stderr.starts_with("error: cannot load the hooks:\nd/b.json:1:"), "{stderr}");
}

#[test]
fn json_has_all_results() {
    let place = Place::new(&[
        ("a.json", &hook(r#"{"always": true}"#, r#"["poststop", "precreate"]"#)),
        ("b.json", r#"{"hook": "/nonexistent", "stage": ["poststop"], "annotation": []}"#),
    ]);
    let output = place.run(
        &["inject", "--hooks-dir", "d", "--extension-stage", "precreate", "--json"],
        "{\"a\":1e400}",
    );
    let (code, stdout, stderr) = outcome(&output);
    assert_eq!(
        (code, stderr.as_str()),
        (0, ""),
        "a missing executable is tolerated, as Podman does"
    );
    assert!(stdout.starts_with(r#"{"config":{"a":1e400,"hooks":"#), "{stdout}");
    let stdout = stdout.replace("1e400", "1");
    let value: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(value["extensionStageHooks"]["precreate"][0]["path"], "/bin/true");
    assert_eq!(value["diagnostics"][0]["code"], "missing-executable");

    let (code, stdout, _) = outcome(
        &place.run(&["list", "--hooks-dir", "d", "--extension-stage", "precreate", "--json"], ""),
    );
    let value: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &value["hooks"][0]["name"]), (1, &"a.json".into()));
    assert_eq!(value["diagnostics"][0]["line"], 1);
}

#[test]
fn explain_prints_the_reason() {
    let place = Place::new(&[(
        "a.json",
        &hook(r#"{"annotations": {"^com\\.x$": "^on$"}, "commands": ["sh$"]}"#, r#"["poststop"]"#),
    )]);
    let run = |annotation: &str| {
        outcome(
            &place.run(&["explain", "--hooks-dir", "d", "--annotation", annotation, "-"], CONFIG),
        )
    };
    let (code, stdout, stderr) = run("com.x=off");
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.contains("d/a.json: does not match\n"), "{stdout}");
    assert!(
        stdout.contains(r#"the key "com.x" matches, but its value "off" does not"#),
        "{stdout}"
    );
    let (_, stdout, _) = run("com.x=on");
    assert!(stdout.contains("d/a.json: matches, runs at poststop\n"), "{stdout}");
    // Characters that could steer a terminal are escaped.
    let (_, stdout, _) = run("com.x=\u{1b}[2J\u{202e}");
    assert!(!stdout.contains('\u{1b}') && !stdout.contains('\u{202e}'), "{stdout:?}");
}

#[test]
fn errors_name_file_line_and_column() {
    let place = Place::new(&[
        ("a.json", "{\n  \"version\": \"1.0.0\"\n  \"hook\": {}\n}"),
        ("b.json", "[]"),
    ]);
    for (arguments, want) in [
        (&["inject", "--hooks-dir", "d"][..], "d/a.json:3:3: error: "),
        (&["inject", "--hooks-dir", "d"], "d/b.json:1:1: error: "),
        (&["list", "--hooks-dir", "d"], "d/a.json:3:3: error: "),
        (
            &["inject", "--hooks-dir", "d", "--policy", "lenient", "d/a.json"],
            "d/a.json:3:3: error: expected ",
        ),
        (
            &["inject", "--hooks-dir", "d", "--policy", "lenient", "missing"],
            "error: missing: no such file",
        ),
    ] {
        let (code, stdout, stderr) = outcome(&place.run(arguments, "{}"));
        assert_eq!((code, stdout.as_str()), (1, ""), "{arguments:?}: {stderr}");
        assert!(stderr.lines().any(|line| line.starts_with(want)), "{arguments:?}: {stderr}");
    }
    // `explain` prints the error of each file on standard output.
    let (code, stdout, _) = outcome(&place.run(&["explain", "--hooks-dir", "d"], "{}"));
    assert_eq!(code, 1);
    assert!(stdout.contains("d/a.json:3:3: not loaded: expected"), "{stdout}");
    assert!(stdout.contains("d/b.json:1:1: not loaded: a hook must"), "{stdout}");
}

#[test]
fn missing_permission_is_an_error() {
    const NOBODY: u32 = 65534;
    let place = good();
    if fs::metadata(place.path("d")).unwrap().uid() != 0 {
        println!("SKIP: missing_permission_is_an_error: only root can become nobody");
        return;
    }
    fs::set_permissions(place.root.path(), fs::Permissions::from_mode(0o755)).unwrap();
    // A copy of the command that the user nobody can run. `cp` makes it: if this process wrote it,
    // another test's fork could hold it open for writing, and it could not be run (ETXTBSY).
    let command = place.path("oci-hooks");
    assert!(
        Command::new("cp")
            .arg(env!("CARGO_BIN_EXE_oci-hooks"))
            .arg(&command)
            .status()
            .unwrap()
            .success()
    );
    let list = || {
        let mut list = Command::new(&command);
        outcome(
            &list
                .args(["list", "--hooks-dir", "d"])
                .current_dir(place.root.path())
                .uid(NOBODY)
                .output()
                .unwrap(),
        )
    };
    fs::set_permissions(place.path("d/a.json"), fs::Permissions::from_mode(0o600)).unwrap();
    let (code, _, stderr) = list();
    assert_eq!(code, 1);
    assert!(
        stderr.contains(
            "d/a.json: error: cannot open the hook file: permission denied [unreadable-file]\n"
        ),
        "{stderr}"
    );
    fs::set_permissions(place.path("d"), fs::Permissions::from_mode(0o700)).unwrap();
    let (code, _, stderr) = list();
    assert_eq!(code, 1);
    assert!(
        stderr.contains(
            "d: error: cannot open the directory: permission denied [unreadable-directory]\n"
        ),
        "{stderr}"
    );
}

#[test]
fn wrong_usage_is_2() {
    let place = good();
    for arguments in [
        &[][..],
        &["nonsense"],
        &["list", "--nonsense"],
        &["inject", "--annotation", "no-equals-sign"],
        &["inject", "--in-place"],
        &["inject", "--in-place", "-o", "x", "y"],
        &["inject", "--has-bind-mounts", "7"],
    ] {
        let (code, stdout, stderr) = outcome(&place.run(arguments, "{}"));
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(!stderr.is_empty());
    }
    let (code, stdout, _) = outcome(&place.run(&["--version"], ""));
    assert_eq!((code, stdout), (0, format!("oci-hooks {}\n", env!("CARGO_PKG_VERSION"))));
    assert_eq!(place.run(&["--help"], "").status.code(), Some(0));
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    // The output is longer than a pipe can hold.
    let place = good();
    for number in 0..2_000 {
        fs::write(
            place.path("d").join(format!("{number}.json")),
            hook(r#"{"always": true}"#, r#"["poststop"]"#),
        )
        .unwrap();
    }
    for arguments in ["list --hooks-dir d", "list --hooks-dir d --json", "explain --hooks-dir d"] {
        let script = format!(
            "'{}' {arguments} | head -c 1; echo ${{PIPESTATUS[0]}}",
            env!("CARGO_BIN_EXE_oci-hooks")
        );
        let output = Command::new("bash")
            .args(["-c", &script])
            .current_dir(place.root.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let stderr = text(&output.stderr);
        assert!(!stderr.contains("panic"), "{stderr}");
        let stdout = text(&output.stdout);
        // `explain` has no config to read.
        let want = if arguments.starts_with("explain") { "1\n" } else { "0\n" };
        assert!(stdout.ends_with(want), "{arguments}: {stdout} {stderr}");
    }
}

#[test]
fn without_hooks_dir_the_default_directories_are_read() {
    let place = good();
    let (code, _, stderr) = outcome(&place.run(&["list", "--json"], ""));
    assert!(
        code == 0
            || Path::new(libhooks::DEFAULT_DIR).exists()
            || Path::new(libhooks::OVERRIDE_DIR).exists(),
        "{stderr}"
    );
    let (_, _, stderr) = outcome(&place.run(&["list"], ""));
    if !Path::new(libhooks::DEFAULT_DIR).exists() && !Path::new(libhooks::OVERRIDE_DIR).exists() {
        let want = format!(
            "info: no hooks in {} (does not exist), {} (does not exist)\n",
            libhooks::DEFAULT_DIR,
            libhooks::OVERRIDE_DIR
        );
        assert_eq!(stderr, want);
    }
}
