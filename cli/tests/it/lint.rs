//! Runs `oci-hooks lint` as users do.

use std::fs;
use std::process::{Command, Output, Stdio};

pub const GOOD: &str = r#"{
  "version": "1.0.0",
  "hook": {"path": "/bin/sh", "env": ["A=b"]},
  "when": {"always": true},
  "stages": ["poststop"]
}"#;

pub struct Place(pub tempfile::TempDir);

impl Place {
    pub fn new(files: &[(&str, &str)]) -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        for (name, content) in files {
            let path = place.0.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        place
    }

    pub fn lint(&self, arguments: &[&str]) -> Output {
        let mut lint = Command::new(env!("CARGO_BIN_EXE_oci-hooks"));
        lint.env_remove("CLICOLOR_FORCE");
        lint.arg("lint").args(arguments).current_dir(self.0.path()).output().unwrap()
    }

    /// Returns the exit code, standard output and standard error.
    pub fn outcome(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.lint(arguments);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }
}

/// Returns a good hook that does not repeat [`GOOD`].
fn of_another_program() -> String {
    GOOD.replace("/bin/sh", "/bin/true")
}

pub fn misplaced() -> Place {
    let misplaced = GOOD.replace("true},", "true},\n  \"annotations\": {\"a\": \"b\"},");
    let stage = GOOD.replace("poststop", "poststrat");
    Place::new(&[
        ("d/a.json", &misplaced),
        ("d/b.json", &stage),
        ("d/c.json", &of_another_program()),
        ("d/README", ""),
    ])
}

#[test]
fn the_format_is_that_of_compilers() {
    let want = r#"d/a.json:5:3: warning: unknown key "annotations" is ignored [unknown-key]
  |
5 |   "annotations": {"a": "b"},
  |   ^
  |
  = hint: "annotations" belongs inside "when"

d/b.json:5:14: error: unknown stage "poststrat" [unknown-stage]
  |
5 |   "stages": ["poststrat"]
  |              ^
  |
  = hint: did you mean "poststart"?

"#;
    let (code, stdout, stderr) = misplaced().outcome(&["d"]);
    assert_eq!(stdout, want);
    assert_eq!((code, stderr.as_str()), (1, "Found 1 error and 1 warning in 3 hook files.\n"));
    // Checking the files one by one gives the same result.
    let files = ["d/b.json", "d/c.json", "d/a.json"];
    assert_eq!(misplaced().outcome(&files), (code, stdout.clone(), stderr.clone()));
    // A file that is named twice is checked once.
    let twice = ["d/./c.json", "d/../d", "./d/a.json", "d"];
    assert_eq!(misplaced().outcome(&twice), (code, stdout, stderr));
    let (_, _, stderr) = misplaced().outcome(&["d/a.json", "./d/a.json"]);
    assert_eq!(stderr, "Found 1 warning in 1 hook file.\n");
}

#[test]
fn the_worst_diagnostic_decides_the_exit_status() {
    let place = misplaced();
    for (arguments, code, summary) in [
        (&["d/c.json"][..], 0, "No problems in 1 hook file."),
        (&["d/a.json"], 0, "Found 1 warning in 1 hook file."),
        (&["--strict", "d/a.json"], 1, "Found 1 warning in 1 hook file."),
        (&["--strict", "--ignore", "unknown-key", "d/a.json"], 0, "No problems in 1 hook file."),
        (&["--ignore", "unknown-key,unknown-stage", "d"], 0, "No problems in 3 hook files."),
        (&["--select", "unknown-key", "d"], 0, "Found 1 warning in 3 hook files."),
        (
            &["--select", "unknown-stage", "--select", "masked", "d"],
            1,
            "Found 1 error in 3 hook files.",
        ),
        (
            &["--select", "unknown-stage", "--ignore", "unknown-stage", "d"],
            0,
            "No problems in 3 hook files.",
        ),
        (&["--extension-stage", "poststrat", "d"], 0, "Found 1 warning in 3 hook files."),
        (&["d/missing.json"], 1, "Found 1 error in 1 hook file."),
        (&["d/README"], 1, "Found 2 errors in 1 hook file."),
    ] {
        let (got, stdout, stderr) = place.outcome(arguments);
        assert_eq!((got, stderr.trim_end()), (code, summary), "{arguments:?}: {stdout}");
    }
    for arguments in
        [&["--select", "unknown-keys", "d"][..], &["--ignore", "not-utf8", "d"], &["--format", "x"]]
    {
        let (code, stdout, stderr) = place.outcome(arguments);
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(stderr.starts_with("error: invalid value"), "{stderr}");
    }
    let (_, _, stderr) = place.outcome(&["--select", "unknown-keys", "d"]);
    assert!(stderr.contains("'unknown-key'"), "{stderr}");
    fs::create_dir(place.0.path().join("empty")).unwrap();
    assert_eq!(place.outcome(&["empty"]), (0, String::new(), "info: no hooks in empty\n".into()));
}

