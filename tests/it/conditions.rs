//! Tests of conditions and injection through the Rust API: verdicts, explanations, and invalid
//! configs (docs/spec.md, sections 5 and 6).

use std::path::Path;

use libhooks::{Annotations, Code, Condition, Container, Error, ErrorKind, Manager, Outcome};

use crate::engine::{Known, already_present, explain, inject, when_matches};

fn manager(root: &Path, files: &[(&str, &str)], stages: &[&str]) -> Manager {
    for (name, content) in files {
        std::fs::write(root.join(name), content).unwrap();
    }
    Manager::builder().directories([root]).extension_stages(stages.iter().copied()).load().unwrap()
}

fn hook(when: &str, stages: &str) -> String {
    format!(
        r#"{{"version": "1.0.0", "hook": {{"path": "/bin/true"}}, "when": {when}, "stages": {stages}}}"#
    )
}

/// Each row: `when`, a config, annotations, and the verdict or the error.
#[test]
fn conditions_give_the_expected_verdicts() {
    const SH: &str = r#"{"process": {"args": ["/bin/sh", "x"]}}"#;
    const NO_ARGS: &str = r#"{"process": {"args": []}}"#;
    const NO_PROCESS: &str = "{}";
    let empty = Err("process.args must have at least one entry");
    for (when, config, annotations, verdict) in [
        ("{}", SH, "{}", Ok(false)),
        (r#"{"annotations": {}, "commands": []}"#, SH, "{}", Ok(false)),
        (r#"{"always": true}"#, NO_PROCESS, "{}", Ok(true)),
        (r#"{"always": false, "commands": [".*"]}"#, SH, "{}", Ok(false)),
        (r#"{"always": false, "commands": [".*"], "or": true}"#, SH, "{}", Ok(true)),
        (r#"{"always": true, "commands": ["x"]}"#, NO_ARGS, "{}", empty),
        (r#"{"always": true, "commands": ["x"], "or": true}"#, NO_ARGS, "{}", Ok(true)),
        (r#"{"always": true, "commands": ["x"]}"#, NO_PROCESS, "{}", Ok(true)),
        (r#"{"commands": ["x"]}"#, NO_PROCESS, "{}", Ok(false)),
        (r#"{"commands": ["x"]}"#, r#"{"process": null}"#, "{}", Ok(false)),
        (r#"{"commands": ["x"]}"#, r#"{"process": {}}"#, "{}", empty),
        (r#"{"commands": ["x"]}"#, r#"{"process": {"args": null}}"#, "{}", empty),
        (r#"{"commands": ["^/bin/sh$", "("]}"#, SH, "{}", Ok(true)),
        (
            r#"{"commands": ["x$", "("]}"#,
            SH,
            "{}",
            Err("command: error parsing regexp: missing closing ): `(`"),
        ),
        (r#"{"hasBindMounts": true}"#, NO_PROCESS, "{}", Ok(false)),
        (r#"{"hasBindMounts": true}"#, r#"{"mounts": [{"type": "bind"}]}"#, "{}", Ok(true)),
        (
            r#"{"hasBindMounts": true}"#,
            r#"{"mounts": [{}, {"options": ["rw", "rbind"]}]}"#,
            "{}",
            Ok(true),
        ),
        (
            r#"{"hasBindMounts": true}"#,
            r#"{"mounts": [{"type": "tmpfs", "options": null}, null]}"#,
            "{}",
            Ok(false),
        ),
        (r#"{"hasBindMounts": false}"#, NO_PROCESS, "{}", Ok(false)),
        (
            r#"{"hasBindMounts": false, "annotations": {"a": "b"}, "or": true}"#,
            NO_PROCESS,
            r#"{"a": "b"}"#,
            Ok(true),
        ),
        (r#"{"annotations": {"^a$": "b"}}"#, NO_PROCESS, r#"{"a": "xbx"}"#, Ok(true)),
        (r#"{"annotations": {"^a$": "b", "c": "d"}}"#, NO_PROCESS, r#"{"a": "b"}"#, Ok(false)),
        (
            r#"{"annotations": {"^a$": "b", "c": "d"}, "or": true}"#,
            NO_PROCESS,
            r#"{"a": "b"}"#,
            Ok(true),
        ),
        (r#"{"annotations": {"(": "b"}}"#, NO_PROCESS, "{}", Ok(false)),
        (
            r#"{"annotations": {"(": "b"}}"#,
            NO_PROCESS,
            r#"{"a": "b"}"#,
            Err("annotation key: error parsing regexp: missing closing ): `(`"),
        ),
        (r#"{"annotations": {"x": "("}}"#, NO_PROCESS, r#"{"a": "b"}"#, Ok(false)),
        (
            r#"{"annotations": {"a": "(", "(": ""}}"#,
            NO_PROCESS,
            r#"{"a": "b"}"#,
            Err("annotation key: error parsing regexp: missing closing ): `(`"),
        ),
        (
            r#"{"annotations": {"a": "*"}}"#,
            NO_PROCESS,
            r#"{"a": "b"}"#,
            Err(
                "annotation value: error parsing regexp: missing argument to repetition operator: `*`",
            ),
        ),
        ("null", SH, "{}", Ok(false)),
    ] {
        let annotations = Annotations::from_json(annotations).unwrap();
        let got = when_matches(when, config, Known::annotations(Some(&annotations)));
        assert_eq!(
            got.map_err(|error| error.to_string()),
            verdict.map_err(str::to_owned),
            "{when} {config}"
        );
    }
}

#[test]
fn annotations_of_the_caller_replace_those_of_the_config() {
    let when = r#"{"annotations": {"a": "b"}}"#;
    let config = r#"{"annotations": {"\u0061": "b"}}"#;
    assert!(when_matches(when, config, Known::default()).unwrap());
    assert!(
        !when_matches(when, config, Known::annotations(Some(&Annotations::default()))).unwrap(),
        "the caller's annotations count, although they are empty"
    );
}

/// Each row: an invalid or ambiguous config, the code of the error, and its position.
#[test]
fn ambiguous_configs_and_annotations_are_refused() {
    let root = tempfile::tempdir().unwrap();
    let manager =
        manager(root.path(), &[("a.json", &hook(r#"{"always": true}"#, r#"["poststop"]"#))], &[]);
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels - 1), "]".repeat(levels - 1));
    for (config, code, line, column) in [
        ("", Code::JsonUnexpectedEnd, 1, 1),
        ("null", Code::JsonType, 1, 1),
        ("[]", Code::JsonType, 1, 1),
        ("3", Code::JsonType, 1, 1),
        ("{\n \"a\": ", Code::JsonUnexpectedEnd, 2, 7),
        ("{} x", Code::JsonSyntax, 1, 4),
        ("{\"a\":01}", Code::JsonSyntax, 1, 7),
        (r#"{"hooks":{},"hooks":{}}"#, Code::DuplicateKey, 1, 13),
        (r#"{"hooks":{},"\u0068ooks":{}}"#, Code::DuplicateKey, 1, 13),
        (r#"{"Hooks":{}}"#, Code::FoldedKey, 1, 2),
        ("{\"hoo\u{212a}s\":{}}", Code::FoldedKey, 1, 2),
        (r#"{"hooks":[]}"#, Code::JsonType, 1, 10),
        (r#"{"hooks":{"poststop":{}}}"#, Code::JsonType, 1, 22),
        (r#"{"hooks":{"poststop":[],"poststop":[]}}"#, Code::DuplicateKey, 1, 25),
        (r#"{"hooks":{"prestart":[],"prestart":[]}}"#, Code::DuplicateKey, 1, 25),
        (r#"{"hooks":{"postStop":[]}}"#, Code::FoldedKey, 1, 11),
        (r#"{"Process":{}}"#, Code::FoldedKey, 1, 2),
        (r#"{"process":3}"#, Code::JsonType, 1, 12),
        (r#"{"process":{},"process":{}}"#, Code::DuplicateKey, 1, 15),
        (r#"{"process":{"ARGS":[]}}"#, Code::FoldedKey, 1, 13),
        (r#"{"process":{"args":"sh"}}"#, Code::JsonType, 1, 20),
        (r#"{"process":{"args":["sh",1]}}"#, Code::JsonType, 1, 26),
        (r#"{"annotations":{"a":1}}"#, Code::JsonType, 1, 21),
        (r#"{"annotations":{"a":"","b":"","\u0061":""}}"#, Code::DuplicateKey, 1, 31),
        (r#"{"annotations":[]}"#, Code::JsonType, 1, 16),
        (r#"{"mounts":{}}"#, Code::JsonType, 1, 11),
        (r#"{"mounts":[{"type":"a","type":"b"}]}"#, Code::DuplicateKey, 1, 24),
        (r#"{"mounts":[{"Options":[]}]}"#, Code::FoldedKey, 1, 13),
        (r#"{"mounts":[{"options":"bind"}]}"#, Code::JsonType, 1, 23),
        (&format!("{{\"a\":{}}}", deep(10_001)), Code::JsonDepth, 1, 10_005),
        (&"{\"a\":".repeat(100_000), Code::JsonDepth, 1, 50_001),
    ] {
        let error = inject(&manager, config, Known::default()).expect_err(config);
        let position = error.place().position.unwrap();
        let shown = &config[..config.len().min(60)];
        assert_eq!((error.kind(), error.code()), (ErrorKind::Json, code), "{shown}: {error}");
        assert_eq!((position.line, position.column), (line, column), "{shown}: {error}");
        assert!(explain(&manager, config, Known::default()).is_err());
    }
    let deepest = format!("{{\"a\":{}}}", deep(10_000));
    assert!(inject(&manager, &deepest, Known::default()).unwrap().config.starts_with("{\"a\":[[["));
    for json in ["", "null x", "3", "[]", r#"{"a":1}"#, r#"{"a":"","a":""}"#, r#"{"a":["x"]}"#] {
        assert_eq!(Annotations::from_json(json).expect_err(json).kind(), ErrorKind::Json);
    }
    assert_eq!(Annotations::from_json(r#"{"a":null}"#).unwrap(), [("a", "")].into_iter().collect());
}

#[test]
fn selecting_fails_at_the_first_hook_that_fails() {
    let root = tempfile::tempdir().unwrap();
    let files = [
        ("a.json", hook(r#"{"always": true}"#, r#"["poststop"]"#)),
        ("b \"q\".json", hook(r#"{"commands": ["x"]}"#, r#"["poststop"]"#)),
        ("c.json", hook(r#"{"commands": ["x"]}"#, r#"["poststop"]"#)),
    ];
    let files: Vec<(&str, &str)> =
        files.iter().map(|(name, content)| (*name, content.as_str())).collect();
    let manager = manager(root.path(), &files, &[]);
    let config = r#"{"process": {}}"#;
    let error: Error = inject(&manager, config, Known::default()).unwrap_err();
    let want = r#"matching hook "b \"q\".json": process.args must have at least one entry"#;
    assert_eq!((error.to_string().as_str(), error.kind()), (want, ErrorKind::Match));
    assert_eq!(error.place().hook.as_deref(), Some("b \"q\".json"));
    let explanation = explain(&manager, config, Known::default()).unwrap();
    assert_eq!(explanation.error.unwrap().to_string(), want);
    let verdicts: Vec<bool> = explanation.hooks.iter().map(|hook| hook.verdict.is_ok()).collect();
    assert_eq!(verdicts, [true, false, false]);
}

#[test]
fn an_explanation_goes_on_after_the_verdict_without_changing_it() {
    let root = tempfile::tempdir().unwrap();
    let when = r#"{"hasBindMounts": true, "annotations": {"^com\\.example$": "^on$"}, "commands": ["^sh$"]}"#;
    let manager = manager(root.path(), &[("a.json", &hook(when, r#"["poststop"]"#))], &[]);
    let config = r#"{"process": {}, "annotations": {"x": "y", "com.example": "off"}}"#;
    assert_eq!(inject(&manager, config, Known::default()).unwrap().config, config);
    let explanation = explain(&manager, config, Known::default()).unwrap();
    assert!(explanation.error.is_none());
    let hook = &explanation.hooks[0];
    assert!(matches!(hook.verdict, Ok(false)));
    let outcomes: Vec<(Option<Outcome>, bool)> = hook
        .conditions
        .iter()
        .map(|trace| (trace.outcome.as_ref().ok().copied(), trace.after_verdict))
        .collect();
    assert_eq!(
        outcomes,
        [(Some(Outcome::Fails), false), (Some(Outcome::Fails), true), (None, true)]
    );
    match &hook.conditions[1].condition {
        Condition::Annotation {
            key_pattern,
            value_pattern,
            tried: 2,
            matched: None,
            nearest,
            ..
        } => {
            assert_eq!((key_pattern.as_str(), value_pattern.as_str()), ("^com\\.example$", "^on$"));
            let nearest = nearest.as_ref().unwrap();
            assert_eq!((nearest.key.as_str(), nearest.value.as_str()), ("com.example", "off"));
        }
        other => panic!("{other:?}"),
    }
    let json: serde_json::Value = serde_json::from_str(&explanation.to_json()).unwrap();
    assert_eq!(json["hooks"][0]["verdict"], "no-match");
    assert_eq!(json["hooks"][0]["conditions"][1]["nearest"]["value"], "off");
}

#[test]
fn hooks_of_extension_stages_are_returned_to_the_caller() {
    let root = tempfile::tempdir().unwrap();
    let files =
        [("a.json", hook(r#"{"always": true}"#, r#"["precreate", "poststop", "precreate"]"#))];
    let files: Vec<(&str, &str)> =
        files.iter().map(|(name, content)| (*name, content.as_str())).collect();
    let manager = manager(root.path(), &files, &["precreate", "poststop"]);
    let injection = inject(&manager, "{}", Known::default()).unwrap();
    assert_eq!(
        injection.config, r#"{"hooks":{}}"#,
        "poststop is an extension stage here, although it is also an OCI stage"
    );
    let want = r#"{"poststop":[{"path":"/bin/true"}],"precreate":[{"path":"/bin/true"},{"path":"/bin/true"}]}"#;
    assert_eq!(injection.extension_stage_hooks.to_json(), want);
}

#[test]
fn hooks_that_the_config_already_has_are_found() {
    let root = tempfile::tempdir().unwrap();
    let manager =
        manager(root.path(), &[("a.json", &hook(r#"{"always": true}"#, r#"["poststop"]"#))], &[]);
    let once = inject(&manager, "{}", Known::default()).unwrap().config;
    assert_eq!(already_present(&manager, "{}", Known::default()).unwrap(), []);
    let found = already_present(&manager, &once, Known::default()).unwrap();
    assert_eq!(
        (found.len(), found[0].code, &found[0].path),
        (1, Code::AlreadyInjected, &root.path().join("a.json"))
    );
    let twice = inject(&manager, &once, Known::default()).unwrap().config;
    assert_eq!(twice, r#"{"hooks":{"poststop":[{"path":"/bin/true"},{"path":"/bin/true"}]}}"#);
}

#[cfg(feature = "oci-spec")]
#[test]
fn injecting_into_a_spec_agrees_with_injecting_into_json() {
    let root = tempfile::tempdir().unwrap();
    let files = [
        ("a.json", hook(r#"{"annotations": {"a": "b"}}"#, r#"["prestart", "precreate"]"#)),
        (
            "b.json",
            hook(
                r#"{"commands": ["^sh$"], "hasBindMounts": true}"#,
                r#"["poststop", "poststart"]"#,
            ),
        ),
        ("c.json", hook(r#"{"commands": ["^bash$"]}"#, r#"["poststop"]"#)),
    ];
    let files: Vec<(&str, &str)> =
        files.iter().map(|(name, content)| (*name, content.as_str())).collect();
    let manager = manager(root.path(), &files, &["precreate"]);
    let mut spec = oci_spec::runtime::Spec::default();
    spec.set_annotations(Some([("a".to_owned(), "b".to_owned())].into()));
    let config = serde_json::to_string(&spec).unwrap();
    let injection = inject(&manager, &config, Known::default()).unwrap();
    let extension = {
        let selection = manager.select(&Container::from_spec(&spec)).unwrap();
        selection.inject_into_spec(&mut spec)
    };
    assert_eq!(extension, injection.extension_stage_hooks);
    let spliced: oci_spec::runtime::Spec = serde_json::from_str(&injection.config).unwrap();
    assert_eq!(spec.hooks(), spliced.hooks());
    assert_eq!(spec.hooks().as_ref().unwrap().create_runtime().as_ref().unwrap().len(), 1);
}
