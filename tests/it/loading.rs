//! Tests of directories, masking, policies and reloads (docs/spec.md, sections 1 and 2).

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use libhooks::{Code, Errno, ErrorKind, Manager, Policy, Severity};

use crate::engine::{Known, explain, inject};
use crate::tree::*;

#[test]
fn later_directories_mask_earlier_ones() {
    let tree = Tree::new();
    tree.file("low", "a.json", marked("low a"));
    let low_b = tree.file("low", "b.json", marked("low b"));
    let high_b = tree.file("high", "b.json", marked("high b"));
    tree.file("high", "c.json", marked("high c"));
    tree.file("high", "not-a-hook.txt", "x");
    tree.file("high", "upper.JSON", "x");
    let manager = tree.load(&["low", "high", "missing", ""], Policy::Strict).unwrap();
    assert_eq!(marks(&manager), ["low a", "high b", "high c"]);
    assert_eq!(codes(&manager), [Code::Masked]);
    let listing = manager.list();
    assert_eq!((&listing.masked[0].path, &listing.masked[0].by), (&low_b, &high_b));
    assert_eq!(listing.hooks[1].masks, [low_b]);
}

#[test]
fn the_last_of_three_directories_masks_both_earlier_ones() {
    let tree = Tree::new();
    let one = tree.file("one", "a.json", marked("one"));
    let two = tree.file("two", "a.json", marked("two"));
    let three = tree.file("three", "a.json", marked("three"));
    let manager = tree.load(&["one", "two", "three", "three"], Policy::Strict).unwrap();
    let listing = manager.list();
    assert_eq!(
        (listing.hooks.len(), &listing.hooks[0].masks),
        (1, &vec![one.clone(), two.clone()])
    );
    let masked: Vec<(&PathBuf, &PathBuf)> =
        listing.masked.iter().map(|masked| (&masked.path, &masked.by)).collect();
    assert_eq!(masked, [(&one, &three), (&two, &three)]);
}

#[test]
fn names_that_differ_only_in_case_are_reported_across_directories() {
    let tree = Tree::new();
    tree.file("one", "\u{c9}.json", marked("one"));
    let two = tree.file("two", "\u{e9}.json", marked("two"));
    let manager = tree.load(&["one", "two"], Policy::Compatible).unwrap();
    assert_eq!(
        (marks(&manager), codes(&manager)),
        (vec!["one".into(), "two".into()], vec![Code::CaseCollision])
    );
    assert_eq!(manager.diagnostics()[0].path, two);
}