/// Directories are checked as one set: a file can mask one in another directory.
#[test]
fn directories_are_checked_together() {
    let place = Place::new(&[
        ("low/a.json", GOOD),
        ("low/b.json", GOOD),
        ("up/a.json", GOOD),
        ("up/b.json", "{}"),
    ]);
    let (code, stdout, stderr) = place.outcome(&["low", "up"]);
    assert_eq!(code, 1);
    assert!(!stdout.contains("[masked]"), "{stdout}");
    assert!(stderr.contains(" and 1 note (shown with --info) in 4 hook files.\n"), "{stderr}");
    let (_, stdout, stderr) = place.outcome(&["--info", "low", "up"]);
    assert!(stdout.contains("up/a.json: info: the file masks low/a.json [masked]\n"), "{stdout}");
    assert!(stderr.contains(" and 1 note in 4 hook files.\n"), "{stderr}");
    assert!(
        stdout.contains(
            "up/b.json: warning: the file gives no hook, so it does not mask low/b.json [override-ineffective]\n  = hint: "
        ),
        "{stdout}"
    );
}

#[test]
fn paths_that_are_not_hook_files() {
    let place = Place::new(&[]);
    let path = |name: &str| place.0.path().join(name);
    assert!(Command::new("mkfifo").arg(path("fifo.json")).status().unwrap().success());
    std::os::unix::fs::symlink("nowhere", path("link.json")).unwrap();
    let (code, stdout, _) = place.outcome(&["fifo.json", "link.json", "/dev/null"]);
    assert_eq!(code, 1);
    for want in [
        "fifo.json: error: the hook file is not a regular file [not-regular-file]\n",
        "link.json: warning: the file is a dangling symlink (its target is nowhere) [dangling-link]\n",
        "/dev/null: error: ",
    ] {
        assert!(stdout.contains(want), "{stdout}");
    }
}

/// Arguments that clap quotes are escaped too.
#[test]
fn arguments_do_not_steer_the_terminal() {
    let (code, _, stderr) = misplaced().outcome(&["--select", "\u{1b}[31m\u{202e}", "d"]);
    assert_eq!(code, 2);
    assert!(
        !stderr.contains(['\u{1b}', '\u{202e}']) && stderr.contains("possible values"),
        "{stderr}"
    );
}

/// A key of a megabyte is shortened.
#[test]
fn one_long_key() {
    let long = GOOD.replace("\"stages\"", &format!("\"{}\": 1, \"stages\"", "k".repeat(1 << 20)));
    let (_, stdout, _) = Place::new(&[("a.json", &long)]).outcome(&["a.json"]);
    assert!(stdout.contains("unknown key \"kkk") && stdout.len() < 4000, "{}", stdout.len());
}

