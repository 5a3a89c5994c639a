//! Runs `oci-hooks schema` and `oci-hooks migrate` as users do.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::support::run;

const OLD: &str = "{\"hook\": \"/bin/true\", \"arguments\": [\"-v\"], \"cmd\": [\"sh$\"], \"stage\": [\"prestart\"]}\n";
const NEW: &str = r#"{
  "version": "1.0.0",
  "hook": {
    "path": "/bin/true",
    "args": [
      "/bin/true",
      "-v"
    ]
  },
  "when": {
    "commands": [
      "sh$"
    ]
  },
  "stages": [
    "prestart"
  ]
}
"#;
const CURRENT: &str = "{ \"version\": \"1.0.0\",\t\"stages\": [], \"hook\": {\"path\": \"/bin/sh\"}, \"note\": 1e400 }";

struct Place {
    root: tempfile::TempDir,
}

impl Place {
    fn new(files: &[(&str, &[u8])]) -> Place {
        let place = Place { root: tempfile::tempdir().unwrap() };
        for (name, content) in files {
            fs::write(place.path(name), content).unwrap();
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Returns the exit code, standard output and standard error.
    fn run(&self, arguments: &[&str], input: &str) -> (i32, String, String) {
        let output = run(self.root.path(), arguments, input);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }
}

#[test]
fn schema_is_the_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let want = fs::read_to_string(root.join("cli/hook.schema.json")).unwrap();
    assert_eq!(Place::new(&[]).run(&["schema"], ""), (0, want, String::new()));
}

#[test]
fn migrate_prints_writes_or_replaces() {
    let place = Place::new(&[("a.json", OLD.as_bytes())]);
    assert_eq!(place.run(&["migrate", "a.json"], ""), (0, NEW.into(), String::new()));
    assert_eq!(place.run(&["migrate", "-"], OLD), (0, NEW.into(), String::new()));
    assert_eq!(
        place.run(&["migrate", "a.json", "-o", "b.json"], ""),
        (0, String::new(), String::new())
    );
    assert_eq!((place.read("a.json").as_str(), place.read("b.json").as_str()), (OLD, NEW));

    fs::set_permissions(place.path("a.json"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("a.json", place.path("link.json")).unwrap();
    assert_eq!(
        place.run(&["migrate", "--in-place", "link.json"], ""),
        (0, String::new(), String::new())
    );
    assert_eq!(place.read("a.json"), NEW);
    assert!(place.path("link.json").is_symlink());
    assert_eq!(fs::metadata(place.path("a.json")).unwrap().mode() & 0o7777, 0o640);
}

#[test]
fn migrate_keeps_a_file_of_1_0_0() {
    let place = Place::new(&[("a.json", CURRENT.as_bytes())]);
    let note = "note: a.json: already version 1.0.0\n";
    assert_eq!(place.run(&["migrate", "a.json"], ""), (0, CURRENT.into(), note.into()));
    assert_eq!(
        place.run(&["migrate", "a.json", "-o", "b.json"], ""),
        (0, String::new(), note.into())
    );
    assert_eq!(place.read("b.json"), CURRENT);
    let before = fs::metadata(place.path("a.json")).unwrap().ino();
    assert_eq!(
        place.run(&["migrate", "a.json", "--in-place"], ""),
        (0, String::new(), note.into())
    );
    assert_eq!(fs::metadata(place.path("a.json")).unwrap().ino(), before, "it is the same file");
}

#[test]
fn migrate_reports_dropped_keys() {
    let place = Place::new(&[]);
    let file = "{\"hook\": \"/bin/true\", \"stages\": [],\n \"hasbindmounts\": false, \
                \"x\\u001b\": 1, \"cmds\": [\"a\"]}";
    let (code, stdout, stderr) = place.run(&["migrate", "-"], file);
    assert_eq!((code, stdout.contains("hasBindMounts")), (0, false), "{stdout}");
    let want = "note: standard input:2:26: unknown key \"x\\u{1b}\" is dropped\n\
                note: standard input: \"hasbindmounts\": false is dropped, because it never holds\n";
    assert_eq!(stderr, want);
    for never in [
        r#"{"hook": "/bin/sh", "stages": []}"#,
        r#"{"hook": "/bin/sh", "stages": [], "hasbindmounts": false}"#,
    ] {
        let (code, stdout, stderr) = place.run(&["migrate", "-"], never);
        assert_eq!(
            (code, stderr.as_str()),
            (0, "note: standard input: the hook matches no container, as before\n")
        );
        assert!(stdout.contains("\"when\": {\n    \"always\": false\n  }"), "{stdout}");
    }
}

/// A problem of the hook stays in the new file, with a warning.
#[test]
fn migrate_warns_if_engines_reject_the_hook() {
    let (code, stdout, stderr) = Place::new(&[])
        .run(&["migrate", "-"], &OLD.replace("sh$", "(?=sh)").replace("prestart", "precreate"));
    assert_eq!((code, stdout.contains("(?=sh)")), (0, true), "{stdout}");
    let want = "standard input: warning: an engine on this system would reject this hook: \
                invalid pattern \"(?=sh)\" for a command: \
                invalid or unsupported Perl syntax: `(?=` [invalid-command]\n";
    assert_eq!(stderr, want);
    let current = CURRENT.replace("/bin/sh", "/nonexistent");
    let (code, stdout, stderr) = Place::new(&[]).run(&["migrate", "-"], &current);
    assert_eq!((code, stdout), (0, current));
    assert!(
        stderr.ends_with("the executable /nonexistent does not exist [missing-executable]\n"),
        "{stderr}"
    );
}

#[test]
fn migrate_explains_why_there_is_no_equivalent() {
    let both = r#"{"hook": "/a", "stages": [], "hasbindmounts": true, "annotations": []}"#;
    let place = Place::new(&[("a.json", both.as_bytes())]);
    let (code, stdout, stderr) = place.run(&["migrate", "--in-place", "a.json"], "");
    assert_eq!((code, stdout.as_str(), place.read("a.json").as_str()), (1, "", both));
    assert!(
        stderr.starts_with(
            "error: a.json: in version 0.1.0, one of the conditions (hasbindmounts, annotations) is \
             enough; in version 1.0.0, all must hold"
        ),
        "{stderr}"
    );
    assert!(stderr.contains(
        "\n  hint: write one version 1.0.0 file for each condition; a container that meets"
    ));
    assert!(!stderr.contains("process.args"), "{stderr}");
    let (_, _, stderr) = place.run(
        &["migrate", "-"],
        r#"{"hook": "/a", "stage": [], "cmd": ["a"], "hasbindmounts": true}"#,
    );
    assert!(
        stderr.contains("a container whose process.args is empty cannot be started"),
        "{stderr}"
    );
}

#[test]
fn migrate_reports_the_position_of_an_error() {
    let place = Place::new(&[
        ("syntax.json", b"{\n  \"hook\": \"/a\"\n  \"stages\": []\n}"),
        ("type.json", b"{\"hook\": {\"path\": \"/a\"}, \"stages\": []}"),
        ("version.json", b"{\"version\": \"2\"}"),
        ("missing.json", b"{\"stages\": []}"),
        ("null.json", b"null"),
        ("latin.json", b"{\"hook\": \"/\xe4\", \"stages\": []}"),
    ]);
    fs::create_dir(place.path("d.json")).unwrap();
    for (file, want) in [
        ("syntax.json", "syntax.json:3:3: error: expected "),
        (
            "type.json",
            "type.json:1:10: error: hook must be a string, found an object [json-type]\n",
        ),
        (
            "version.json",
            "version.json:1:2: error: unknown hook version \"2\" [unrecognized-version]\n",
        ),
        ("missing.json", "missing.json:1:1: error: \"hook\" is missing [missing-hook]\n"),
        ("null.json", "null.json:1:1: error: \"hook\" is missing [missing-hook]\n"),
        ("latin.json", "latin.json:1:12: error: invalid UTF-8 [not-utf8]\n"),
        ("d.json", "error: d.json: is a directory"),
        ("nowhere.json", "error: nowhere.json: no such file"),
    ] {
        for in_place in [&["migrate", file][..], &["migrate", "--in-place", file]] {
            let (code, stdout, stderr) = place.run(in_place, "");
            assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
            assert!(stderr.starts_with(want), "{stderr}");
        }
    }
}

#[test]
fn wrong_usage_is_2() {
    let place = Place::new(&[("a.json", OLD.as_bytes())]);
    for arguments in [
        &["schema", "x"][..],
        &["completion"],
        &["completion", "tcsh"],
        &["migrate"],
        &["migrate", "a.json", "b.json"],
        &["migrate", "--in-place", "-"],
        &["migrate", "--in-place", "-o", "b.json", "a.json"],
    ] {
        let (code, stdout, stderr) = place.run(arguments, OLD);
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(!stderr.is_empty());
    }
    assert_eq!(place.read("a.json"), OLD);
}
