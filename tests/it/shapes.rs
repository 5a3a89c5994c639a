//! Tests of lint on hook files shaped like those that projects install and users write, including
//! mistakes. The names in them are made up. tests/it/mistakes.rs has smaller files, each with one
//! mistake.

use std::path::Path;

use libhooks::{Code, Diagnostic, Hook, HookFile, ReadOptions};

/// A file, and each diagnostic with its line and column (0 if it has no position), except for
/// executables that this machine does not have.
type Expected = (&'static str, &'static [(Code, u32, u32)]);

const EXPECTED: &[Expected] = &[
    (
        "accelerator-0.1.0-no-condition.json",
        &[(Code::NeverMatches, 1, 1), (Code::DeprecatedStage, 3, 15)],
    ),
    (
        "accelerator-every-container.json",
        &[(Code::EmptyArgsBlocks, 10, 18), (Code::DeprecatedStage, 12, 14)],
    ),
    ("always-is-a-number.json", &[(Code::JsonType, 7, 15)]),
    ("archive-on-stop.json", &[]),
    ("comment-of-another-language.json", &[(Code::JsonSyntax, 1, 1)]),
    ("condition-in-the-wrong-place.json", &[(Code::UnknownKey, 10, 3)]),
    ("init-system-0.1.0.json", &[(Code::EmptyArgsBlocks, 2, 13), (Code::DeprecatedStage, 4, 17)]),
    (
        "injected-into-one-program.json",
        &[(Code::EmptyArgsBlocks, 11, 22), (Code::DeprecatedStage, 13, 16)],
    ),
    ("precreate-always.json", &[]),
    ("relative-path.json", &[(Code::RelativePath, 3, 12)]),
    ("resource-limit.json", &[(Code::InheritsContainerEnvironment, 1, 28)]),
    ("shell-command.json", &[]),
    ("stage-of-no-engine.json", &[(Code::UnknownStage, 6, 5)]),
    ("trace-syscalls.json", &[(Code::RelativePath, 4, 9), (Code::DeprecatedStage, 16, 9)]),
    ("unmount-0.1.0-bind-mounts.json", &[(Code::DeprecatedStage, 4, 17)]),
    ("version-forgotten.json", &[(Code::JsonType, 2, 11)]),
];

/// The hints of some of them.
const HINTS: &[(&str, Code, &str)] = &[
    ("always-is-a-number.json", Code::JsonType, "write true or false"),
    (
        "comment-of-another-language.json",
        Code::JsonSyntax,
        "remove the comment, or put the string in double quotes",
    ),
    (
        "condition-in-the-wrong-place.json",
        Code::UnknownKey,
        "\"annotations\" belongs inside \"when\"",
    ),
    ("accelerator-every-container.json", Code::DeprecatedStage, "write \"createRuntime\""),
    (
        "relative-path.json",
        Code::RelativePath,
        "write the absolute path; the OCI runtime specification requires it",
    ),
    (
        "version-forgotten.json",
        Code::JsonType,
        "add \"version\": \"1.0.0\"; a file without \"version\" is read as version 0.1.0",
    ),
];

#[test]
fn lint_reports_the_expected_problems() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/shapes");
    let root = tempfile::tempdir().unwrap();
    let mut names: Vec<String> = std::fs::read_dir(&source)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".json"))
        .collect();
    names.sort();
    assert_eq!(
        names,
        EXPECTED.iter().map(|expected| expected.0).collect::<Vec<_>>(),
        "each file is in the table"
    );

    let mut clean = Vec::new();
    for (name, want) in EXPECTED {
        // A copy that this user owns and no other user may write, whatever the modes in the
        // checkout are.
        let (json, path) = (std::fs::read(source.join(name)).unwrap(), root.path().join(name));
        std::fs::write(&path, &json).unwrap();
        let mut found = HookFile::check(&path, &ReadOptions::new().extension_stages(["precreate"]));
        // (None of them has `env`.)
        found.retain(|diagnostic| diagnostic.code != Code::InheritsEnvironment);
        let (missing, rest): (Vec<&Diagnostic>, Vec<&Diagnostic>) =
            found.iter().partition(|diagnostic| diagnostic.code == Code::MissingExecutable);
        let place = |d: &&Diagnostic| {
            d.position.map_or((0, 0), |position| (position.line, position.column))
        };
        let mut places: Vec<_> = rest.iter().map(|d| (d.code, place(d).0, place(d).1)).collect();
        places.sort_by_key(|(_, line, column)| (*line, *column));
        assert_eq!(places, *want, "{name}: {found:#?}");

        let executable = Hook::decode(&json, None).ok().flatten().map(|hook| hook.hook.path);
        let is_missing =
            executable.is_some_and(|path| path.starts_with('/') && !Path::new(&path).exists());
        assert_eq!(missing.len(), usize::from(is_missing), "{name}: {found:#?}");
        assert!(missing.iter().all(|missing| missing.position.is_some()), "{name}: {found:#?}");

        for (_, code, hint) in HINTS.iter().filter(|(file, _, _)| file == name) {
            let reported = found.iter().find(|diagnostic| diagnostic.code == *code);
            if is_missing || *code != Code::MissingExecutable {
                assert_eq!(reported.unwrap().hint.as_deref(), Some(*hint), "{name}");
            }
        }
        for diagnostic in &found {
            let (line, column) = place(&diagnostic);
            println!(
                "{name}:{line}:{column}: {} {}",
                diagnostic.code.as_str(),
                diagnostic.hint.as_deref().unwrap_or_default()
            );
        }
        if rest.is_empty() {
            clean.push(*name);
        }
    }
    println!("{} of {} files have no problem: {}", clean.len(), names.len(), clean.join(" "));
}