/// Engines ignore a dangling link; `lint` and `explain` report it.
#[test]
fn a_link_that_leads_nowhere() {
    let place = Place::new(&[("low/a.json", GOOD), ("up/c.json", &of_another_program())]);
    std::os::unix::fs::symlink("gone.json", place.0.path().join("up/a.json")).unwrap();
    std::os::unix::fs::symlink("gone.json", place.0.path().join("up/b.json")).unwrap();
    let (code, stdout, stderr) = place.outcome(&["low", "up"]);
    let want = "up/a.json: warning: the file is a dangling symlink (its target is gone.json) [dangling-link]\n  \
                = hint: correct or remove the link\n\n\
                up/a.json: warning: the file gives no hook, so it does not mask low/a.json [override-ineffective]\n";
    assert!(stdout.starts_with(want), "{stdout}");
    assert_eq!((code, stderr.as_str()), (0, "Found 3 warnings in 4 hook files.\n"));
    assert_eq!(place.outcome(&["--strict", "low", "up"]).0, 1);
    let explain = |hook: &[&str]| {
        let mut explain = Command::new(env!("CARGO_BIN_EXE_oci-hooks"));
        explain.args(["explain", "--hooks-dir", "low", "--hooks-dir", "up"]).args(hook).arg("-");
        let output =
            explain.current_dir(place.0.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = output.spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"{}").unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let want = "up/a.json: not loaded: the file is a dangling symlink (its target is gone.json); \
                the hook of the same name in low runs instead\n\
                └─ hint: correct or remove the link\n";
    assert!(
        explain(&["--hook", "up/a.json"]).ends_with(want),
        "{}",
        explain(&["--hook", "up/a.json"])
    );
    let all = explain(&[]);
    assert!(
        all.contains("low/a.json: matches") && all.contains("up/b.json: not loaded: "),
        "{all}"
    );
    assert_eq!(all.matches("up/a.json: ").count(), 1, "{all}");
}

/// `explain --hook` takes a file's name, or the end of its path.
#[test]
fn one_hook_is_explained_by_its_name() {
    let misspelt = GOOD.replace("always", "alway");
    let place = Place::new(&[
        ("low/a.json", GOOD),
        ("up/a.json", GOOD),
        ("up/b.json", "{"),
        ("up/d.json", &misspelt),
        ("config.json", "{}"),
    ]);
    let explain = |hook: &str| {
        let mut explain = Command::new(env!("CARGO_BIN_EXE_oci-hooks"));
        explain.args([
            "explain",
            "--hooks-dir",
            "low",
            "--hooks-dir",
            "up",
            "--hook",
            hook,
            "config.json",
        ]);
        let output = explain.current_dir(place.0.path()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr))
    };
    let masked = "low/a.json: masked by up/a.json\n";
    assert_eq!(explain("low/a.json").0, masked);
    assert_eq!(explain("./low/a.json").0, masked);
    assert_eq!(explain(place.0.path().join("low/a.json").to_str().unwrap()).0, masked);
    let (stdout, stderr) = explain("up/b.json");
    assert!(stdout.starts_with("up/b.json:1:2: not loaded: the JSON is incomplete"), "{stdout}");
    assert!(!stderr.contains("no hooks in"), "{stderr}");
    assert!(
        explain("a.json").0.contains(masked) && explain("a.json").0.contains("up/a.json: matches")
    );
    let never = "up/d.json: does not match\n\
                 └─ no conditions, so it matches no container \
                 (oci-hooks lint finds misspelled keys)\n";
    assert_eq!(explain("d.json").0, never);
    for (name, error) in [
        ("A.json", "no hook file is named A.json (did you mean a.json?)"),
        ("b", "no hook file is named b (did you mean b.json?)"),
        ("c.json", "no hook file is named c.json\n"),
        ("c.jsn", "no hook file is named c.jsn (engines read only names that end in .json)"),
        ("", "a value is required for '--hook <NAME>'"),
    ] {
        let (stdout, stderr) = explain(name);
        assert!(stdout.is_empty() && stderr.contains(error), "{name}: {stdout}{stderr}");
    }
}

