//! The formats in which `oci-hooks lint` prints diagnostics: for people, editors and services.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::lint::{GOOD, Place, misplaced};
use crate::pty;

#[test]
fn json_is_one_object() {
    let (code, stdout, stderr) = misplaced().outcome(&["--json", "d"]);
    assert_eq!((code, stderr.as_str()), (1, ""));
    let value: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&value["files"], value["diagnostics"].as_array().unwrap().len()), (&3.into(), 2));
    assert_eq!(value["diagnostics"][0]["code"], "unknown-key");
    assert_eq!(misplaced().outcome(&["--format", "json", "d"]).1, stdout);
}

#[test]
fn sarif_has_rules_and_positions() {
    // SARIF columns count characters; the library's count bytes.
    let wide = GOOD.replace("\"stages\": ", "\"é漢\": 1, \"stages\": ");
    let place = Place::new(&[("d d/a.json", &wide)]);
    let (code, stdout, stderr) = place.outcome(&["--format", "sarif", "d d"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let log: Value = serde_json::from_str(&stdout).unwrap();
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let result = &run["results"][0];
    assert_eq!(result["ruleId"], "unknown-key");
    assert_eq!(
        rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()]["id"],
        "unknown-key"
    );
    let location = &result["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "d%20d/a.json");
    assert_eq!(
        (&location["region"]["startLine"], &location["region"]["startColumn"]),
        (&5.into(), &3.into())
    );
    let text = place.outcome(&["--json", "d d"]).1;
    assert!(text.contains("\"line\":5,\"column\":3,"), "{text}");

    let twice = wide.replace("1, \"stages\"", "1, \"stage\": 2, \"stages\"");
    let place = Place::new(&[("a.json", &twice)]);
    let log: Value =
        serde_json::from_str(&place.outcome(&["--format", "sarif", "a.json"]).1).unwrap();
    let region = &log["runs"][0]["results"][1]["locations"][0]["physicalLocation"]["region"];
    assert_eq!(region["startColumn"], 12);
    let text = place.outcome(&["--json", "a.json"]).1;
    assert!(text.contains("\"line\":5,\"column\":15,"), "{text}");
}

#[test]
fn colours_are_for_terminals() {
    let place = misplaced();
    let (_, plain, _) = place.outcome(&["d"]);
    assert!(!plain.contains('\u{1b}'), "a pipe is not a terminal");
    let (_, painted, _) = place.outcome(&["--color", "always", "d"]);
    assert!(painted.contains("\u{1b}[31merror\u{1b}[0m: unknown stage"), "{painted:?}");
    let with = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut lint = Command::new(env!("CARGO_BIN_EXE_oci-hooks"));
        lint.arg("lint").args(arguments).arg("d").current_dir(place.0.path());
        lint.env_remove("NO_COLOR").envs(variables.iter().copied());
        String::from_utf8(lint.output().unwrap().stdout).unwrap()
    };
    const FORCE: (&str, &str) = ("CLICOLOR_FORCE", "1");
    const NO_COLOR: (&str, &str) = ("NO_COLOR", "1");
    for variables in [&[FORCE][..], &[FORCE, ("TERM", "dumb")]] {
        assert_eq!(with(variables, &[]), painted, "{variables:?}");
    }
    for variables in [&[FORCE, NO_COLOR][..], &[("CI", "true")], &[("CLICOLOR", "1")]] {
        assert_eq!(with(variables, &[]), plain, "{variables:?}");
    }
    // The option overrides the environment.
    assert_eq!(with(&[FORCE], &["--color", "never"]), plain);
    assert_eq!(with(&[NO_COLOR], &["--color", "always"]), painted);
    // A terminal gets colours, unless NO_COLOR is set.
    if !pty::is_available("colours_are_for_terminals") {
        return;
    }
    let on_a_terminal = |term: &str, no_color: &str| {
        let mut lint = Command::new(env!("CARGO_BIN_EXE_oci-hooks"));
        lint.args(["lint", "d"]).current_dir(place.0.path());
        pty::printed(lint.env("TERM", term).env("NO_COLOR", no_color))
    };
    let painted = on_a_terminal("xterm", "");
    assert!(painted.contains("\u{1b}[31merror"), "{painted:?}");
    for (term, no_color) in [("xterm", "1"), ("dumb", ""), ("", "")] {
        let plain = on_a_terminal(term, no_color);
        assert!(!plain.contains('\u{1b}') && plain.contains("unknown-stage"), "{plain:?}");
    }
    // A CI system does not make a dumb terminal show colours.
    let mut lint = Command::new(env!("CARGO_BIN_EXE_oci-hooks"));
    lint.args(["lint", "d"]).current_dir(place.0.path()).env_remove("NO_COLOR");
    let plain = pty::printed(lint.env("TERM", "dumb").env("CI", "true"));
    assert!(!plain.contains('\u{1b}') && plain.contains("unknown-stage"), "{plain:?}");
}

/// Control characters in a file or its name are escaped.
#[test]
fn nothing_reaches_the_terminal_unescaped() {
    const ESCAPE: &str = "\u{1b}[2J\u{7}\u{202e}\u{9b}";
    let stages = GOOD.replace("poststop", &format!("\\u001b{}", "\u{202e}\u{9b}"));
    let key = GOOD.replace("\"stages\"", &format!("\"{}\": 1, \"stages\"", "\u{9b}\u{202e}"));
    let raw = GOOD.replace("true", ESCAPE);
    let name = format!("d{ESCAPE}/{ESCAPE}.json");
    let place = Place::new(&[(&name, &stages), ("d/key.json", &key), ("d/raw.json", &raw)]);
    for arguments in [
        &[format!("d{ESCAPE}")][..],
        &["d".into()],
        &["d".into(), "--color".into(), "never".into()],
    ] {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = place.lint(&arguments);
        for bytes in [&output.stdout, &output.stderr] {
            let text = String::from_utf8(bytes.clone()).unwrap();
            let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!text.contains(steers), "{arguments:?}: {text:?}");
        }
        assert!(!output.stdout.is_empty());
    }
}

