//! Runs `oci-hooks inject` for configs that already have hooks.

use std::fs;

use crate::support::{HOOK, Place};

const TRUE: &str = r#"{"path":"/bin/true","env":["A=b"]}"#;

#[test]
fn if_absent_adds_no_hook_twice() {
    let place = Place::new();
    let both = HOOK.replace("poststop", "createRuntime\", \"poststop");
    let with_args = r#""/bin/true", "args": ["true", "x"], "timeout": 3"#;
    fs::write(place.path("hooks.d/a.json"), both).unwrap();
    fs::write(place.path("hooks.d/b.json"), HOOK.replace("\"/bin/true\"", with_args)).unwrap();
    for _ in 0..2 {
        let done = place.inject(&["--in-place", "--if-absent", "bundle"]);
        assert_eq!(done, (Some(0), String::new(), String::new()));
        let other = r#"{"path":"/bin/true","args":["true","x"],"env":["A=b"],"timeout":3}"#;
        let want =
            format!(r#"{{"hooks":{{"createRuntime":[{TRUE}],"poststop":[{TRUE},{other}]}}}}"#);
        assert_eq!(place.read("bundle/config.json"), want);
    }
    // Without the option, the hooks are added again, with a warning.
    let (code, stdout, stderr) = place.inject(&["bundle"]);
    assert_eq!((code, stdout.matches("/bin/true").count()), (Some(0), 6));
    assert_eq!(stderr.matches("[already-injected]").count(), 3, "{stderr}");
    let (_, stdout, _) = place.inject(&["--if-absent", "--json", "bundle"]);
    assert!(stdout.contains(r#""diagnostics":[]"#), "{stdout}");
}

/// An entry is equal if it runs the same program in the same way at the same stage.
#[test]
fn if_absent_compares_what_decides_what_runs() {
    let place = Place::new();
    for (stage, entry, is_equal) in [
        ("poststop", r#"{"path": "/bin/true", "env": ["A=b"]}"#, true),
        ("poststop", r#"{"timeout": null, "env": ["A=b"], "args": [], "path": "/bin/true"}"#, true),
        ("poststop", r#"{"env": ["A=b"], "path": "/bin/true", "x": 1}"#, true),
        ("poststop", r#"{"path": "/bin/false", "env": ["A=b"]}"#, false),
        ("poststop", r#"{"path": "/bin/true", "args": ["true"], "env": ["A=b"]}"#, false),
        ("poststop", r#"{"path": "/bin/true", "env": ["A=c"]}"#, false),
        ("poststop", r#"{"path": "/bin/true"}"#, false),
        ("poststop", r#"{"path": "/bin/true", "env": ["A=b"], "timeout": 1}"#, false),
        ("poststart", r#"{"path": "/bin/true", "env": ["A=b"]}"#, false),
        ("poststop", "null", false),
    ] {
        let config = format!(r#"{{"hooks":{{"{stage}":[{entry}]}}}}"#);
        fs::write(place.path("bundle/config.json"), &config).unwrap();
        let (code, stdout, _) = place.inject(&["--if-absent", "bundle"]);
        assert_eq!((code, stdout == config), (Some(0), is_equal), "{config}: {stdout}");
    }
    // Runtimes run the hooks of prestart and createRuntime at the same time.
    fs::write(place.path("hooks.d/a.json"), HOOK.replace("poststop", "createRuntime")).unwrap();
    let config = format!(r#"{{"hooks":{{"prestart":[{TRUE}]}}}}"#);
    fs::write(place.path("bundle/config.json"), &config).unwrap();
    assert_eq!(place.inject(&["--if-absent", "bundle"]).1, config);
    let (_, _, stderr) = place.inject(&["bundle"]);
    assert!(stderr.contains("[already-injected]"), "{stderr}");
}
