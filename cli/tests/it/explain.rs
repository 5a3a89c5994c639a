//! Tests of the lines that `explain` prints in addition to the verdicts.

use std::fs;

use serde_json::{Value, json};

use crate::support::run;

/// Explains a hook with these conditions. Returns standard output.
fn explain(hook: &str, when: &Value, config: &Value) -> String {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("d")).unwrap();
    let hook = json!({
        "version": "1.0.0", "hook": {"path": hook}, "when": when, "stages": ["poststop"]
    });
    fs::write(root.path().join("d/a.json"), hook.to_string()).unwrap();
    let output = run(root.path(), &["explain", "--hooks-dir", "d", "-"], &config.to_string());
    assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]));
    String::from_utf8(output.stdout).unwrap()
}

/// Returns the lines below the verdict, without the lines of the tree.
fn lines(when: &Value, config: &Value) -> Vec<String> {
    let printed = explain("/bin/true", when, config);
    let bare = |line: &str| line.trim_start_matches(['├', '└', '│', '─', ' ']).to_owned();
    printed.lines().skip(1).map(bare).collect()
}

#[test]
fn the_diagnostics_of_a_hook_that_matches_are_below_its_verdict() {
    let root = tempfile::tempdir().unwrap();
    let program = root.path().join("program");
    fs::write(&program, "").unwrap();
    let program = program.to_str().unwrap();
    let printed = explain(program, &json!({"always": true}), &json!({}));
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines[0], "d/a.json: matches, runs at poststop", "{printed}");
    assert!(lines[1].starts_with("├─ d/a.json:1:"), "{printed}");
    assert!(lines[1].ends_with(&format!("{program} is not executable [not-executable]")));
    assert_eq!(lines[2], "│  hint: make it executable (chmod +x)");
    assert!(lines[3].starts_with("└─ holds   always is true"), "{printed}");
    assert_eq!(lines.len(), 4, "{printed}");

    let printed = explain(program, &json!({"always": false}), &json!({}));
    assert!(!printed.contains("executable"), "{printed}");
}

#[test]
fn a_pattern_that_matches_another_word_is_no_match() {
    let config =
        json!({"process": {"args": ["/docker-entrypoint.sh", "nginx", "-g", "daemon off;"]}});
    for (patterns, want) in [
        (
            json!(["^nginx$"]),
            r#"it matches the second word, "nginx"; only the first word of process.args counts"#,
        ),
        (
            json!(["^far$", "^-g$"]),
            r#"/^-g$/: it matches the third word, "-g"; only the first word of process.args counts"#,
        ),
        (
            json!(["nginx -g"]),
            "it matches the whole command line; only the first word of process.args counts",
        ),
    ] {
        let lines = lines(&json!({"commands": patterns}), &config);
        assert_eq!(lines[2..], [want], "{lines:?}");
    }
}

#[test]
fn the_annotations_of_the_container_are_listed_if_no_key_matches() {
    let list = |when: Value, annotations: Value| {
        let lines = lines(&json!({"annotations": when}), &json!({"annotations": annotations}));
        let labels = |line: &&String| line.contains("labels");
        lines.iter().filter(labels).cloned().collect::<Vec<String>>()
    };
    let gpu = || json!({"^gpu$": "."});
    assert_eq!(
        list(gpu(), json!({})),
        ["the container has no annotations (labels do not count as annotations)"]
    );
    assert_eq!(
        list(gpu(), json!({"a": "1"})),
        [r#"the container's annotation: "a" (labels are not annotations)"#]
    );
    assert_eq!(
        list(gpu(), json!({"a": "1", "b": "2"})),
        [r#"the container's annotations: "a", "b" (labels are not annotations)"#]
    );
    let twelve = (b'a'..b'm').map(|key| (char::from(key).to_string(), "".into())).collect();
    assert_eq!(
        list(gpu(), Value::Object(twelve)),
        [
            r#"the container's annotations: "a", "b", "c", "d", "e", "f", "g", "h", "i", "j" and 2 more (labels are not annotations)"#
        ]
    );
    // A key matches.
    assert_eq!(list(gpu(), json!({"gpu": "", "b": "2"})), [""; 0]);
    assert_eq!(list(gpu(), json!({"gpu": "1", "b": "2"})), [""; 0]);
    // Once for each hook is enough.
    assert_eq!(list(json!({"^c$": ".", "^gpu$": "."}), json!({"a": "1"})).len(), 1);
}

#[test]
fn near_misses_name_doubled_backslashes_and_misspelt_keys() {
    for (pattern, key, want) in [
        (
            r"^io\\.kubernetes",
            "io.kubernetes.cri",
            r#""io.kubernetes.cri" nearly matches: the pattern has a doubled backslash: in JSON, write \\. instead of \\\\."#,
        ),
        (
            "^com.example.debug$",
            "com.example.debgu",
            r#""com.example.debgu" nearly matches: it differs by one or two characters"#,
        ),
    ] {
        let when = json!({"annotations": {pattern: "."}});
        let lines = lines(&when, &json!({"annotations": {key: "x"}}));
        assert_eq!(lines[2], want, "{lines:?}");
    }
}

/// The root file system of a bundle is known only if the config is read from the bundle.
#[test]
fn the_bundle_lacks_the_program_of_a_hook_inside_the_container() {
    let root = tempfile::tempdir().unwrap();
    for directory in ["d", "bundle/rootfs/bin"] {
        fs::create_dir_all(root.path().join(directory)).unwrap();
    }
    fs::write(root.path().join("bundle/rootfs/bin/sh"), "").unwrap();
    let config = json!({"ociVersion": "1.0.2", "root": {"path": "rootfs"}}).to_string();
    fs::write(root.path().join("bundle/config.json"), &config).unwrap();
    let explain = |program: &str, config_path: &str| {
        let hook = json!({
            "version": "1.0.0",
            "hook": {"path": program, "env": ["A=b"]},
            "when": {"always": true},
            "stages": ["startContainer"],
        });
        fs::write(root.path().join("d/a.json"), hook.to_string()).unwrap();
        let output = run(root.path(), &["explain", "--hooks-dir", "d", config_path], &config);
        assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]));
        String::from_utf8(output.stdout).unwrap()
    };
    for given in ["bundle", "bundle/config.json"] {
        let printed = explain("/bin/true", given);
        let want = "the container, in which this hook runs, has no /bin/true";
        assert!(printed.contains(want), "{printed}");
        assert!(printed.contains("[container-path-missing]"), "{printed}");
        assert!(!explain("/bin/sh", given).contains("has no"), "{given}");
    }
    assert!(!explain("/bin/true", "-").contains("has no"));
}
