//! Tests that injection changes no other byte of a config. A generator writes each config together
//! with the expected output. It uses no JSON library.

use std::collections::BTreeMap;
use std::path::Path;

use fastrand::Rng;
use libhooks::Manager;

use crate::engine::{Known, inject};
use crate::seed::seed;

const CONFIGS: u64 = 100_000;

/// The stages with injected hooks, in the order in which new members are written.
const STAGES: [&str; 5] =
    ["createContainer", "createRuntime", "poststart", "poststop", "startContainer"];

/// A set of hook files, and the elements that it adds to each stage of a config, as JSON.
struct Set {
    manager: Manager,
    added: BTreeMap<&'static str, &'static str>,
    /// Whether it matches only containers whose annotation `wanted` is `yes`.
    needs_annotation: bool,
}

fn set(
    root: &Path,
    name: &str,
    files: &[(&str, &str)],
    added: &[(&'static str, &'static str)],
) -> Set {
    let directory = root.join(name);
    std::fs::create_dir(&directory).unwrap();
    for (file, content) in files {
        std::fs::write(directory.join(file), content).unwrap();
    }
    let manager =
        Manager::builder().directories([directory]).extension_stages(["precreate"]).load().unwrap();
    Set { manager, added: added.iter().copied().collect(), needs_annotation: name == "annotation" }
}

