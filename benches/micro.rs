//! Benchmarks of single steps: `cargo bench -p libhooks --bench micro`.

use std::path::Path;

use divan::{Bencher, black_box};
use go_regexp::Regexp;
use libhooks::{Config, Hook, Injection, Manager};
use serde_json::json;
use tempfile::TempDir;

/// Patterns that are typical of hook files, and inputs that they match.
const PATTERNS: [(&str, &str); 5] = [
    ("^true$", "true"),
    ("^org\\.example\\.key-7(\\.enabled)?$", "org.example.key-7.enabled"),
    (".*/init$", "/usr/sbin/init"),
    ("^/usr/s?bin/(service|serviced)$", "/usr/bin/service"),
    ("^/(usr/)?bin/[a-z]+[0-9.]*$", "/usr/bin/python3.11"),
];

fn hook_file(number: usize) -> String {
    let when = if number % 10 == 0 {
        json!({"commands": ["^/usr/bin/service$"]})
    } else {
        json!({"annotations": {format!("^org\\.example\\.feature-{number}$"): "^(true|on)$"}})
    };
    let hook = json!({
        "version": "1.0.0",
        "hook": {
            "path": "/bin/sh",
            "args": ["hook", "--config", format!("/etc/hooks/{number}.toml")],
            "env": [format!("HOOK_NUMBER={number}")],
        },
        "when": when,
        "stages": ["createRuntime"],
    });
    serde_json::to_string_pretty(&hook).expect("it is JSON")
}

/// Makes a directory of 100 hooks, of which ten match.
fn hooks_d() -> TempDir {
    let directory = tempfile::tempdir().expect("a directory can be made");
    for number in 0..100 {
        let path = directory.path().join(format!("{number:03}.json"));
        std::fs::write(path, hook_file(number)).expect("a file can be written");
    }
    directory
}

/// Returns a config with the given number of mounts, of about 100 bytes each.
fn config(mounts: usize) -> String {
    let mount = |number| json!({"destination": format!("/data/{number}"), "type": "tmpfs", "options": ["nosuid", "nodev", "mode=1777"]});
    let mounts: Vec<_> = (0..mounts).map(mount).collect();
    let annotations = json!({"org.example.key-1": "true", "org.example.key-2": "on"});
    json!({"ociVersion": "1.2.0", "process": {"args": ["/usr/bin/service"]}, "annotations": annotations, "mounts": mounts})
        .to_string()
}

fn manager(directory: &Path) -> Manager {
    Manager::builder().directories([directory]).load().expect("the hooks are good")
}

#[divan::bench]
fn parse(bencher: Bencher) {
    let text = hook_file(1);
    bencher.bench(|| Hook::decode(black_box(text.as_bytes()), None));
}

#[divan::bench(args = PATTERNS)]
fn compile((pattern, _): (&str, &str)) -> Regexp {
    Regexp::new(black_box(pattern)).expect("it is a pattern")
}

#[divan::bench(args = PATTERNS)]
fn matches(bencher: Bencher, (pattern, text): (&str, &str)) {
    let pattern = Regexp::new(pattern).expect("it is a pattern");
    assert!(pattern.is_match(text.as_bytes()));
    bencher.bench(|| black_box(&pattern).is_match(black_box(text.as_bytes())));
}

fn inject(manager: &Manager, config: &str) -> libhooks::Result<Injection> {
    let config = Config::parse(config)?;
    Ok(manager.select(&config.container().bind_mounts(false))?.inject(&config))
}

#[divan::bench]
fn new(bencher: Bencher) {
    let directory = hooks_d();
    bencher.bench(|| manager(directory.path()));
}

#[divan::bench]
fn hooks(bencher: Bencher) {
    let directory = hooks_d();
    let manager = manager(directory.path());
    let config = config(0);
    bencher.bench(|| inject(&manager, black_box(&config)));
}

#[divan::bench]
fn splice(bencher: Bencher) {
    let directory = hooks_d();
    let manager = manager(directory.path());
    let config = config(10_000);
    bencher
        .counter(divan::counter::BytesCount::of_str(&config))
        .bench(|| inject(&manager, black_box(&config)));
}

fn main() {
    divan::main();
}
