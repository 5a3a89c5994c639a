//! Checks that no string from a file, an argument or a hook can steer or deceive a terminal.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use libhooks::terminal::is_unsafe;
use serde_json::{Value, json};

use crate::pty;

/// Unsafe characters of each kind: controls, deletion, C1, soft hyphen, joiners, fillers, direction
/// marks and isolates, separators, variation selectors, tags, reserved ones. File names may have
/// all of them.
const UNSAFE: &str = "\u{1b}[31m\u{1b}]0;x\u{7}\u{8}\r\n\u{7f}\u{85}\u{9b}2J\u{ad}\u{34f}\
                    \u{61c}\u{70f}\u{115f}\u{17b4}\u{180e}\u{200b}\u{200d}\u{200f}\u{2028}\
                    \u{2029}\u{202e}\u{2060}\u{2066}\u{3164}\u{fe0f}\u{feff}\u{ffa0}\u{fff0}\
                    \u{fff9}\u{1d173}\u{e0001}\u{e0041}\u{e0100}";

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        fs::create_dir(place.directory()).unwrap();
        // The hook prints the characters itself, and changes a number of the config.
        let script = "printf %s \"$E\" >&2; exec sed s/1[.]0/2.0/";
        let hook = |hook: Value, when: Value, stage: &str| {
            json!({"version": "1.0.0", "hook": hook, "when": when, "stages": [stage]}).to_string()
        };
        let cat = json!({"path": "/bin/sh", "args": ["sh", "-c", script, UNSAFE], "env": [format!("E={UNSAFE}"), "PATH=/bin:/usr/bin"]});
        let pattern = UNSAFE.replace('[', "\\[");
        let always = json!({"always": true});
        let noisy = json!({"path": "/bin/sh", "args": ["sh", "-c", "printf %s \"$E\"; printf %s \"$E\" >&2; exit 3"], "env": [format!("E={UNSAFE}")]});
        for (name, text) in [
            ("good", hook(cat, json!({"annotations": {format!("^k{pattern}$"): format!("^v{pattern}$")}}), "precreate")),
            ("near", hook(json!({"path": "/bin/true"}), json!({"annotations": {"^k": "^x"}, "commands": [UNSAFE]}), "poststop")),
            ("stage", hook(json!({"path": "/bin/true"}), always.clone(), UNSAFE)),
            ("pattern", hook(json!({"path": "/bin/true"}), json!({"commands": [format!("({UNSAFE}")]}), "poststop")),
            ("missing", hook(json!({"path": format!("/nope/{UNSAFE}")}), always.clone(), "poststop")),
            ("unknown", hook(json!({"path": "/bin/true", UNSAFE: 1, "\0": 2}), always.clone(), "poststop")),
            ("broken", format!("{{\"version\": \"1.0.0\", {UNSAFE}")),
            ("version", json!({"version": UNSAFE}).to_string()),
            ("noisy", hook(noisy, json!({"always": false}), "poststop")),
            ("old", json!({"hook": format!("/bin/true"), "arguments": [UNSAFE], "stage": ["poststop"], "cmd": [UNSAFE], UNSAFE: 1}).to_string()),
        ] {
            fs::write(place.file(name), text).unwrap();
        }
        fs::write(place.config(), Place::config_text()).unwrap();
        place
    }

    fn directory(&self) -> PathBuf {
        self.0.path().join(format!("d{UNSAFE}"))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory().join(format!("{name}{UNSAFE}.json"))
    }

    fn config(&self) -> PathBuf {
        self.0.path().join(format!("config{UNSAFE}"))
    }

    /// Returns the config. Its whitespace includes carriage returns, which move a terminal back to
    /// the start of a line.
    fn config_text() -> String {
        // Characters that JSON need not escape are not escaped.
        let raw =
            json!({"process": {"args": [UNSAFE]}, "annotations": {format!("k{UNSAFE}"): format!("v{UNSAFE}")}})
                .to_string();
        format!("{{\r\n\"x\":\r1.0,{}\r\n", &raw[1..])
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oci-hooks"));
        for argument in arguments {
            match *argument {
                "DIR" => command.arg(self.directory()),
                "CONFIG" => command.arg(self.config()),
                "UNSAFE" => command.arg(UNSAFE),
                name if name.starts_with('@') => command.arg(self.file(&name[1..])),
                argument => command.arg(argument),
            };
        }
        command.env("TERM", "xterm").env_remove("NO_COLOR").current_dir(self.0.path());
        command
    }

    /// Runs a command on a terminal, and returns its output on both streams.
    fn on_a_terminal(&self, arguments: &[&str]) -> String {
        pty::printed(&mut self.command(arguments))
    }

    /// Runs a command with pipes, and returns its standard output and standard error.
    fn piped(&self, arguments: &[&str]) -> (String, String) {
        let output = self.command(arguments).stdin(Stdio::null()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr))
    }
}

