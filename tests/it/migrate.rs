//! Tests of `migrate`. A file of version 0.1.0 and its migrated file have the same effect on every
//! container. If `migrate` refuses a file, every file that one could write by hand has a different
//! effect on some container.

use std::collections::BTreeMap;

use fastrand::Rng;
use libhooks::{Hook, Manager, NoEquivalent, When};

use crate::engine::{Known, inject};
use crate::seed::seed;
use crate::tree::Tree;

/// How often each combination of conditions is generated, with different other members.
const ROUNDS: u64 = 20;

const BIND_MOUNTS: [Option<&str>; 4] = [None, Some("null"), Some("false"), Some("true")];

/// The number of patterns in a list; `None` if the list is absent or `null`.
const LENGTHS: [Option<usize>; 4] = [None, Some(0), Some(1), Some(3)];

/// Each of these matches some container below.
const VALUES: &[&str] = &["^on$", "o", "(?i)ON", "^off$|^on$", ".*", ""];
const COMMANDS: &[&str] = &["^/bin/sh$", "/init$", "(?i)SH", ".*", "", "^/sbin/"];

/// Returns a member with one of its two spellings. An absent list may be written as `null`.
fn list(
    random: &mut Rng,
    spellings: [&str; 2],
    patterns: &[&str],
    length: Option<usize>,
) -> Option<String> {
    let key = random.choice(&spellings).unwrap();
    match length {
        Some(length) => {
            let patterns: Vec<&str> =
                (0..length).map(|_| *random.choice(patterns).unwrap()).collect();
            Some(format!("{key:?}: {patterns:?}"))
        }
        None => (random.usize(..100) < 30).then(|| format!("{key:?}: null")),
    }
}

