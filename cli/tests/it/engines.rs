//! `oci-hooks engines`, and the option `--engine`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use libhooks::engines::{self, Engine, Subject};
use libhooks::{DEFAULT_DIR, OVERRIDE_DIR};

use crate::support::{HOOK, INJECTED, Place};

#[test]
fn the_table_and_the_facts() {
    let place = Place::new();
    let (code, table, _) = place.run(&["engines"]);
    assert_eq!(code, Some(0));
    assert!(table.starts_with("ENGINE") && table.contains("\ndocker "), "{table}");
    let (_, facts, _) = place.run(&["engines", "podman@4.3.1"]);
    assert!(facts.starts_with("Podman, versions: 3.0.0 to below 4.6.0"), "{facts}");
    assert_eq!(facts.matches("Source: ").count(), 9, "{facts}");
    let (_, json, _) = place.run(&["engines", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["engines"].as_array().unwrap().len(), libhooks::engines::all().len());
}

#[test]
fn precreate_is_accepted_by_podman_and_refused_by_the_others() {
    let place = Place::new();
    let hook = r#"{"version": "1.0.0", "hook": {"path": "/bin/true", "env": ["A=b"]}, "when": {"always": true}, "stages": ["precreate"]}"#;
    fs::write(place.path("hooks.d/a.json"), hook).unwrap();
    for (engine, title) in [("crio", "CRI-O"), ("buildah", "Buildah")] {
        let (code, _, said) = place.run(&["lint", "--engine", engine, "hooks.d"]);
        assert_eq!(code, Some(1), "{said}");
        let want = format!("{title} would reject these directories: hooks.d/a.json:1:");
        assert!(said.contains(&want), "{said}");
        assert_eq!(place.inject(&["--engine", engine, "bundle"]).0, Some(1));
        // No hint suggests to accept the stage.
        let hint = format!("hint: {title} does not run precreate hooks, and refuses directories");
        for arguments in [&["lint"][..], &["list"], &["explain", "bundle"], &["inject", "bundle"]] {
            let options = ["--engine", engine, "--hooks-dir", "hooks.d"];
            let (_, printed, said) = place.run(&[arguments, &options[..]].concat());
            let all = printed + &said;
            assert_eq!(all.matches(&hint).count(), 1, "{all}");
            assert!(!all.contains("pass --extension-stage"), "{all}");
        }
    }
    assert_eq!(place.run(&["lint", "--engine", "podman", "hooks.d"]).0, Some(0));
    assert_eq!(place.inject(&["--engine", "podman", "bundle"]).0, Some(0));
}

#[test]
fn engines_without_hook_directories_and_unknown_names() {
    let place = Place::new();
    let (code, _, said) = place.run(&["list", "--engine", "docker"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("Docker reads no hook directories. Configure a runtime"), "{said}");
    let (code, _, said) = place.run(&["list", "--engine", "lxc"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("known are podman, buildah, crio, containerd"), "{said}");
}

/// Makes a root with a program, and this hook file in its default directories. Returns its path.
fn root(place: &Place, hook: &str) -> String {
    let root = place.path("root").to_str().unwrap().to_owned();
    for directory in [DEFAULT_DIR, OVERRIDE_DIR] {
        fs::create_dir_all(format!("{root}{directory}")).unwrap();
        fs::write(format!("{root}{directory}/a.json"), hook).unwrap();
    }
    fs::create_dir(format!("{root}/bin")).unwrap();
    for (program, text) in [("true", "#!/bin/sh\n"), ("sh", "")] {
        let program = format!("{root}/bin/{program}");
        fs::write(&program, text).unwrap();
        fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
    }
    root
}

/// Buildah reads each of its default directories as a set of its own, so a hook in both runs twice.
#[test]
fn if_absent_keeps_a_hook_of_the_second_set() {
    let place = Place::new();
    let root = root(&place, HOOK);
    let arguments = ["inject", "--root", &root, "--engine", "buildah", "bundle"];
    let if_absent = [&arguments[..], &["--if-absent"]].concat();
    for arguments in [&arguments[..], &if_absent] {
        let (code, config, said) = place.run(arguments);
        assert_eq!((code, config.matches("/bin/true").count()), (Some(0), 2), "{config}{said}");
    }
    // A config that has the hook already, even once, gets neither.
    fs::write(place.path("bundle/config.json"), INJECTED).unwrap();
    assert_eq!(place.run(&if_absent), (Some(0), INJECTED.to_owned(), String::new()));
    let (_, _, said) = place.run(&arguments);
    for directory in [DEFAULT_DIR, OVERRIDE_DIR] {
        let warning = said.lines().find(|line| line.starts_with(directory));
        assert!(warning.is_some_and(|line| line.ends_with("[already-injected]")), "{said}");
    }
}

/// No message says that an engine injects a hook of `prestart` elsewhere than it does.
#[test]
fn prestart_under_an_engine_that_keeps_it() {
    let place = Place::new();
    fs::write(place.path("hooks.d/a.json"), HOOK.replace("poststop", "prestart")).unwrap();
    let options = ["--engine", "podman@4.3", "--hooks-dir", "hooks.d"];
    let (_, explained, _) = place.run(&[&["explain", "bundle"], &options[..]].concat());
    assert!(explained.contains("matches, runs at prestart\n"), "{explained}");
    let (_, linted, _) = place.run(&[&["lint"], &options[..]].concat());
    for printed in [explained, linted] {
        assert!(printed.contains("\"prestart\" is deprecated"), "{printed}");
        assert!(!printed.contains("injected as createRuntime"), "{printed}");
    }
}

/// `inject` adds it to `hooks.createRuntime`, and says so: with --json, in the object.
#[test]
fn inject_says_that_the_engine_keeps_prestart() {
    let place = Place::new();
    fs::write(place.path("hooks.d/a.json"), HOOK.replace("poststop", "prestart")).unwrap();
    let options = ["--engine", "podman@4.3", "--hooks-dir", "hooks.d"];
    let warning = "hooks.d/a.json: this version of Podman adds the hook to hooks.prestart, and \
                   this command to hooks.createRuntime";
    let (_, config, said) = place.run(&[&["inject", "bundle"], &options[..]].concat());
    assert!(config.contains("createRuntime"), "{config}");
    assert_eq!(said, format!("warning: {warning}\n"));
    let (_, json, said) = place.run(&[&["inject", "--json", "bundle"], &options[..]].concat());
    assert_eq!(said, "");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["warnings"], serde_json::json!([warning]));
    let (_, json, _) = place.inject(&["--engine", "podman", "--json", "bundle"]);
    assert!(json.contains(r#""warnings":[]"#), "{json}");
}

/// The warning that other engines refuse a directory is not for a user who names the engine.
#[test]
fn the_named_engine_decides_whether_a_stage_is_engine_specific() {
    let place = Place::new();
    let root = root(&place, &HOOK.replace("poststop", "precreate"));
    let printed = |arguments: &[&str]| {
        let (code, printed, said) = place.run(&[arguments, &["--root", &root]].concat());
        (code, printed + &said)
    };
    for engine in [&[][..], &["--engine", "crio", "--extension-stage", "precreate"]] {
        for command in [&["lint"][..], &["explain", "--extension-stage", "precreate", "bundle"]] {
            let (_, all) = printed(&[command, engine].concat());
            assert!(all.contains("[engine-specific]"), "{all}");
        }
    }
    let podman = ["--engine", "podman"];
    let (code, all) = printed(&[&["lint", "--strict", "--portable"], &podman[..]].concat());
    assert_eq!(code, Some(0), "{all}");
    for command in [&["lint"][..], &["lint", "--json"], &["explain", "bundle"], &["list"]] {
        let (_, all) = printed(&[command, &podman[..]].concat());
        assert!(!all.contains("engine-specific"), "{all}");
    }
}

/// The part of `docs/engines.md` after this line is made from the table.
const GENERATED: &str = "<!-- `UPDATE=1 cargo test -p libhooks-cli --test it engines` writes the \
                         rest of this page. -->\n";

#[test]
fn the_page_has_the_facts_of_the_table() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/engines.md");
    let text = fs::read_to_string(&page).unwrap();
    let (by_hand, generated) = text.split_once(GENERATED).expect("the line before the tables");
    let tables = tables();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&page, format!("{by_hand}{GENERATED}{tables}")).unwrap();
    } else {
        assert!(generated == tables, "docs/engines.md is not up to date: set UPDATE=1");
    }
}

/// Returns a section with a table of the facts for each engine.
fn tables() -> String {
    let mut text = String::new();
    for name in engines::names() {
        let ranges: Vec<&Engine> =
            engines::all().iter().filter(|range| range.name == name).collect();
        text += &format!("\n## {}\n", ranges[0].title);
        let checked: Vec<&str> = ranges.iter().filter_map(|range| range.checked).collect();
        if !checked.is_empty() {
            text += &format!("Examined up to {}.\n\n", checked.join(", "));
        }
        text += "| subject | versions | fact | source |\n|---|---|---|---|\n";
        for subject in Subject::ALL {
            // Neighbours with the same fact are one row.
            for same in ranges.chunk_by(|one, next| one.fact(subject) == next.fact(subject)) {
                let Some(fact) = same[0].fact(subject) else { continue };
                let versions = match (same[0].from, same[same.len() - 1].below) {
                    (None, _) => "all".to_owned(),
                    (Some(from), None) => format!("{from} and later"),
                    (Some(from), Some(below)) => format!("{from} to below {below}"),
                };
                let (subject, text_of, source) = (subject.as_str(), fact.text, fact.source);
                text += &format!("| {subject} | {versions} | {text_of} | {source} |\n");
            }
        }
    }
    text
}