/// Fails on an unsafe character, except line feeds and the command's own colours.
fn assert_harmless(printed: &str, arguments: &[&str]) {
    let mut rest = printed.to_owned();
    for parameter in ["0", "1", "2", "31", "32", "33", "34"] {
        rest = rest.replace(&format!("\u{1b}[{parameter}m"), "");
    }
    let found = rest.char_indices().find(|&(_, c)| c != '\n' && is_unsafe(c));
    assert_eq!(found, None, "{arguments:?}: {rest:?}");
    assert!(!printed.is_empty(), "{arguments:?}");
}

/// Returns whether a string in the value contains all unsafe characters.
fn has_unsafe(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(UNSAFE),
        Value::Array(values) => values.iter().any(has_unsafe),
        Value::Object(members) => {
            members.iter().any(|(key, value)| key.contains(UNSAFE) || has_unsafe(value))
        }
        _ => false,
    }
}

const LENIENT: &[&str] =
    &["--hooks-dir", "DIR", "--policy", "lenient", "--extension-stage", "precreate"];

/// Returns commands that print text for people.
fn texts() -> Vec<Vec<&'static str>> {
    let of = |name: &'static str, rest: &[&'static str]| [&[name], LENIENT, rest].concat();
    vec![
        of("list", &[]),
        of("explain", &["CONFIG"]),
        of("explain", &["CONFIG", "--annotation", "a=\u{ad}\u{1b}[2J", "--color", "always"]),
        of("explain", &["CONFIG", "--hook", "UNSAFE"]),
        of("filter", &["CONFIG", "--diff"]),
        of("inject", &["UNSAFE"]),
        of("inject", &["-o", "out", "CONFIG"]),
        vec!["list", "--hooks-dir", "DIR", "--policy", "compatible"],
        vec!["list", "--hooks-dir", "DIR", "--policy", "strict"],
        vec!["list", "--hooks-dir", "UNSAFE"],
        vec!["inject", "--hooks-dir", "DIR", "CONFIG"],
        vec!["lint", "DIR"],
        vec!["lint", "DIR", "--color", "always"],
        vec!["lint", "@broken", "@pattern", "@stage"],
        vec!["lint", "UNSAFE", "--select", "UNSAFE"],
        vec!["lint", "DIR", "--format", "UNSAFE"],
        vec!["run", "@missing"],
        vec!["run", "@broken"],
        vec!["run", "@good", "--dir", "UNSAFE"],
        vec!["migrate", "@broken"],
        vec!["migrate", "@old", "-o", "migrated"],
        vec!["UNSAFE"],
        vec!["list", "UNSAFE"],
        vec!["list", "--hooks-dir", "DIR", "--policy", "UNSAFE"],
        vec!["inject", "--annotation", "UNSAFE"],
        vec!["completion", "bash"],
        vec!["--help"],
    ]
}

/// Returns commands that print JSON with unsafe characters in its values.
fn jsons() -> Vec<Vec<&'static str>> {
    let of = |name: &'static str, rest: &[&'static str]| [&[name], LENIENT, rest].concat();
    vec![
        of("list", &["--json"]),
        of("explain", &["CONFIG", "--json"]),
        of("inject", &["CONFIG", "--json"]),
        of("filter", &["CONFIG", "--json"]),
        of("filter", &["CONFIG", "--json", "--diff"]),
        vec!["lint", "DIR", "--json"],
        vec!["lint", "DIR", "--format", "sarif"],
        vec!["run", "@noisy", "--json"],
    ]
}

#[test]
fn text_is_harmless_everywhere() {
    let has_terminal = pty::is_available("text_is_harmless_everywhere");
    let place = Place::new();
    for arguments in texts() {
        if has_terminal {
            assert_harmless(&place.on_a_terminal(&arguments), &arguments);
        }
        // A pipe may lead to a pager, and so to a terminal.
        let (stdout, stderr) = place.piped(&arguments);
        // Hooks write directly to a pipe.
        let stderr = if arguments[0] == "filter" { "" } else { &stderr };
        assert_harmless(&(stdout + stderr), &arguments);
    }
}

