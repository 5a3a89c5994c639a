//! Compares recorded answers of the reference with those of the Rust API: 600 sets of hook files
//! with five containers each. For each hook, the verdict in the explanation must be that of
//! injection.

use std::path::PathBuf;

use base64::Engine;
use libhooks::{Annotations, HookVerdict, Listing, Manager};
use serde_json::Value;

use crate::engine::{Known, explain, inject};

/// Creates the hook directories of a case in a temporary directory.
fn directories(case: &Value, root: &std::path::Path) -> Vec<PathBuf> {
    let files = |directory: &Value| directory.as_object().cloned().unwrap();
    let mut paths = Vec::new();
    for (index, directory) in case["dirs"].as_array().unwrap().iter().enumerate() {
        let path = root.join(format!("d{index}"));
        std::fs::create_dir(&path).unwrap();
        for (name, content) in files(directory) {
            let content = base64::engine::general_purpose::STANDARD
                .decode(content.as_str().unwrap())
                .unwrap();
            std::fs::write(path.join(name), content).unwrap();
        }
        paths.push(path);
    }
    paths
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

/// Replaces the reference's `null` by an empty object.
fn or_empty(value: &Value) -> Value {
    if value.is_null() { Value::Object(Default::default()) } else { value.clone() }
}

/// Returns the config's `hooks` with the hooks added that match according to the explanation.
fn expected(listing: &Listing, matched: impl Iterator<Item = bool>, config: &str) -> Value {
    let config: Value = serde_json::from_str(config).unwrap();
    let mut hooks = or_empty(config.get("hooks").unwrap_or(&Value::Null));
    for (listed, _) in listing.hooks.iter().zip(matched).filter(|(_, matched)| *matched) {
        for stage in &listed.injected {
            let entry = serde_json::to_value(&listed.hook.hook).unwrap();
            let entries =
                hooks.as_object_mut().unwrap().entry(stage.as_str()).or_insert(Value::Null);
            match entries {
                Value::Array(entries) => entries.push(entry),
                _ => *entries = Value::Array(vec![entry]),
            }
        }
    }
    hooks
}

#[test]
fn answers_agree_with_the_reference() {
    assert_eq!(replay(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/cases.jsonl")), 600);
}

/// Replays all cases of a table. Returns the number of cases.
fn replay(table: &str) -> usize {
    let data = std::fs::read_to_string(table).unwrap();
    let (mut cases, mut answers, mut failures) = (0, 0, 0);
    for (number, line) in data.lines().enumerate() {
        let case: Value = serde_json::from_str(line).unwrap();
        let root = tempfile::tempdir().unwrap();
        let stages = strings(&case["stages"]);
        let manager = Manager::builder()
            .directories(directories(&case, root.path()))
            .extension_stages(stages)
            .load();
        assert_eq!(manager.is_err(), case["new_error"].is_string(), "case {number}: {manager:?}");
        cases += 1;
        let Ok(manager) = manager else {
            failures += 1;
            continue;
        };
        for (request, answer) in
            case["requests"].as_array().unwrap().iter().zip(case["answers"].as_array().unwrap())
        {
            answers += 1;
            let config = request["config"].as_str().unwrap();
            let annotations = request["annotations"].as_object().map(|map| {
                map.iter().map(|(k, v)| (k.as_str(), v.as_str().unwrap())).collect::<Annotations>()
            });
            let has_bind_mounts = request["hasBindMounts"].as_bool();
            let known = Known { annotations: annotations.as_ref(), has_bind_mounts };
            let got = inject(&manager, config, known);
            let explained = explain(&manager, config, known).unwrap();
            match answer["error"].as_str() {
                Some(error) => {
                    assert_eq!(got.unwrap_err().to_string(), error, "case {number}");
                    assert_eq!(explained.error.unwrap().to_string(), error, "case {number}");
                }
                None => {
                    let got = got.unwrap();
                    let injected: Value = serde_json::from_str(&got.config).unwrap();
                    assert_eq!(
                        or_empty(&injected["hooks"]),
                        or_empty(&answer["hooks"]),
                        "case {number}: {config}"
                    );
                    let had_null = serde_json::from_str::<Value>(config).unwrap().get("hooks")
                        == Some(&Value::Null);
                    if !had_null {
                        assert_eq!(
                            injected.get("hooks").is_some(),
                            !answer["hooks"].is_null(),
                            "case {number}"
                        );
                    }
                    let extension: Value =
                        serde_json::from_str(&got.extension_stage_hooks.to_json()).unwrap();
                    assert_eq!(
                        extension,
                        or_empty(&answer["extensionStageHooks"]),
                        "case {number}"
                    );
                    assert!(explained.error.is_none(), "case {number}");
                    let matched = |verdict: &HookVerdict| matches!(verdict.verdict, Ok(true));
                    let explained = explained.hooks.iter().map(matched);
                    let expected = expected(&manager.list(), explained, config);
                    assert_eq!(or_empty(&injected["hooks"]), expected, "case {number}: {config}");
                }
            }
        }
    }
    println!(
        "{cases} cases ({failures} of them fail to load), {answers} answers agree with the reference"
    );
    cases
}