#[test]
fn warnings_about_stages_depend_on_the_extension_stages() {
    for (stages, extension, want) in [
        (
            r#"["prestart", "createRuntime"]"#,
            &[][..],
            &[Code::DuplicateInjection, Code::DeprecatedStage][..],
        ),
        (
            r#"["createRuntime", "prestart", "prestart"]"#,
            &[],
            &[Code::DuplicateInjection, Code::DeprecatedStage],
        ),
        (r#"["prestart", "createRuntime"]"#, &["prestart"], &[]),
        (r#"["poststop", "poststop", "poststop"]"#, &[], &[Code::DuplicateInjection]),
        (r#"["precreate", "precreate"]"#, &["precreate"], &[Code::DuplicateInjection]),
        (r#"["poststop", "createRuntime"]"#, &[], &[]),
    ] {
        let tree = Tree::new();
        tree.file("d", "a.json", GOOD.replace(r#"["poststop"]"#, stages));
        let manager = Manager::builder()
            .directories([tree.directory("d")])
            .extension_stages(extension.iter().copied())
            .load()
            .unwrap();
        assert_eq!(codes(&manager), want, "{stages} {extension:?}");
    }
}

#[test]
fn only_a_file_that_loads_masks() {
    let tree = Tree::new();
    tree.file("low", "a.json", marked("low a"));
    tree.file("low", "b.json", marked("low b"));
    let bad = tree.file("high", "a.json", MISSING);
    let dangling = tree.directory("high").join("b.json");
    symlink("/nonexistent", &dangling).unwrap();
    // The reference tolerates a missing executable; the earlier hook stays, with a diagnostic.
    let manager = tree.load(&["low", "high"], Policy::Compatible).unwrap();
    assert_eq!(marks(&manager), ["low a", "low b"]);
    assert_eq!(
        codes(&manager),
        [
            Code::MissingExecutable,
            Code::DanglingLink,
            Code::OverrideIneffective,
            Code::OverrideIneffective
        ]
    );
    let diagnostics = manager.diagnostics();
    assert_eq!(
        (&diagnostics[0].path, diagnostics[0].errno().map_or(0, Errno::raw_os_error)),
        (&bad, libc::ENOENT)
    );
    assert_eq!(diagnostics[0].message(), "the executable /nonexistent/hook does not exist");
    let reference = diagnostics[0].reference.as_deref();
    assert_eq!(reference, Some("faccessat /nonexistent/hook: no such file or directory"));
    let paths: Vec<_> = diagnostics.iter().map(|diagnostic| &diagnostic.path).collect();
    assert_eq!(paths, [&bad, &dangling, &bad, &dangling]);
}

#[test]
fn hooks_are_ordered_by_their_names_in_gos_lower_case() {
    let tree = Tree::new();
    let names = [
        "b.json",
        "A.json",
        "a.json",
        "C.json",
        "\u{130}.json",
        "i2.json",
        "\u{3a3}.json",
        "\u{3c2}.json",
        ".json",
    ];
    for name in names {
        tree.file("d", name, marked(name));
    }
    let directory = tree.directory("d");
    fs::write(directory.join(OsStr::from_bytes(b"\xff.json")), marked("ff")).unwrap();
    let manager = tree.load(&["d"], Policy::LENIENT).unwrap();
    // U+0130 becomes i; capital sigma becomes U+03C3, which comes after final sigma; an invalid
    // byte becomes U+FFFD.
    let want = [
        ".json",
        "A.json",
        "a.json",
        "b.json",
        "C.json",
        "\u{130}.json",
        "i2.json",
        "\u{3c2}.json",
        "\u{3a3}.json",
        "ff",
    ];
    assert_eq!(marks(&manager), want);
    assert!(codes(&manager).contains(&Code::CaseCollision));
}

#[test]
fn compatible_fails_when_the_reference_fails() {
    let broken = "{";
    // The files of a directory in the order of their names, and whether the reference's `New`
    // succeeds.
    for (files, succeeds) in [
        (&[("a.json", MISSING), ("b.json", broken)][..], true),
        (&[("a.json", broken), ("b.json", MISSING)], false),
        (&[("a.json", MISSING), ("b.json", GOOD)], true),
        (&[("a.json", GOOD), ("b.json", broken)], false),
    ] {
        let tree = Tree::new();
        for (name, content) in files {
            tree.file("d", name, content);
        }
        assert_eq!(tree.load(&["d"], Policy::Compatible).is_ok(), succeeds, "{files:?}");
        assert!(
            tree.load(&["d"], Policy::Strict).is_err()
                && tree.load(&["d"], Policy::LENIENT).is_ok()
        );
    }
}

#[test]
fn a_failed_load_reports_every_problem_of_every_directory() {
    let tree = Tree::new();
    let one = tree.file("one", "a.json", "{");
    let two = tree.file(
        "one",
        "b.json",
        r#"{"hook": "/bin/true", "stages": ["nowhere"], "hasbindmounts": true}"#,
    );
    let three = tree.file("two", "c.json", "[]");
    for policy in [Policy::Compatible, Policy::Strict] {
        let error = tree.load(&["one", "two"], policy).unwrap_err();
        let want = format!(
            "unknown stage \"nowhere\": parsing hook \"{}\": version check: unexpected end of JSON input",
            one.display()
        );
        assert_eq!(error.to_string(), want);
        assert_eq!((error.kind(), error.code()), (ErrorKind::HookFile, Code::JsonUnexpectedEnd));
        assert_eq!(error.place().path.as_ref(), Some(&one));
        assert_eq!(
            error_codes(&error),
            [Code::JsonUnexpectedEnd, Code::UnknownStage, Code::JsonType]
        );
        assert!(
            error.diagnostics().iter().all(|diagnostic| diagnostic.severity == Severity::Error)
        );
        let paths: Vec<&PathBuf> =
            error.diagnostics().iter().map(|diagnostic| &diagnostic.path).collect();
        assert_eq!(paths, [&one, &two, &three]);
        assert!(error.to_json().contains("\"code\":\"unknown-stage\""));
    }
    let manager = tree.load(&["one", "two"], Policy::LENIENT).unwrap();
    assert_eq!(codes(&manager), [Code::JsonUnexpectedEnd, Code::UnknownStage, Code::JsonType]);
}

#[test]
fn invalid_directories_are_errors() {
    let tree = Tree::new();
    tree.file("d", "a.json", marked("good"));
    let file = tree.file("", "file", "x");
    let error = tree.load(&["d", "file"], Policy::Compatible).unwrap_err();
    assert_eq!(error.to_string(), format!("open {}: not a directory", file.display()));
    assert_eq!(
        (error.kind(), error.code(), error.errno().map_or(0, Errno::raw_os_error)),
        (ErrorKind::Io, Code::UnreadableDirectory, libc::ENOTDIR)
    );
    assert_eq!(marks(&tree.load(&["d", "file"], Policy::LENIENT).unwrap()), ["good"]);

    let long = "x".repeat(300);
    let error = tree.load(&[&long], Policy::Compatible).unwrap_err();
    assert_eq!(error.errno().map_or(0, Errno::raw_os_error), libc::ENAMETOOLONG);
}

#[test]
fn strict_refuses_files_that_other_users_may_write() {
    let tree = Tree::new();
    let file = tree.file("d", "a.json", marked("a"));
    assert!(tree.load(&["d"], Policy::Strict).is_ok());
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    let error = tree.load(&["d"], Policy::Strict).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Strict, Code::WritableByOthers));
    let manager = tree.load(&["d"], Policy::Compatible).unwrap();
    assert_eq!(
        (marks(&manager), codes(&manager)),
        (vec!["a".to_owned()], vec![Code::WritableByOthers])
    );

    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(tree.directory("d"), fs::Permissions::from_mode(0o755)).unwrap();
    if std::os::unix::fs::chown(&file, Some(12345), None).is_err() {
        println!(
            "SKIP: strict_refuses_files_that_other_users_may_write: only root can change a file's owner"
        );
        return;
    }
    let error = tree.load(&["d"], Policy::Strict).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Strict, Code::ForeignOwner));
}

#[test]
fn reload_fails_only_under_strict() {
    for policy in [Policy::Compatible, Policy::LENIENT, Policy::Strict] {
        let tree = Tree::new();
        tree.file("low", "a.json", marked("low a"));
        tree.file("high", "a.json", marked("high a"));
        tree.file("high", "b.json", marked("b"));
        let manager = tree.load(&["low", "high"], policy).unwrap();
        assert_eq!((marks(&manager), manager.generation()), (vec!["high a".into(), "b".into()], 1));
        let before = manager.snapshot();

        tree.file("high", "a.json", "{");
        tree.file("high", "c.json", marked("c"));
        let reloaded = manager.reload();
        if policy == Policy::Strict {
            let error = reloaded.unwrap_err();
            assert_eq!(error.code(), Code::JsonUnexpectedEnd);
            assert_eq!(
                (marks(&manager), manager.generation()),
                (vec!["high a".into(), "b".into()], 1)
            );
        } else {
            reloaded.unwrap();
            assert_eq!(
                (marks(&manager), manager.generation()),
                (vec!["low a".into(), "b".into(), "c".into()], 2)
            );
            assert_eq!(codes(&manager), [Code::JsonUnexpectedEnd, Code::OverrideIneffective]);
        }
        assert_eq!(before.list().hooks.len(), 2, "a snapshot does not change");

        fs::remove_dir_all(tree.directory("high")).unwrap();
        manager.reload().unwrap();
        assert_eq!(marks(&manager), ["low a"]);
    }
}

#[test]
fn keep_last_good_keeps_the_last_valid_hook() {
    let tree = Tree::new();
    tree.file("d", "a.json", marked("good"));
    let file = tree.root.path().join("d");
    let policy = Policy::Lenient { keep_last_good: true };
    let manager = Manager::builder().directory(&file).policy(policy).load().unwrap();
    tree.file("d", "a.json", "{");
    for _ in 0..3 {
        manager.reload().unwrap();
        assert_eq!(
            (marks(&manager), codes(&manager)),
            (vec!["good".into()], vec![Code::JsonUnexpectedEnd])
        );
    }
    tree.file("d", "a.json", marked("better"));
    manager.reload().unwrap();
    assert_eq!(marks(&manager), ["better"]);
    fs::remove_file(file.join("a.json")).unwrap();
    manager.reload().unwrap();
    assert_eq!(marks(&manager), [""; 0], "the hook of a deleted file is not kept");
}

#[test]
fn the_result_for_many_hooks_agrees_with_their_explanations() {
    let whens = [
        r#""annotations": {"^org\\.example\\.key-7$": "^(true|on)$"}"#,
        r#""annotations": {"key-[0-9]+": ".*"}"#,
        r#""annotations": {".*": "^on$"}, "commands": ["/sh$"]"#,
        r#""commands": ["^/usr/s?bin/(sh|bash)$", ".*/init$"]"#,
        r#""commands": ["^/bin/sh$"], "hasBindMounts": true"#,
        r#""annotations": {"^$": ""}, "always": true"#,
    ];
    let tree = Tree::new();
    for (index, when) in whens.iter().cycle().take(30).enumerate() {
        let when = format!("\"when\": {{{when}}}");
        tree.file(
            "a",
            &format!("{index:02}.json"),
            GOOD.replace(r#""when": {"always": true}"#, &when),
        );
    }
    let manager = tree.load(&["a"], Policy::Compatible).unwrap();
    let annotations =
        ["{}", r#"{"": ""}"#, r#"{"org.example.key-7": "on"}"#, r#"{"key-1": "true", "x": "on"}"#];
    let processes = [
        "null",
        "{}",
        r#"{"args": []}"#,
        r#"{"args": ["/bin/sh"]}"#,
        r#"{"args": ["/sbin/init"]}"#,
    ];
    for annotations in annotations {
        for process in processes {
            let config = format!(r#"{{"process": {process}, "annotations": {annotations}}}"#);
            let explanation = explain(&manager, &config, Known::default()).unwrap();
            match inject(&manager, &config, Known::default()) {
                Err(error) => {
                    assert_eq!(
                        error.to_string(),
                        explanation.error.unwrap().to_string(),
                        "{config}"
                    )
                }
                Ok(injection) => {
                    assert!(explanation.error.is_none(), "{config}");
                    let matched = explanation
                        .hooks
                        .iter()
                        .filter(|hook| matches!(hook.verdict, Ok(true)))
                        .count();
                    assert_eq!(injection.config.matches("/bin/true").count(), matched, "{config}");
                }
            }
        }
    }
}

#[test]
fn masked_files_are_reported_in_the_order_of_injection() {
    let tree = Tree::new();
    for directory in ["low", "high"] {
        for name in ["B.json", "a.json", "C.json"] {
            tree.file(directory, name, GOOD);
        }
    }
    let manager = tree.load(&["low", "high"], Policy::Compatible).unwrap();
    let names = |paths: Vec<PathBuf>| -> Vec<String> {
        paths.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
    };
    let listing = manager.list();
    assert_eq!(
        names(listing.hooks.iter().map(|hook| hook.path.clone()).collect()),
        ["a.json", "B.json", "C.json"]
    );
    assert_eq!(
        names(listing.masked.iter().map(|masked| masked.path.clone()).collect()),
        ["a.json", "B.json", "C.json"]
    );
    assert!(listing.hooks.iter().all(|hook| hook.masks.len() == 1), "{listing:?}");
    let masked = manager.diagnostics().into_iter().filter(|found| found.code == Code::Masked);
    assert_eq!(names(masked.map(|found| found.path).collect()), ["a.json", "B.json", "C.json"]);
}
