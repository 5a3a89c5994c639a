//! Loads directories of hook files: checks the hooks, which file masks which, and the diagnostics
//! of the other files.
#![no_main]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use libhooks::{Hook, HookDir, ListedHook, Manager, Policy, ReadOptions, diagnostics_to_json, ffi};
use libhooks_fuzz::engine::{Known, already_present, explain, inject};
use libhooks_fuzz::{
    Container, EXTENSION_STAGES, fields, json, model, mutate, planted, scratch, timed,
};

static ROOT: LazyLock<PathBuf> = LazyLock::new(|| scratch::directory("load"));

/// Hooks that are added if the input asks for them: enough for the prefilter to be used.
const MORE: [&str; 8] = ["sh$", "^/bin/", "python", "^/usr/s?bin/x$", "a|b", "\\d", "^init$", ""];

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::json(data, size, max_size, seed)
});

// The fields of an input: the policy (and whether to add hooks), a container with one annotation,
// then the files. Each file has a field for its directory, kind and name, and one for its content.
fuzz_target!(|data: &[u8]| {
    let fields: Vec<&[u8]> = fields(data).collect();
    let (how, rest) = fields.split_first().unwrap();
    let (container, files) = rest.split_at(rest.len().min(4));
    let container = Container::take(container.iter().copied());
    scratch::clear(&ROOT);
    let directories = ["0", "1", "2"].map(|name| ROOT.join(name));
    for directory in &directories[..2] {
        std::fs::create_dir(directory).unwrap();
    }
    if how.get(1) == Some(&b'm') {
        for (index, command) in MORE.iter().enumerate() {
            let hook = format!(
                r#"{{"version":"1.0.0","hook":{{"path":"/bin/sh"}},"when":{{"commands":[{command:?}]}},"stages":[]}}"#
            );
            std::fs::write(directories[0].join(format!("more{index}.json")), hook).unwrap();
        }
    }
    for file in files.chunks(2).take(4) {
        write(&directories, file[0], file.get(1).copied().unwrap_or_default());
    }
    let policy = match how.first() {
        Some(b's') => Policy::Strict,
        Some(b'l') => Policy::LENIENT,
        _ => Policy::Compatible,
    };
    timed(|| load(&directories, policy, &container));
    if how.get(1) == Some(&b'd') {
        timed(|| each_by_itself(&directories));
    }
});

/// Makes a file, if that is possible. The third directory only exists if it has a file.
fn write(directories: &[PathBuf; 3], file: &[u8], content: &[u8]) {
    let [place, kind, name @ ..] = file else { return };
    let name = String::from_utf8_lossy(name).replace(['/', '\0'], "_");
    if name.is_empty() || name.len() > 80 || name == "." || name == ".." {
        return;
    }
    let directory = &directories[usize::from(*place) % 3];
    let path = directory.join(name);
    let _ = std::fs::create_dir(directory);
    let _ = match kind {
        b'd' => std::fs::create_dir(path),
        b'n' => std::os::unix::fs::symlink("nowhere", path),
        b'l' => std::os::unix::fs::symlink(directories[0].join("a.json"), path),
        _ => std::fs::write(path, content),
    };
}

fn load(directories: &[PathBuf; 3], policy: Policy, container: &Container) {
    let builder = Manager::builder().directories(directories).extension_stages(EXTENSION_STAGES);
    let lenient = builder.clone().policy(Policy::LENIENT).load().unwrap();
    let manager = match builder.policy(policy).load() {
        Ok(manager) => manager,
        Err(error) => {
            assert_ne!(policy, Policy::LENIENT);
            json::assert_valid(&error.to_json());
            // The problems do not depend on the policy.
            assert_eq!(error.diagnostics(), lenient.diagnostics());
            lenient
        }
    };
    let text = manager.list().to_json();
    json::assert_valid(&text);
    json::assert_valid(&diagnostics_to_json(&manager.diagnostics()));
    json::assert_valid(&diagnostics_to_json(&manager.without_hook()));
    assert_eq!(manager.snapshot().len(), manager.list().hooks.len());
    masking(&manager, directories);
    verdicts(&manager, container);
    let before = (manager.list().hooks.len(), manager.diagnostics());
    if manager.reload().is_ok() {
        assert_eq!(before, (manager.list().hooks.len(), manager.diagnostics()));
        assert_eq!(manager.list().to_json().replacen(":2,", ":1,", 1), text);
    }
}

