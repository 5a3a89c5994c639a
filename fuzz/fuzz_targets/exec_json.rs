//! Hooks as JSON, as callers pass them to run and filter. No hook is run.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use libhooks::ffi::validate;
use libhooks::{Hook, OciHook};
use libhooks_fuzz::json::{self, Members};
use libhooks_fuzz::{EXTENSION_STAGES, mutate, planted, timed};
use serde_json::Value;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::json(data, size, max_size, seed)
});

fuzz_target!(|text: &[u8]| {
    if let Ok(text) = str::from_utf8(text) {
        timed(|| {
            entries(text);
            hook(text);
        });
    }
});

/// Checks an entry of `config.hooks`, or an array of them.
fn entries(text: &str) {
    let expected = expected(text);
    match OciHook::list_from_json(text) {
        Err(error) => {
            json::assert_valid(&error.to_json());
            assert_eq!(expected, None);
        }
        Ok(mut hooks) => {
            if planted("empty-arguments-are-dropped") {
                hooks.iter_mut().for_each(|hook| hook.args.retain(|text| !text.is_empty()));
            }
            if let Some(expected) = expected {
                assert_eq!(hooks, expected);
            }
            let again = serde_json::to_string(&hooks).unwrap();
            assert_eq!(OciHook::list_from_json(&again).unwrap(), hooks);
        }
    }
}

/// Parses the same with the second parser; `None` where the two need not agree.
fn expected(text: &str) -> Option<Vec<OciHook>> {
    match json::elements(text) {
        Some(elements) => elements.into_iter().map(entry).collect(),
        None => Some(vec![entry(text)?]),
    }
}

fn entry(text: &str) -> Option<OciHook> {
    let members = Members::of(text)?;
    if members.is_ambiguous(&["path", "args", "env", "timeout"]) {
        return None;
    }
    let strings = |key: &str| match members.get(key).map(json::value) {
        None => Some(Vec::new()),
        Some(value) => {
            value?.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
        }
    };
    let text = |value: Value| value.as_str().map(str::to_owned);
    Some(OciHook {
        path: members
            .get("path")
            .map_or(Some(String::new()), |path| json::value(path).and_then(text))?,
        args: strings("args")?,
        env: strings("env")?,
        timeout: match members.get("timeout") {
            None => None,
            Some(timeout) => Some(timeout.parse::<i64>().ok()?),
        },
    })
}

/// Checks a whole hook: validates it, decodes it as a file, and reads the library's own output.
fn hook(text: &str) {
    let decoded = Hook::decode(text.as_bytes(), Some("1.0.0"));
    let valid = validate(text, &EXTENSION_STAGES);
    if let Err(error) = &valid {
        json::assert_valid(&error.to_json());
    }
    match &decoded {
        Err(error) => {
            assert_eq!(valid.unwrap_err().code(), error.code());
            json::assert_valid(&error.to_json());
        }
        Ok(None) => assert!(valid.is_err()),
        Ok(Some(hook)) => {
            let again = validate(&hook.to_json(), &EXTENSION_STAGES);
            let say = |valid: &Result<(), libhooks::Error>| {
                valid.as_ref().err().map(|e| e.message().to_owned())
            };
            assert_eq!(say(&again), say(&valid));
        }
    }
    if let Ok(Some(hook)) = Hook::from_json(text) {
        let text = hook.to_json();
        json::assert_valid(&text);
        assert_eq!(Hook::from_json(&text).unwrap(), Some(hook));
    }
}
