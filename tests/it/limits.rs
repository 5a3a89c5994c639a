//! Tests of the limits (docs/limits.md): a value at the limit is accepted; one more, and twice the
//! limit, is refused.

use std::fs;
use std::path::Path;

use libhooks::{
    Annotations, Code, Error, ErrorKind, Hook, HookDir, HookFile, Manager, OciHook, ReadOptions,
    When, ffi, limits,
};
use serde_json::{Value, json};

use crate::engine::{Known, already_present, explain, inject, when_matches};

fn manager(files: &[(&str, Value)], stages: &[&str]) -> (tempfile::TempDir, Manager) {
    let root = tempfile::tempdir().unwrap();
    for (name, hook) in files {
        fs::write(root.path().join(name), hook.to_string()).unwrap();
    }
    let manager = Manager::builder()
        .directories([root.path()])
        .extension_stages(stages.iter().copied())
        .load()
        .unwrap();
    (root, manager)
}

fn hook(args: &[&str], stages: &[&str]) -> Value {
    json!({"version": "1.0.0", "hook": {"path": "/bin/sh", "args": args}, "when": {"always": true}, "stages": stages})
}

fn failure<T>(result: Result<T, Error>) -> Option<(ErrorKind, Code)> {
    result.err().map(|error| (error.kind(), error.code()))
}

const REFUSED: Option<(ErrorKind, Code)> = Some((ErrorKind::InvalidArgument, Code::TooLarge));

/// Returns sizes around a limit, and whether each is allowed.
fn around(limit: usize) -> [(usize, bool); 3] {
    [(limit, true), (limit + 1, false), (2 * limit, false)]
}

/// Returns the expected result of a call with a value of an allowed or refused size.
fn outcome(allowed: bool) -> Option<(ErrorKind, Code)> {
    if allowed { None } else { REFUSED }
}

#[test]
fn size_of_configs_is_limited() {
    let (_root, manager) = manager(&[("a.json", hook(&[], &["poststop"]))], &[]);
    for (size, allowed) in around(limits::CONFIG) {
        let config = format!("{{{}}}", " ".repeat(size - 2));
        assert_eq!(
            failure(inject(&manager, &config, Known::default())),
            outcome(allowed),
            "{size}"
        );
        assert_eq!(
            failure(explain(&manager, &config, Known::default())),
            outcome(allowed),
            "{size}"
        );
        assert_eq!(failure(Annotations::from_json(&config)), outcome(allowed), "{size}");
        let list = format!("[{}]", " ".repeat(size - 2));
        assert_eq!(failure(OciHook::list_from_json(&list)), outcome(allowed), "{size}");
    }
}

