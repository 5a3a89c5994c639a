//! Tests of the diagnostics for common mistakes in hook files, with small files
//! (tests/data/mistakes).

use std::path::Path;

use libhooks::{Code, Diagnostic, HookFile, Manager, Policy, ReadOptions};

/// A file; whether it gives a hook; each diagnostic with its line and column (0 if it has no
/// position) and a part of its hint.
type Mistake = (&'static str, bool, &'static [(Code, u32, u32, &'static str)]);

const MISTAKES: &[Mistake] = &[
    ("always-is-a-number.json", false, &[(Code::JsonType, 4, 23, "write true or false")]),
    ("annotation-0.1.0.json", false, &[(Code::InvalidAnnotationValue, 4, 5, "not shell globs")]),
    (
        "annotations-beside-when.json",
        true,
        &[(Code::UnknownKey, 5, 3, "\"annotations\" belongs inside \"when\"")],
    ),
    ("bind-mounts-false.json", true, &[(Code::NeverMatches, 4, 13, "the program must check")]),
    ("blank.json", false, &[(Code::JsonUnexpectedEnd, 1, 1, "write a hook, or remove the file")]),
    (
        "both-names-of-one-stage.json",
        true,
        &[
            (Code::DuplicateInjection, 5, 26, "keep one of them"),
            (Code::DeprecatedStage, 5, 14, "remove it: \"createRuntime\" is already"),
        ],
    ),
    ("both-spellings.json", false, &[(Code::ConflictingKeys, 5, 3, "keep one of them")]),
    ("clean.json", true, &[]),
    (
        "commands-and-pause.json",
        true,
        &[(Code::EmptyArgsBlocks, 4, 26, "has already decided the result")],
    ),
    ("comment-first.json", false, &[(Code::JsonSyntax, 1, 1, "remove the comment, or put")]),
    ("dangling-comma.json", false, &[(Code::JsonSyntax, 6, 1, "remove the comma before it")]),
    ("empty-when.json", true, &[(Code::NeverMatches, 4, 3, "one of the conditions")]),
    (
        "keys-of-0.1.0.json",
        true,
        &[
            (Code::UnknownKey, 4, 3, "write \"args\" inside \"hook\""),
            (Code::UnknownKey, 5, 3, "write \"commands\" inside \"when\""),
        ],
    ),
    (
        "keys-twice.json",
        true,
        &[
            (Code::DuplicateKey, 5, 3, "merge them into one object"),
            (Code::DuplicateKey, 4, 44, "keep one of them"),
            (Code::DuplicateKey, 7, 3, "keep one of them"),
        ],
    ),
    ("missing-bracket.json", false, &[(Code::JsonSyntax, 3, 44, "add the missing ']' before it")]),
    ("missing-comma.json", false, &[(Code::JsonSyntax, 4, 3, "add the missing comma before it")]),
    (
        "misspelt-condition-0.1.0.json",
        true,
        &[
            (Code::UnknownKey, 2, 3, ""),
            (Code::UnknownKey, 4, 3, "did you mean \"cmd\"?"),
            (Code::NeverMatches, 1, 1, "the unknown key \"cmdz\" was probably meant"),
        ],
    ),
    (
        "misspelt-condition.json",
        false,
        &[
            (Code::MissingStages, 1, 1, "the unknown key \"stage\" was probably meant"),
            (Code::UnknownCondition, 4, 12, "did you mean \"annotations\"?"),
            (Code::UnknownKey, 5, 3, "did you mean \"stages\"?"),
            (Code::NeverMatches, 4, 3, "the unknown key \"annotation\" was probably"),
        ],
    ),
    (
        "misspelt-elsewhere.json",
        true,
        &[
            (Code::UnknownKey, 3, 31, "did you mean \"annotations\"? It belongs inside \"when\""),
            (Code::UnknownKey, 3, 57, "did you mean \"stages\"? It belongs at the top level"),
        ],
    ),
    ("misspelt-key.json", true, &[(Code::UnknownKey, 3, 34, "did you mean \"args\"?")]),
    ("names-its-schema.json", true, &[]),
    (
        "no-condition-0.1.0.json",
        true,
        &[(Code::NeverMatches, 1, 1, "add \"cmds\", \"annotations\" or")],
    ),
    ("no-path.json", false, &[(Code::MissingPath, 3, 3, "write \"hook\": {\"path\": \"/…\"}")]),
    ("no-when.json", true, &[(Code::NeverMatches, 1, 1, "or \"always\" to \"when\"")]),
    ("path-as-hook.json", false, &[(Code::JsonType, 3, 11, "write \"hook\": {\"path\": \"/…\"}")]),
    (
        "path-with-arguments.json",
        false,
        &[(Code::MissingExecutable, 3, 12, "arguments belong in \"args\"")],
    ),
    (
        "perl-pattern.json",
        false,
        &[
            (Code::InvalidCommand, 4, 26, "no look-ahead and no look-behind"),
            (Code::EmptyArgsBlocks, 4, 26, ""),
        ],
    ),
    (
        "relative-path.json",
        false,
        &[
            (Code::RelativePath, 3, 13, "absolute path"),
            (Code::UnanchoredPattern, 4, 30, "write \"^com\\\\.example\\\\.proxy$\""),
        ],
    ),
    (
        "several-at-once.json",
        false,
        &[
            (Code::InvalidAnnotationKey, 5, 21, "not shell globs"),
            (Code::InvalidAnnotationValue, 5, 37, "no look-ahead and no look-behind"),
            (Code::InvalidCommand, 6, 24, "write \\\\ before it"),
            (Code::InvalidCommand, 6, 29, "write \\\\ before it"),
            (Code::UnknownStage, 8, 14, "did you mean \"poststart\"?"),
            (Code::UnknownStage, 8, 39, "It is deprecated; write \"createRuntime\""),
            (Code::EmptyArgsBlocks, 6, 18, ""),
        ],
    ),
    ("timeout-in-quotes.json", false, &[(Code::JsonType, 3, 45, "without quotes")]),
    ("timeout-with-fraction.json", false, &[(Code::JsonType, 3, 42, "write whole seconds")]),
    ("timeout-zero.json", true, &[(Code::TimeoutNotPositive, 3, 34, "remove \"timeout\"")]),
    ("unknown-stage.json", false, &[(Code::UnknownStage, 7, 5, "the stages are createRuntime")]),
    ("version-forgotten.json", false, &[(Code::JsonType, 2, 11, "add \"version\": \"1.0.0\"")]),
    (
        "wrong-types-0.1.0.json",
        false,
        &[
            (Code::JsonType, 3, 11, "in 0.1.0 it is the path"),
            (Code::JsonType, 4, 11, "write it in brackets"),
            (Code::ConflictingKeys, 6, 3, "keep one of them"),
        ],
    ),
    (
        "wrong-types.json",
        false,
        &[
            (Code::JsonType, 3, 39, "write it in brackets"),
            (Code::JsonType, 3, 61, "write whole seconds, without quotes"),
            (Code::JsonType, 5, 28, "write it in double quotes"),
            (Code::JsonType, 5, 39, "write it in double quotes"),
            (Code::InvalidCommand, 6, 18, "write \\\\ before it"),
            (Code::UnknownKey, 8, 3, "\"annotations\" belongs inside \"when\""),
        ],
    ),
];

/// Codes that many of these small files have: they have no `env`, and run the same program. Their
/// tests are in tests/it/codes.rs.
const IN_MANY_FILES: &[Code] = &[Code::InheritsEnvironment, Code::DuplicateHook];

#[test]
fn every_mistake_is_reported_at_its_position() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/mistakes");
    let mut names: Vec<_> =
        std::fs::read_dir(&source).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(
        names,
        MISTAKES.iter().map(|mistake| mistake.0).collect::<Vec<_>>(),
        "each file is in the table"
    );

    // A copy that this user owns and no other user may write, whatever the modes in the checkout
    // are.
    let root = tempfile::tempdir().unwrap();
    for name in &names {
        std::fs::write(root.path().join(name), std::fs::read(source.join(name)).unwrap()).unwrap();
    }
    let manager =
        Manager::builder().directories([root.path()]).policy(Policy::LENIENT).load().unwrap();
    let loaded: Vec<String> = manager.list().hooks.into_iter().map(|listed| listed.name).collect();
    let want: Vec<&str> =
        MISTAKES.iter().filter(|mistake| mistake.1).map(|mistake| mistake.0).collect();
    assert_eq!(loaded, want);

    let all = manager.diagnostics();
    for (name, _, problems) in MISTAKES {
        let found: Vec<&Diagnostic> = all
            .iter()
            .filter(|d| d.path == root.path().join(name) && !IN_MANY_FILES.contains(&d.code))
            .collect();
        let places: Vec<(Code, u32, u32)> = found
            .iter()
            .map(|d| {
                d.position
                    .map_or((d.code, 0, 0), |position| (d.code, position.line, position.column))
            })
            .collect();
        let want: Vec<(Code, u32, u32)> = problems.iter().map(|p| (p.0, p.1, p.2)).collect();
        assert_eq!(places, want, "{name}: {found:#?}");
        for (diagnostic, problem) in found.iter().zip(*problems) {
            assert!(
                diagnostic.hint.as_deref().unwrap_or("").contains(problem.3),
                "{name}: {diagnostic:?}"
            );
        }
    }
}

/// A problem that follows from another mistake is not reported. Messages name the keys of the file.
#[test]
fn no_false_or_consequential_problem_is_reported() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("a.json");
    for (json, want) in [
        // A member of a wrong type is not reported as missing, and its content is not checked.
        (
            r#"{"hook":"/bin/sh","stages":"poststop","cmds":["x"]}"#,
            &["stages must be an array, found a string"][..],
        ),
        (
            r#"{"version":"1.0.0","hook":{"path":"/bin/sh"},"when":{"always":true},"stages":["nope",5]}"#,
            &["stages[1] must be a string, found a number", "unknown stage \"nope\""],
        ),
        (
            r#"{"hook":"/bin/sh","annotations":["(",5],"stages":[]}"#,
            &[
                "annotations[1] must be a string, found a number",
                "invalid pattern \"(\" for an annotation value: missing closing )",
            ],
        ),
        (
            r#"{"version":"1.0.0","hook":{"path":5},"stagse":["poststop"]}"#,
            &[
                "hook.path must be a string, found a number",
                "\"stages\" is missing",
                "unknown key \"stagse\" is ignored",
            ],
        ),
        // If the version seems wrong, no other problem is reported.
        (
            r#"{"hook":{"path":"/bin/sh"},"annotations":{"a":"b"},"stages":["poststop"]}"#,
            &["hook must be a string, found an object"],
        ),
        // Messages name keys as in the file.
        (
            r#"{"hook":"/bin/sh","hook":"/bin/sh","hasbindmounts":true,"hasbindmounts":true,"stages":["poststop"]}"#,
            &[
                "duplicate key \"hook\": the later one counts",
                "duplicate key \"hasbindmounts\": the later one counts",
            ],
        ),
        (
            r#"{"version":"1.0.0","hook":{"path":"/bin/sh"},"when":{"annotations":{"a":"b"},"annotations":{"c":"d"}},"stages":["poststop"]}"#,
            &["duplicate key \"annotations\": the two are merged"],
        ),
        // These nulls change nothing.
        (
            r#"{"version":"1.0.0","hook":{"path":"/bin/sh","path":null},"hook":null,"when":{"always":true},"when":null,"version":null,"stages":["poststop"]}"#,
            &[],
        ),
    ] {
        std::fs::write(&path, json).unwrap();
        let found = HookFile::check(&path, &ReadOptions::new());
        let found = found.iter().filter(|d| !IN_MANY_FILES.contains(&d.code));
        let messages: Vec<String> = found.map(Diagnostic::message).collect();
        assert_eq!(messages, want, "{json}");
    }
    let hint_of = |json: &str| {
        std::fs::write(&path, json).unwrap();
        HookFile::check(&path, &ReadOptions::new())
            .first()
            .and_then(|diagnostic| diagnostic.hint.clone())
            .unwrap_or_default()
    };
    for (json, want) in [
        (
            r#"{"hook":"/bin/sh","stge":["poststop"]}"#,
            "the unknown key \"stge\" was probably meant to be this key",
        ),
        (
            r#"{"hook":"/bin/sh -c x","cmds":["x"],"stages":[]}"#,
            "(arguments belong in \"arguments\")",
        ),
        (
            r#"{"version":"1.0.0","hook":{"path":"/bin/sh -c x"},"stages":[]}"#,
            "(arguments belong in \"args\")",
        ),
        (r#"{"version":"0.1.0","hook":"","stages":[]}"#, "write \"hook\": \"/…\""),
        (r#"{"version":"0.1.0","stages":[]}"#, "write \"hook\": \"/…\""),
        (r#"{"stages":[]}"#, "a file without \"version\" is read as version 0.1.0"),
    ] {
        assert!(hint_of(json).ends_with(want), "{json}: {}", hint_of(json));
    }
}

/// Files of another form, and what a reader of another format would write.
#[test]
fn hints_name_the_form_that_was_meant() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("a.json");
    let when = |when: &str| {
        format!(
            r#"{{"version":"1.0.0","hook":{{"path":"/bin/sh","env":["A=b"]}},"when":{when},"stages":["poststop"]}}"#
        )
    };
    let utf16: Vec<u8> = "{\"version\"".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let two = format!("{0}\n{0}", when(r#"{"always":true}"#));
    let two_yaml = format!("{0}\n---\n{0}", when(r#"{"always":true}"#));
    for (content, code, want) in [
        (&b"version: 1.0.0\nhook:\n"[..], Code::JsonSyntax, "engines do not read YAML"),
        (b"---\nversion: 1.0.0\n", Code::JsonSyntax, "engines do not read YAML"),
        (&utf16, Code::JsonSyntax, "as UTF-8, not as UTF-16"),
        (&[b"\xff\xfe", &*utf16].concat(), Code::JsonSyntax, "save the file as UTF-8"),
        ("{\u{a0}\"version\": 1}".as_bytes(), Code::JsonSyntax, "no-break space"),
        (two.as_bytes(), Code::JsonSyntax, "each hook to a file of its own"),
        (two_yaml.as_bytes(), Code::JsonSyntax, "each hook to a file of its own"),
        (br#"{"version: "1.0.0"}"#, Code::JsonSyntax, "missing quote after the key"),
        (br#"{"path: "/bin/sh"}"#, Code::JsonSyntax, "missing quote after the key"),
        (br#"{"version" "1.0.0"}"#, Code::JsonSyntax, "write a colon"),
        (br#"{"version" = "1.0.0"}"#, Code::JsonSyntax, "write a colon"),
        (br#"{"version", "hook"}"#, Code::JsonSyntax, "add a colon and the value"),
        (br#"{"version" # the newest"#, Code::JsonSyntax, "JSON has no comments"),
        (
            when(r#"{"annotations":["k=v"]}"#).as_bytes(),
            Code::JsonType,
            r#"an object of patterns: {"^KEY$": "^VALUE$"}"#,
        ),
        (when(r#"[{"always":true}]"#).as_bytes(), Code::JsonType, "in which all conditions must"),
        (
            br#"{"version":"1.0.0","hook":{"path":"/bin/sh","env":{"A":"b"}},"stages":[]}"#,
            Code::JsonType,
            r#"write a list: ["NAME=VALUE"]"#,
        ),
    ] {
        std::fs::write(&path, content).unwrap();
        let found = HookFile::check(&path, &ReadOptions::new());
        let shown = String::from_utf8_lossy(content);
        assert_eq!(found[0].code, code, "{shown}");
        let hint = found[0].hint.as_deref().unwrap_or_default();
        assert!(hint.contains(want), "{shown}: {hint}");
    }

    // A condition that does not exist. No hint suggests a hook for every container.
    const NO_SUCH: &str = "there is no such condition";
    for (condition, want) in [
        (r#""args":[".*/init$"]"#, "did you mean \"commands\"?"),
        (r#""images":["x"]"#, NO_SUCH),
        (r#""env":["A=b"]"#, NO_SUCH),
        (r#""labels":{"a":"b"}"#, "Labels are not annotations"),
        (r#""not":{"always":true}"#, NO_SUCH),
        (r#""any":[]"#, NO_SUCH),
        (r#""annotationsOr":{}"#, "proposed for version 1.1.0"),
        (r#""hasBindMount":true"#, "did you mean \"hasBindMounts\"?"),
        (r#""stages":["poststop"]"#, "\"stages\" belongs at the top level"),
    ] {
        std::fs::write(&path, when(&format!("{{{condition}}}"))).unwrap();
        let found = HookFile::check(&path, &ReadOptions::new());
        let codes: Vec<Code> = found.iter().map(|diagnostic| diagnostic.code).collect();
        assert_eq!(codes, [Code::UnknownCondition, Code::NeverMatches], "{condition}");
        let hints: Vec<&str> = found.iter().filter_map(|d| d.hint.as_deref()).collect();
        assert!(hints[0].contains(want), "{condition}: {hints:?}");
        assert!(hints.iter().all(|hint| !hint.contains("always")), "{condition}: {hints:?}");
    }

    // The same keys elsewhere, in both versions.
    for (content, want) in [
        (
            r#"{"hook":"/bin/sh","stages":["poststop"],"cmds":["x"],"images":["y"]}"#,
            "there is no such condition",
        ),
        (
            r#"{"hook":"/bin/sh","stages":["poststop"],"cmds":["x"],"args":["y"]}"#,
            "did you mean \"arguments\"?",
        ),
        (
            r#"{"version":"1.0.0","hook":{"path":"/bin/sh"},"when":{},"stages":[],"image":"x"}"#,
            "there is no such condition",
        ),
    ] {
        std::fs::write(&path, content).unwrap();
        let found = HookFile::check(&path, &ReadOptions::new());
        let hints: Vec<&str> = found.iter().filter_map(|d| d.hint.as_deref()).collect();
        assert!(hints.iter().any(|hint| hint.contains(want)), "{content}: {hints:?}");
        assert!(hints.iter().all(|hint| !hint.contains("always")), "{content}: {hints:?}");
    }

    // A container's config: one diagnostic in place of each unknown key, and no hint that leads to
    // the next error.
    for (content, want) in [
        (
            r#"{"hooks":{"createContainer":[{"path":"/x"}]}}"#,
            &[Code::MissingHook, Code::MissingStages, Code::ConfigForm][..],
        ),
        (
            r#"{"version":"1.0.0","hooks":{"poststop":[]},"process":{},"root":{}}"#,
            &[Code::MissingPath, Code::MissingStages, Code::ConfigForm, Code::NeverMatches],
        ),
    ] {
        std::fs::write(&path, content).unwrap();
        let found = HookFile::check(&path, &ReadOptions::new());
        let codes: Vec<Code> = found.iter().map(|diagnostic| diagnostic.code).collect();
        assert_eq!(codes, want, "{content}");
        let hint = found.iter().find(|d| d.code == Code::ConfigForm).unwrap().hint.as_deref();
        assert!(hint.unwrap().contains(r#""hook": {"path": "/…"}"#), "{hint:?}");
        assert!(found.iter().all(|d| !d.hint.iter().any(|hint| hint.contains("did you mean"))));
    }

    // Each missing key is reported once.
    for content in ["{}", r#"{"hook": "/bin/true"}"#] {
        std::fs::write(&path, content).unwrap();
        let found = HookFile::check(&path, &ReadOptions::new());
        let missing = found.iter().filter(|d| d.code == Code::MissingStages).count();
        assert_eq!(missing, 1, "{content}");
    }
}

/// The reference stops at the first problem of a file: only the first diagnostic has its message.
#[test]
fn only_the_first_problem_has_the_message_of_the_reference() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("a.json");
    let json = r#"{"version":"1.0.0","hook":{"path":"/bin/sh"},"when":{"commands":["("]},"stages":["nope"]}"#;
    std::fs::write(&path, json).unwrap();
    let found: Vec<_> = HookFile::check(&path, &ReadOptions::new())
        .into_iter()
        .map(|d| (d.code, d.cause(), d.reference))
        .collect();
    let pattern = r#"invalid command "(": error parsing regexp: missing closing ): `(`"#;
    assert_eq!(found[0], (Code::InvalidCommand, "missing-paren", Some(pattern.to_owned())));
    assert_eq!(found[1], (Code::UnknownStage, "unknown-stage", None));
    // The messages of Go's JSON package are not reproduced.
    std::fs::write(&path, "{]").unwrap();
    let found = HookFile::check(&path, &ReadOptions::new());
    assert_eq!((found[0].cause(), &found[0].reference), ("unexpected-character", &None));
}