/// The excerpt of a line of 16 MiB is short, wherever the problem is.
#[test]
fn one_long_line() {
    let spaces = " ".repeat((16 << 20) - 1000);
    let unknown = |before: &str, after: &str| {
        GOOD.replace('\n', "")
            .replace("\"stages\"", &format!("{before}\"annotations\": 1, {after}\"stages\""))
    };
    let many: String = (0..150_000).map(|number| format!("\"x{number}\": 1, ")).collect();
    let place = Place::new(&[
        ("a/a.json", &unknown(&spaces, "")),
        ("b/a.json", &unknown("", &spaces)),
        ("c/a.json", &unknown("", &many)),
    ]);
    for (directory, most) in [("a", 1000), ("b", 1000), ("c", 60_000)] {
        let (code, stdout, stderr) = place.outcome(&[directory]);
        assert_eq!(code, 0, "{stderr}");
        assert!(stdout.len() < most, "{}", stdout.len());
        assert!(stdout.contains("\"annotations\" belongs inside \"when\""), "{stdout}");
        let lines: Vec<&str> = stdout.lines().collect();
        let caret = lines[3].chars().position(|c| c == '^').unwrap();
        assert_eq!(lines[2].chars().skip(caret).take(13).collect::<String>(), "\"annotations\"");
        let (_, sarif, _) = place.outcome(&["--format", "sarif", directory]);
        assert!(serde_json::from_str::<Value>(&sarif).is_ok());
    }
}

#[test]
fn gcc_has_one_line_per_diagnostic() {
    let place = misplaced();
    std::os::unix::fs::symlink("gone.json", place.0.path().join("d/e.json")).unwrap();
    fs::create_dir(place.0.path().join("low")).unwrap();
    fs::write(place.0.path().join("low/c.json"), GOOD).unwrap();
    let want = "d/a.json:5:3: warning: unknown key \"annotations\" is ignored [unknown-key]\n\
                d/b.json:5:14: error: unknown stage \"poststrat\" [unknown-stage]\n\
                d/c.json:1:1: note: the file masks low/c.json [masked]\n\
                d/e.json:1:1: warning: the file is a dangling symlink (its target is gone.json) \
                [dangling-link]\n";
    let arguments = ["--info", "--format", "gcc", "low", "d"];
    assert_eq!(place.outcome(&arguments), (1, want.into(), String::new()));
    let (_, without, _) = place.outcome(&["--format", "gcc", "low", "d"]);
    assert!(!without.contains("note:") && without.lines().count() == 3, "{without}");
    // Each line is `%f:%l:%c: %t%*[a-z]: %m` of Vim's `errorformat`.
    for line in want.lines() {
        let parts: Vec<&str> = line.splitn(5, ':').collect();
        let [path, number, column, severity, message] = parts[..] else { panic!("{line}") };
        assert!(place.0.path().join(path).symlink_metadata().is_ok(), "{line}");
        assert!(number.parse::<u32>().is_ok() && column.parse::<u32>().is_ok(), "{line}");
        assert!([" error", " warning", " note"].contains(&severity), "{line}");
        assert!(message.starts_with(' ') && message.ends_with(']'), "{line}");
    }
}

#[test]
fn github_gets_workflow_commands() {
    let place = Place::new(&[
        ("a,b%:c/a.json", &GOOD.replace("poststop", "post%stop")),
        ("d/a.json", &GOOD.replace("\"stages\": ", "\"é漢\": 1, \"stages\": ")),
    ]);
    let want = "::error file=a%2Cb%25%3Ac/a.json,line=5,col=14,title=unknown-stage::\
                unknown stage \"post%25stop\"%0Ahint: did you mean \"poststop\"?\n\
                ::warning file=d/a.json,line=5,col=3,title=unknown-key::\
                unknown key \"é漢\" is ignored\n";
    let arguments = ["--format", "github", "a,b%:c/a.json", "d/a.json"];
    let (code, stdout, stderr) = place.outcome(&arguments);
    assert_eq!((code, stdout.as_str()), (1, want), "{stderr}");
    assert_eq!(stderr, "Found 1 error and 1 warning in 2 hook files.\n");
}