fn options() -> ReadOptions {
    ReadOptions::new().extension_stages(EXTENSION_STAGES)
}

/// Reads each directory without a manager.
fn each_by_itself(directories: &[PathBuf; 3]) {
    for directory in directories {
        let read = HookDir::read(directory, &options());
        json::assert_valid(&ffi::by_name_to_json(&read.listing));
        read.error.iter().for_each(|error| json::assert_valid(&error.to_json()));
    }
}

/// Checks masking: the last file of a name that loads is used, and masks the earlier ones that
/// load.
fn masking(manager: &Manager, directories: &[PathBuf; 3]) {
    let mut used: BTreeMap<(String, String), PathBuf> = BTreeMap::new();
    let mut masked = Vec::new();
    for directory in directories {
        let Ok(entries) = std::fs::read_dir(directory) else { continue };
        let paths = entries.map(|entry| entry.unwrap().path());
        for path in paths.filter(|path| is_hook_file(path) && Hook::read(path, &options()).is_ok())
        {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if let Some(before) = used.insert((name.to_ascii_lowercase(), name), path) {
                masked.push(before);
            }
        }
    }
    let mut listing = manager.list();
    let of_name = |hooks: &[ListedHook], path: &Path| {
        hooks.iter().position(|listed| listed.path.file_name() == path.file_name()).unwrap()
    };
    if planted("earlier-directory-masks") {
        for masked in &mut listing.masked {
            let by = of_name(&listing.hooks, &masked.path);
            std::mem::swap(&mut listing.hooks[by].path, &mut masked.path);
        }
    }
    if planted("later-file-masks-nothing") {
        for masked in std::mem::take(&mut listing.masked) {
            let by = of_name(&listing.hooks, &masked.path);
            let mut stays = listing.hooks[by].clone();
            stays.path = masked.path;
            listing.hooks.insert(by, stays);
        }
    }
    if planted("order-of-bytes") {
        listing.hooks.sort_by(|a, b| a.path.file_name().cmp(&b.path.file_name()));
    }
    let mut hidden: Vec<PathBuf> =
        listing.masked.iter().map(|masked| masked.path.clone()).collect();
    let is_by_used = |by: &PathBuf| used.values().any(|path| path == by);
    assert!(listing.masked.iter().all(|masked| is_by_used(&masked.by)), "{listing:?}");
    hidden.sort();
    masked.sort();
    assert_eq!(hidden, masked);
    let mut listed: Vec<&Path> = listing.hooks.iter().map(|listed| &*listed.path).collect();
    let mut expected: Vec<&Path> = used.values().map(|path| &**path).collect();
    if !used.keys().all(|(_, name)| name.is_ascii()) {
        // Beyond ASCII the order is Go's, which the tests against the reference check.
        listed.sort();
        expected.sort();
    }
    assert_eq!(listed, expected);
}

fn is_hook_file(path: &Path) -> bool {
    path.to_str().unwrap().ends_with(".json")
}

/// Checks that the prefilter only skips hooks that cannot match.
fn verdicts(manager: &Manager, container: &Container) {
    let hooks = manager.list().hooks;
    let mut matched = Vec::new();
    let request = container.request();
    let asked = ffi::container(&request, container.has_bind_mounts).unwrap();
    let answer = manager.snapshot().matching(&asked, &mut matched);
    if planted("prefilter-drops-the-last") && hooks.len() > 8 && matched.len() > 1 {
        matched.pop();
    }
    let verdicts: Vec<_> =
        hooks.iter().map(|listed| model::verdict(&listed.hook.when, container)).collect();
    if verdicts.iter().any(Option::is_none) {
        assert!(answer.is_err(), "{hooks:?} {container:?}");
        return;
    }
    assert!(answer.is_ok(), "{answer:?}");
    let expected: Vec<u32> = (0..)
        .zip(&verdicts)
        .filter(|(_, verdict)| **verdict == Some(true))
        .map(|(i, _)| i)
        .collect();
    assert_eq!(matched, expected, "{hooks:?} {container:?}");
    let Some(config) = container.config() else { return };
    json::assert_valid(&explain(manager, &config, Known::default()).unwrap().to_json());
    let injection = inject(manager, &config, Known::default()).unwrap();
    json::assert_valid(&injection.config);
    json::assert_valid(&injection.extension_stage_hooks.to_json());
    let warnings = already_present(manager, &injection.config, Known::default()).unwrap();
    json::assert_valid(&diagnostics_to_json(&warnings));
}
