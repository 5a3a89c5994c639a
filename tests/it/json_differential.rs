//! Compares the decoding of hook files with that of Go's encoding/json: duplicate keys, folded
//! keys, `null`, wrong types, surrogates, invalid UTF-8, numbers, and files with bytes changed at
//! random. The same file must fail in both, or decode to the same hook.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use base64::Engine;
use fastrand::Rng;
use libhooks::{ErrorKind, Hook, ReadOptions};
use serde_json::{Value, json};

use crate::seed::seed;

const FILES: usize = 60_000;

/// A generator of hook files.
struct Writer {
    random: Rng,
}

impl Writer {
    /// Writes a key, sometimes in another letter case or with an escape.
    fn key(&mut self, name: &str) -> String {
        match self.random.usize(..20) {
            0 => name.to_uppercase(),
            1 => name.replace('s', "\u{17f}").replace('k', "\u{212a}"),
            2 => name.replacen('o', "\\u006f", 1),
            3 => format!("{name}x"),
            _ => name.to_owned(),
        }
    }

    /// Writes a value, nearly always of the wanted type.
    fn value(&mut self, wanted: &str) -> String {
        if self.random.usize(..100) < 2 {
            return self
                .random
                .choice(["1", "true", "\"x\"", "[]", "{}", "[1]", "{\"a\":1}", "[[\"a\"]]"])
                .unwrap()
                .to_owned();
        }
        if self.random.usize(..100) < 8 {
            return "null".to_owned();
        }
        match wanted {
            "path" => self
                .random
                .choice(["\"/bin/true\"", "\"/bin/true\"", "\"\\/bin\\/sh\""])
                .unwrap()
                .to_owned(),
            "version" => self
                .random
                .choice(["\"1.0.0\"", "\"1.0.0\"", "\"0.1.0\"", "\"\"", "\"1.0.0\\n\""])
                .unwrap()
                .to_owned(),
            "bool" => self.random.choice(["true", "false"]).unwrap().to_owned(),
            "integer" => self
                .random
                .choice([
                    "0",
                    "-0",
                    "7",
                    "-3",
                    "9223372036854775807",
                    "9223372036854775808",
                    "1e2",
                    "1.0",
                    "-9223372036854775808",
                    "\"3\"",
                    "01",
                ])
                .unwrap()
                .to_owned(),
            "stages" => self.list(&[
                "\"prestart\"",
                "\"poststop\"",
                "\"poststop\"",
                "null",
                "\"createRuntime\"",
            ]),
            "patterns" => self.list(&["\"a\"", "\"^b$\"", "null", "\"\\u00e9\"", "\"\""]),
            "strings" => self.list(&[
                "\"a\"",
                "null",
                "\"\\ud83d\\ude00\"",
                "\"\\ud83d\"",
                "\"\\udc00\\ud83dx\"",
                "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\"",
                "\"é\"",
            ]),
            "map" => {
                let mut json = "{".to_owned();
                for index in 0..self.random.usize(..4) {
                    let comma = if index > 0 { "," } else { "" };
                    let key = self
                        .random
                        .choice(["\"a\"", "\"b\"", "\"\\u0061\"", "\".*\"", "\"\""])
                        .unwrap();
                    let value = if self.random.usize(..100) < 3 {
                        "1"
                    } else {
                        self.random.choice(["\"x\"", "\"^y\"", "null", "\"\""]).unwrap()
                    };
                    json += &format!("{comma}{key} : {value}");
                }
                json + "}"
            }
            _ => "{}".to_owned(),
        }
    }

    fn list(&mut self, items: &[&str]) -> String {
        let items: Vec<&str> =
            (0..self.random.usize(..4)).map(|_| *self.random.choice(items).unwrap()).collect();
        format!("[{}]", items.join(" , "))
    }

    /// Writes an object with these members in random order. Some are repeated and some are absent.
    fn object(&mut self, members: &[(&str, &str)], least: usize) -> String {
        let mut json = "{".to_owned();
        let mut chosen: Vec<usize> =
            (0..members.len()).filter(|&i| i < least || self.random.usize(..100) < 50).collect();
        for _ in 0..self.random.usize(..3) {
            chosen.push(self.random.usize(..members.len()));
        }
        for index in (1..chosen.len()).rev() {
            chosen.swap(index, self.random.usize(..index + 1));
        }
        for (position, index) in chosen.into_iter().enumerate() {
            let (name, kind) = members[index];
            let comma = if position > 0 { "," } else { "" };
            let key = self.key(name);
            let value = match kind {
                "hook" => self.object(
                    &[
                        ("path", "path"),
                        ("args", "strings"),
                        ("env", "strings"),
                        ("timeout", "integer"),
                    ],
                    1,
                ),
                "when" => self.object(
                    &[
                        ("always", "bool"),
                        ("annotations", "map"),
                        ("commands", "patterns"),
                        ("hasBindMounts", "bool"),
                        ("or", "bool"),
                    ],
                    1,
                ),
                kind => self.value(kind),
            };
            json += &format!("{comma} \"{key}\": {value}");
        }
        json + "}"
    }

