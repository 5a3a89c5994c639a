//! Tests of what an explanation adds to the verdicts: diagnostics, near misses, and the container's
//! annotations (docs/spec.md, section 8.6).

use std::fmt::Write;
use std::fs;
use std::path::Path;

use libhooks::{
    Code, Condition, Config, Container, Explanation, HookVerdict, Manager, NearMiss, Obstacle,
    Process, Severity,
};
use serde_json::{Value, json};

use crate::engine::{Known, explain};

/// Writes a hook file and returns the manager of its directory.
fn with_hook(root: &Path, name: &str, hook: &Value) -> Manager {
    fs::write(root.join(name), hook.to_string()).unwrap();
    Manager::builder().directories([root]).load().unwrap()
}

fn hook(when: &Value) -> Value {
    json!({
        "version": "1.0.0", "hook": {"path": "/bin/true"}, "when": when, "stages": ["poststop"]
    })
}

/// Explains a hook with these conditions.
fn of_when(when: &Value, config: &Value) -> HookVerdict {
    let root = tempfile::tempdir().unwrap();
    let manager = with_hook(root.path(), "a.json", &hook(when));
    let mut explained = explain(&manager, &config.to_string(), Known::default()).unwrap();
    explained.hooks.remove(0)
}

/// Returns the near miss of the only condition, and the keys.
fn of_condition(when: &Value, config: &Value) -> (Option<NearMiss>, Vec<String>) {
    match of_when(when, config).conditions.remove(0).condition {
        Condition::Annotation { near_miss, keys, .. } => (near_miss, keys),
        Condition::Commands { near_miss, .. } => (near_miss, Vec::new()),
        other => panic!("{other:?}"),
    }
}

fn as_json(explanation: &Explanation) -> Value {
    serde_json::from_str(&explanation.to_json()).unwrap()
}

