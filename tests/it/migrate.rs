//! A file of version 0.1.0 and the one that `migrate` makes of it do the same to every container;
//! and where it makes none, whatever one would write by hand does something else to some container.

use std::collections::BTreeMap;

use fastrand::Rng;
use libhooks::{Hook, Manager, NoEquivalent, When};

use crate::engine::{Known, inject};
use crate::seed::seed;
use crate::tree::Tree;

/// How often each combination of conditions is generated, with other texts around it.
const ROUNDS: u64 = 20;

const BIND_MOUNTS: [Option<&str>; 4] = [None, Some("null"), Some("false"), Some("true")];

/// How many patterns a list has; none: the list is absent or `null`.
const LENGTHS: [Option<usize>; 4] = [None, Some(0), Some(1), Some(3)];

/// Each of these matches some container below.
const VALUES: &[&str] = &["^on$", "o", "(?i)ON", "^off$|^on$", ".*", ""];
const COMMANDS: &[&str] = &["^/bin/sh$", "/init$", "(?i)SH", ".*", "", "^/sbin/"];

/// A member with one of its two spellings. What is not there may be `null`.
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

/// A file of version 0.1.0 with these conditions.
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

/// Containers that differ in all that conditions look at.
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

/// What a hook file does to each container: the config and the hooks of extension stages, or the
/// error.
fn answers(
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
    let answer = |container: &String| match inject(&manager, container, Known::default()) {
        Ok(injection) => Ok((injection.config, injection.extension_stage_hooks.to_json())),
        Err(error) => Err(error.to_string()),
    };
    containers.iter().map(answer).collect()
}

/// What one might write in place of a hook that has no equivalent: any of its conditions, of which
/// all must hold, and the two that are for all and for none.
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
fn does_the_same_to_every_container_or_is_refused_with_reason() {
    let seed = seed();
    let tree = Tree::new();
    let containers = containers();
    let (mut migrated, mut refused, mut matches, mut errors) = (0, 0, 0, 0);
    for round in 0..ROUNDS {
        let mut random = Rng::with_seed(seed ^ round.wrapping_mul(0x2545_f491_4f6c_dd1d));
        for bind_mounts in BIND_MOUNTS {
            for values in LENGTHS {
                for commands in LENGTHS {
                    let text = file(&mut random, bind_mounts, values, commands);
                    let hook = Hook::decode(text.as_bytes(), None).unwrap().unwrap();
                    let old = answers(&tree, &text, &containers);
                    errors += old.iter().filter(|answer| answer.is_err()).count();
                    match hook.migrate() {
                        Ok(new) => {
                            migrated += 1;
                            let new = answers(&tree, &new.to_json(), &containers);
                            for (index, container) in containers.iter().enumerate() {
                                assert_eq!(
                                    new[index], old[index],
                                    "seed {seed}: {text} for {container}"
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
                            assert!(conditions.len() > 1, "{text}: {conditions:?}");
                            for when in candidates(&hook) {
                                let candidate = Hook { when, ..hook.clone() };
                                let new = answers(&tree, &candidate.to_json(), &containers);
                                assert_ne!(
                                    new, old,
                                    "seed {seed}: {text} is the same as {candidate:?}"
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
    for (what, count) in
        [("migrated", migrated), ("refused", refused), ("matches", matches), ("errors", errors)]
    {
        assert!(count >= 400, "{what}: {count}");
    }
}

#[test]
fn what_is_of_version_1_0_0_stays() {
    let text =
        br#"{"version": "1.0.0", "hook": {"path": "/a", "timeout": 3}, "when": {"hasBindMounts": false}}"#;
    let hook = Hook::decode(text, None).unwrap().unwrap();
    assert_eq!(hook.migrate(), Ok(hook));
}

#[test]
fn the_reason_names_the_conditions() {
    let text =
        br#"{"hook": "/a", "stage": [], "hasbindmounts": true, "annotation": [], "cmd": ["a"]}"#;
    let hook = Hook::decode(text, None).unwrap().unwrap();
    let reason = hook.migrate().unwrap_err();
    assert_eq!(reason.conditions, ["hasbindmounts", "annotations", "cmds"]);
    assert!(
        reason.to_string().contains("(hasbindmounts, annotations, cmds) is enough"),
        "{reason}"
    );
}

#[test]
fn keys_that_nobody_reads_are_told() {
    let text = b"{\"hook\": \"/a\",\n \"Stage\": [], \"when\": {\"x\": 1}, \"version\": \"0.1.0\", \"\": 1}";
    let keys = Hook::unknown_keys(text);
    let keys: Vec<_> =
        keys.iter().map(|(key, place)| (key.as_str(), place.line, place.column)).collect();
    assert_eq!(keys, [("when", 2, 15), ("", 2, 53)]);
}