/// `list` prints why files give no hook, and only counts the other problems.
#[test]
fn list_counts_other_problems() {
    let misspelt = GOOD.replace("always", "alway");
    let place = Place::new(&[("d/a.json", &misspelt), ("d/b.json", &of_another_program())]);
    let list = || {
        let mut list = Command::new(env!("CARGO_BIN_EXE_oci-hooks"));
        let output =
            list.args(["list", "--hooks-dir", "d"]).current_dir(place.0.path()).output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(
        list(),
        "info: 2 more problems; run `oci-hooks lint` with the same options to see them\n"
    );
    fs::write(place.0.path().join("d/a.json"), GOOD).unwrap();
    std::os::unix::fs::symlink("gone.json", place.0.path().join("d/c.json")).unwrap();
    let link = "d/c.json: warning: the file is a dangling symlink (its target is gone.json) [dangling-link]\n  \
                hint: correct or remove the link\n";
    assert_eq!(list(), link);
}

/// `--hooks-dir` is accepted as in other commands.
#[test]
fn hooks_dir_is_the_same_as_a_path() {
    let place = misplaced();
    assert_eq!(place.outcome(&["--hooks-dir", "d"]), place.outcome(&["d"]));
    assert_eq!(place.outcome(&["--hooks-dir", "d", "d/a.json"]), place.outcome(&["d"]));
}

/// Two hooks, and two files that replace them and lack their program here.
fn for_another_machine() -> Place {
    let missing = GOOD.replace("/bin/sh", "/nonexistent/program");
    let both = missing.replace("poststop", "poststrat");
    Place::new(&[
        ("low/a.json", GOOD),
        ("low/b.json", GOOD),
        ("up/a.json", &missing),
        ("up/b.json", &both),
    ])
}

#[test]
fn portable_diagnostics_are_those_of_the_text() {
    let place = for_another_machine();
    let (code, stdout, _) = place.outcome(&["low", "up"]);
    assert_eq!((code, stdout.matches("[missing-executable]").count()), (1, 2), "{stdout}");
    assert_eq!(stdout.matches("[override-ineffective]").count(), 2, "{stdout}");
    let (code, stdout, _) = place.outcome(&["--portable", "low", "up"]);
    assert_eq!((code, stdout.matches("[missing-executable]").count()), (1, 0), "{stdout}");
    // The file with a good text masks the other one on a machine that has the program.
    assert!(stdout.contains("up/b.json: warning: the file gives no hook"), "{stdout}");
    assert!(!stdout.contains("up/a.json"), "{stdout}");
    let good = place.outcome(&["--portable", "--strict", "up/a.json"]);
    assert_eq!(good, (0, String::new(), "No problems in 1 hook file.\n".into()));
    let open = place.0.path().join("low/a.json");
    fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    let codes =
        |arguments: &[&str]| place.outcome(arguments).1.matches("[writable-by-others]").count();
    assert_eq!((codes(&["low/a.json"]), codes(&["--portable", "low/a.json"])), (1, 0));
}

fn lint_input(place: &Place, arguments: &[&str], input: &[u8]) -> (i32, String, String) {
    let mut lint = Command::new(env!("CARGO_BIN_EXE_oci-hooks"));
    lint.arg("lint").args(arguments).current_dir(place.0.path());
    lint.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = lint.spawn().unwrap();
    let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), input);
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn standard_input_is_a_hook_file() {
    // A file of this name is not read.
    let place = Place::new(&[("-", "["), ("new.json", GOOD)]);
    let text = GOOD.replace("poststop", "poststrat");
    let want = "<stdin>:5:14: error: unknown stage \"poststrat\" [unknown-stage]\n  \
                |\n5 |   \"stages\": [\"poststrat\"]\n  |              ^\n";
    let (code, stdout, stderr) = lint_input(&place, &["-"], text.as_bytes());
    assert!(code == 1 && stdout.starts_with(want), "{stdout}{stderr}");
    // The excerpt is that of standard input, even if there is a file of its name.
    let named = ["--stdin-filename", "new.json", "-"];
    let (code, stdout, stderr) = lint_input(&place, &named, text.as_bytes());
    assert!(code == 1 && stdout.starts_with(&want.replace("<stdin>", "new.json")), "{stdout}");
    assert_eq!(stderr, "Found 1 error in 1 hook file.\n");
    let good = (0, String::new(), "No problems in 1 hook file.\n".to_owned());
    assert_eq!(lint_input(&place, &["-"], GOOD.as_bytes()), good);
    assert_eq!(lint_input(&place, &["--stdin-filename", "x", "-"], GOOD.as_bytes()), good);
    assert_eq!(lint_input(&place, &["--stdin-filename", "x", "new.json"], b"").0, 2);
    let large = vec![b' '; (16 << 20) + 1];
    let (code, stdout, _) = lint_input(&place, &["-", "--format", "gcc"], &large);
    assert_eq!(
        (code, stdout.as_str()),
        (1, "<stdin>:1:1: error: the file is too large (the limit is 16 MiB) [file-too-large]\n")
    );
}

/// The program of a hook can be a link whose target is missing.
#[test]
fn a_program_that_is_a_dangling_link() {
    let place = Place::new(&[]);
    let link = place.0.path().join("program");
    std::os::unix::fs::symlink("nowhere", &link).unwrap();
    let link = link.to_str().unwrap();
    fs::write(place.0.path().join("a.json"), GOOD.replace("/bin/sh", link)).unwrap();
    let (code, stdout, _) = place.outcome(&["--format", "gcc", "a.json"]);
    let want = format!(
        "a.json:3:12: error: the executable {link} is a link that leads nowhere [missing-executable]\n"
    );
    assert_eq!((code, stdout), (1, want));
}

/// An error of an old file has one place, and no empty step.
#[test]
fn list_names_each_place_once() {
    let old = "{\n  \"hook\": {\"path\": \"/bin/true\"},\n  \"stages\": [\"prestart\"]\n}";
    let place = Place::new(&[("d/x.json", old)]);
    let mut list = Command::new(env!("CARGO_BIN_EXE_oci-hooks"));
    list.args(["list", "--hooks-dir", "d"]).current_dir(place.0.path());
    let stderr = String::from_utf8(list.output().unwrap().stderr).unwrap();
    let reason = "hook must be a string, found an object";
    let want = format!(
        "d/x.json:2:11: error: {reason} [json-type]\n  \
         hint: add \"version\": \"1.0.0\"; a file without \"version\" is read as version 0.1.0\n\
         error: an engine would reject these directories: d/x.json:2:11: {reason}\n\
         info: no hooks in d\n"
    );
    assert_eq!(stderr, want);
}

#[test]
fn version_is_a_command_too() {
    let place = Place::new(&[]);
    let said = |argument: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oci-hooks"));
        let output = command.arg(argument).current_dir(place.0.path()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(said("version"), said("--version"));
    let (_, help) = said("--help");
    assert!(
        help.contains("man oci-hooks") && help.contains("docs/my-hook-does-not-run.md"),
        "{help}"
    );
    let (_, help) = said("-h");
    assert!(help.contains("man oci-hooks"), "{help}");
}