#[test]
fn depth_of_json_is_limited() {
    let (_root, manager) = manager(&[("a.json", hook(&[], &["poststop"]))], &[]);
    for (depth, allowed) in around(limits::JSON_DEPTH) {
        let nested = format!("{{\"x\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        let want = if allowed { None } else { Some((ErrorKind::Json, Code::JsonDepth)) };
        assert_eq!(failure(inject(&manager, &nested, Known::default())), want, "{depth}");
        assert_eq!(failure(Hook::decode(nested.as_bytes(), Some("1.0.0"))), want, "{depth}");
        assert_eq!(failure(OciHook::list_from_json(&nested)), want, "{depth}");
    }
}

#[test]
fn number_and_size_of_annotations_are_limited() {
    let (_root, manager) = manager(&[("a.json", hook(&[], &["poststop"]))], &[]);
    let when = r#"{"always":true}"#;
    let all = |config: &str, annotations: Option<&Annotations>, want, size: usize| {
        assert_eq!(
            failure(inject(&manager, config, Known::annotations(annotations))),
            want,
            "{size}"
        );
        assert_eq!(
            failure(already_present(&manager, config, Known::annotations(annotations))),
            want,
            "{size}"
        );
        assert_eq!(
            failure(explain(&manager, config, Known::annotations(annotations))),
            want,
            "{size}"
        );
        assert_eq!(
            failure(when_matches(when, config, Known::annotations(annotations))),
            want,
            "{size}"
        );
    };
    for (count, allowed) in around(limits::ANNOTATIONS) {
        let map: serde_json::Map<String, Value> =
            (0..count).map(|i| (i.to_string(), "".into())).collect();
        let given: Annotations = map.keys().map(|key| (key.as_str(), "")).collect();
        all(&json!({"annotations": map}).to_string(), None, outcome(allowed), count);
        all("{}", Some(&given), outcome(allowed), count);
    }
    for (size, allowed) in around(limits::CONTAINER) {
        // Key, value and command together.
        let (key, command) = ("k".repeat(100), "c".repeat(1000));
        let value = "v".repeat(size - 1100);
        let config =
            json!({"annotations": {&key: &value}, "process": {"args": [&command, &value]}});
        all(&config.to_string(), None, outcome(allowed), size);
        let mut request = Vec::new();
        let mut bytes = |bytes: &str| {
            request.extend_from_slice(&(bytes.len() as u32).to_ne_bytes());
            request.extend_from_slice(bytes.as_bytes());
        };
        bytes(&command);
        let command = std::mem::take(&mut request);
        let mut bytes = |bytes: &str| {
            request.extend_from_slice(&(bytes.len() as u32).to_ne_bytes());
            request.extend_from_slice(bytes.as_bytes());
        };
        bytes(&key);
        bytes(&value);
        let request = [&2u32.to_ne_bytes()[..], &command, &1u32.to_ne_bytes(), &request].concat();
        let container = ffi::container(&request, false).unwrap();
        let matched = manager.snapshot().matching(&container, &mut Vec::new());
        assert_eq!(failure(matched), outcome(allowed), "{size}");
        assert_eq!(
            failure(When::from_json(when).unwrap().matches(&container)),
            outcome(allowed),
            "{size}"
        );
    }
}

#[test]
fn number_and_length_of_extension_stages_are_limited() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("a.json");
    let json = hook(&[], &["poststop"]).to_string();
    fs::write(&file, &json).unwrap();
    let all = |stages: &[&str], want: Option<(ErrorKind, Code)>| {
        let options = ReadOptions::new().extension_stages(stages.iter().copied());
        let builder = Manager::builder().directory(root.path()).read_options(options.clone());
        assert_eq!(failure(builder.load()), want);
        assert_eq!(failure(Hook::read(&file, &options)), want);
        assert_eq!(failure(HookDir::read(root.path(), &options).error.map_or(Ok(()), Err)), want);
        assert_eq!(failure(ffi::validate(&json, stages)), want);
        let found = HookFile::check(&file, &options)
            .iter()
            .any(|diagnostic| diagnostic.code == Code::TooLarge);
        assert_eq!(found, want.is_some());
    };
    for (count, allowed) in around(limits::EXTENSION_STAGES) {
        all(&vec!["x"; count], outcome(allowed));
    }
    for (length, allowed) in around(limits::EXTENSION_STAGE) {
        all(&[&"x".repeat(length)], outcome(allowed));
    }
}

/// Hooks and conditions that are passed as JSON, not as files.
#[test]
fn size_of_hooks_as_json_is_limited() {
    let good = hook(&[], &["poststop"]).to_string();
    for (size, allowed) in around(limits::HOOK_FILE) {
        let json = good.clone() + &" ".repeat(size - good.len());
        assert_eq!(failure(ffi::validate(&json, &[])), outcome(allowed), "{size}");
        assert_eq!(failure(Hook::decode(json.as_bytes(), None)), outcome(allowed), "{size}");
        assert_eq!(failure(Hook::from_json(&json)), outcome(allowed), "{size}");
        let when = format!("{{{}}}", " ".repeat(size - 2));
        assert_eq!(
            failure(when_matches(&when, "{}", Known::default())),
            outcome(allowed),
            "{size}"
        );
    }
}

#[test]
fn size_of_hook_files_is_limited() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("a.json");
    let good = hook(&[], &["poststop"]).to_string();
    for (size, allowed) in around(limits::HOOK_FILE) {
        fs::write(&file, good.clone() + &" ".repeat(size - good.len())).unwrap();
        let want = if allowed { None } else { Some((ErrorKind::HookFile, Code::FileTooLarge)) };
        assert_eq!(failure(Hook::read(&file, &ReadOptions::new())), want, "{size}");
    }
}

