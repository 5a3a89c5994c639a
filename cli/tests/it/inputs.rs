//! Gives commands something else than the input that they expect.

use crate::pty;
use crate::support::{Place, outcome, run};

const PODMAN: &str = "for Podman, this command prints the path of the config: podman inspect \
    --format '{{.OCIConfigPath}}' CONTAINER; for Docker, the config of a running container is \
    /run/containerd/io.containerd.runtime.v2.task/moby/ID/config.json";

/// JSON that is not a config, the position that shows it, and the message.
fn other_json() -> Vec<(&'static str, &'static str, String)> {
    let inspect = "this is the output of podman inspect or docker inspect, not a container's \
        config; ";
    let of_podman = "this is the output of podman inspect, not a container's config; \
        the config is the file /c/config.json";
    vec![
        ("[]", "1:1", format!("this is an array, not a container's config; {PODMAN}")),
        ("\n[1]", "2:1", format!("this is an array, not a container's config; {PODMAN}")),
        (r#"[{"Id": "a", "Config": {}, "Mounts": []}]"#, "1:1", format!("{inspect}{PODMAN}")),
        (
            r#"[{"Id": "a", "Config": {}, "OCIConfigPath": "/c/config.json"}]"#,
            "1:1",
            of_podman.to_owned(),
        ),
        (r#"{"Id": "a", "Config": {}, "Mounts": []}"#, "1:2", format!("{inspect}{PODMAN}")),
        (
            r#"{"status": {"id": "a"}, "info": {"runtimeSpec": {"process": {"args": ["sh"]}}}}"#,
            "1:34",
            "this is the output of crictl inspect, not a container's config; \
             the config is in it: crictl inspect ID | jq .info.runtimeSpec"
                .to_owned(),
        ),
        (
            r#"{"ociVersion": "1.0.2", "id": "a", "status": "created", "bundle": "/b/"}"#,
            "1:36",
            "this is a container's state, not a container's config; \
             the config is the file /b/config.json"
                .to_owned(),
        ),
        (
            r#"{"version": "1.0.0", "hook": {"path": "/bin/true"}}"#,
            "1:22",
            "this is a hook file, not a container's config; \
             the config is the file config.json in the container's bundle"
                .to_owned(),
        ),
        (
            r#"{"stages": ["poststop"]}"#,
            "1:2",
            "this is a hook file, not a container's config; \
             the config is the file config.json in the container's bundle"
                .to_owned(),
        ),
    ]
}

#[test]
fn other_json_is_not_a_config() {
    let place = Place::new();
    for command in ["explain", "inject", "filter"] {
        for (json, position, message) in other_json() {
            let done = run(&place.path(""), &[command, "--hooks-dir", "hooks.d"], json);
            let want = format!("standard input:{position}: error: {message} [not-a-config]\n");
            // `filter` accepts precreate, so it has nothing else to report.
            assert_eq!(outcome(&done), (Some(1), String::new(), want), "{command} {json}");
        }
    }
}

/// Sparse configs, and configs with members that other JSON has too.
#[test]
fn sparse_configs_are_configs() {
    let place = Place::new();
    for json in [
        "{}",
        r#"{"annotations": {"a": "b"}}"#,
        r#"{"ociVersion": "1.0.2", "hook": "x"}"#,
        r#"{"process": {"args": ["sh"]}, "stages": ["x"], "hook": {}}"#,
        r#"{"status": "created"}"#,
        r#"{"bundle": "/b"}"#,
        r#"{"status": {}, "info": {"sandboxID": "a"}}"#,
        r#"{"info": {"runtimeSpec": null}}"#,
        r#"{"Id": "a"}"#,
        r#"{"Config": {}}"#,
        r#"{"Id": 1, "Config": {}}"#,
        r#"{"hook": null, "stages": null}"#,
        r#"{"root": {"path": "/"}, "status": "created", "bundle": "/b"}"#,
    ] {
        for command in ["explain", "inject", "filter"] {
            let done = run(&place.path(""), &[command, "--hooks-dir", "hooks.d"], json);
            let (code, stdout, stderr) = outcome(&done);
            assert_eq!(code, Some(0), "{command} {json}: {stderr}");
            assert!(!stdout.is_empty(), "{command} {json}");
        }
    }
}

/// A command that waits for input at a terminal says so.
#[test]
fn the_wait_for_a_terminal_is_announced() {
    if !pty::is_available("the_wait_for_a_terminal_is_announced") {
        return;
    }
    let place = Place::new();
    let config = "note: reading the config from standard input; give a file or a bundle directory \
        as argument, or end the input with Ctrl-D\n";
    let hook = "note: reading the hook file from standard input; give a file as argument, or end \
        the input with Ctrl-D\n";
    let state = "note: reading the state from standard input; give a file to --state, or end the \
        input with Ctrl-D\n";
    for (arguments, want) in [
        (&["explain", "--hooks-dir", "hooks.d"][..], config),
        (&["inject", "--hooks-dir", "hooks.d", "-"], config),
        (&["filter", "--hooks-dir", "hooks.d"], config),
        (&["migrate", "-"], hook),
        (&["run", "--state", "-", "hooks.d/a.json"], state),
    ] {
        let (mut child, mut screen) = pty::start_reading(&mut place.command(arguments));
        let printed = screen.read_until(|printed| printed.ends_with(b"\n"));
        assert_eq!(String::from_utf8(printed).unwrap(), want, "{arguments:?}");
        drop(screen);
        child.wait().unwrap();
    }
    // A file is read at once.
    let command = &mut place.command(&["inject", "--hooks-dir", "hooks.d", "bundle"]);
    let (mut child, mut screen) = pty::start_reading(command);
    let printed = String::from_utf8(screen.read_until(|_| false)).unwrap();
    assert!(child.wait().unwrap().success() && printed.starts_with('{'), "{printed}");
}
