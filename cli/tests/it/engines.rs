//! `oci-hooks engines`, and the option `--engine`.

use std::fs;

use crate::support::Place;

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