/// Asserts that injection succeeds if it is allowed. Otherwise injection and explanation must fail
/// with the path of the hook file that exceeds the limit.
fn assert_injection(manager: &Manager, allowed: bool, file: &Path) {
    let injected = inject(manager, "{}", Known::default());
    let explained = explain(manager, "{}", Known::default()).unwrap().error;
    match injected {
        Ok(_) => {
            assert!(allowed);
            assert!(explained.is_none());
        }
        Err(error) => {
            assert!(!allowed, "{error}");
            assert_eq!((error.kind(), error.code()), (ErrorKind::HookFile, Code::TooLarge));
            assert_eq!(error.place().path.as_deref(), Some(file));
            assert_eq!(explained.unwrap().message(), error.message());
            assert_eq!(
                failure(already_present(manager, "{}", Known::default())),
                Some((error.kind(), error.code()))
            );
        }
    }
}

#[test]
fn number_of_injected_entries_is_limited() {
    for stage in ["poststop", "mine"] {
        for (count, allowed) in around(limits::ENTRIES) {
            // Two files, each of which alone is within the limit.
            let (half, rest) = (count / 2, count - count / 2);
            let files = [
                ("a.json", hook(&[], &vec![stage; half])),
                ("b.json", hook(&[], &vec![stage; rest])),
            ];
            let (root, manager) = manager(&files, &["mine"]);
            assert_injection(&manager, allowed, &root.path().join("b.json"));
        }
    }
}

#[test]
fn size_of_injected_entries_is_limited() {
    for stage in ["poststop", "mine"] {
        let empty = r#"{"path":"/bin/sh","args":[""]},"#.len();
        for (size, allowed) in around(limits::INJECTION) {
            let arg = "a".repeat((1 << 20) - empty);
            let mut files = vec![("a.json", hook(&[&arg], &vec![stage; size >> 20]))];
            // A size that is not a whole number of MiB is the limit plus one.
            if size % (1 << 20) != 0 {
                files.push(("b.json", hook(&[], &[stage])));
            }
            let (root, manager) = manager(&files, &["mine"]);
            let file = if files.len() == 1 { "a.json" } else { "b.json" };
            assert_injection(&manager, allowed, &root.path().join(file));
        }
    }
}

/// A stage that is listed twice injects twice, as in the reference.
#[test]
fn realistic_files_are_far_below_the_limits() {
    let files: Vec<(String, Value)> = (0..1000)
        .map(|i| {
            (
                format!("{i}.json"),
                hook(&["sh", &"x".repeat(4096)], &["poststop", "mine", "poststop"]),
            )
        })
        .collect();
    let files: Vec<(&str, Value)> =
        files.iter().map(|(name, hook)| (name.as_str(), hook.clone())).collect();
    let (_root, manager) = manager(&files, &["mine"]);
    let injection = inject(&manager, "{}", Known::default()).unwrap();
    let config: Value = serde_json::from_str(&injection.config).unwrap();
    assert_eq!(config["hooks"]["poststop"].as_array().unwrap().len(), 2000);
    assert_eq!(injection.extension_stage_hooks.0["mine"].len(), 1000);
}

/// Equal entries are found however they are written, and among any other entries.
#[test]
fn already_injected_hooks_are_found_among_many_entries() {
    let files: Vec<(String, Value)> = (0..200)
        .map(|i| (format!("{i:03}.json"), hook(&["sh", &i.to_string()], &["poststop", "poststop"])))
        .collect();
    let files: Vec<(&str, Value)> =
        files.iter().map(|(name, hook)| (name.as_str(), hook.clone())).collect();
    let (_root, manager) = manager(&files, &[]);
    let mut entries: Vec<String> =
        (0..20_000).map(|i| format!(r#"{{"path":"/bin/sh","args":["sh","x{i}"]}}"#)).collect();
    for i in (0..200).step_by(2) {
        // Another order of keys, escapes, whitespace; the second entry differs in its timeout.
        entries[i * 50] =
            format!("{{ \"args\": [\"s\\u0068\", \"{i}\"], \"path\" : \"/bin/sh\" }}");
        entries[i * 50 + 1] =
            format!("{{\"path\":\"/bin/sh\",\"args\":[\"sh\",\"{}\"],\"timeout\":1}}", i + 1);
    }
    entries.push("null".to_owned());
    let config = format!("{{\"hooks\":{{\"poststop\":[{}]}}}}", entries.join(","));
    let found = already_present(&manager, &config, Known::default()).unwrap();
    let names: Vec<String> = found
        .iter()
        .map(|found| found.path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    let want: Vec<String> = (0..200)
        .step_by(2)
        .flat_map(|i| [format!("{i:03}.json"), format!("{i:03}.json")])
        .collect();
    assert_eq!(names, want);
}
