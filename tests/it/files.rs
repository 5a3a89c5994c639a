//! Tests of unusual `x.json` files, and of the cost of reading them (docs/spec.md, section 1).

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::process::Command;

use libhooks::{Code, Errno, ErrorKind, Hook, HookDir, Policy, ReadOptions, Severity};

use crate::engine::{Known, explain};
use crate::tree::*;

#[test]
fn no_kind_of_file_blocks_loading_or_affects_other_files() {
    let tree = Tree::new();
    let directory = tree.directory("d");
    let path = |name: &str| directory.join(name);
    tree.file("d", "good.json", marked("good"));

    let made = Command::new("mkfifo").arg(path("fifo.json")).status().unwrap();
    assert!(made.success());
    fs::create_dir(path("directory.json")).unwrap();
    let _socket = UnixListener::bind(path("socket.json")).unwrap();
    symlink("/dev/zero", path("zero.json")).unwrap();
    symlink("/dev/null", path("null.json")).unwrap();
    symlink("loop.json", path("loop.json")).unwrap();
    symlink("good.json/x", path("through-file.json")).unwrap();
    symlink("/nonexistent", path("dangling.json")).unwrap();
    fs::write(path("17-mebibytes.json"), vec![b' '; 17 << 20]).unwrap();
    // A sparse file of 1 GiB.
    fs::File::create(path("gigabyte.json")).unwrap().set_len(1 << 30).unwrap();
    tree.file("d", "empty.json", "");
    tree.file("d", "bom.json", format!("\u{feff}{GOOD}"));
    tree.file("d", "nul-in-path.json", GOOD.replace("/bin/true", "/bin/true\\u0000"));
    tree.file("d", "nul-in-stage.json", GOOD.replace("poststop", "post\\u0000stop"));
    tree.file("d", "nul-in-version.json", GOOD.replace("1.0.0", "1.0.0\\u0000"));
    tree.file("d", "nul-byte.json", format!("{GOOD}\0"));
    fs::write(path("").join(OsStr::from_bytes(b"\xff\xfe.json")), "{").unwrap();

    let manager = tree.load(&["d"], Policy::LENIENT).unwrap();
    assert_eq!(
        marks(&manager),
        ["good"],
        "a dangling symlink is not an error, and the good file loads"
    );
    let shown = |name: &str| format!("{}/{name}", directory.display());
    let want: &[(&str, Code, i32, String)] = &[
        ("17-mebibytes.json", Code::FileTooLarge, 0, "the file is too large".into()),
        ("bom.json", Code::JsonSyntax, 0, "expected a value, found '\\u{feff}'".into()),
        (
            "directory.json",
            Code::UnreadableFile,
            libc::EISDIR,
            format!("read {}: is a directory", shown("directory.json")),
        ),
        (
            "empty.json",
            Code::JsonUnexpectedEnd,
            0,
            "version check: unexpected end of JSON input".into(),
        ),
        ("fifo.json", Code::NotRegularFile, 0, "the hook file is not a regular file".into()),
        ("gigabyte.json", Code::FileTooLarge, 0, "the file is too large".into()),
        (
            "loop.json",
            Code::UnreadableFile,
            libc::ELOOP,
            format!("open {}: too many levels of symbolic links", shown("loop.json")),
        ),
        (
            "nul-byte.json",
            Code::JsonSyntax,
            0,
            "expected nothing after the value, found '\\0'".into(),
        ),
        (
            "nul-in-path.json",
            Code::UnreachableExecutable,
            libc::EINVAL,
            "faccessat /bin/true\0: invalid argument".into(),
        ),
        ("nul-in-stage.json", Code::UnknownStage, 0, r#"unknown stage "post\x00stop""#.into()),
        (
            "nul-in-version.json",
            Code::UnrecognizedVersion,
            0,
            r#"unrecognized hook version: "1.0.0\x00""#.into(),
        ),
        ("null.json", Code::NotRegularFile, 0, "the hook file is not a regular file".into()),
        (
            "socket.json",
            Code::UnreadableFile,
            libc::ENXIO,
            format!("open {}: no such device or address", shown("socket.json")),
        ),
        (
            "through-file.json",
            Code::UnreadableFile,
            libc::ENOTDIR,
            format!("open {}: not a directory", shown("through-file.json")),
        ),
        ("zero.json", Code::NotRegularFile, 0, "the hook file is not a regular file".into()),
    ];
    let (diagnostics, warnings): (Vec<_>, Vec<_>) = manager
        .diagnostics()
        .into_iter()
        .partition(|diagnostic| diagnostic.severity == Severity::Error);
    let [dangling] = &warnings[..] else { panic!("{warnings:?}") };
    assert_eq!((dangling.code, &dangling.path), (Code::DanglingLink, &path("dangling.json")));
    assert_eq!(dangling.message(), "the file is a dangling symlink (its target is /nonexistent)");
    for (name, code, errno, part) in want {
        let found =
            diagnostics.iter().find(|diagnostic| diagnostic.path == path(name)).expect(name);
        assert_eq!(
            (found.code, found.errno().map_or(0, Errno::raw_os_error), found.severity),
            (*code, *errno, Severity::Error),
            "{name}"
        );
        let message = found.reference.clone().unwrap_or_else(|| found.message());
        assert!(message.contains(part), "{name}: {message}");
    }
    let not_utf8 = &diagnostics[want.len()];
    let message = not_utf8.reference.as_deref().unwrap();
    assert!(message.contains(r#"/\xff\xfe.json": version check"#), "{message}");
    assert_eq!(diagnostics.len(), want.len() + 1, "{diagnostics:?}");
    assert!(
        libhooks::diagnostics_to_json(&diagnostics).contains("fffe2e6a736f6e\""),
        "the raw name is kept"
    );
}

#[test]
fn single_files_and_directories_can_be_read() {
    let tree = Tree::new();
    let good = tree.file("d", "good.json", GOOD);
    let bad = tree.file("d", "bad.json", "{");
    let worse = tree.file("d", "worse.json", MISSING);
    let hook = Hook::read(&good, &ReadOptions::new()).unwrap();
    assert_eq!(
        hook.to_json(),
        r#"{"version":"1.0.0","hook":{"path":"/bin/true","env":["A=b"]},"when":{"always":true},"stages":["poststop"]}"#
    );
    let error = Hook::read(tree.file("d", "x.txt", GOOD), &ReadOptions::new()).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NoJsonSuffix, Code::NoJsonSuffix));
    let error = Hook::read("/nonexistent/x.json", &ReadOptions::new()).unwrap_err();
    assert_eq!(
        (error.to_string(), error.errno().map_or(0, Errno::raw_os_error)),
        ("open /nonexistent/x.json: no such file or directory".into(), 2)
    );

    let read = HookDir::read(tree.directory("d"), &ReadOptions::new());
    let names: Vec<&str> = read.listing.hooks.iter().map(|hook| hook.name.as_str()).collect();
    assert_eq!(names, ["good.json"]);
    let error = read.error.unwrap();
    let want = format!(
        "faccessat /nonexistent/hook: no such file or directory: parsing hook \"{}\": version check: unexpected end of JSON input",
        bad.display()
    );
    assert_eq!(error.to_string(), want);
    assert_eq!(error.diagnostics().len(), 2);
    assert_eq!(error.diagnostics()[1].path, worse);
    let read = HookDir::read("/nonexistent", &ReadOptions::new());
    let errno = read.error.unwrap().errno().map_or(0, Errno::raw_os_error);
    assert_eq!((read.listing.hooks.len(), errno), (0, libc::ENOENT), "as in the reference");
}

/// An algorithm of quadratic time would take very long for these files.
#[test]
fn large_files_are_read_in_linear_time() {
    let limit = 12 << 20;
    let repeat = |piece: &str| piece.repeat(limit / piece.len());
    let with = |when: &str, stages: &str| {
        format!(
            r#"{{"version": "1.0.0", "hook": {{"path": "/bin/true"}}, "when": {when}, "stages": {stages}}}"#
        )
    };
    let long = "ab".repeat(1_000_000);
    let pairs: String =
        (0..300_000).map(|number| format!("\"k{number}\":\"v{number}\",")).collect();
    for (case, content, gives_a_hook) in [
        ("unknown keys", format!("{{{}{}", repeat("\"a\":1,"), &GOOD[1..]), true),
        (
            "stages",
            with(r#"{"always": true}"#, &format!("[{}\"prestart\"]", repeat("\"prestart\","))),
            true,
        ),
        (
            "a version of unusual characters",
            format!("{{\"version\":\"{}\"}}", repeat("\u{2028}é")),
            false,
        ),
        ("commands", with(&format!("{{\"commands\": [{}\"a\"]}}", repeat("\"a\",")), "[]"), true),
        ("annotations", with(&format!("{{\"annotations\": {{{pairs}\"a\":\"b\"}}}}"), "[]"), true),
        (
            "long strings",
            with(
                &format!("{{\"commands\": [\"{long}\", \"{}\"]}}", long.replace("ab", "cd")),
                "[]",
            ),
            true,
        ),
        (
            "a pattern that is too large for Go",
            with(&format!("{{\"commands\": [\"{}\"]}}", repeat("a?")), "[]"),
            false,
        ),
        ("unclosed nested values", repeat("[{\"a\":"), false),
    ] {
        let tree = Tree::new();
        tree.file("d", "a.json", content);
        let manager = tree.load(&["d"], Policy::LENIENT).unwrap();
        assert_eq!(manager.list().hooks.len(), usize::from(gives_a_hook), "{case}");
        let config = r#"{"process": {"args": ["b"]}, "annotations": {"a": "b"}}"#;
        explain(&manager, config, Known::default()).unwrap();
        assert!(manager.diagnostics().len() < 120, "{case}");
    }
    let tree = Tree::new();
    for number in 0..5_000 {
        tree.file("d", &format!("{number}.json"), "{");
    }
    let error = tree.load(&["d"], Policy::Compatible).unwrap_err();
    assert_eq!(error.diagnostics().len(), 5_000);
}

#[test]
fn files_are_read_from_the_cleaned_path() {
    let tree = Tree::new();
    tree.file("elsewhere", "a.json", marked("elsewhere"));
    tree.directory("elsewhere/inner");
    tree.file("here", "a.json", marked("here"));
    symlink("../elsewhere/inner", tree.directory("here").join("link")).unwrap();
    // The listed directory is `elsewhere`, but `filepath.Join` cleans the path to `here`: as in the
    // reference.
    let manager = tree.load(&["here/link/.."], Policy::Compatible).unwrap();
    assert_eq!(marks(&manager), ["here"]);
    assert_eq!(manager.list().hooks[0].path, tree.root.path().join("here/a.json"));
}

#[test]
fn files_of_reported_size_zero_are_read() {
    let tree = Tree::new();
    // The kernel reports size 0 for files in /proc.
    symlink("/proc/version", tree.directory("a").join("a.json")).unwrap();
    let error = tree.load(&["a"], Policy::Compatible).unwrap_err();
    assert!(error.message().contains("expected a value, found 'L'"), "{error}");
}

#[test]
fn loading_and_decoding_report_the_same_error() {
    let tree = Tree::new();
    for (hook, message) in [
        (r#"{"path": "/bin/true", "args": [1]}"#, "hook.args[0] must be a string, found a number"),
        (
            r#"{"path": "/bin/true", "args": ["", {}]}"#,
            "hook.args[1] must be a string, found an object",
        ),
        (r#"{"path": "/bin/true", "env": "A=B"}"#, "hook.env must be an array, found a string"),
        (
            r#"{"path": "/bin/true", "timeout": "1"}"#,
            "hook.timeout must be a number, found a string",
        ),
    ] {
        let json = format!(r#"{{"version": "1.0.0", "hook": {hook}, "stages": []}}"#);
        tree.file("a", "a.json", &json);
        let loading = tree.load(&["a"], Policy::Compatible).unwrap_err();
        let decoding = libhooks::Hook::decode(json.as_bytes(), None).unwrap_err();
        for error in [loading, decoding] {
            assert!(error.message().ends_with(message), "{error}");
        }
    }
}
