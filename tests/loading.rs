//! Directories, masking, policies, and everything that a file called `x.json` can be (SPEC §1, §2).

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use libhooks::{Code, Error, ErrorKind, Manager, Options, Policy, Severity};

const NO_STAGES: &[&str] = &[];
const GOOD: &str = r#"{"version": "1.0.0", "hook": {"path": "/bin/true"}, "when": {"always": true}, "stages": ["poststop"]}"#;
const MISSING: &str = r#"{"version": "1.0.0", "hook": {"path": "/nonexistent/hook"}, "when": {"always": true}, "stages": ["poststop"]}"#;

/// Hooks directories in a temporary folder.
struct Tree {
    root: tempfile::TempDir,
}

impl Tree {
    fn new() -> Tree {
        let root = tempfile::tempdir().unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Tree { root }
    }

    fn directory(&self, name: &str) -> PathBuf {
        let path = self.root.path().join(name);
        fs::create_dir_all(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn file(&self, directory: &str, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.directory(directory).join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        path
    }

    fn load(&self, directories: &[&str], policy: Policy) -> Result<Manager, Error> {
        let paths: Vec<PathBuf> = directories.iter().map(|name| self.root.path().join(name)).collect();
        Manager::new(&paths, NO_STAGES, Options { policy, ..Options::default() })
    }
}

/// A hook that can be told from others by its argument.
fn marked(mark: &str) -> String {
    format!(
        r#"{{"version": "1.0.0", "hook": {{"path": "/bin/true", "args": ["{mark}"]}}, "when": {{"always": true}}, "stages": ["poststop"]}}"#
    )
}

/// The marks of the hooks, in the order of injection.
fn marks(manager: &Manager) -> Vec<String> {
    manager.list().hooks.iter().map(|listed| listed.hook.hook.args.join(" ")).collect()
}

fn codes(manager: &Manager) -> Vec<Code> {
    manager.diagnostics().iter().map(|diagnostic| diagnostic.code).collect()
}

fn error_codes(error: &Error) -> Vec<Code> {
    let errors = error.diagnostics().iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    errors.map(|diagnostic| diagnostic.code).collect()
}

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
fn of_three_the_last_masks_both_others() {
    let tree = Tree::new();
    let one = tree.file("one", "a.json", marked("one"));
    let two = tree.file("two", "a.json", marked("two"));
    let three = tree.file("three", "a.json", marked("three"));
    let manager = tree.load(&["one", "two", "three", "three"], Policy::Strict).unwrap();
    let listing = manager.list();
    assert_eq!((listing.hooks.len(), &listing.hooks[0].masks), (1, &vec![one.clone(), two.clone()]));
    let masked: Vec<(&PathBuf, &PathBuf)> =
        listing.masked.iter().map(|masked| (&masked.path, &masked.by)).collect();
    assert_eq!(masked, [(&one, &three), (&two, &three)]);
}

#[test]
fn names_that_differ_in_case_are_found_across_directories() {
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
fn stages_are_warned_about_by_where_they_go() {
    for (stages, extension, want) in [
        (r#"["prestart", "createRuntime"]"#, &[][..], &[Code::DuplicateInjection, Code::DeprecatedStage][..]),
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
        let manager = Manager::new(&[tree.directory("d")], extension, Options::default()).unwrap();
        assert_eq!(codes(&manager), want, "{stages} {extension:?}");
    }
}

#[test]
fn only_what_loads_masks() {
    let tree = Tree::new();
    tree.file("low", "a.json", marked("low a"));
    tree.file("low", "b.json", marked("low b"));
    let bad = tree.file("high", "a.json", MISSING);
    let dangling = tree.directory("high").join("b.json");
    symlink("/nonexistent", &dangling).unwrap();
    // The reference tolerates a missing executable; the hook below stays, and we say so.
    let manager = tree.load(&["low", "high"], Policy::Compatible).unwrap();
    assert_eq!(marks(&manager), ["low a", "low b"]);
    assert_eq!(
        codes(&manager),
        [Code::MissingExecutable, Code::OverrideIneffective, Code::OverrideIneffective]
    );
    let diagnostics = manager.diagnostics();
    assert_eq!((&diagnostics[0].path, diagnostics[0].errno), (&bad, libc::ENOENT));
    assert_eq!(diagnostics[0].message, "faccessat /nonexistent/hook: no such file or directory");
    assert_eq!((&diagnostics[1].path, &diagnostics[2].path), (&bad, &dangling));
}

#[test]
fn hooks_are_ordered_as_gos_to_lower_says() {
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
    let manager = tree.load(&["d"], Policy::Lenient).unwrap();
    // U+0130 is i; capital sigma is U+03C3, which comes behind the final one; an invalid byte is U+FFFD.
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
fn compatible_fails_as_the_reference_does() {
    let broken = "{";
    // A directory's files in the order of their names, and whether New succeeds.
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
        assert!(tree.load(&["d"], Policy::Strict).is_err() && tree.load(&["d"], Policy::Lenient).is_ok());
    }
}

#[test]
fn a_failed_new_names_every_problem_of_every_directory() {
    let tree = Tree::new();
    let one = tree.file("one", "a.json", "{");
    let two =
        tree.file("one", "b.json", r#"{"hook": "/bin/true", "stages": ["nowhere"], "hasbindmounts": true}"#);
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
        assert_eq!(error_codes(&error), [Code::JsonUnexpectedEnd, Code::UnknownStage, Code::JsonType]);
        assert!(error.diagnostics().iter().all(|diagnostic| diagnostic.severity == Severity::Error));
        let paths: Vec<&PathBuf> = error.diagnostics().iter().map(|diagnostic| &diagnostic.path).collect();
        assert_eq!(paths, [&one, &two, &three]);
        assert!(error.to_json().contains("\"code\":\"unknown-stage\""));
    }
    let manager = tree.load(&["one", "two"], Policy::Lenient).unwrap();
    assert_eq!(codes(&manager), [Code::JsonUnexpectedEnd, Code::UnknownStage, Code::JsonType]);
}

/// Everything that is called `x.json` and is no hook: the code, and a part of the text.
#[test]
fn whatever_a_file_is_nothing_blocks_and_nothing_else_is_lost() {
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
    // A gigabyte, without a disk that has one.
    fs::File::create(path("gigabyte.json")).unwrap().set_len(1 << 30).unwrap();
    tree.file("d", "empty.json", "");
    tree.file("d", "bom.json", format!("\u{feff}{GOOD}"));
    tree.file("d", "nul-in-path.json", GOOD.replace("/bin/true", "/bin/true\\u0000"));
    tree.file("d", "nul-in-stage.json", GOOD.replace("poststop", "post\\u0000stop"));
    tree.file("d", "nul-in-version.json", GOOD.replace("1.0.0", "1.0.0\\u0000"));
    tree.file("d", "nul-byte.json", format!("{GOOD}\0"));
    fs::write(path("").join(OsStr::from_bytes(b"\xff\xfe.json")), "{").unwrap();

    let manager = tree.load(&["d"], Policy::Lenient).unwrap();
    assert_eq!(marks(&manager), ["good"], "a dangling link is no problem, and the good file stays");
    let shown = |name: &str| format!("{}/{name}", directory.display());
    let want: &[(&str, Code, i32, String)] = &[
        ("17-mebibytes.json", Code::FileTooLarge, 0, "file too large".into()),
        ("bom.json", Code::JsonSyntax, 0, "version check: expected a value, found '\\u{feff}'".into()),
        (
            "directory.json",
            Code::UnreadableFile,
            libc::EISDIR,
            format!("read {}: is a directory", shown("directory.json")),
        ),
        ("empty.json", Code::JsonUnexpectedEnd, 0, "version check: unexpected end of JSON input".into()),
        ("fifo.json", Code::NotRegularFile, 0, "not a regular file".into()),
        ("gigabyte.json", Code::FileTooLarge, 0, "file too large".into()),
        (
            "loop.json",
            Code::UnreadableFile,
            libc::ELOOP,
            format!("open {}: too many levels of symbolic links", shown("loop.json")),
        ),
        ("nul-byte.json", Code::JsonSyntax, 0, "expected nothing after the value, found '\\0'".into()),
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
        ("null.json", Code::NotRegularFile, 0, "not a regular file".into()),
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
        ("zero.json", Code::NotRegularFile, 0, "not a regular file".into()),
    ];
    let diagnostics = manager.diagnostics();
    for (name, code, errno, text) in want {
        let found = diagnostics.iter().find(|diagnostic| diagnostic.path == path(name)).expect(name);
        assert_eq!((found.code, found.errno, found.severity), (*code, *errno, Severity::Error), "{name}");
        assert!(found.message.contains(text), "{name}: {}", found.message);
    }
    let unnamed = &diagnostics[want.len()];
    assert!(unnamed.message.contains(r#"/\xff\xfe.json": version check"#), "{}", unnamed.message);
    assert_eq!(diagnostics.len(), want.len() + 1, "{diagnostics:?}");
    assert!(libhooks::diagnostics_to_json(&diagnostics).contains("fffe2e6a736f6e\""), "the raw name is kept");
}

#[test]
fn directories_that_are_none() {
    let tree = Tree::new();
    tree.file("d", "a.json", marked("good"));
    let file = tree.file("", "file", "x");
    let error = tree.load(&["d", "file"], Policy::Compatible).unwrap_err();
    assert_eq!(error.to_string(), format!("open {}: not a directory", file.display()));
    assert_eq!(
        (error.kind(), error.code(), error.errno()),
        (ErrorKind::Io, Code::UnreadableDirectory, libc::ENOTDIR)
    );
    assert_eq!(marks(&tree.load(&["d", "file"], Policy::Lenient).unwrap()), ["good"]);

    let long = "x".repeat(300);
    let error = tree.load(&[&long], Policy::Compatible).unwrap_err();
    assert_eq!(error.errno(), libc::ENAMETOOLONG);
}

#[test]
fn strict_refuses_what_others_may_write() {
    let tree = Tree::new();
    let file = tree.file("d", "a.json", marked("a"));
    assert!(tree.load(&["d"], Policy::Strict).is_ok());
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    let error = tree.load(&["d"], Policy::Strict).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Strict, Code::WritableByOthers));
    let manager = tree.load(&["d"], Policy::Compatible).unwrap();
    assert_eq!((marks(&manager), codes(&manager)), (vec!["a".to_owned()], vec![Code::WritableByOthers]));

    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(tree.directory("d"), fs::Permissions::from_mode(0o755)).unwrap();
    if std::os::unix::fs::chown(&file, Some(12345), None).is_err() {
        println!("SKIP: strict_refuses_what_others_may_write: only root can give a file to somebody else");
        return;
    }
    let error = tree.load(&["d"], Policy::Strict).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Strict, Code::ForeignOwner));
}

#[test]
fn reload_never_fails_but_under_strict() {
    for policy in [Policy::Compatible, Policy::Lenient, Policy::Strict] {
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
            assert_eq!((marks(&manager), manager.generation()), (vec!["high a".into(), "b".into()], 1));
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
fn the_last_good_hook_may_be_kept() {
    let tree = Tree::new();
    tree.file("d", "a.json", marked("good"));
    let file = tree.root.path().join("d");
    let options = Options { policy: Policy::Lenient, keep_last_good: true, ..Options::default() };
    let manager = Manager::new(&[&file], NO_STAGES, options.clone()).unwrap();
    tree.file("d", "a.json", "{");
    for _ in 0..3 {
        manager.reload().unwrap();
        assert_eq!((marks(&manager), codes(&manager)), (vec!["good".into()], vec![Code::JsonUnexpectedEnd]));
    }
    tree.file("d", "a.json", marked("better"));
    manager.reload().unwrap();
    assert_eq!(marks(&manager), ["better"]);
    fs::remove_file(file.join("a.json")).unwrap();
    manager.reload().unwrap();
    assert_eq!(marks(&manager), [""; 0], "a file that is gone is not a bad one");

    let error =
        Manager::new(&[&file], NO_STAGES, Options { policy: Policy::Compatible, ..options }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

#[test]
fn single_files_and_directories() {
    let tree = Tree::new();
    let good = tree.file("d", "good.json", GOOD);
    let bad = tree.file("d", "bad.json", "{");
    let worse = tree.file("d", "worse.json", MISSING);
    let hook = libhooks::read(&good, NO_STAGES).unwrap();
    assert_eq!(
        hook.to_json(),
        r#"{"version":"1.0.0","hook":{"path":"/bin/true"},"when":{"always":true},"stages":["poststop"]}"#
    );
    let error = libhooks::read(tree.file("d", "x.txt", GOOD), NO_STAGES).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NoJsonSuffix, Code::NoJsonSuffix));
    let error = libhooks::read(Path::new("/nonexistent/x.json"), NO_STAGES).unwrap_err();
    assert_eq!(
        (error.to_string(), error.errno()),
        ("open /nonexistent/x.json: no such file or directory".into(), 2)
    );

    let (hooks, error) = libhooks::read_dir(tree.directory("d"), NO_STAGES);
    assert_eq!(hooks.0.keys().collect::<Vec<_>>(), ["good.json"]);
    let error = error.unwrap();
    let want = format!(
        "faccessat /nonexistent/hook: no such file or directory: parsing hook \"{}\": version check: unexpected end of JSON input",
        bad.display()
    );
    assert_eq!(error.to_string(), want);
    assert_eq!(error.diagnostics().len(), 2);
    assert_eq!(error.diagnostics()[1].path, worse);
    let (hooks, error) = libhooks::read_dir("/nonexistent", NO_STAGES);
    assert_eq!((hooks.0.len(), error.unwrap().errno()), (0, libc::ENOENT), "as in the reference");
}

/// Files of up to 16 MiB that ask for work for each of their bytes at each of their bytes.
#[test]
fn no_file_takes_more_than_its_share() {
    let limit = 12 << 20;
    let repeat = |piece: &str| piece.repeat(limit / piece.len());
    let with = |when: &str, stages: &str| {
        format!(
            r#"{{"version": "1.0.0", "hook": {{"path": "/bin/true"}}, "when": {when}, "stages": {stages}}}"#
        )
    };
    let long = "ab".repeat(1_000_000);
    let pairs: String = (0..300_000).map(|number| format!("\"k{number}\":\"v{number}\",")).collect();
    for (what, content, gives_a_hook) in [
        ("unknown keys", format!("{{{}{}", repeat("\"a\":1,"), &GOOD[1..]), true),
        ("stages", with(r#"{"always": true}"#, &format!("[{}\"prestart\"]", repeat("\"prestart\","))), true),
        ("a version of odd characters", format!("{{\"version\":\"{}\"}}", repeat("\u{2028}é")), false),
        ("commands", with(&format!("{{\"commands\": [{}\"a\"]}}", repeat("\"a\",")), "[]"), true),
        ("annotations", with(&format!("{{\"annotations\": {{{pairs}\"a\":\"b\"}}}}"), "[]"), true),
        (
            "long texts",
            with(&format!("{{\"commands\": [\"{long}\", \"{}\"]}}", long.replace("ab", "cd")), "[]"),
            true,
        ),
        (
            "a pattern, too large for Go",
            with(&format!("{{\"commands\": [\"{}\"]}}", repeat("a?")), "[]"),
            false,
        ),
        ("an open nest", repeat("[{\"a\":"), false),
    ] {
        let tree = Tree::new();
        tree.file("d", "a.json", content);
        let manager = tree.load(&["d"], Policy::Lenient).unwrap();
        assert_eq!(manager.list().hooks.len(), usize::from(gives_a_hook), "{what}");
        manager.explain(r#"{"process": {"args": ["b"]}, "annotations": {"a": "b"}}"#, None, None).unwrap();
        assert!(manager.diagnostics().len() < 120, "{what}");
    }
    let tree = Tree::new();
    for number in 0..5_000 {
        tree.file("d", &format!("{number}.json"), "{");
    }
    let error = tree.load(&["d"], Policy::Compatible).unwrap_err();
    assert_eq!(error.diagnostics().len(), 5_000);
}

#[test]
fn files_are_read_where_their_cleaned_path_leads() {
    let tree = Tree::new();
    tree.file("elsewhere", "a.json", marked("elsewhere"));
    tree.directory("elsewhere/inner");
    tree.file("here", "a.json", marked("here"));
    symlink("../elsewhere/inner", tree.directory("here").join("link")).unwrap();
    // What is listed is elsewhere, what `filepath.Join` makes of the path is here: as the reference has it.
    let manager = tree.load(&["here/link/.."], Policy::Compatible).unwrap();
    assert_eq!(marks(&manager), ["here"]);
    assert_eq!(manager.list().hooks[0].path, tree.root.path().join("here/a.json"));
}

#[test]
fn files_that_say_that_they_are_empty_are_read() {
    let tree = Tree::new();
    // Of those in /proc the system says that they have no bytes.
    symlink("/proc/version", tree.directory("a").join("a.json")).unwrap();
    let error = tree.load(&["a"], Policy::Compatible).unwrap_err();
    assert!(error.message().contains("expected a value, found 'L'"), "{error}");
}

#[test]
fn what_many_hooks_come_to_is_what_each_comes_to() {
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
        tree.file("a", &format!("{index:02}.json"), GOOD.replace(r#""when": {"always": true}"#, &when));
    }
    let manager = tree.load(&["a"], Policy::Compatible).unwrap();
    let annotations =
        ["{}", r#"{"": ""}"#, r#"{"org.example.key-7": "on"}"#, r#"{"key-1": "true", "x": "on"}"#];
    let processes =
        ["null", "{}", r#"{"args": []}"#, r#"{"args": ["/bin/sh"]}"#, r#"{"args": ["/sbin/init"]}"#];
    for annotations in annotations {
        for process in processes {
            let config = format!(r#"{{"process": {process}, "annotations": {annotations}}}"#);
            let explanation = manager.explain(&config, None, None).unwrap();
            match manager.hooks(&config, None, None) {
                Err(error) => assert_eq!(Some(error.to_string()), explanation.error, "{config}"),
                Ok(injection) => {
                    assert_eq!(explanation.error, None, "{config}");
                    let matched = explanation.hooks.iter().filter(|hook| hook.verdict == Ok(true)).count();
                    assert_eq!(injection.config.matches("/bin/true").count(), matched, "{config}");
                }
            }
        }
    }
}

#[test]
fn what_is_masked_is_told_in_the_order_of_injection() {
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
    let told = manager.diagnostics().into_iter().filter(|told| told.code == Code::Masked);
    assert_eq!(names(told.map(|told| told.path).collect()), ["a.json", "B.json", "C.json"]);
}

#[test]
fn loading_and_decoding_say_the_same() {
    let tree = Tree::new();
    for (hook, message) in [
        (r#"{"path": "/bin/true", "args": [1]}"#, "hook.args[0] must be a string, found a number"),
        (r#"{"path": "/bin/true", "args": ["", {}]}"#, "hook.args[1] must be a string, found an object"),
        (r#"{"path": "/bin/true", "env": "A=B"}"#, "hook.env must be an array, found a string"),
        (r#"{"path": "/bin/true", "timeout": "1"}"#, "hook.timeout must be a number, found a string"),
    ] {
        let text = format!(r#"{{"version": "1.0.0", "hook": {hook}, "stages": []}}"#);
        tree.file("a", "a.json", &text);
        let loading = tree.load(&["a"], Policy::Compatible).unwrap_err();
        let decoding = libhooks::Hook::decode(text.as_bytes(), None).unwrap_err();
        for error in [loading, decoding] {
            assert!(error.message().ends_with(message), "{error}");
        }
    }
}