    fn file(&mut self) -> Vec<u8> {
        let json = if self.random.usize(..100) < 60 {
            let members = [
                ("version", "version"),
                ("hook", "hook"),
                ("stages", "stages"),
                ("when", "when"),
                ("future", "strings"),
            ];
            self.object(&members, 3).replacen("\"0.1.0\"", "\"1.0.0\"", 1)
        } else {
            let members = [
                ("hook", "path"),
                ("stage", "stages"),
                ("stages", "stages"),
                ("cmd", "patterns"),
                ("cmds", "patterns"),
                ("annotation", "patterns"),
                ("annotations", "patterns"),
                ("hasbindmounts", "bool"),
                ("arguments", "strings"),
                ("version", "bool"),
            ];
            let chosen: Vec<(&str, &str)> = members
                .into_iter()
                .filter(|(name, _)| {
                    *name == "hook"
                        || self.random.usize(..100) < if *name == "version" { 3 } else { 35 }
                })
                .collect();
            self.object(&chosen, 1)
        };
        let mut bytes = json.into_bytes();
        if self.random.usize(..100) < 15 {
            let at = self.random.usize(..bytes.len());
            match self.random.usize(..3) {
                0 => bytes[at] = self.random.usize(..256) as u8,
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(
                    at,
                    *b"\"{}[],:\\\x00\xff\xe2 0"[..].get(self.random.usize(..13)).unwrap(),
                ),
            }
        }
        bytes
    }
}

/// Returns Go's results for the files; `None` if Go is not installed.
fn ask_go(files: &[Vec<u8>]) -> Option<Vec<Value>> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracles/json");
    let mut go = Command::new("go")
        .args(["run", "."])
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let lines: String = files
        .iter()
        .map(|file| base64::engine::general_purpose::STANDARD.encode(file) + "\n")
        .collect();
    let mut stdin = go.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()).unwrap());
    let output = go.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let stdout = String::from_utf8(output.stdout).unwrap();
    Some(stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// Returns a hook in a normal form, with all members. Go's `null` arrays and our empty arrays are
/// equal, except for `stages`.
fn normal(hook: &Value, any_of: bool) -> Value {
    let list = |value: &Value| if value.is_null() { json!([]) } else { value.clone() };
    let map = |value: &Value| if value.is_null() { json!({}) } else { value.clone() };
    json!({
        "path": hook["hook"]["path"], "args": list(&hook["hook"]["args"]), "env": list(&hook["hook"]["env"]),
        "timeout": hook["hook"]["timeout"], "always": hook["when"]["always"],
        "hasBindMounts": hook["when"]["hasBindMounts"], "annotations": map(&hook["when"]["annotations"]),
        "commands": list(&hook["when"]["commands"]), "stages": hook["stages"], "anyOf": any_of,
    })
}

#[test]
fn go_decodes_the_same_hooks() {
    let seed = seed();
    let mut writer = Writer { random: Rng::with_seed(seed) };
    let files: Vec<Vec<u8>> = (0..FILES).map(|_| writer.file()).collect();
    let Some(answers) = ask_go(&files) else {
        println!("SKIP: json_differential: Go is not installed");
        return;
    };
    assert_eq!(answers.len(), FILES);
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("x.json");
    let prefix = format!("parsing hook \"{}\": ", path.display());
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (file, answer) in files.iter().zip(&answers) {
        std::fs::write(&path, file).unwrap();
        let ours = Hook::read(&path, &ReadOptions::new().extension_stages(["createRuntime"]));
        let shown = String::from_utf8_lossy(file);
        let outcome = match (&ours, answer["Failed"].as_str()) {
            (Err(error), Some(step)) => {
                let step =
                    if step.is_empty() && answer["Text"].as_str().unwrap().starts_with("unrec") {
                        String::new()
                    } else {
                        format!("{step}: ")
                    };
                let message = error.to_string();
                let rest = message
                    .strip_prefix(&format!("{prefix}{step}"))
                    .unwrap_or_else(|| panic!("{shown}\n{error}"));
                match answer["Text"].as_str().unwrap() {
                    "" => {
                        let ends = error.code() == libhooks::Code::JsonUnexpectedEnd;
                        assert_eq!(ends, answer["End"].as_bool().unwrap(), "{shown}\n{error}");
                        format!("fails in encoding/json: {:?}", error.code())
                    }
                    message => {
                        assert_eq!(rest, message, "{shown}");
                        message.split('"').next().unwrap().to_owned()
                    }
                }
            }
            (Ok(hook), None) => {
                let go = normal(&answer["Hook"], answer["AnyOf"].as_bool().unwrap());
                let hook: Value = serde_json::from_str(&hook.to_json()).unwrap();
                assert_eq!(normal(&hook, hook["when"]["or"] == true), go, "{shown}");
                format!("decodes, any of {}", hook["when"]["or"] == true)
            }
            (Err(error), None) => {
                // It decodes but is not valid, which this test does not compare.
                assert!(!error.to_string().starts_with("parsing hook"), "{shown}\n{error}");
                assert_ne!(error.kind(), ErrorKind::Json);
                "decodes but is not valid".to_owned()
            }
            (Ok(_), Some(_)) => panic!("Go reports an error: {shown}\n{answer}"),
        };
        *seen.entry(outcome).or_default() += 1;
    }
    println!("seed {seed}: {FILES} hook files, no differences from Go; {seen:#?}");
    for (outcome, least) in [
        ("decodes, any of false", 3_000),
        ("decodes, any of true", 1_000),
        ("fails in encoding/json: JsonType", 3_000),
        ("fails in encoding/json: JsonSyntax", 3_000),
        ("unrecognized hook version: ", 200),
        ("missing required property: hook", 200),
        ("missing required property: stages", 500),
        ("cannot set both 'stage' and 'stages'", 500),
        ("cannot set both 'cmd' and 'cmds'", 100),
        ("cannot set both 'annotation' and 'annotations'", 50),
    ] {
        assert!(
            seen.get(outcome).is_some_and(|count| *count >= least),
            "{outcome}: {:?} < {least}",
            seen.get(outcome)
        );
    }
}