/// Vim reads both formats with its default `errorformat`, and GCC's with that of its compiler.
#[test]
fn vim_reads_the_lines() {
    let place = misplaced();
    let version = Command::new("vim").arg("--version").output();
    let version = version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    // The smallest Vim cannot read error lists.
    if !version.is_ok_and(|version| version.contains("+quickfix") && version.contains("+eval")) {
        println!("SKIP: vim_reads_the_lines: no vim with +quickfix and +eval here");
        return;
    }
    let entries = |setting: &str, arguments: &[&str]| {
        let (_, stdout, _) = place.outcome(arguments);
        fs::write(place.0.path().join("errors"), stdout).unwrap();
        let show = "call writefile(map(filter(getqflist(), 'v:val.valid'), \
                    'bufname(v:val.bufnr) . \" \" . v:val.lnum . \" \" . v:val.col . \" \" . v:val.type'), 'read')";
        let mut vim = Command::new("vim");
        vim.args(["-u", "NONE", "-N", "-es", "-c", setting, "-c", "cgetfile errors", "-c", show]);
        vim.args(["-c", "qa!"]).current_dir(place.0.path()).stdin(Stdio::null());
        vim.env("TERM", "dumb").output().unwrap();
        fs::read_to_string(place.0.path().join("read")).unwrap()
    };
    let want = "d/a.json 5 3 \nd/b.json 5 14 \n";
    for arguments in [&["d"][..], &["--format", "gcc", "d"]] {
        assert_eq!(entries("set efm&", arguments), want);
        let gcc = r"set efm=%f:%l:%c:\ %trror:\ %m,%f:%l:%c:\ %tarning:\ %m";
        assert_eq!(entries(gcc, arguments), "d/a.json 5 3 w\nd/b.json 5 14 e\n");
    }
}

/// On a terminal, no line is longer than the terminal is wide, unless a word is.
#[test]
fn lines_fit_the_terminal() {
    if !pty::is_available("lines_fit_the_terminal") {
        return;
    }
    let long = GOOD
        .replace("true}", "true, \"annotations\": {\"^io\\\\.example\\\\.a$\": \".*\", \"^io\\\\.example\\\\.b$\": \"on\"}, \"commands\": [\"/sh$\"]}")
        .replace("poststop\"", "poststop\", \"createRuntime\", \"createContainer\", \"poststart\"");
    let other = GOOD.replace('\n', " ").replace("/bin/sh", "/nonexistent");
    let place =
        Place::new(&[("d/10-long-name.json", &long), ("d/b.json", &other), ("d/c.json", GOOD)]);
    let printed = |columns: u16, arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oci-hooks"));
        command
            .args(arguments)
            .current_dir(place.0.path())
            .env_remove("COLUMNS")
            .env("TERM", "dumb");
        pty::printed_at(&mut command, columns)
    };
    for columns in [60, 80, 120, 200] {
        for arguments in
            [&["lint", "d"][..], &["list", "--hooks-dir", "d"], &["lint", "--help"], &["--help"]]
        {
            let printed = printed(columns, arguments);
            for line in printed.lines() {
                let width = unicode_width::UnicodeWidthStr::width(line);
                assert!(width <= usize::from(columns), "{columns} {arguments:?}: {line}");
            }
        }
        let list = printed(columns, &["list", "--hooks-dir", "d"]);
        // Rows become paragraphs if they do not fit.
        let paragraph =
            "c.json\n  from    d\n  stages  poststop\n  runs    /bin/sh\n  when    always\n";
        assert_eq!(list.contains(paragraph), columns < 120, "{list}");
        assert_eq!(list.contains("\nHOOK  "), columns >= 120, "{list}");
        // The mark is below the position.
        let lint = printed(columns, &["lint", "--select", "missing-executable", "d"]);
        let lines: Vec<&str> = lint.lines().collect();
        let at = lines.iter().position(|line| line.ends_with('^')).unwrap();
        let mark = lines[at].chars().count() - 1;
        assert!(
            lines[at - 1].chars().skip(mark).collect::<String>().starts_with("\"path\""),
            "{lint}"
        );
    }
    // Into a file, a row is a line, and `COLUMNS` sets the width of excerpts only.
    let mut list = Command::new(env!("CARGO_BIN_EXE_oci-hooks"));
    list.args(["list", "--hooks-dir", "d"]).current_dir(place.0.path()).env("COLUMNS", "60");
    let stdout = String::from_utf8(list.output().unwrap().stdout).unwrap();
    assert_eq!(stdout.lines().count(), 3, "{stdout}");
    let mut lint = Command::new(env!("CARGO_BIN_EXE_oci-hooks"));
    lint.args(["lint", "d/b.json"]).current_dir(place.0.path()).env("COLUMNS", "60");
    let stdout = String::from_utf8(lint.output().unwrap().stdout).unwrap();
    let excerpt = stdout.lines().find(|line| line.starts_with("1 |")).unwrap();
    assert!((50..=60).contains(&excerpt.chars().count()), "{stdout}");
}