/// Returns a file of version 0.1.0 with these conditions.
fn file(
    random: &mut Rng,
    bind_mounts: Option<&str>,
    values: Option<usize>,
    commands: Option<usize>,
) -> String {
    let mut members = vec![r#""hook": "/bin/true""#.to_owned()];
    members.extend(bind_mounts.map(|value| format!(r#""hasbindmounts": {value}"#)));
    members.extend(list(random, ["annotations", "annotation"], VALUES, values));
    members.extend(list(random, ["cmds", "cmd"], COMMANDS, commands));
    let stages = random
        .choice([r#"["prestart"]"#, r#"["poststop", "precreate"]"#, "[]", r#"["createRuntime"]"#])
        .unwrap();
    members.push(format!("{:?}: {stages}", random.choice(["stages", "stage"]).unwrap()));
    let arguments = random
        .choice(["", r#""arguments": []"#, r#""arguments": ["a", ""]"#, r#""arguments": null"#])
        .unwrap();
    let version = random.choice(["", r#""version": "0.1.0""#, r#""version": """#]).unwrap();
    let unknown = random.choice(["", r#""when": {"always": true}"#]).unwrap();
    members.extend(
        [arguments, version, unknown].into_iter().filter(|m| !m.is_empty()).map(str::to_owned),
    );
    for index in (1..members.len()).rev() {
        members.swap(index, random.usize(..index + 1));
    }
    format!("{{{}}}", members.join(", "))
}

/// Returns containers that differ in everything that conditions test.
fn containers() -> Vec<String> {
    let mut containers = Vec::new();
    for process in [
        r#""process": null"#,
        r#""process": {}"#,
        r#""process": {"args": []}"#,
        r#""process": {"args": ["/bin/sh", "/init"]}"#,
        r#""process": {"args": ["/sbin/init"]}"#,
        r#""process": {"args": [""]}"#,
    ] {
        for annotations in [r#"{}"#, r#"{"a": "on"}"#, r#"{"a": "x", "b": "off"}"#, r#"{"": ""}"#] {
            for mounts in ["[]", r#"[{"type": "bind"}]"#] {
                let config =
                    format!(r#"{{{process}, "annotations": {annotations}, "mounts": {mounts}}}"#);
                containers.push(config);
            }
        }
    }
    containers
}

/// Returns the effect of a hook file on each container: the config and the hooks of extension
/// stages, or the error.
fn effects(
    tree: &Tree,
    file: &str,
    containers: &[String],
) -> Vec<Result<(String, String), String>> {
    tree.file("d", "a.json", file);
    let manager = Manager::builder()
        .directories([tree.directory("d")])
        .extension_stages(["precreate"])
        .load()
        .unwrap();
    let effect = |container: &String| match inject(&manager, container, Known::default()) {
        Ok(injection) => Ok((injection.config, injection.extension_stage_hooks.to_json())),
        Err(error) => Err(error.to_string()),
    };
    containers.iter().map(effect).collect()
}

/// Returns the conditions that one could write for a hook without an equivalent: each subset of its
/// conditions, all of which must match, and the conditions that match every or no container.
fn candidates(hook: &Hook) -> Vec<When> {
    let old = &hook.when;
    let mut candidates: Vec<When> =
        [true, false].map(|always| When { always: Some(always), ..When::default() }).into();
    for has_bind_mounts in [None, Some(true)] {
        for annotations in [BTreeMap::new(), old.annotations.clone()] {
            for commands in [Vec::new(), old.commands.clone()] {
                for always in [None, Some(true)] {
                    let (annotations, commands) = (annotations.clone(), commands.clone());
                    candidates.push(When {
                        always,
                        has_bind_mounts,
                        annotations,
                        commands,
                        any_of: false,
                    });
                }
            }
        }
    }
    candidates
}

#[test]
fn a_migrated_file_has_the_same_effect_and_other_files_are_refused() {
    let seed = seed();
    let tree = Tree::new();
    let containers = containers();
    let (mut migrated, mut refused, mut matches, mut errors) = (0, 0, 0, 0);
    for round in 0..ROUNDS {
        let mut random = Rng::with_seed(seed ^ round.wrapping_mul(0x2545_f491_4f6c_dd1d));
        for bind_mounts in BIND_MOUNTS {
            for values in LENGTHS {
                for commands in LENGTHS {
                    let json = file(&mut random, bind_mounts, values, commands);
                    let hook = Hook::decode(json.as_bytes(), None).unwrap().unwrap();
                    let old = effects(&tree, &json, &containers);
                    errors += old.iter().filter(|effect| effect.is_err()).count();
                    match hook.migrate() {
                        Ok(new) => {
                            migrated += 1;
                            let new = effects(&tree, &new.to_json(), &containers);
                            for (index, container) in containers.iter().enumerate() {
                                assert_eq!(
                                    new[index], old[index],
                                    "seed {seed}: {json} for {container}"
                                );
                                matches += usize::from(
                                    new[index]
                                        .as_ref()
                                        .is_ok_and(|(config, _)| config != container),
                                );
                            }
                        }
                        Err(NoEquivalent { conditions, .. }) => {
                            refused += 1;
                            assert!(conditions.len() > 1, "{json}: {conditions:?}");
                            for when in candidates(&hook) {
                                let candidate = Hook { when, ..hook.clone() };
                                let new = effects(&tree, &candidate.to_json(), &containers);
                                assert_ne!(
                                    new, old,
                                    "seed {seed}: {json} has the same effect as {candidate:?}"
                                );
                            }
                        }
                    }
                }
            }
        }
    }
    println!(
        "seed {seed}: {migrated} files migrated, {matches} matches; {refused} refused; {errors} errors"
    );
    for (case, count) in
        [("migrated", migrated), ("refused", refused), ("matches", matches), ("errors", errors)]
    {
        assert!(count >= 400, "{case}: {count}");
    }
}

#[test]
fn a_hook_of_version_1_0_0_is_not_changed() {
    let json =
        br#"{"version": "1.0.0", "hook": {"path": "/a", "timeout": 3}, "when": {"hasBindMounts": false}}"#;
    let hook = Hook::decode(json, None).unwrap().unwrap();
    assert_eq!(hook.migrate(), Ok(hook));
}

#[test]
fn the_reason_names_the_conditions() {
    let json =
        br#"{"hook": "/a", "stage": [], "hasbindmounts": true, "annotation": [], "cmd": ["a"]}"#;
    let hook = Hook::decode(json, None).unwrap().unwrap();
    let reason = hook.migrate().unwrap_err();
    assert_eq!(reason.conditions, ["hasbindmounts", "annotations", "cmds"]);
    assert!(
        reason.to_string().contains("(hasbindmounts, annotations, cmds) is enough"),
        "{reason}"
    );
}

#[test]
fn unknown_keys_are_reported_with_their_positions() {
    let json = b"{\"hook\": \"/a\",\n \"Stage\": [], \"when\": {\"x\": 1}, \"version\": \"0.1.0\", \"\": 1}";
    let keys = Hook::unknown_keys(json);
    let keys: Vec<_> =
        keys.iter().map(|(key, place)| (key.as_str(), place.line, place.column)).collect();
    assert_eq!(keys, [("when", 2, 15), ("", 2, 53)]);
}
