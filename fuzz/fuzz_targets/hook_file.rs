//! Reads, lints, lists, explains and migrates one hook file.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use libhooks::{
    Hook, HookFile, LogLevel, Manager, Policy, ReadOptions, Severity, diagnostics_to_json, ffi,
};
use libhooks_fuzz::engine::{Known, explain, inject};
use libhooks_fuzz::{Container, EXTENSION_STAGES, json, model, mutate, planted, scratch, timed};

static FILE: LazyLock<PathBuf> =
    LazyLock::new(|| scratch::directory("hook_file").join("hook.json"));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::json(data, size, max_size, seed)
});

fuzz_target!(|content: &[u8]| timed(|| hook_file(content)));

fn hook_file(content: &[u8]) {
    limits(content);
    std::fs::write(&*FILE, content).unwrap();
    let decoded = Hook::decode(content, None);
    let HookFile { hook, error, .. } = HookFile::read(&*FILE, &options());
    match &error {
        Some(error) => json::assert_valid(&error.to_json()),
        None => assert_eq!(hook.as_ref(), decoded.as_ref().unwrap().as_ref()),
    }
    for (_, position) in Hook::unknown_keys(content) {
        assert!(is_in(content, position.line, position.column));
    }
    diagnostics(content, error.is_some());
    manager(hook.filter(|_| error.is_none()));
    if let Ok(Some(hook)) = decoded {
        round_trip(&hook);
        migration(&hook);
    }
}

fn options() -> ReadOptions {
    ReadOptions::new().extension_stages(EXTENSION_STAGES)
}

/// Checks the diagnostics of lint for the file.
fn diagnostics(content: &[u8], failed: bool) {
    let found = HookFile::check(&*FILE, &options());
    json::assert_valid(&diagnostics_to_json(&found));
    let errors = found.iter().filter(|found| found.severity == Severity::Error).count();
    assert_eq!(errors > 0, failed, "{found:?}");
    for diagnostic in &found {
        assert_eq!(diagnostic.path, *FILE);
        assert!(
            diagnostic.position.is_none_or(|at| is_in(content, at.line, at.column)),
            "{diagnostic:?}"
        );
    }
}

/// Returns whether a position is in the file, or at its end.
fn is_in(content: &[u8], line: u32, column: u32) -> bool {
    let line = content.split(|byte| *byte == b'\n').nth(line as usize - 1);
    line.is_some_and(|line| (1..=line.len() + 1).contains(&(column as usize)))
}

/// Checks a manager that has only this file: each way to evaluate the hook has the same result.
fn manager(hook: Option<Hook>) {
    let options = options().log(LogLevel::Debug, |_, _, fields| json::assert_valid(fields));
    let builder = Manager::builder().directory(FILE.parent().unwrap()).policy(Policy::LENIENT);
    let manager = builder.read_options(options).load().unwrap();
    let listing = manager.list();
    json::assert_valid(&listing.to_json());
    assert_eq!(listing.hooks.first().map(|listed| &listed.hook), hook.as_ref());
    json::assert_valid(&diagnostics_to_json(&manager.without_hook()));
    let Some(hook) = hook else { return };
    for container in Container::likely(&hook.when) {
        let expected = model::verdict(&hook.when, &container);
        let mut matched = Vec::new();
        let request = container.request();
        let asked = ffi::container(&request, container.has_bind_mounts).unwrap();
        let answer = manager.snapshot().matching(&asked, &mut matched);
        assert_eq!(answer.ok().map(|()| !matched.is_empty()), expected, "{hook:?} {container:?}");
        let Some(config) = container.config() else { continue };
        let explained = explain(&manager, &config, Known::default()).unwrap();
        json::assert_valid(&explained.to_json());
        assert_eq!(explained.hooks[0].verdict.as_ref().ok().copied(), expected);
        let injected = inject(&manager, &config, Known::default());
        assert_eq!(injected.as_ref().ok().map(|_| ()), expected.map(|_| ()), "{injected:?}");
        if let Ok(injected) = injected {
            json::assert_valid(&injected.config);
            json::assert_valid(&injected.extension_stage_hooks.to_json());
            assert!(expected == Some(true) || injected.config == config);
        }
    }
}

/// Checks that a hook's JSON is read back as the same hook.
fn round_trip(hook: &Hook) {
    let text = hook.to_json();
    json::assert_valid(&text);
    assert_eq!(Hook::from_json(&text).unwrap().as_ref(), Some(hook));
}

/// Checks that the output of `oci-hooks migrate` is read as the original hook, and matches the same
/// containers.
fn migration(hook: &Hook) {
    let mut migrated = match hook.migrate() {
        Ok(migrated) => migrated,
        Err(reason) => {
            assert!(hook.when.any_of && reason.conditions.len() > 1);
            return;
        }
    };
    assert!(!migrated.when.any_of);
    if planted("migrate-loses-a-command") && hook.when.any_of && migrated.when.commands.len() > 1 {
        migrated.when.commands.pop();
    }
    if planted("migrate-makes-never-always")
        && hook.when.any_of
        && migrated.when.always == Some(false)
    {
        migrated.when.always = Some(true);
    }
    if planted("migrate-reverses-commands") && hook.when.any_of {
        migrated.when.commands.reverse();
    }
    if planted("migrate-reverses-stages") && hook.when.any_of {
        migrated.stages.iter_mut().for_each(|stages| stages.reverse());
    }
    // Only the conditions may differ.
    assert_eq!(Hook { when: hook.when.clone(), ..migrated.clone() }, *hook);
    let printed = serde_json::to_string_pretty(&migrated).unwrap();
    let mut again = Hook::decode(printed.as_bytes(), Some("1.0.0")).unwrap().unwrap();
    assert_eq!(again, migrated);
    // An unknown version is only rejected later.
    again.version.clone_from(&hook.version);
    let code = |hook: &Hook| {
        ffi::validate(&hook.to_json().replace("\"or\":true", "\"x\":0"), &EXTENSION_STAGES)
            .err()
            .map(|error| (error.code(), error.message().to_owned()))
    };
    assert_eq!(code(&again), code(hook));
    for container in Container::likely(&hook.when) {
        let verdict = |hook: &Hook| {
            let request = container.request();
            let asked = ffi::container(&request, container.has_bind_mounts).unwrap();
            hook.when.matches(&asked).map_err(|error| error.message().to_owned())
        };
        assert_eq!(verdict(&again), verdict(hook), "{container:?}");
    }
}

/// Plants faults that libFuzzer itself must find.
fn limits(content: &[u8]) {
    let hit = || content.windows(7).any(|text| text == b"\"hook\":");
    if planted("panic") && hit() {
        panic!("planted");
    }
    if planted("hang") && hit() {
        std::thread::sleep(std::time::Duration::from_secs(3600));
    }
    if planted("slow") && hit() {
        let start = std::time::Instant::now();
        while start.elapsed().as_secs() < 3 {}
    }
    if planted("memory") && hit() {
        std::hint::black_box(vec![1_u8; 4 << 30]);
    }
    if planted("stack") && hit() {
        assert_ne!(deeper(1), 0);
    }
}

/// Recurses without end.
fn deeper(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 512]);
    if frame[0] == 0 { 0 } else { deeper(frame[1] + 1) ^ frame[2] }
}
