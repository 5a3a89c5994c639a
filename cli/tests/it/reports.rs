//! A table of problems that users reported, or would report: for each a small input, and the words
//! that answer it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::support;

/// A report.
struct Report {
    name: &'static str,
    /// The files, relative to the working directory. `->` starts the target of a symlink, and `#!`
    /// an executable file.
    files: &'static [(&'static str, &'static str)],
    input: &'static str,
    command: &'static [&'static str],
    status: i32,
    /// Parts of the output or the error output.
    says: &'static [&'static str],
    never: &'static [&'static str],
}

const NONE: Report =
    Report { name: "", files: &[], input: "", command: &[], status: 0, says: &[], never: &[] };

/// Returns a hook with these conditions.
macro_rules! when {
    ($when:literal) => {
        concat!(
            r#"{"version":"1.0.0","hook":{"path":"/bin/true","env":["A=b"]},"when":"#,
            $when,
            r#","stages":["poststop"]}"#
        )
    };
}

/// Returns a hook of this process.
macro_rules! hook {
    ($hook:literal) => {
        concat!(
            r#"{"version":"1.0.0","hook":{"#,
            $hook,
            r#"},"when":{"always":true},"stages":["poststop"]}"#
        )
    };
}

/// Returns a precreate hook that runs this script.
macro_rules! filter {
    ($script:literal) => {
        concat!(
            r#"{"version":"1.0.0","hook":{"path":"/bin/sh","args":["sh","-c",""#,
            $script,
            r#""],"env":["PATH=/bin:/usr/bin"]},"when":{"always":true},"stages":["precreate"]}"#
        )
    };
}

const LINT: &[&str] = &["lint", "d"];
const INFO: &[&str] = &["lint", "--info", "d"];
const EXPLAIN: &[&str] = &["explain", "--hooks-dir", "d"];
const FILTER: &[&str] = &["filter", "--hooks-dir", "d"];

const CONFIG: &str =
    r#"{"ociVersion":"1.0.2","process":{"args":["sh"]},"root":{"path":"rootfs"},"annotations":{}}"#;

