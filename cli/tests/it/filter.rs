//! Runs `oci-hooks filter` as users do. (Signals and timeouts are in run.rs.)

use std::fs;

use crate::run::{CONFIG, Place};

#[test]
fn filter_shows_what_is_not_a_config() {
    let printed = "the hook printed";
    for (script, want) in [
        (
            "echo; echo starting; cat",
            format!("{printed} \"starting\"; messages belong on standard error"),
        ),
        (
            "printf 'a\\033[31mb'",
            format!("{printed} \"a\\u{{1b}}[31mb\"; messages belong on standard error"),
        ),
        ("true", format!("{printed} nothing; it must print the whole config, changed or not")),
        ("echo '{\"a\": 1'", format!("{printed} \"{{\\\"a\\\": 1\"")),
        (
            "head -c 1000 /dev/zero | tr '\\0' x",
            format!("{printed} \"{}…\"; messages belong on standard error", "x".repeat(200)),
        ),
    ] {
        let place = Place::new("precreate", &[("a.json", script)]);
        let (code, stdout, stderr) = place.filter(&[]);
        assert_eq!((code, stdout.as_str()), (1, ""));
        let lines: Vec<&str> = stderr.lines().collect();
        assert!(lines[0].starts_with("error: a.json (/bin/sh): unmarshal output "), "{stderr}");
        assert_eq!(lines[1..], [format!("  hint: {want}")], "{script}");
    }
    let place = Place::new("precreate", &[("a.json", "echo starting; cat")]);
    let (_, stdout, _) = place.filter(&["--json"]);
    let result: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(result["failure"]["output"], "starting");
    // A hook that fails is another case: its output does not count.
    let place = Place::new("precreate", &[("a.json", "echo starting; exit 1")]);
    let (_, _, stderr) = place.filter(&[]);
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

#[test]
fn filter_warns_of_lost_members() {
    const FULL: &str =
        r#"{"ociVersion": "1.0.2", "process": {"args": ["sh"]}, "root": {"path": "/"}, "x": 1}"#;
    for (script, lost) in [
        ("echo '{}'", r#""ociVersion", "process" and "root""#),
        ("echo '{\"process\": {}}'", r#""ociVersion" and "root""#),
        ("sed 's/\"root\": {[^}]*}/\"root\": null/'", r#""root""#),
        ("sed 's/, \"x\": 1//'", ""),
    ] {
        let place =
            Place::new("precreate", &[("a.json", "cat"), ("b.json", script), ("c.json", "cat")]);
        let filter = ["filter", "--hooks-dir", "d", "--annotation", "run=yes"];
        let (code, stdout, stderr) = place.run(&filter, FULL);
        let warning = format!("b.json (/bin/sh): its output lacks {lost}, which the config had");
        let warnings = if lost.is_empty() { vec![] } else { vec![warning] };
        let want: String = warnings.iter().map(|text| format!("warning: {text}\n")).collect();
        assert_eq!((code, stderr), (0, want), "{script}");
        assert!(stdout.starts_with('{'), "the result is written: {stdout}");
        let (_, stdout, _) = place.run(&[&filter[..], &["--json"]].concat(), FULL);
        let result: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(result["warnings"], serde_json::json!(warnings));
        assert_eq!(result["dropped"].as_array().unwrap().len(), warnings.len());
    }
    // A member that the config did not have is not lost.
    let place = Place::new("precreate", &[("a.json", "echo '{}'")]);
    let (_, _, stderr) =
        place.run(&["filter", "--hooks-dir", "d", "--annotation", "run=yes"], "{}");
    assert_eq!(stderr, "");
}

#[test]
fn a_config_passes_through_the_matching_hooks() {
    let scripts = [
        ("a.json", "echo first >&2; sed s/1e400/2E400/"),
        ("b.json", "cat"),
        ("c.json", "tr -d '\\n'"),
    ];
    let place = Place::new("precreate", &scripts);
    let changed = CONFIG.replace("1e400", "2E400").trim_end().to_owned();
    assert_eq!(place.filter(&[]), (0, changed.clone(), "first\n".into()));
    let (code, stdout, stderr) = place.run(&["filter", "--hooks-dir", "d"], CONFIG);
    assert_eq!((code, stdout.as_str()), (0, CONFIG), "no hook matches");
    assert_eq!(stderr, "info: no precreate hook matches this container\n");

    fs::create_dir(place.path("bundle")).unwrap();
    fs::write(place.path("bundle/config.json"), CONFIG).unwrap();
    assert_eq!(place.filter(&["--in-place", "bundle"]), (0, String::new(), "first\n".into()));
    assert_eq!(fs::read_to_string(place.path("bundle/config.json")).unwrap(), changed);
    assert_eq!(place.filter(&["-o", "new.json"]), (0, String::new(), "first\n".into()));
    assert_eq!(fs::read_to_string(place.path("new.json")).unwrap(), changed);
    assert_eq!(place.filter(&["--in-place"]).0, 2);
    assert_eq!(place.filter(&["--diff", "-o", "x"]).0, 2);
}

#[test]
fn diff_shows_the_changes_of_each_hook() {
    let scripts = [
        ("a.json", "sed s/1e400/2E400/"),
        ("b.json", "cat"),
        ("c.json", "echo '{}'"),
        ("d.json", "exit 1"),
    ];
    let place = Place::new("precreate", &scripts);
    let (code, stdout, stderr) = place.filter(&["--diff"]);
    let diff = r#"--- standard input
+++ standard input after a.json
@@ -4,5 +4,5 @@
       "sh"
     ]
   },
-  "x": 1e400
+  "x": 2E400
 }
--- standard input after b.json
+++ standard input after c.json
@@ -1,8 +1 @@
-{
-  "process": {
-    "args": [
-      "sh"
-    ]
-  },
-  "x": 2E400
-}
+{}
"#;
    assert_eq!((code, stdout.as_str()), (1, diff));
    assert_eq!(
        stderr,
        "warning: c.json (/bin/sh): its output lacks \"process\", which the config had\n\
         error: d.json (/bin/sh): executing [sh -c exit 1]: exit status 1\n\
         info: b.json made no changes\n"
    );

    let (code, stdout, _) = place.filter(&["--diff", "--json"]);
    assert_eq!(code, 1);
    let patches = r#""patches":[[{"op":"replace","path":"/x","value":2E400}],[],[{"op":"remove","path":"/process"},{"op":"remove","path":"/x"}]],"warnings":["c.json (/bin/sh): its output lacks \"process\", which the config had"],"names":["a.json","b.json","c.json","d.json"]}"#;
    assert!(stdout.ends_with(&format!("{patches}\n")), "{stdout}");
    assert!(stdout.starts_with(r#"{"config":"{}\n","failure":{"hook":3,"#), "{stdout}");
}

#[test]
fn an_invalid_config_is_not_written() {
    let place =
        Place::new("precreate", &[("a.json", "cat"), ("b.json", "echo words >&2; echo '[]'")]);
    fs::write(place.path("config.json"), CONFIG).unwrap();
    for arguments in [&[][..], &["--in-place", "config.json"], &["-o", "new.json"]] {
        let (code, stdout, stderr) = place.filter(arguments);
        assert_eq!((code, stdout.as_str()), (1, ""));
        let start = "words\nerror: b.json (/bin/sh): unmarshal output from config-filter hook 1: ";
        assert!(stderr.starts_with(start), "{stderr}");
    }
    assert_eq!(fs::read_to_string(place.path("config.json")).unwrap(), CONFIG);
    assert!(!place.path("new.json").exists());
    // A destination that cannot be written is an error before any hook runs.
    let (code, _, stderr) = place.filter(&["-o", "no/where"]);
    assert!(code == 1 && !stderr.contains("words"), "{stderr}");
    let (code, _, stderr) = place.run(&["filter", "--hooks-dir", "d"], "[1]");
    assert!(code == 1 && stderr.starts_with("standard input:1:1: error: "), "{stderr}");
}

#[test]
fn hooks_start_in_the_given_directory() {
    let place = Place::new("precreate", &[("a.json", "pwd >&2; cat")]);
    fs::create_dir(place.path("bundle")).unwrap();
    fs::write(place.path("bundle/config.json"), CONFIG).unwrap();
    let root = place.0.path().canonicalize().unwrap();
    for (arguments, want) in [
        (&[][..], root.clone()),
        (&["bundle"], root.join("bundle")),
        (&["--dir", "/usr", "bundle"], "/usr".into()),
    ] {
        let (code, _, stderr) = place.filter(arguments);
        assert_eq!((code, stderr), (0, format!("{}\n", want.display())));
    }
}
