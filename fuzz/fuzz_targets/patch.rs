//! Computes a JSON Patch from one config to another. Another implementation applies it, and must
//! get the second config.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use libhooks::exec::{fuzz_diff, patch_to_json};
use libhooks_fuzz::{fields, json, mutate, planted, timed};

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::json(data, size, max_size, seed)
});

fuzz_target!(|data: &[u8]| {
    let mut fields = fields(data).map(str::from_utf8);
    if let (Some(Ok(old)), Some(Ok(new))) = (fields.next(), fields.next()) {
        timed(|| patch(old, new));
    }
});

fn patch(old: &str, new: &str) {
    let Some(operations) = fuzz_diff(old, new) else {
        let is_json = |text| {
            serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
                && json::depth(text) < 10_000
        };
        assert!(!is_json(old) || !is_json(new));
        return;
    };
    let mut text = patch_to_json(&operations);
    assert!(old != new || text == "[]", "{text}");
    if planted("pointer-without-escapes") {
        text = text.replace("~1", "/");
    }
    json::assert_valid(&text);
    // Each operation is about as long as the part of the new config that it makes, so the patch is
    // not much longer than both configs.
    let most = 4096 + 8 * (old.len() + new.len());
    assert!(text.len() <= most, "{} bytes", text.len());
    // The other implementation is recursive, and rejects lone surrogates.
    if json::depth(old).max(json::depth(new)) > 500 {
        return;
    }
    let (Some(old), Some(new)) = (json::value(old), json::value(new)) else { return };
    let operations: json_patch::Patch = serde_json::from_str(&text).unwrap();
    let mut document = old.clone();
    json_patch::patch(&mut document, &operations).unwrap();
    assert_eq!(document, new, "{text}");
}