#[test]
fn a_hook_that_matches_has_its_diagnostics() {
    let root = tempfile::tempdir().unwrap();
    let program = root.path().join("program");
    fs::write(&program, "").unwrap();
    let file = json!({
        "version": "1.0.0",
        "hook": {"path": program, "timeout": 0},
        "when": {"annotations": {"^debug$": "^on$"}},
        "stages": ["poststop"],
    });
    let directory = root.path().join("d");
    let other = root.path().join("e");
    fs::create_dir(&directory).unwrap();
    fs::create_dir(&other).unwrap();
    // Its name differs only in case from that of another file: a warning about the set of hooks.
    with_hook(&directory, "A.json", &hook(&json!({"always": true})));
    with_hook(&directory, "a.json", &file);
    // It masks a file: information.
    with_hook(&other, "a.json", &file);
    let manager = Manager::builder().directories([&other, &directory]).load().unwrap();
    let masks = |diagnostic: &libhooks::Diagnostic| diagnostic.code == Code::Masked;
    assert!(manager.diagnostics().iter().any(masks));

    let explained =
        explain(&manager, r#"{"annotations": {"debug": "on"}}"#, Known::default()).unwrap();
    let [first, second] = &explained.hooks[..] else { panic!("{explained:?}") };
    assert_eq!(first.diagnostics, []);
    let codes: Vec<Code> = second.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    assert_eq!(codes, [Code::CaseCollision, Code::TimeoutNotPositive, Code::NotExecutable]);
    for diagnostic in &second.diagnostics {
        assert_eq!(diagnostic.path, directory.join("a.json"));
        assert_eq!(diagnostic.severity, Severity::Warning);
        assert!(manager.diagnostics().contains(diagnostic));
    }
    let json = as_json(&explained);
    assert_eq!(json["hooks"][0].get("diagnostics"), None);
    assert_eq!(json["hooks"][1]["diagnostics"][2]["code"], "not-executable");

    let explained = explain(&manager, "{}", Known::default()).unwrap();
    assert!(matches!(explained.hooks[1].verdict, Ok(false)));
    assert_eq!(explained.hooks[1].diagnostics, []);
    assert_eq!(as_json(&explained)["hooks"][1].get("diagnostics"), None);
}

/// Each row: the patterns, `process.args`, the obstacle, the word, and the string.
#[test]
fn a_command_pattern_may_match_another_word_or_the_whole_command_line() {
    use Obstacle::{Case, CommandLine, OtherWord, Spelling, Start};
    let long = "nginx ".repeat(1000);
    let many: Vec<String> = (0..300).map(|word| format!("word{word}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let line_of_many = many[..256].join(" ");
    const INIT: &[&str] = &["/docker-entrypoint.sh", "nginx", "-g", "daemon off;"];
    let line = "/docker-entrypoint.sh nginx -g daemon off;";
    for (patterns, args, want) in [
        (&["nginx"][..], INIT, Some((OtherWord, Some(1), "nginx"))),
        (&["^far$", "^-g$"], INIT, Some((OtherWord, Some(2), "-g"))),
        (&["sh nginx -g"], INIT, Some((CommandLine, None, line))),
        (&["^nginx -g"], INIT, None),
        (&["^/docker-entrypoint.sh nginx.* off;$"], INIT, Some((CommandLine, None, line))),
        // An obstacle of the first word comes first, but not a misspelling.
        (&["^sh$"], &["/bin/sh", "sh"], Some((Start, None, "/bin/sh"))),
        (&["^sh$"], &["SH", "sh"], Some((Case, None, "SH"))),
        (&["^nginx$"], &["ngixn", "nginx"], Some((OtherWord, Some(1), "nginx"))),
        (&["^nginx$"], &["ngixn", "x"], Some((Spelling, None, "ngixn"))),
        (&["^nginx$"], &["x"], None),
        (&["^é$"], &["x", "é"], Some((OtherWord, Some(1), "é"))),
        // The search is limited.
        (&["nginx$"], &["x", "y", &long], None),
        (&["^word0 word1 "], &many, None),
        (&["^word0 word1 "], &many[..256], Some((CommandLine, None, line_of_many.as_str()))),
        (&["^word255$"], &many, Some((OtherWord, Some(255), "word255"))),
        (&["^word256$"], &many, None),
    ] {
        let (found, _) =
            of_condition(&json!({"commands": patterns}), &json!({"process": {"args": args}}));
        let found = found.as_ref().map(|miss| (miss.obstacles[0], miss.word, &*miss.text));
        assert_eq!(found, want, "{patterns:?}");
    }
}

#[test]
fn near_misses_of_commands_name_the_word() {
    let of_args = |args: &[&str]| {
        let config = json!({"process": {"args": args}});
        let verdict = of_when(&json!({"commands": ["^far$", "^far$", "^nginx$"]}), &config);
        let condition = &verdict.conditions[0];
        let Condition::Commands { near_miss, .. } = &condition.condition else { panic!() };
        (near_miss.clone().unwrap().message, condition.position.unwrap().column)
    };
    let (message, column) = of_args(&["x", "nginx"]);
    assert_eq!(
        message,
        r#"it matches the second word, "nginx"; only the first word of process.args counts"#
    );
    let text = hook(&json!({"commands": ["^far$", "^far$", "^nginx$"]})).to_string();
    assert_eq!(column as usize, text.find("\"^nginx$").unwrap() + 1);
    let mut args = vec!["x"; 12];
    args[9] = "nginx";
    assert!(of_args(&args).0.starts_with("it matches the tenth word, "));
    args.swap(9, 11);
    assert!(of_args(&args).0.starts_with("it matches word 12, "));
}

/// Only a config gives the other words.
#[test]
fn a_container_from_parts_has_only_the_first_word() {
    let root = tempfile::tempdir().unwrap();
    let manager = with_hook(root.path(), "a.json", &hook(&json!({"commands": ["^nginx$"]})));
    let misses = |container: &Container<'_>| {
        as_json(&manager.explain(container))["hooks"][0]["conditions"][0]["nearMiss"]["word"]
            .clone()
    };
    let annotations: [(&str, &str); 0] = [];
    assert!(misses(&Container::from_parts(Process::from("x"), annotations, false)).is_null());
    let config = Config::parse(r#"{"process": {"args": ["x", null, "n\u0067inx"]}}"#).unwrap();
    let none = libhooks::Annotations::default();
    let container = config.container().annotations(&none).bind_mounts(true);
    assert_eq!(misses(&container), 2);
    #[cfg(feature = "oci-spec")]
    {
        let spec: oci_spec::runtime::Spec = serde_json::from_value(
            json!({"ociVersion": "1.2.0", "process": {"cwd": "/", "user": {"uid": 0, "gid": 0}, "args": ["x", "nginx"]}}),
        )
        .unwrap();
        assert_eq!(misses(&Container::from_spec(&spec)), 1);
    }
}

#[test]
fn the_keys_of_the_container_are_listed_if_none_matches() {
    let config = |count: usize| {
        let pairs = (10..10 + count).map(|number| (format!("key.{number}"), "x".into()));
        json!({"annotations": Value::Object(pairs.collect())})
    };
    let keys = |pattern: &str, value: &str, count: usize| {
        of_condition(&json!({"annotations": {pattern: value}}), &config(count)).1
    };
    assert_eq!(keys("^a$", "x", 0), [""; 0]);
    assert_eq!(keys("^a$", "x", 2), ["key.10", "key.11"]);
    let ten = keys("^a$", "x", 12);
    assert_eq!((ten.len(), &*ten[9]), (10, "key.19"));
    // A key that matches is shown instead.
    assert_eq!(keys("^key.10$", "x", 2), [""; 0]);
    assert_eq!(keys("^key.10$", "y", 2), [""; 0]);
    let condition = |pattern: &str| {
        let root = tempfile::tempdir().unwrap();
        let when = json!({"annotations": {pattern: "y"}});
        let manager = with_hook(root.path(), "a.json", &hook(&when));
        let explained = explain(&manager, &config(2).to_string(), Known::default()).unwrap();
        as_json(&explained)["hooks"][0]["conditions"][0].clone()
    };
    assert_eq!(condition("^a$")["keys"], json!(["key.10", "key.11"]));
    assert_eq!(condition("^key").get("keys"), None);
}

/// Each row: a pattern, a string, and whether it counts as a misspelling.
#[test]
fn a_dot_that_is_not_escaped_counts_as_a_dot() {
    for (pattern, text, is_near) in [
        (r"^com\.example\.debug$", "com.example.debgu", true),
        ("^com.example.debug$", "com.example.debgu", true),
        ("^com.exmple.debug$", "com.example.debug", true),
        (r"com.example\.debug", "com.example.debgu", true),
        ("^ com.example.debug$", "com.example.debgu", true),
        ("^com.example.(debug|trace)$", "com.example.trcae", true),
        (r"^\Qcom.example\E.debug$", "com.example.debgu", true),
        ("^com.example.debug$", "com.example.other", false),
        ("^com.example.debug$", "com.exampel.debgu", false),
        ("^com.example.debug$", "comm.example.debug", false),
        ("^com.example.debug$", "com.example", false),
        ("^[.]com.example$", "com.example", false),
    ] {
        for (when, config) in [
            (json!({"annotations": {pattern: "."}}), json!({"annotations": {text: ""}})),
            (json!({"annotations": {"^k$": pattern}}), json!({"annotations": {"k": text}})),
            (json!({"commands": [pattern]}), json!({"process": {"args": [text]}})),
        ] {
            let (found, _) = of_condition(&when, &config);
            let spelling =
                found.as_ref().is_some_and(|miss| miss.obstacles == [Obstacle::Spelling]);
            assert_eq!(spelling, is_near, "{pattern} {text}: {found:?}");
        }
    }
}

/// Each row: a pattern as Go reads it, a string, and the correction.
#[test]
fn a_doubled_backslash_is_named() {
    for (pattern, text, correction) in [
        (r"^io\\.kubernetes", "io.kubernetes.cri", r"write \\. instead of \\\\."),
        (r"^io\\.kubernetes\\.cri$", "io.kubernetes.cri", r"write \\. instead of \\\\."),
        (r"^v\\d+$", "v12", r"write \\d instead of \\\\d"),
        (r"^io\\.kubernetes", "org.example", ""),
        (r"^io\.kubernetes", "IO.kubernetes", ""),
        // It would match every string.
        (r"\\d*", "x", ""),
        // It would not be a pattern.
        (r"^C:\\Users", "C:Users", ""),
    ] {
        for (when, config) in [
            (json!({"annotations": {pattern: "."}}), json!({"annotations": {text: ""}})),
            (json!({"annotations": {"^k$": pattern}}), json!({"annotations": {"k": text}})),
            (json!({"commands": [pattern]}), json!({"process": {"args": [text]}})),
        ] {
            let (found, _) = of_condition(&when, &config);
            let doubled =
                found.as_ref().filter(|miss| miss.obstacles == [Obstacle::DoubledBackslash]);
            assert_eq!(doubled.is_some(), !correction.is_empty(), "{pattern} {text}: {found:?}");
            if let Some(miss) = doubled {
                let want = format!("the pattern has a doubled backslash: in JSON, {correction}");
                assert_eq!(miss.message, want);
            }
        }
    }
}

/// Many patterns, long ones, and many words: nothing is searched for without end.
#[test]
fn the_search_for_near_misses_is_limited() {
    let mut commands = vec!["^far$".to_owned(); 5_000];
    commands.push("^nginx$".to_owned());
    let mut args = vec!["x"; 5_000];
    args.push("nginx");
    let config = json!({"process": {"args": args}});
    assert_eq!(of_condition(&json!({"commands": commands}), &config).0, None);
    // A pattern of many dots, backslashes, brackets and quotes.
    for piece in [".", r"\\", "[.]", r"\Q.\E", "com.example", r"[^\].]", "[[:alpha:].]"] {
        let mut pattern = String::new();
        for number in 0..20_000 {
            write!(pattern, "{piece}{}", number % 10).unwrap();
        }
        let annotations: serde_json::Map<String, Value> =
            (0..300).map(|number| (format!("key{number}"), "x".into())).collect();
        let when = json!({"annotations": {pattern: "x"}});
        assert_eq!(of_condition(&when, &json!({"annotations": annotations})).0, None);
    }
}