#[test]
fn json_is_harmless_and_has_the_values() {
    let has_terminal = pty::is_available("json_is_harmless_and_has_the_values");
    let place = Place::new();
    for arguments in jsons() {
        if has_terminal {
            assert_harmless(&place.on_a_terminal(&arguments), &arguments);
        }
        let (stdout, stderr) = place.piped(&arguments);
        assert_harmless(&stdout, &arguments);
        assert!(stderr.is_empty() || arguments[0] == "filter", "{arguments:?}: {stderr}");
        let value: Value = serde_json::from_str(&stdout)
            .unwrap_or_else(|e| panic!("{arguments:?}: {e}: {stdout}"));
        assert!(has_unsafe(&value), "{arguments:?}: {stdout}");
    }
    let (stdout, _) = place.piped(&jsons()[2]);
    let value: Value = serde_json::from_str(&stdout).unwrap();
    let config: Value = serde_json::from_str(&Place::config_text()).unwrap();
    assert_eq!(value["config"]["annotations"], config["annotations"]);
}

/// A config is printed unchanged to files and pipes, and with the same JSON value to a terminal.
#[test]
fn a_config_in_a_pipe_is_unchanged() {
    let place = Place::new();
    let filter = [&["filter"], LENIENT, &["CONFIG"]].concat();
    let inject = [&["inject"], LENIENT, &["CONFIG"]].concat();
    let (filtered, noise) = place.piped(&filter);
    assert_eq!(filtered, Place::config_text().replace("1.0", "2.0"));
    // The hook has written to the pipe itself.
    assert!(noise.contains(UNSAFE), "{noise:?}");
    let (injected, _) = place.piped(&inject);
    assert!(injected.starts_with(Place::config_text().trim_end_matches("}\r\n")), "{injected:?}");
    let config: Value = serde_json::from_str(&injected).unwrap();
    // A file of version 1.0.0 is printed unchanged.
    let (same, _) = place.piped(&["migrate", "@good"]);
    assert_eq!(same, fs::read_to_string(place.file("good")).unwrap());
    if !pty::is_available("a_config_in_a_pipe_is_unchanged") {
        return;
    }
    for arguments in [&filter, &inject] {
        let printed = place.on_a_terminal(arguments);
        assert_harmless(&printed, arguments);
        let json = printed.find("{ \n\"x\": ").unwrap_or_else(|| panic!("{printed:?}"));
        let value: Value = serde_json::from_str(&printed[json..]).unwrap();
        assert_eq!(value["annotations"], config["annotations"]);
    }
    // A file of version 0.1.0 is converted.
    for file in ["@good", "@old"] {
        assert_harmless(&place.on_a_terminal(&["migrate", file]), &[file]);
    }
}

#[test]
fn output_of_hooks_is_escaped_on_a_terminal() {
    if !pty::is_available("output_of_hooks_is_escaped_on_a_terminal") {
        return;
    }
    let place = Place::new();
    let printed = place.on_a_terminal(&["run", "@noisy"]);
    assert_harmless(&printed, &["run"]);
    // Once from each stream, and once in the environment in the line "running".
    let escaped = "\\u{1b}]0;x\\u{7}\\u{8}\\r";
    assert_eq!(printed.matches(escaped).count(), 3, "{printed:?}");
    assert!(printed.contains("exit status 3"), "{printed:?}");
    // --raw-output lets the hook write to the terminal directly.
    assert!(place.on_a_terminal(&["run", "--raw-output", "@noisy"]).contains(UNSAFE));
    let filter = [&["filter"], LENIENT, &["-o", "out", "CONFIG"]].concat();
    assert!(place.on_a_terminal(&filter).contains(escaped));
    assert!(place.on_a_terminal(&[&filter[..], &["--raw-output"]].concat()).contains(UNSAFE));
}

#[test]
fn changes_are_harmless() {
    if !pty::is_available("changes_are_harmless") {
        return;
    }
    for format in [&[][..], &["--json"]] {
        let place = Place::new();
        let arguments = [&["watch"], LENIENT, format].concat();
        let (mut child, mut screen) = pty::start(&mut place.command(&arguments));
        let contains = |text: &'static str| {
            move |printed: &[u8]| String::from_utf8_lossy(printed).contains(text)
        };
        let before = screen.read_until(contains("watching: "));
        fs::copy(place.file("near"), place.file("new")).unwrap();
        fs::copy(place.file("stage"), place.file("wrong")).unwrap();
        let after = screen.read_until(contains("unknown-stage"));
        child.kill().unwrap();
        child.wait().unwrap();
        for printed in [before, after] {
            assert_harmless(&String::from_utf8_lossy(&printed), &arguments);
        }
    }
}