fn sets(root: &Path) -> Vec<Set> {
    const ALWAYS: &str = r#""when": {"always": true}"#;
    let hook = |hook: &str, stages: &str| {
        format!(r#"{{"version": "1.0.0", "hook": {hook}, {ALWAYS}, "stages": {stages}}}"#)
    };
    let all = r#"["poststop", "createRuntime", "startContainer", "createContainer", "poststart"]"#;
    vec![
        set(
            root,
            "one",
            &[("a.json", &hook(r#"{"path": "/bin/true"}"#, r#"["prestart"]"#))],
            &[("createRuntime", r#"{"path":"/bin/true"}"#)],
        ),
        set(
            root,
            "two",
            &[
                (
                    "B.json",
                    &hook(
                        r#"{"path": "/bin/true", "args": ["b", "\"\\\n\u00e9"], "timeout": 0}"#,
                        all,
                    ),
                ),
                (
                    "a.json",
                    &hook(r#"{"path": "/bin/sh", "env": ["A=1"], "args": []}"#, r#"["poststop"]"#),
                ),
            ],
            &[
                ("createContainer", r#"{"path":"/bin/true","args":["b","\"\\\né"],"timeout":0}"#),
                ("createRuntime", r#"{"path":"/bin/true","args":["b","\"\\\né"],"timeout":0}"#),
                ("poststart", r#"{"path":"/bin/true","args":["b","\"\\\né"],"timeout":0}"#),
                (
                    "poststop",
                    r#"{"path":"/bin/sh","env":["A=1"]},{"path":"/bin/true","args":["b","\"\\\né"],"timeout":0}"#,
                ),
                ("startContainer", r#"{"path":"/bin/true","args":["b","\"\\\né"],"timeout":0}"#),
            ],
        ),
        set(
            root,
            "extension",
            &[("a.json", &hook(r#"{"path": "/bin/true"}"#, r#"["precreate"]"#))],
            &[],
        ),
        set(
            root,
            "annotation",
            &[(
                "a.json",
                r#"{"version": "1.0.0", "hook": {"path": "/bin/true"}, "when": {"annotations": {"^wanted$": "^yes$"}},
                    "stages": ["poststart", "poststart"]}"#,
            )],
            &[("poststart", r#"{"path":"/bin/true"},{"path":"/bin/true"}"#)],
        ),
    ]
}

/// A generator of a config and of the expected output.
struct Writer {
    random: Rng,
    input: String,
    output: String,
    seen: BTreeMap<&'static str, u64>,
}

impl Writer {
    /// Writes bytes that must not change.
    fn keep(&mut self, bytes: &str) {
        self.input.push_str(bytes);
        self.output.push_str(bytes);
    }

    fn count(&mut self, case: &'static str) {
        *self.seen.entry(case).or_default() += 1;
    }

    fn space(&mut self) {
        for _ in 0..[0, 0, 0, 1, 3][self.random.usize(..5)] {
            let space = self.random.choice([" ", "\n", "\t", "\r", "  ", "\r\n"]).unwrap();
            self.keep(space);
        }
    }

    /// Writes a key, sometimes with escapes for some characters.
    fn key(&mut self, name: &str) {
        self.keep("\"");
        let escape = self.random.usize(..100) < 15;
        if escape {
            self.count("escaped key");
        }
        for character in name.chars() {
            if escape && self.random.usize(..100) < 50 {
                let code = character as u32;
                let escaped = if self.random.usize(..100) < 50 {
                    format!("\\u{code:04x}")
                } else {
                    format!("\\u{code:04X}")
                };
                self.keep(&escaped);
            } else {
                self.keep(character.encode_utf8(&mut [0; 4]));
            }
        }
        self.keep("\"");
        self.space();
        self.keep(":");
        self.space();
    }

    fn string(&mut self) {
        self.keep("\"");
        for _ in 0..self.random.usize(..6) {
            let part = self
                .random
                .choice([
                    "a",
                    "hooks",
                    "é",
                    "\u{1F600}",
                    "\\n",
                    "\\\"",
                    "\\\\",
                    "\\/",
                    "\\b",
                    "\\f",
                    "\\r",
                    "\\t",
                    "\\u0000",
                    "\\u00E9",
                    "\\ud83d\\ude00",
                    "\\ud83d",
                    "{",
                    "}",
                    "[",
                    "]",
                    ",",
                    ":",
                    "\u{7f}",
                    "\u{2028}",
                ])
                .unwrap();
            self.keep(part);
        }
        self.keep("\"");
    }

    /// Writes any value.
    fn value(&mut self, depth: usize) {
        match self.random.usize(..if depth == 0 { 6 } else { 9 }) {
            0 => {
                let number = self
                    .random
                    .choice([
                        "0",
                        "-0",
                        "1e400",
                        "-1E-400",
                        "1.0",
                        "1.50E+05",
                        "123456789012345678901234567890",
                        "-7",
                        "0.1000000000000000055511151231257827",
                        "18446744073709551616",
                    ])
                    .unwrap();
                self.count("number");
                self.keep(number);
            }
            1 => {
                let word = self.random.choice(["true", "false", "null"]).unwrap();
                self.keep(word);
            }
            2..=5 => self.string(),
            6 | 7 => {
                self.keep("[");
                for index in 0..self.random.usize(..4) {
                    if index > 0 {
                        self.keep(",");
                    }
                    self.space();
                    self.value(depth - 1);
                    self.space();
                }
                self.keep("]");
            }
            _ => {
                self.keep("{");
                // These members are not read: a key may be repeated and may have any name.
                for index in 0..self.random.usize(..4) {
                    if index > 0 {
                        self.keep(",");
                    }
                    self.space();
                    let key = self
                        .random
                        .choice(["hooks", "args", "Process", "a", "a", "é", ""])
                        .unwrap();
                    self.key(key);
                    self.value(depth - 1);
                    self.space();
                }
                self.keep("}");
            }
        }
    }

    /// Writes a whole config. `added` contains the injected elements; `None` if no hook matches.
    fn config(&mut self, added: Option<&BTreeMap<&str, &str>>, annotation: bool) {
        let mut members: Vec<&str> = Vec::new();
        for member in [
            "hooks",
            "process",
            "mounts",
            "ociVersion",
            "linux",
            "root",
            "x",
            "x",
            "future",
            "Hook",
            "big",
        ] {
            let chance = match member {
                "hooks" => 70,
                "big" => 5,
                _ => 40,
            };
            if self.random.usize(..100) < chance {
                members.push(member);
            }
        }
        if self.random.usize(..100) < 4 {
            members.clear();
        }
        if annotation {
            members.push("annotations");
        }
        for index in (1..members.len()).rev() {
            members.swap(index, self.random.usize(..index + 1));
        }
        self.space();
        self.keep("{");
        let absent = added.filter(|_| !members.contains(&"hooks"));
        if let (Some(added), []) = (absent, &members[..]) {
            self.count("empty config");
            self.output.push_str(&format!("\"hooks\":{{{}}}", new_members(added, |_| true)));
        }
        self.space();
        for (index, member) in members.iter().enumerate() {
            self.key(member);
            match *member {
                "hooks" => self.hooks(added),
                "process" => self.process(),
                "mounts" => {
                    self.keep(r#"[ {"type":"tmpfs","options":["rw"],"future":1e400}, {} ]"#)
                }
                "annotations" => self.keep(r#"{ "other": "x", "wan\u0074ed" : "yes" }"#),
                "big" => self.big(),
                _ => self.value(3),
            }
            if index + 1 < members.len() {
                self.space();
                self.keep(",");
                self.space();
            }
        }
        if let (Some(added), [_, ..]) = (absent, &members[..]) {
            self.count("hooks absent");
            self.output.push_str(&format!(",\"hooks\":{{{}}}", new_members(added, |_| true)));
        }
        self.space();
        self.keep("}");
        self.space();
    }

    fn process(&mut self) {
        let process = self
            .random
            .choice([
                "null",
                "{}",
                r#"{"args" : [ "sh" , "-c" ] , "env":["A=1"], "future": {"args": 3} }"#,
                r#"{"user":{"uid":0},"\u0061rgs":["\u0000"],"args2":1e400}"#,
                r#"{"args":null}"#,
            ])
            .unwrap();
        self.keep(process);
    }

    /// Writes a value of more than 100 kB.
    fn big(&mut self) {
        self.count("over 100 kB");
        self.keep("[");
        for _ in 0..4_000 {
            self.keep(r#"{"a": [1e400, "\u0068\ud83d"], "hooks":null},"#);
        }
        self.value(2);
        self.keep("]");
    }

    fn hooks(&mut self, added: Option<&BTreeMap<&str, &str>>) {
        if self.random.usize(..100) < 20 {
            self.input.push_str("null");
            match added {
                Some(added) => {
                    self.count("hooks null");
                    self.output.push_str(&format!("{{{}}}", new_members(added, |_| true)));
                }
                None => self.output.push_str("null"),
            }
            return;
        }
        let mut stages: Vec<&str> = Vec::new();
        for stage in STAGES.iter().chain(&["prestart", "future"]) {
            if self.random.usize(..100) < 40 {
                stages.push(stage);
            }
        }
        for index in (1..stages.len()).rev() {
            stages.swap(index, self.random.usize(..index + 1));
        }
        let new = added
            .map(|added| new_members(added, |stage| !stages.contains(&stage)))
            .unwrap_or_default();
        self.keep("{");
        if stages.is_empty() {
            self.count("hooks empty");
            self.output.push_str(&new);
        }
        self.space();
        for (index, stage) in stages.iter().enumerate() {
            self.key(stage);
            if *stage == "future" {
                self.value(2);
            } else {
                self.entries(added.and_then(|added| added.get(stage)).copied());
            }
            if index + 1 < stages.len() {
                self.space();
                self.keep(",");
                self.space();
            }
        }
        if !stages.is_empty() && !new.is_empty() {
            self.count("stage absent");
            self.output.push_str(&format!(",{new}"));
        }
        self.space();
        self.keep("}");
    }

    /// Writes the entries of a stage; `added` comes after them.
    fn entries(&mut self, added: Option<&str>) {
        if self.random.usize(..100) < 15 {
            self.input.push_str("null");
            match added {
                Some(added) => {
                    self.count("stage null");
                    self.output.push_str(&format!("[{added}]"));
                }
                None => self.output.push_str("null"),
            }
            return;
        }
        self.keep("[");
        let count = self.random.usize(..3);
        if let (Some(added), 0) = (added, count) {
            self.count("stage empty");
            self.output.push_str(added);
        }
        self.space();
        for index in 0..count {
            let entry = self
                .random
                .choice([
                    r#"{"path":"/already"}"#,
                    r#"{ "path" : "\/already" , "args":[ ], "timeout":1e2, "future": {"a":[null]} }"#,
                    r#"{"PATH":"/x","env":null,"\u0061":-0}"#,
                ])
                .unwrap();
            self.keep(entry);
            if index + 1 < count {
                self.space();
                self.keep(",");
                self.space();
            }
        }
        if let (Some(added), 1..) = (added, count) {
            self.count("stage with entries");
            self.output.push_str(&format!(",{added}"));
        }
        self.space();
        self.keep("]");
    }
}

/// Returns the new members of `hooks`.
fn new_members(added: &BTreeMap<&str, &str>, wanted: impl Fn(&str) -> bool) -> String {
    let members = STAGES.iter().filter(|stage| wanted(stage));
    let members = members.filter_map(|stage| Some(format!("\"{stage}\":[{}]", added.get(stage)?)));
    members.collect::<Vec<_>>().join(",")
}

#[test]
fn injection_changes_no_other_byte() {
    let seed = seed();
    let root = tempfile::tempdir().unwrap();
    let sets = sets(root.path());
    let mut seen: BTreeMap<&'static str, u64> = BTreeMap::new();
    for number in 0..CONFIGS {
        let set = &sets[(number % sets.len() as u64) as usize];
        let mut random = Rng::with_seed(seed ^ number.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let annotation = random.usize(..100) < 50;
        let matches = annotation || !set.needs_annotation;
        let mut writer = Writer { random, input: String::new(), output: String::new(), seen };
        writer.config(matches.then_some(&set.added), annotation);
        let Writer { input, output, seen: counted, .. } = writer;
        seen = counted;
        *seen.entry(if matches { "match" } else { "no match" }).or_default() += 1;
        let got = inject(&set.manager, &input, Known::default())
            .unwrap_or_else(|error| panic!("{error}\n{input}"));
        assert_eq!(got.config, output, "config {number} of seed {seed}:\n{input}");
    }
    println!("seed {seed}: {CONFIGS} configs have the expected output, byte for byte; {seen:?}");
    for (case, least) in [
        ("match", 50_000),
        ("no match", 10_000),
        ("over 100 kB", CONFIGS / 25),
        ("escaped key", 10_000),
        ("number", 10_000),
        ("hooks absent", 10_000),
        ("hooks null", 5_000),
        ("hooks empty", 500),
        ("stage absent", 10_000),
        ("stage null", 1_000),
        ("stage empty", 1_000),
        ("stage with entries", 1_000),
        ("empty config", 1_000),
    ] {
        assert!(
            seen.get(case).is_some_and(|count| *count >= least),
            "{case}: {:?} < {least}",
            seen.get(case)
        );
    }
}
