//! Injects hooks into a config: the result is the config with the additions, and no other change.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use libhooks::{Code, Config, Listing, Manager, Stage, diagnostics_to_json};
use libhooks_fuzz::engine::{Known, already_present, explain, inject};
use libhooks_fuzz::json::{self, Members};
use libhooks_fuzz::{EXTENSION_STAGES, model, mutate, planted, scratch, timed};

/// Hooks for all stages; some match every config.
const HOOKS: &[(&str, &str)] = &[
    (
        "a",
        r#"{"version":"1.0.0","hook":{"path":"/bin/true","args":["true","\u00e9\"\\"],"env":["A=b"],"timeout":3},
        "when":{"always":true},"stages":["prestart","createContainer"]}"#,
    ),
    (
        "b",
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh"},"when":{"commands":["sh$"]},"stages":["poststop","startContainer"]}"#,
    ),
    (
        "c",
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh","timeout":0},"when":{"annotations":{"^a":"^b"}},
        "stages":["precreate","createRuntime","createRuntime"]}"#,
    ),
    (
        "d",
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh","args":["d"]},"when":{"hasBindMounts":true},"stages":["poststart"]}"#,
    ),
];

struct Managers {
    some: Manager,
    listing: Listing,
    /// A manager whose hook matches no config.
    none: Manager,
}

static MANAGERS: LazyLock<Managers> = LazyLock::new(|| {
    let directory = scratch::directory("config");
    for (name, hook) in HOOKS {
        std::fs::write(directory.join(format!("{name}.json")), hook).unwrap();
    }
    let some =
        Manager::builder().extension_stages(EXTENSION_STAGES).directory(&directory).load().unwrap();
    let never = scratch::directory("config-none");
    std::fs::write(never.join("a.json"), HOOKS[0].1.replace("true},", "false},")).unwrap();
    let none =
        Manager::builder().extension_stages(EXTENSION_STAGES).directory(never).load().unwrap();
    Managers { listing: some.list(), some, none }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::json(data, size, max_size, seed)
});

fuzz_target!(|config: &[u8]| {
    if let Ok(config) = str::from_utf8(config) {
        timed(|| injection(config));
    }
});

fn injection(config: &str) {
    let Managers { some, listing, none } = &*MANAGERS;
    let explained = match explain(some, config, Known::default()) {
        Ok(explained) => explained,
        Err(error) => {
            json::assert_valid(&error.to_json());
            assert_eq!(
                inject(some, config, Known::default()).unwrap_err().to_json(),
                error.to_json()
            );
            assert!(inject(none, config, Known::default()).is_err());
            assert!(Config::parse(config).is_err());
            let is_json = serde_json::from_str::<serde::de::IgnoredAny>(config).is_ok();
            if is_json {
                let wrong = [Code::JsonType, Code::JsonDepth, Code::DuplicateKey, Code::FoldedKey];
                assert!(wrong.contains(&error.code()), "{error:?}");
            }
            return;
        }
    };
    json::assert_valid(&explained.to_json());
    unambiguous(config);
    assert_eq!(inject(none, config, Known::default()).unwrap().config, config);
    let injection = match inject(some, config, Known::default()) {
        Ok(injection) => injection,
        Err(error) => {
            assert_eq!(explained.error.unwrap().message(), error.message());
            return;
        }
    };
    assert!(explained.error.is_none());

    let mut additions = Stage::ALL.map(|stage| (stage, Vec::new()));
    let mut extension: std::collections::BTreeMap<&str, Vec<_>> = Default::default();
    let mut matched = false;
    for (listed, verdict) in listing.hooks.iter().zip(&explained.hooks) {
        if matches!(verdict.verdict, Ok(true)) {
            matched = true;
            for stage in &listed.injected {
                let entry = serde_json::to_string(&listed.hook.hook).unwrap();
                additions.iter_mut().find(|(known, _)| known == stage).unwrap().1.push(entry);
            }
            for stage in &listed.extension_stages {
                extension.entry(stage).or_default().push(&listed.hook.hook);
            }
        }
    }
    let mut result = injection.config;
    if planted("splice-touches-space") {
        result = result.replace("\"hooks\" :", "\"hooks\":");
    }
    assert_eq!(
        result,
        if matched { model::spliced(config, &additions) } else { config.to_owned() }
    );
    assert_eq!(
        injection.extension_stage_hooks.to_json(),
        serde_json::to_string(&extension).unwrap()
    );

    let again = inject(some, &result, Known::default()).unwrap();
    assert_eq!(
        again.config.len() > result.len(),
        additions.iter().any(|(_, entries)| !entries.is_empty())
    );
    let warnings = already_present(some, &result, Known::default()).unwrap();
    json::assert_valid(&diagnostics_to_json(&warnings));
    assert_eq!(warnings.is_empty(), additions.iter().all(|(_, entries)| entries.is_empty()));
}

/// Checks that an accepted config is a JSON object, and that no key that the library reads is
/// duplicate.
fn unambiguous(config: &str) {
    let members = Members::of(config).expect("an object");
    for key in ["annotations", "hooks", "mounts", "process"] {
        let Some(object) = members.get(key).and_then(Members::of) else { continue };
        match key {
            "annotations" => {
                let keys: Vec<&str> =
                    object.0.iter().filter_map(|member| str::from_utf8(&member.key).ok()).collect();
                assert!(keys.len() < object.0.len() || !object.is_ambiguous(&keys));
            }
            "process" => assert!(
                object
                    .get("args")
                    .is_none_or(|args| args == "null" || json::elements(args).is_some())
            ),
            // Panics if the key is duplicate.
            _ => {
                Stage::ALL.iter().for_each(|stage| assert!(object.get(stage.as_str()) != Some("")))
            }
        }
    }
}
