//! Every diagnostic code: a small example that has it, and a similar one that does not.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;

use libhooks::{
    Code, Config, Diagnostic, Error, Hook, HookDir, HookFile, Manager, OciHook, Policy,
    ReadOptions, Reading, Severity, exec, ffi,
};

use crate::elf;
use crate::engine::{Known, already_present, inject, when_matches};

const GOOD: &str = r#"{"version":"1.0.0","hook":{"path":"/bin/sh","env":["A=b"]},"when":{"always":true},"stages":["poststop"]}"#;

/// The codes of hook files: the code, a file that has it, and a similar file that does not.
const FILES: &[(Code, &str, &str)] = &[
    (Code::JsonSyntax, r#"{"version":"1.0.0",}"#, r#"{"version":"1.0.0"}"#),
    (Code::JsonUnexpectedEnd, r#"{"version":"1.0.0""#, r#"{"version":"1.0.0"}"#),
    (
        Code::JsonType,
        r#"{"version":"1.0.0","stages":"poststop"}"#,
        r#"{"version":"1.0.0","stages":["poststop"]}"#,
    ),
    (Code::UnrecognizedVersion, r#"{"version":"1.0.1"}"#, r#"{"version":"1.0.0"}"#),
    (
        Code::MissingHook,
        r#"{"stage":["poststop"],"cmd":["x"]}"#,
        r#"{"hook":"/bin/sh","stage":["poststop"],"cmd":["x"]}"#,
    ),
    (
        Code::ConflictingKeys,
        r#"{"hook":"/bin/sh","stage":["poststop"],"stages":["poststop"]}"#,
        r#"{"hook":"/bin/sh","stages":["poststop"]}"#,
    ),
    (
        Code::MissingPath,
        r#"{"version":"1.0.0","hook":{}}"#,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh"}}"#,
    ),
    (
        Code::MissingStages,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh"}}"#,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh"},"stages":[]}"#,
    ),
    (
        Code::UnknownStage,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh"},"stages":["poststrat"]}"#,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh"},"stages":["poststart"]}"#,
    ),
    (
        Code::MissingExecutable,
        r#"{"version":"1.0.0","hook":{"path":"/bin/no-such-executable"},"stages":[]}"#,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh"},"stages":[]}"#,
    ),
    (
        Code::UnreachableExecutable,
        r#"{"version":"1.0.0","hook":{"path":"/dev/null/x"},"stages":[]}"#,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh"},"stages":[]}"#,
    ),
    (
        Code::InvalidAnnotationKey,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh"},"when":{"annotations":{"*":"a"}},"stages":[]}"#,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh"},"when":{"annotations":{".*":"a"}},"stages":[]}"#,
    ),
    (
        Code::InvalidAnnotationValue,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh"},"when":{"annotations":{"a":"(?!x)"}},"stages":[]}"#,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh"},"when":{"annotations":{"a":"(?:x)"}},"stages":[]}"#,
    ),
    (
        Code::InvalidCommand,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh"},"when":{"commands":["a("]},"stages":[]}"#,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh"},"when":{"commands":["a()"]},"stages":[]}"#,
    ),
    (
        Code::UnknownKey,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh","arg":[]},"when":{"always":true},"stages":["poststop"]}"#,
        // Go accepts a key in any letter case.
        r#"{"VERSION":"1.0.0","hook":{"PATH":"/bin/sh"},"When":{"aLWAYS":true},"stages":["poststop"]}"#,
    ),
    (
        Code::DuplicateKey,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh"},"when":{"annotations":{"a":"b","a":"c"}},"stages":["poststop"]}"#,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh"},"when":{"annotations":{"a":"b","A":"c"}},"stages":["poststop"]}"#,
    ),
    (
        Code::DuplicateKey,
        r#"{"hook":"/bin/sh","cmd":["x"],"cmd":["y"],"stage":["poststop"]}"#,
        r#"{"hook":"/bin/sh","cmd":["x"],"cmds":null,"stage":["poststop"]}"#,
    ),
    (
        Code::UnknownCondition,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh","env":["A=b"]},"when":{"commands":["x"],"images":["y"]},"stages":["poststop"]}"#,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh","env":["A=b"]},"when":{"commands":["x"],"ANNOTATIONS":{"y":"z"}},"stages":["poststop"]}"#,
    ),
    (
        Code::ConfigForm,
        r#"{"hooks":{"createContainer":[{"path":"/x"}]}}"#,
        r#"{"version":"1.0.0","hooks":{"path":"/bin/sh"},"stages":["poststop"]}"#,
    ),
    (
        Code::ConfigForm,
        r#"{"ociVersion":"1.0.2","process":{"args":["sh"]}}"#,
        r#"{"version":"1.0.0","process":{"args":["sh"]}}"#,
    ),
    (
        Code::RelativePath,
        r#"{"version":"1.0.0","hook":{"path":"no-such-executable","env":["A=b"]},"when":{"always":true},"stages":["poststop"]}"#,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh","env":["A=b"]},"when":{"always":true},"stages":["poststop"]}"#,
    ),
    (
        Code::ArgsWithoutName,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh","args":["-c","true"],"env":["A=b"]},"when":{"always":true},"stages":["poststop"]}"#,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh","args":["sh","-c","true"],"env":["A=b"]},"when":{"always":true},"stages":["poststop"]}"#,
    ),
    (
        Code::EnvEntry,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh","env":["PATH=$PATH:/sbin"]},"when":{"always":true},"stages":["poststop"]}"#,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh","env":["PATH=/bin:/sbin"]},"when":{"always":true},"stages":["poststop"]}"#,
    ),
    (
        Code::LoaderVariable,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh","env":["LD_PRELOAD=/x.so"]},"when":{"always":true},"stages":["poststop"]}"#,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh","env":["PRELOAD=/x.so"]},"when":{"always":true},"stages":["poststop"]}"#,
    ),
    (
        Code::InheritsContainerEnvironment,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh"},"when":{"always":true},"stages":["createContainer"]}"#,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh","env":["A=b"]},"when":{"always":true},"stages":["createContainer"]}"#,
    ),
    (
        Code::InheritsContainerEnvironment,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh","env":[]},"when":{"always":true},"stages":["createContainer"]}"#,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh"},"when":{"always":true},"stages":["createRuntime"]}"#,
    ),
    (
        Code::InheritsEnvironment,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh"},"when":{"always":true},"stages":["poststop"]}"#,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh"},"when":{"always":true},"stages":["startContainer"]}"#,
    ),
    (
        Code::RelativeArgument,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh","args":["sh","conf/x.sh"],"env":["A=b"]},"when":{"always":true},"stages":["createContainer"]}"#,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh","args":["sh","conf/x.sh"],"env":["A=b"]},"when":{"always":true},"stages":["createRuntime"]}"#,
    ),
    (
        Code::UnanchoredPattern,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh","env":["A=b"]},"when":{"annotations":{"com.example":"x"}},"stages":["poststop"]}"#,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh","env":["A=b"]},"when":{"annotations":{"^com\\.example$":"x"}},"stages":["poststop"]}"#,
    ),
    (
        Code::SwitchedOff,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh","env":["A=b"]},"when":{"always":false},"stages":["poststop"]}"#,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh","env":["A=b"]},"when":{"always":true},"stages":["poststop"]}"#,
    ),
    (
        Code::NeverMatches,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh","env":["A=b"]},"when":{"annotations":{"$x":"y"}},"stages":["poststop"]}"#,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh","env":["A=b"]},"when":{"annotations":{"\\$x":"y"}},"stages":["poststop"]}"#,
    ),
    (
        Code::NeverMatches,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh","env":["A=b"]},"when":{"commands":["a^"]},"stages":["poststop"]}"#,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh","env":["A=b"]},"when":{"commands":["(?m)^a$","a^|b"]},"stages":["poststop"]}"#,
    ),
    (
        Code::NeverMatches,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh"},"when":{"always":true},"stages":[]}"#,
        GOOD,
    ),
    (
        Code::NeverMatches,
        r#"{"hook":"/bin/sh","stage":["poststop"],"hasbindmounts":false}"#,
        r#"{"hook":"/bin/sh","stage":["poststop"],"hasbindmounts":false,"annotation":["x"]}"#,
    ),
    (
        Code::DuplicateInjection,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh"},"when":{"always":true},"stages":["prestart","createRuntime"]}"#,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh"},"when":{"always":true},"stages":["prestart","createContainer"]}"#,
    ),
    (
        Code::DeprecatedStage,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh"},"when":{"always":true},"stages":["prestart"]}"#,
        GOOD,
    ),
    (
        Code::TimeoutNotPositive,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh","timeout":0},"when":{"always":true},"stages":["poststop"]}"#,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh","timeout":1},"when":{"always":true},"stages":["poststop"]}"#,
    ),
    (
        Code::EmptyArgsBlocks,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh"},"when":{"commands":["sh"]},"stages":["poststop"]}"#,
        r#"{"version":"1.0.0","hook":{"path":"/bin/sh"},"when":{"commands":[],"always":true},"stages":["poststop"]}"#,
    ),
];

/// The codes of programs: the code, a program that has it, and a similar one that does not.
fn programs() -> Vec<(Code, Vec<u8>, Vec<u8>)> {
    let text = |text: &str| text.as_bytes().to_vec();
    let static_program = elf::ours().bytes();
    let loaded = elf::ours().loader("/lib/ld-linux.so.9");
    vec![
        (Code::MissingInterpreter, text("#!/bin/sh\r\n"), text("#!/bin/sh\n")),
        (Code::NoShebang, text("\n#!/bin/sh\n"), text("#!/bin/sh\n")),
        (Code::BadShebang, text("#!/usr/bin/env sh -e\n"), text("#!/usr/bin/env -S sh -e\n")),
        (Code::WrongArchitecture, elf::of_machine(false, false, 2).bytes(), static_program.clone()),
        (Code::MissingLoader, loaded.bytes(), static_program.clone()),
        (
            Code::TruncatedExecutable,
            static_program.split_last().unwrap().1.to_vec(),
            static_program,
        ),
    ]
}

/// The codes that other tests cover, and their directory: the C boundary, and limits of the system.
const ELSEWHERE: &[(Code, &str)] = &[
    // Only a mount has it, and only an explanation finds the other (container_programs.rs).
    (Code::NoexecMount, "tests/it"),
    (Code::ContainerPathMissing, "tests/it"),
    (Code::NotUtf8, "tests/c"),
    (Code::Panic, "tests/c"),
    (Code::WatchRefused, "tests/monitor"),
    // Tests do not write to the system's directories.
    (Code::EngineSpecific, "src/lint"),
];

#[test]
fn codes_of_programs() {
    let root = tempfile::tempdir().unwrap();
    let [path, program] = ["a.json", "program"].map(|name| root.path().join(name));
    fs::write(&path, GOOD.replace("/bin/sh", program.to_str().unwrap())).unwrap();
    let codes = |content: &[u8], mode| {
        fs::write(&program, content).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(mode)).unwrap();
        codes_of(&path)
    };
    for (code, with, without) in programs() {
        assert!(codes(&with, 0o755).contains(&code), "{code:?}");
        assert_eq!(codes(&without, 0o755), [], "{code:?}");
    }
    let program = fs::read("/bin/true").unwrap();
    assert_eq!(codes(&program, 0o4755), [Code::SetuidProgram]);
    assert_eq!(codes(&program, 0o755), []);
    let name = program.windows(10).position(|part| part == b"libc.so.6\0").unwrap();
    let other = [&program[..name], b"libq", &program[name + 4..]].concat();
    assert_eq!(codes(&other, 0o755), [Code::MissingLibrary]);
}

fn codes_of(path: &Path) -> Vec<Code> {
    HookFile::check(path, &ReadOptions::new().extension_stages(["precreate"]))
        .iter()
        .map(|diagnostic| diagnostic.code)
        .collect()
}

/// Returns the codes for two directories with these files; the second directory masks the first.
fn codes_of_two(lower: &[(&str, &str)], upper: &[(&str, &str)]) -> Vec<Code> {
    diagnostics_of_two(lower, upper).iter().map(|diagnostic| diagnostic.code).collect()
}

fn diagnostics_of_two(lower: &[(&str, &str)], upper: &[(&str, &str)]) -> Vec<Diagnostic> {
    let root = tempfile::tempdir().unwrap();
    let directories = [("lower", lower), ("upper", upper)].map(|(name, files)| {
        let directory = root.path().join(name);
        fs::create_dir(&directory).unwrap();
        files.iter().for_each(|(name, json)| fs::write(directory.join(name), json).unwrap());
        directory
    });
    let manager =
        Manager::builder().directories(&directories).policy(Policy::LENIENT).load().unwrap();
    manager.diagnostics()
}

fn code<T>(result: Result<T, Error>) -> Option<Code> {
    result.err().map(|error| error.code())
}

#[test]
fn codes_of_hook_file_contents() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("a.json");
    for (code, with, without) in FILES {
        fs::write(&path, with).unwrap();
        assert!(codes_of(&path).contains(code), "{code:?} in {with}: {:?}", codes_of(&path));
        fs::write(&path, without).unwrap();
        assert!(!codes_of(&path).contains(code), "{code:?} in {without}");
    }
    fs::write(&path, GOOD).unwrap();
    assert_eq!(codes_of(&path), [], "the file has no problem");
}

/// The codes that do not depend on the content of a file, but on its size, type, mode or owner.
#[test]
fn codes_of_files_and_directories() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("a.json");
    let has = |code: Code, path: &Path| codes_of(path).contains(&code);

    fs::write(&path, format!("{}{}", "[".repeat(10_001), "]".repeat(10_001))).unwrap();
    assert!(has(Code::JsonDepth, &path));
    fs::write(&path, format!("{}{}", "[".repeat(10_000), "]".repeat(10_000))).unwrap();
    assert!(!has(Code::JsonDepth, &path));

    fs::write(&path, " ".repeat((16 << 20) + 1)).unwrap();
    assert!(has(Code::FileTooLarge, &path));
    fs::write(&path, " ".repeat(16 << 20)).unwrap();
    assert!(!has(Code::FileTooLarge, &path));

    fs::write(&path, GOOD).unwrap();
    let other = root.path().join("a.json.off");
    fs::write(&other, GOOD).unwrap();
    assert!(has(Code::NoJsonSuffix, &other) && !has(Code::NoJsonSuffix, &path));

    let link = root.path().join("null.json");
    symlink("/dev/null", &link).unwrap();
    assert!(has(Code::NotRegularFile, &link));
    fs::remove_file(&link).unwrap();
    symlink(&path, &link).unwrap();
    assert!(!has(Code::NotRegularFile, &link));

    let dangles = || {
        let manager =
            Manager::builder().directories([root.path()]).policy(Policy::LENIENT).load().unwrap();
        manager.diagnostics().iter().any(|d| d.code == Code::DanglingLink && d.path == link)
    };
    assert!(!dangles());
    fs::remove_file(&link).unwrap();
    symlink("nowhere", &link).unwrap();
    assert!(dangles());
    fs::remove_file(&link).unwrap();

    let directory = root.path().join("d.json");
    fs::create_dir(&directory).unwrap();
    assert!(has(Code::UnreadableFile, &directory) && !has(Code::UnreadableFile, &path));

    fs::set_permissions(&path, fs::Permissions::from_mode(0o602)).unwrap();
    assert!(has(Code::WritableByOthers, &path));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(!has(Code::WritableByOthers, &path));

    let executable = root.path().join("executable");
    fs::write(&executable, "").unwrap();
    let hook = GOOD.replace("/bin/sh", executable.to_str().unwrap());
    fs::write(&path, hook).unwrap();
    fs::set_permissions(&executable, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(has(Code::NotExecutable, &path));
    fs::set_permissions(&executable, fs::Permissions::from_mode(0o700)).unwrap();
    assert!(!has(Code::NotExecutable, &path));

    if chown(&path, Some(1234), None).is_ok() {
        assert!(has(Code::ForeignOwner, &path));
        chown(&path, Some(0), None).unwrap();
    } else {
        println!(
            "SKIP: codes_of_files_and_directories: only root can give a file away (foreign-owner)"
        );
    }
    assert!(!has(Code::ForeignOwner, &path));

    // A script whose interpreter depends on the working directory.
    assert!(!has(Code::BadShebang, &path));
    fs::write(&executable, "#!sh\n").unwrap();
    assert!(has(Code::BadShebang, &path));
    assert!(!has(Code::PermissionsUnknown, &path));
    fs::write(&executable, "").unwrap();
    assert!(!has(Code::ParentWritable, &path));
    fs::set_permissions(root.path(), fs::Permissions::from_mode(0o777)).unwrap();
    assert!(has(Code::ParentWritable, &path));
    fs::set_permissions(root.path(), fs::Permissions::from_mode(0o700)).unwrap();

    let code_of = |directory: &Path| {
        code(HookDir::read(directory, &ReadOptions::new()).error.map_or(Ok(()), Err))
    };
    assert_eq!(code_of(&path), Some(Code::UnreadableDirectory));
    assert_ne!(code_of(root.path()), Some(Code::UnreadableDirectory));
}

/// The codes that depend on several files.
#[test]
fn codes_of_sets_of_files() {
    let bad = "{}";
    let found = codes_of_two(&[("a.json", GOOD)], &[("a.json", bad)]);
    assert!(
        found.contains(&Code::OverrideIneffective) && !found.contains(&Code::Masked),
        "{found:?}"
    );
    let found = codes_of_two(&[("a.json", GOOD)], &[("a.json", GOOD)]);
    assert!(
        !found.contains(&Code::OverrideIneffective) && found.contains(&Code::Masked),
        "{found:?}"
    );
    let found = codes_of_two(&[("a.json", bad)], &[("a.json", GOOD)]);
    assert!(
        !found.contains(&Code::OverrideIneffective),
        "{found:?}: the failing file would be masked anyway"
    );
    let found = codes_of_two(&[("a.json", GOOD)], &[("b.json", bad)]);
    assert!(
        !found.contains(&Code::OverrideIneffective) && !found.contains(&Code::Masked),
        "{found:?}"
    );
    let other = GOOD.replace("poststop", "poststart");
    for (second, want) in [
        (GOOD.to_owned(), Some(Severity::Warning)),
        (GOOD.replace(r#"{"always":true}"#, r#"{"commands":["x"]}"#), Some(Severity::Warning)),
        (GOOD.replace("A=b", "A=c"), Some(Severity::Info)),
        (GOOD.replace(r#"["poststop"]"#, r#"["poststart","poststop"]"#), Some(Severity::Warning)),
        (other, None),
        (GOOD.replace(r#""env""#, r#""args":["sh","-x"],"env""#), None),
        (GOOD.replace("true}", "false}"), None),
    ] {
        for (first, second) in [(GOOD, &*second), (&*second, GOOD)] {
            let found = diagnostics_of_two(&[("a.json", first)], &[("b.json", second)]);
            let found = found.iter().find(|diagnostic| diagnostic.code == Code::DuplicateHook);
            assert_eq!(found.map(|diagnostic| diagnostic.severity), want, "{first} {second}");
            assert!(found.is_none_or(|found| found.path.ends_with("b.json")));
        }
    }
    let [x, y] = ["x", "y"].map(|pattern| {
        GOOD.replace(r#"{"always":true}"#, &format!(r#"{{"annotations":{{"^a$":"^{pattern}$"}}}}"#))
    });
    for (second, severity) in [(&x, Severity::Warning), (&y, Severity::Info)] {
        let found = diagnostics_of_two(&[("a.json", &x), ("b.json", second)], &[]);
        let found: Vec<_> = found.iter().filter(|d| d.code == Code::DuplicateHook).collect();
        assert_eq!((found.len(), found[0].severity), (1, severity), "{second}");
    }
    // A file that masks the other one does not repeat it.
    let found = codes_of_two(&[("a.json", GOOD)], &[("a.json", GOOD)]);
    assert!(!found.contains(&Code::DuplicateHook), "{found:?}");

    let found = codes_of_two(&[("a.json", GOOD), ("A.json", GOOD)], &[]);
    assert!(found.contains(&Code::CaseCollision), "{found:?}");
    let found = codes_of_two(&[("a.json", GOOD), ("b.json", GOOD)], &[]);
    assert!(!found.contains(&Code::CaseCollision), "{found:?}");
}

/// One problem is reported once, also without positions: the hook is from the caller's reader.
#[test]
fn a_relative_path_is_reported_once() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("a.json");
    fs::write(&path, GOOD.replace("/bin/sh", "no-such-executable")).unwrap();
    let reader = |_: &str, content: &[u8]| {
        Reading::Hook(Hook::decode(content, Some("1.0.0")).unwrap().map(Box::new))
    };
    for options in [ReadOptions::new(), ReadOptions::new().reader(reader)] {
        let found = HookFile::check(&path, &options);
        let found: Vec<Code> = found.iter().map(|diagnostic| diagnostic.code).collect();
        assert_eq!(found, [Code::RelativePath]);
    }
}

/// The codes of the names in a directory.
#[test]
fn codes_of_names() {
    let root = tempfile::tempdir().unwrap();
    let below = root.path().join("below");
    fs::create_dir(&below).unwrap();
    fs::create_dir(root.path().join("empty")).unwrap();
    fs::write(below.join("x.json"), GOOD).unwrap();
    let ignored = ["a.JSON", "a.json.bak", "a.json.rpmnew", "a.json~", "a.yaml", "a.yml"];
    let fine = ["README", "a.txt", "hook.sh", "json", "a.json"];
    for name in ignored.iter().chain(&fine).chain(&[".hidden.json"]) {
        fs::write(root.path().join(name), GOOD).unwrap();
    }
    let found = |inspect: bool, policy: Policy| {
        let manager =
            Manager::builder().directory(root.path()).policy(policy).inspect(inspect).load();
        let names: Vec<(Code, String)> = manager
            .unwrap()
            .diagnostics()
            .iter()
            .filter(|d| matches!(d.code, Code::IgnoredFile | Code::HiddenFile))
            .map(|d| (d.code, d.path.file_name().unwrap().to_str().unwrap().to_owned()))
            .collect();
        names
    };
    let mut want: Vec<(Code, String)> =
        ignored.iter().map(|name| (Code::IgnoredFile, (*name).to_owned())).collect();
    want.push((Code::IgnoredFile, "below".to_owned()));
    want.push((Code::HiddenFile, ".hidden.json".to_owned()));
    want.sort_by(|a, b| a.1.cmp(&b.1));
    assert_eq!(found(true, Policy::Compatible), want);
    // The first hundred by name, whatever order the directory has.
    for number in (0..150).rev() {
        fs::write(root.path().join(format!("{number:03}.JSON")), GOOD).unwrap();
    }
    let names: Vec<String> =
        found(true, Policy::Compatible).into_iter().map(|(_, name)| name).collect();
    assert_eq!((names.len(), &*names[0], &*names[99]), (100, ".hidden.json", "098.JSON"));
    // No load lists the other names of a directory by itself.
    assert_eq!((found(false, Policy::LENIENT), found(false, Policy::Strict)), (vec![], vec![]));
}

/// The codes of calls.
#[test]
fn codes_of_calls() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("a.json"), GOOD).unwrap();
    let manager = Manager::builder().directories([root.path()]).load().unwrap();
    let injecting = |config: &str| code(inject(&manager, config, Known::default()));
    let matched = |request: &[u8]| {
        code(ffi::container(request, false).and_then(|container| manager.select(&container)))
    };
    assert_eq!(
        (matched(b"?"), matched(b"\x01\0\0\0\0\0\0\0\0\0\0\0")).0,
        Some(Code::InvalidArgument)
    );
    assert_eq!(code(Hook::decode(b"{}", Some("2.0.0"))), Some(Code::InvalidArgument));
    assert_eq!(code(Hook::decode(b"{}", Some("1.0.0"))), None);

    assert_eq!(injecting(r#"{"process":{},"process":{}}"#), Some(Code::DuplicateKey));
    assert_eq!(injecting(r#"{"process":{},"Process":{}}"#), Some(Code::FoldedKey));
    assert_eq!(injecting(r#"{"process":{},"processes":{}}"#), None);
    let other = |json: &str| code(Config::reject_other_json(json));
    assert_eq!(other(r#"{"status":"created","bundle":"/b"}"#), Some(Code::NotAConfig));
    assert_eq!(other(r#"{"status":"created"}"#), None);
    let state = |json: &str| code(exec::check_state(json.as_bytes()));
    assert_eq!(state(r#"{"ociVersion":"1.0.2","id":"a"}"#), Some(Code::NotAState));
    assert_eq!(state(r#"{"ociVersion":"1.0.2","id":"a","status":"created"}"#), None);

    assert_eq!(
        code(Manager::builder().directories([root.path()]).extension_stages(["x"; 65]).load()),
        Some(Code::TooLarge)
    );
    assert_eq!(
        code(Manager::builder().directories([root.path()]).extension_stages(["x"; 64]).load()),
        None
    );

    assert_eq!(code(ffi::validate("null", &[])), Some(Code::NilHook));
    assert_eq!(
        code(ffi::validate(&GOOD.replace("1.0.0", "0.1.0"), &[])),
        Some(Code::UnexpectedVersion)
    );
    assert_eq!(code(ffi::validate(GOOD, &[])), None);

    let commands = r#"{"commands":["sh"]}"#;
    assert_eq!(
        code(when_matches(commands, r#"{"process":{"args":[]}}"#, Known::default())),
        Some(Code::ProcessArgsEmpty)
    );
    assert_eq!(
        code(when_matches(commands, r#"{"process":{"args":["x"]}}"#, Known::default())),
        None
    );

    let read = |reading: fn() -> Reading| {
        code(Manager::builder().directory(root.path()).reader(move |_, _| reading()).load())
    };
    assert_eq!(read(|| Reading::Failed("not a hook".to_owned())), Some(Code::ReaderFailed));
    assert_eq!(read(|| Reading::Default), None);

    let run = |path: &str| {
        let hook = OciHook { path: path.to_owned(), ..OciHook::default() };
        code(exec::run(&hook, b"", exec::RunOptions::new()))
    };
    assert_eq!((run("/bin/no-such-executable"), run("/bin/true")), (Some(Code::StartFailed), None));

    let mut monitor = manager.monitor().unwrap();
    let mut wait = || code(monitor.wait(Some(std::time::Duration::ZERO)));
    assert_eq!(wait(), None);
    let canceller = manager.monitor().unwrap().canceller();
    canceller.cancel();
    assert_eq!(wait(), None, "the canceller belongs to another monitor");
    monitor.canceller().cancel();
    assert_eq!(code(monitor.wait(None)), Some(Code::Cancelled));

    let injected = inject(&manager, "{}", Known::default()).unwrap().config;
    let again = already_present(&manager, &injected, Known::default()).unwrap();
    assert_eq!(
        again.iter().map(|diagnostic| diagnostic.code).collect::<Vec<_>>(),
        [Code::AlreadyInjected]
    );
    assert!(already_present(&manager, "{}", Known::default()).unwrap().is_empty());
}

/// Every code occurs in this file or in the directory of another test.
#[test]
fn every_code_has_a_test() {
    let here = include_str!("codes.rs");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for code in Code::ALL {
        match ELSEWHERE.iter().find(|(covered, _)| covered == code) {
            Some((_, directory)) => {
                let mentions = |source: String| {
                    source.contains(code.as_str()) || source.contains(&format!("{code:?}"))
                };
                let files =
                    fs::read_dir(root.join(directory)).unwrap().map(|entry| entry.unwrap().path());
                assert!(
                    files
                        .filter(|path| !path.ends_with("codes.rs"))
                        .filter_map(|path| fs::read_to_string(path).ok())
                        .any(mentions),
                    "{code:?} in {directory}"
                );
            }
            None => assert!(here.contains(&format!("Code::{code:?}")), "{code:?}"),
        }
        assert!(!code.summary().is_empty() && code.summary().ends_with('.'), "{code:?}");
    }
}