const REPORTS: &[Report] = &[
    Report {
        name: "the condition args",
        files: &[("d/a.json", when!(r#"{"args":[".*/init$"]}"#))],
        command: LINT,
        says: &["[unknown-condition]", "did you mean \"commands\"?"],
        never: &["inside \"hook\"", "always"],
        ..NONE
    },
    Report {
        name: "the condition images",
        files: &[("d/a.json", when!(r#"{"images":["x"]}"#))],
        command: LINT,
        says: &["[unknown-condition]", "there is no such condition", "\"annotations\""],
        never: &["did you mean", "always"],
        ..NONE
    },
    Report {
        name: "the condition env",
        files: &[("d/a.json", when!(r#"{"env":["A=b"]}"#))],
        command: LINT,
        says: &["[unknown-condition]", "there is no such condition"],
        never: &["inside \"hook\"", "always"],
        ..NONE
    },
    Report {
        name: "the condition labels",
        files: &[("d/a.json", when!(r#"{"labels":{"a":"b"}}"#))],
        command: LINT,
        says: &["[unknown-condition]", "there is no such condition", "Labels are not annotations"],
        never: &["always"],
        ..NONE
    },
    Report {
        name: "the conditions not and any",
        files: &[("d/a.json", when!(r#"{"not":{"always":true},"any":[]}"#))],
        command: LINT,
        says: &["unknown condition \"not\"", "unknown condition \"any\"", "no such condition"],
        ..NONE
    },
    Report {
        name: "a container's config as a hook file",
        files: &[("d/a.json", r#"{"hooks": {"createContainer": [{"path": "/x"}]}}"#)],
        command: LINT,
        status: 1,
        says: &["[config-form]", "\"hook\": {\"path\": \"/…\"}", "[missing-hook]"],
        never: &["did you mean"],
        ..NONE
    },
    Report {
        name: "explain: the output of crictl inspect",
        files: &[("d/a.json", when!(r#"{"always":true}"#))],
        input: r#"{"status":{"id":"x"},"info":{"runtimeSpec":{"ociVersion":"1.0.2"}}}"#,
        command: EXPLAIN,
        status: 1,
        says: &["[not-a-config]", "info.runtimeSpec"],
        ..NONE
    },
    Report {
        name: "explain: a container's state",
        files: &[("d/a.json", when!(r#"{"always":true}"#))],
        input: r#"{"ociVersion":"1.0.2","id":"x","status":"created","pid":1,"bundle":"/b"}"#,
        command: EXPLAIN,
        status: 1,
        says: &["[not-a-config]", "/b/config.json"],
        ..NONE
    },
    Report {
        name: "explain: the output of docker inspect",
        files: &[("d/a.json", when!(r#"{"always":true}"#))],
        input: r#"[{"Id":"x","Config":{"Image":"y"}}]"#,
        command: EXPLAIN,
        status: 1,
        says: &["[not-a-config]", "OCIConfigPath"],
        ..NONE
    },
    Report {
        name: "explain: a hook file",
        files: &[("d/a.json", when!(r#"{"always":true}"#))],
        input: when!(r#"{"always":true}"#),
        command: EXPLAIN,
        status: 1,
        says: &["[not-a-config]", "hook file"],
        ..NONE
    },
    Report {
        name: "a missing key is reported once",
        files: &[("d/a.json", r#"{"hook": "/bin/true"}"#)],
        command: LINT,
        status: 1,
        says: &["[missing-stages]", "Found 1 error"],
        ..NONE
    },
    Report {
        name: "filter: a hook prints an empty config",
        files: &[("d/a.json", filter!("cat >/dev/null; echo {}"))],
        input: CONFIG,
        command: FILTER,
        says: &["ociVersion", "process", "root", "a.json"],
        ..NONE
    },
    Report {
        name: "filter: a hook prints only the process",
        files: &[(
            "d/a.json",
            filter!("cat >/dev/null; echo '{\\\"process\\\":{\\\"args\\\":[]}}'"),
        )],
        input: CONFIG,
        command: FILTER,
        says: &["ociVersion", "root", "a.json"],
        ..NONE
    },
    Report {
        name: "a relative path that exists",
        files: &[
            ("d/a.json", hook!(r#""path":"./hook.sh","env":["A=b"]"#)),
            ("hook.sh", "#!/bin/sh\n"),
        ],
        command: LINT,
        says: &["warning: ", "[relative-path]"],
        ..NONE
    },
    Report {
        name: "a relative path that does not exist here",
        files: &[("d/a.json", hook!(r#""path":"./hook.sh","env":["A=b"]"#))],
        command: LINT,
        status: 1,
        says: &["error: ", "[relative-path]"],
        never: &["missing-executable"],
        ..NONE
    },
    Report {
        name: "good hooks with commands, or switched off, have no warning",
        files: &[
            ("d/a.json", when!(r#"{"commands":["^/bin/sh$"]}"#)),
            ("d/b.json", when!(r#"{"always":false}"#)),
        ],
        command: &["lint", "--strict", "--info", "d"],
        says: &["info: ", "[empty-args-blocks]", "[switched-off]"],
        never: &["warning: "],
        ..NONE
    },
    Report {
        name: "list: a file of version 0.1.0 with an object",
        files: &[("d/x.json", "{\n  \"hook\": {\"path\": \"/bin/true\"}}")],
        command: &["list", "--hooks-dir", "d"],
        status: 1,
        says: &["d/x.json:2:11: ", "hook must be a string, found an object"],
        never: &[": :"],
        ..NONE
    },
    Report {
        name: "a program that is a dangling link",
        files: &[("d/a.json", hook!(r#""path":"LINK","env":["A=b"]"#)), ("link", "->nowhere")],
        command: LINT,
        status: 1,
        says: &["is a link that leads nowhere", "[missing-executable]"],
        never: &["no such file"],
        ..NONE
    },
    Report {
        name: "a hook file that is a dangling link",
        files: &[("d/a.json", "->nowhere")],
        command: LINT,
        says: &["warning: ", "[dangling-link]"],
        ..NONE
    },
    Report {
        name: "a hook file that is a dangling link, with --strict",
        files: &[("d/a.json", "->nowhere")],
        command: &["lint", "--strict", "d"],
        status: 1,
        says: &["[dangling-link]"],
        ..NONE
    },
    Report {
        name: "an option as the first argument",
        files: &[("d/a.json", hook!(r#""path":"/bin/true","args":["--debug"],"env":["A=b"]"#))],
        command: LINT,
        says: &["[args-without-name]", r#"write "args": ["true","--debug"]"#],
        ..NONE
    },
    Report {
        name: "a shell without its name",
        files: &[("d/a.json", hook!(r#""path":"/bin/sh","args":["-c","echo hi"],"env":["A=b"]"#))],
        command: LINT,
        says: &["[args-without-name]", r#"write "args": ["sh","-c","echo hi"]"#],
        ..NONE
    },
    Report {
        name: "env without its name",
        files: &[(
            "d/a.json",
            hook!(r#""path":"/usr/bin/env","args":["python3","x.py"],"env":["A=b"]"#),
        )],
        command: LINT,
        says: &["[args-without-name]", r#"write "args": ["env","python3","x.py"]"#],
        ..NONE
    },
    Report {
        name: "variables that nobody expands",
        files: &[(
            "d/a.json",
            hook!(r#""path":"/bin/true","env":["PATH=$PATH:/usr/sbin","HOME=~","PATH"]"#),
        )],
        command: LINT,
        says: &[
            "\"$PATH\" in the environment variable PATH is not",
            "\"~\" in the environment variable HOME",
            "\"PATH\" has no equals",
            "[env-entry]",
        ],
        ..NONE
    },
    Report {
        name: "files that engines ignore",
        files: &[
            ("d/60-gpu.JSON", when!(r#"{"always":true}"#)),
            ("d/60-gpu.json.bak", when!(r#"{"always":true}"#)),
            ("d/sub/60-gpu.json", when!(r#"{"always":true}"#)),
        ],
        command: INFO,
        says: &["d/60-gpu.JSON: info: ", "d/60-gpu.json.bak: ", "d/sub: ", "[ignored-file]"],
        ..NONE
    },
    Report {
        name: "list: files that engines ignore",
        files: &[("d/60-gpu.JSON", when!(r#"{"always":true}"#))],
        command: &["list", "--hooks-dir", "d"],
        says: &["no hooks in d", "d/60-gpu.JSON: info: ", "[ignored-file]"],
        ..NONE
    },
    Report {
        name: "the same hook in two files",
        files: &[
            ("d/a.json", when!(r#"{"always":true}"#)),
            ("d/b.json", when!(r#"{"always":true}"#)),
        ],
        command: LINT,
        says: &["d/b.json: warning: d/a.json has the same program", "[duplicate-hook]"],
        ..NONE
    },
    Report {
        name: "explain: a matching hook is not executable",
        files: &[("d/a.json", hook!(r#""path":"LINK","env":["A=b"]"#)), ("link", "")],
        input: CONFIG,
        command: EXPLAIN,
        says: &["[not-executable]"],
        ..NONE
    },
    Report {
        name: "explain: the command is the second word",
        files: &[("d/a.json", when!(r#"{"commands":["nginx"]}"#))],
        input: r#"{"process":{"args":["/docker-entrypoint.sh","nginx","-g","daemon off;"]}}"#,
        command: EXPLAIN,
        says: &["second word", "only the first"],
        ..NONE
    },
    Report {
        name: "explain: no annotation has the key",
        files: &[("d/a.json", when!(r#"{"annotations":{"^wanted$":"^yes$"}}"#))],
        input: r#"{"annotations":{"one":"1","two":"2","three":"3"}}"#,
        command: EXPLAIN,
        says: &["one", "two", "three", "labels are not annotations"],
        ..NONE
    },
    Report {
        name: "patterns that match no text",
        files: &[
            ("d/a.json", when!(r#"{"annotations":{"$org.example":"x"}}"#)),
            ("d/b.json", when!(r#"{"commands":["a^b"]}"#)),
        ],
        command: LINT,
        says: &["\"$\" stands for the end", "\"^\" stands for the start", "[never-matches]"],
        ..NONE
    },
    Report {
        name: "explain: a doubled backslash",
        files: &[("d/a.json", when!(r#"{"annotations":{"^io\\\\.kubernetes$":"x"}}"#))],
        input: r#"{"annotations":{"io.kubernetes":"x"}}"#,
        command: EXPLAIN,
        says: &["backslash"],
        ..NONE
    },
    Report {
        name: "explain: a misspelt key, and dots that are not escaped",
        files: &[("d/a.json", when!(r#"{"annotations":{"^com.example.debug$":"x"}}"#))],
        input: r#"{"annotations":{"com.example.debgu":"x"}}"#,
        command: EXPLAIN,
        says: &["nearly", "com.example.debgu"],
        ..NONE
    },
    Report {
        name: "YAML",
        files: &[("d/a.json", "version: 1.0.0\nhook:\n  path: /bin/true\n")],
        command: LINT,
        status: 1,
        says: &["[json-syntax]", "engines do not read YAML"],
        ..NONE
    },
    Report {
        name: "two documents",
        files: &[("d/a.json", concat!(when!(r#"{"always":true}"#), "\n", when!("{}")))],
        command: LINT,
        status: 1,
        says: &["[json-syntax]", "write each hook to a file of its own"],
        ..NONE
    },
    Report {
        name: "run: no state",
        files: &[("d/a.json", hook!(r#""path":"/bin/true","env":["A=b"]"#))],
        command: &["run", "d/a.json"],
        says: &["empty"],
        ..NONE
    },
    Report {
        name: "run: a config as the state",
        files: &[
            ("d/a.json", hook!(r#""path":"/bin/true","env":["A=b"]"#)),
            ("config.json", CONFIG),
        ],
        command: &["run", "--state", "config.json", "d/a.json"],
        says: &["config"],
        ..NONE
    },
    Report {
        name: "run: a timeout",
        files: &[(
            "d/a.json",
            hook!(r#""path":"/bin/sleep","args":["sleep","600"],"env":["A=b"],"timeout":1"#),
        )],
        command: &["run", "--timeout", "0.1", "d/a.json"],
        status: 1,
        says: &["killed after its timeout of 0.1 s"],
        ..NONE
    },
    Report {
        name: "filter: a message before the config",
        files: &[("d/a.json", filter!("echo starting; cat"))],
        input: CONFIG,
        command: FILTER,
        status: 1,
        says: &["starting", "standard error"],
        ..NONE
    },
    Report {
        name: "filter: no output",
        files: &[("d/a.json", filter!("cat >/dev/null"))],
        input: CONFIG,
        command: FILTER,
        status: 1,
        says: &["printed nothing"],
        ..NONE
    },
    Report {
        name: "lint of standard input",
        input: "{",
        command: &["lint", "--stdin-filename", "x.json", "-"],
        status: 1,
        says: &["x.json:1:2: error: ", "[json-unexpected-end]"],
        ..NONE
    },
    Report {
        name: "the version as a command",
        command: &["version"],
        says: &["oci-hooks "],
        ..NONE
    },
];

impl Report {
    /// Writes the files. `LINK` in a hook file is the absolute path of the file `link`.
    fn write(&self, root: &Path) {
        let link = root.join("link");
        for (name, content) in self.files {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            match content.strip_prefix("->") {
                Some(target) => symlink(target, &path).unwrap(),
                None => fs::write(&path, content.replace("LINK", link.to_str().unwrap())).unwrap(),
            }
            if content.starts_with("#!") {
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
    }
}

#[test]
fn each_report_is_answered() {
    let mut wrong = Vec::new();
    for report in REPORTS {
        let root = tempfile::tempdir().unwrap();
        report.write(root.path());
        let output = support::run(root.path(), report.command, report.input);
        let (status, stdout, stderr) = support::outcome(&output);
        let said = format!("{stdout}{stderr}");
        let missing: Vec<_> = report.says.iter().filter(|part| !said.contains(**part)).collect();
        let wrongly: Vec<_> = report.never.iter().filter(|part| said.contains(**part)).collect();
        if status != Some(report.status) || !missing.is_empty() || !wrongly.is_empty() {
            wrong.push(format!(
                "{}: status {status:?}; missing: {missing:?}; wrong: {wrongly:?}\n{said}",
                report.name
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), REPORTS.len(), wrong.join("\n"));
}
