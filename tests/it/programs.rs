//! Programs that exist and cannot run: the codes of each kind, and what the kernel does with it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use libhooks::{
    Code, Container, Diagnostic, HookFile, Manager, Policy, Process, ReadOptions, Root, Severity,
};

use crate::elf;

/// The codes about programs.
const CODES: &[Code] = &[
    Code::MissingInterpreter,
    Code::NoShebang,
    Code::BadShebang,
    Code::WrongArchitecture,
    Code::MissingLoader,
    Code::MissingLibrary,
    Code::TruncatedExecutable,
    Code::NoexecMount,
    Code::SetuidProgram,
];

/// Returns the codes about a program that `hook` has.
fn codes(directory: &Path, program: &Path, env: &str) -> Vec<Code> {
    let hook = serde_json::json!({
        "version": "1.0.0",
        "hook": {"path": program, "env": [env]},
        "when": {"always": true},
        "stages": ["poststop"],
    });
    let path = directory.join("hook.json");
    fs::write(&path, hook.to_string()).unwrap();
    let found = HookFile::check(&path, &ReadOptions::new());
    found.iter().map(|found| found.code).filter(|code| CODES.contains(code)).collect()
}

/// Writes a program, and checks its codes. `errno` is the error of execve(2).
fn check(name: &str, content: &[u8], mode: u32, want: &[Code], errno: Option<i32>) {
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join(name);
    fs::write(&program, content).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(mode)).unwrap();
    assert_eq!(codes(directory.path(), &program, "PATH=/usr/bin:/bin"), want, "{name}");
    let started = Command::new(&program)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert_eq!(started.err().and_then(|error| error.raw_os_error()), errno, "{name}");
}

#[test]
fn scripts_are_judged_as_the_kernel_does() {
    let long = "x".repeat(300);
    let (noent, noexec) = (Some(libc::ENOENT), Some(libc::ENOEXEC));
    for (name, content, want, errno) in [
        ("good", "#!/bin/sh\n", None, None),
        ("without-newline", "#!/bin/sh", None, None),
        ("spaces", "#! \t/bin/sh \t\n", None, None),
        ("windows", "#!/bin/sh\r\n", Some(Code::MissingInterpreter), noent),
        ("missing", "#!/no/such\n", Some(Code::MissingInterpreter), noent),
        ("mark", "\u{feff}#!/bin/sh\n", Some(Code::NoShebang), noexec),
        ("empty-line", "\n#!/bin/sh\n", Some(Code::NoShebang), noexec),
        ("text", "echo\n", Some(Code::NoShebang), noexec),
        ("no-name", "#!\n", Some(Code::BadShebang), noexec),
        ("relative", "#!no-such-sh\n", Some(Code::BadShebang), noent),
        ("directory", "#!/tmp\n", Some(Code::BadShebang), Some(libc::EACCES)),
        ("long", &format!("#!/{long}\n"), Some(Code::BadShebang), noexec),
        ("long-argument", &format!("#!/bin/sh {long}\n"), Some(Code::BadShebang), None),
        ("env", "#!/usr/bin/env sh\n", None, None),
        ("env-words", "#!/usr/bin/env sh -e\n", Some(Code::BadShebang), None),
        ("env-split", "#!/usr/bin/env -S sh -e\n", None, None),
        ("env-missing", "#!/usr/bin/env no-such-program\n", Some(Code::MissingInterpreter), None),
        ("env-windows", "#!/usr/bin/env sh\r\n", Some(Code::MissingInterpreter), None),
        ("argument-windows", "#!/bin/sh -e\r\n", Some(Code::BadShebang), None),
        ("empty", "", Some(Code::TruncatedExecutable), noexec),
    ] {
        check(name, content.as_bytes(), 0o755, want.as_slice(), errno);
    }
    check("image", b"\xff\xd8\xff\xe0\0\x10JFIF", 0o755, &[Code::NoShebang], noexec);
    // The code of a file that is not executable stays alone.
    check("mode", b"", 0o644, &[], Some(libc::EACCES));
}

#[test]
fn elf_files_are_judged_by_their_headers() {
    let good = fs::read("/bin/true").unwrap();
    let noexec = Some(libc::ENOEXEC);
    check("good", &good, 0o755, &[], None);
    check("setuid", &good, 0o4755, &[Code::SetuidProgram], None);
    check("header", &good[..30], 0o755, &[Code::TruncatedExecutable], noexec);
    let mut other = good.clone();
    other[18..20].copy_from_slice(&[2, 0]);
    check("sparc", &other, 0o755, &[Code::WrongArchitecture], noexec);
    let mut object = good.clone();
    object[16..18].copy_from_slice(&1_u16.to_ne_bytes());
    check("object", &object, 0o755, &[Code::NoShebang], noexec);
    let replaced = |from: &[u8], to: &[u8]| {
        let at = good.windows(from.len()).position(|part| part == from).unwrap();
        [&good[..at], to, &good[at + from.len()..]].concat()
    };
    let library = replaced(b"libc.so.6\0", b"libq.so.6\0");
    check("library", &library, 0o755, &[Code::MissingLibrary], None);
    let loader = replaced(b"/ld-linux", b"/ld-l1nux");
    check("loader", &loader, 0o755, &[Code::MissingLoader], Some(libc::ENOENT));
    // With this variable, it is not known where libraries are.
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("library");
    fs::write(&program, &library).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(codes(directory.path(), &program, "LD_LIBRARY_PATH=/x"), []);
    // Only the headers are compared with the size: a program that is cut in the middle.
    fs::write(&program, &good[..good.len() / 4]).unwrap();
    assert_eq!(codes(directory.path(), &program, "A=b"), [Code::TruncatedExecutable]);
}

#[test]
fn flipped_and_missing_bytes_do_no_harm() {
    let good = fs::read("/bin/true").unwrap();
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("program");
    fs::write(&program, &good).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let mut random = fastrand::Rng::with_seed(1);
    for round in 0..300 {
        let mut flipped = good.clone();
        for _ in 0..3 {
            let at = random.usize(0..1024.min(good.len()));
            flipped[at] ^= 1 << random.u8(0..8);
        }
        flipped.truncate(if round % 3 == 0 { random.usize(0..2048) } else { good.len() });
        fs::write(&program, &flipped).unwrap();
        assert!(codes(directory.path(), &program, "A=b").len() < 10);
    }
}

/// Files, by their path inside a root: for scripts, their text.
pub(crate) type Files<'a> = &'a [(&'a str, Vec<u8>)];

/// A directory that is used as the option root, so that no file of this machine counts.
pub(crate) fn image(files: Files<'_>) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = root.path().join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    root
}

/// The loader of most tests. The name is that of glibc's.
pub(crate) const LOADER: &str = "/lib/ld-linux.so.9";

/// Returns the loader of glibc.
pub(crate) fn glibc() -> Vec<u8> {
    elf::ours().soname("ld-linux.so.9").bytes()
}

/// Returns the codes about the program `/hook` of an image, and the messages.
pub(crate) fn codes_in(root: &Path, env: &str) -> (Vec<Code>, Vec<String>) {
    let hook = serde_json::json!({
        "version": "1.0.0",
        "hook": {"path": "/hook", "env": [env]},
        "when": {"always": true},
        "stages": ["poststop"],
    });
    fs::write(root.join("hook.json"), hook.to_string()).unwrap();
    let options = ReadOptions::new().root(Root::open(root).unwrap());
    let found = HookFile::check(Path::new("/hook.json"), &options);
    assert!(found.iter().all(|found| found.severity != Severity::Error), "{found:?}");
    let found = found.iter().filter(|found| CODES.contains(&found.code));
    found.map(|found| (found.code, found.message())).unzip()
}

/// Each machine runs its own programs, and those of its 32-bit form. In a root, the machine is that
/// of its shell.
#[test]
fn programs_for_other_machines_are_reported() {
    let machine = elf::of_machine;
    let machines = [
        ("x86-64", machine(true, true, 62), 1),
        ("x32", machine(false, true, 62), 1),
        ("i386", machine(false, true, 3), 1),
        ("AArch64", machine(true, true, 183), 2),
        ("AArch64 (big-endian)", machine(true, false, 183), 3),
        ("ARM", machine(false, true, 40), 2),
        ("s390x", machine(true, false, 22), 4),
        ("SPARC", machine(false, false, 2), 5),
    ];
    for (kind, program, family) in &machines {
        for (of_shell, shell, other) in &machines {
            let files = [("/hook", program.bytes()), ("/bin/sh", shell.bytes())];
            let (codes, messages) = codes_in(image(&files).path(), "A=b");
            let want: &[Code] = if family == other { &[] } else { &[Code::WrongArchitecture] };
            assert_eq!(codes, want, "{kind} {of_shell}");
            let text =
                format!("the program is for {kind}, and /bin/sh of the root is for {of_shell}");
            assert!(messages.iter().all(|message| *message == text), "{messages:?}");
        }
        // It is not known what the machine is.
        for files in [
            &[("/hook", program.bytes())][..],
            &[("/hook", program.bytes()), ("/bin/sh", b"#!/hook".to_vec())],
        ] {
            assert_eq!(codes_in(image(files).path(), "A=b").0, [], "{kind}");
        }
    }
}

/// A kind of program, its files, and the code and start of the message that it has.
type Row<'a> = (&'a str, Files<'a>, Option<(Code, &'a str)>);

#[test]
fn interpreters_are_judged_as_programs() {
    let text = |text: &str| text.as_bytes().to_vec();
    let of_next = |next: &str| text(&format!("#!{next}\n"));
    let broken = elf::ours().loader(LOADER).needed(&["libz.so"]).bytes();
    let table: &[Row<'_>] = &[
        ("a program", &[("/hook", of_next("/a")), ("/a", elf::ours().bytes())], None),
        (
            "a script without an interpreter",
            &[("/hook", of_next("/a")), ("/a", of_next("/b"))],
            Some((
                Code::MissingInterpreter,
                "the interpreter /a needs the interpreter /b, which does not exist",
            )),
        ),
        (
            "a text",
            &[("/hook", of_next("/a")), ("/a", text("echo\n"))],
            Some((
                Code::NoShebang,
                "the interpreter /a is a text file that does not start with #!",
            )),
        ),
        (
            "a relative interpreter",
            &[("/hook", of_next("/a")), ("/a", of_next("b"))],
            Some((
                Code::BadShebang,
                "the first line of the interpreter /a has a problem: the interpreter \"b\" is a \
                 relative path, which depends on the working directory",
            )),
        ),
        (
            "a program that env does not find",
            &[("/hook", of_next("/env not")), ("/env", elf::ours().bytes())],
            Some((
                Code::MissingInterpreter,
                "the first line of the program makes env search for \"not\", which is in no \
                 directory of PATH",
            )),
        ),
        (
            "another machine",
            &[
                ("/hook", of_next("/a")),
                ("/a", elf::of_machine(false, false, 2).bytes()),
                ("/bin/sh", elf::ours().bytes()),
            ],
            Some((Code::WrongArchitecture, "the interpreter /a is for SPARC")),
        ),
        (
            "a library",
            &[("/hook", of_next("/a")), ("/a", broken.clone()), (LOADER, glibc())],
            Some((
                Code::MissingLibrary,
                "the interpreter /a needs the library \"libz.so\", which is not found",
            )),
        ),
        (
            "five scripts",
            &[
                ("/hook", of_next("/a")),
                ("/a", of_next("/b")),
                ("/b", of_next("/c")),
                ("/c", of_next("/d")),
                ("/d", of_next("/e")),
                ("/e", elf::ours().bytes()),
            ],
            None,
        ),
        (
            "six scripts",
            &[
                ("/hook", of_next("/a")),
                ("/a", of_next("/b")),
                ("/b", of_next("/c")),
                ("/c", of_next("/d")),
                ("/d", of_next("/e")),
                ("/e", of_next("/f")),
                ("/f", elf::ours().bytes()),
            ],
            Some((Code::BadShebang, "")),
        ),
        ("a script of itself", &[("/hook", of_next("/hook"))], Some((Code::BadShebang, ""))),
    ];
    for (kind, files, want) in table {
        let (codes, messages) = codes_in(image(files).path(), "PATH=/bin");
        assert_eq!(codes.first(), want.as_ref().map(|(code, _)| code), "{kind}: {messages:?}");
        assert!(codes.len() < 2, "{kind}: {messages:?}");
        if let Some((_, message)) = want {
            assert!(messages[0].starts_with(message), "{kind}: {messages:?}");
        }
    }
}

/// Files of other kinds have codes of their own, and are not opened.
#[test]
fn what_is_no_regular_file_is_not_judged() {
    let directory = tempfile::tempdir().unwrap();
    let fifo = directory.path().join("fifo");
    assert!(Command::new("mkfifo").arg("-m755").arg(&fifo).status().unwrap().success());
    for program in [&fifo, directory.path(), Path::new("/dev/null")] {
        assert_eq!(codes(directory.path(), program, "A=b"), [], "{program:?}");
        // As an interpreter.
        let script = directory.path().join("script");
        fs::write(&script, format!("#!{}\n", program.display())).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(codes(directory.path(), &script, "A=b"), [Code::BadShebang], "{program:?}");
    }
}

/// In a mount namespace of its own, this program runs the test again.
#[test]
fn programs_on_a_noexec_mount_are_reported() {
    if let Some(directory) = std::env::var_os("PROGRAMS_NOEXEC") {
        return on_a_noexec_mount(Path::new(&directory));
    }
    let directory = tempfile::tempdir().unwrap();
    let script = "mount -t tmpfs -o noexec,nosuid,mode=755 tmpfs \"$PROGRAMS_NOEXEC\" || exit 42; \
                  exec \"$0\" --exact programs::programs_on_a_noexec_mount_are_reported --nocapture";
    let output = Command::new("unshare")
        .args(["-m", "sh", "-c", script])
        .arg(std::env::current_exe().unwrap())
        .env("PROGRAMS_NOEXEC", directory.path())
        .output();
    let output = match output {
        Ok(output) => output,
        Err(error) => return println!("SKIP: programs: unshare: {error}"),
    };
    let [stdout, stderr] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    if output.status.code() == Some(42) || stderr.contains("unshare failed") {
        return println!("SKIP: programs: the system refuses to mount a tmpfs: {stderr}");
    }
    assert!(output.status.success() && stdout.contains("1 passed"), "{stdout}{stderr}");
}

fn on_a_noexec_mount(directory: &Path) {
    let program = directory.join("program");
    fs::copy("/bin/true", &program).unwrap();
    // (The mount has nosuid, so this bit has no effect.)
    fs::set_permissions(&program, fs::Permissions::from_mode(0o4755)).unwrap();
    assert_eq!(codes(directory, &program, "A=b"), [Code::NoexecMount]);
    let started = Command::new(&program).status();
    assert_eq!(started.unwrap_err().raw_os_error(), Some(libc::EACCES));

    let elsewhere = tempfile::tempdir().unwrap();
    let script = elsewhere.path().join("script");
    fs::write(&script, format!("#!{}\n", program.display())).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(codes(elsewhere.path(), &script, "A=b"), [Code::NoexecMount]);

    // As a root: its system may mount it in another way.
    fs::write(directory.join("hook"), elf::ours().bytes()).unwrap();
    fs::set_permissions(directory.join("hook"), fs::Permissions::from_mode(0o4755)).unwrap();
    assert_eq!(codes_in(directory, "A=b").0, [Code::SetuidProgram]);
}

/// Writes hook files of a program that cannot run.
fn broken_hooks(directory: &Path) -> PathBuf {
    let program = directory.join("program");
    fs::write(&program, "#!/no/such\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    for (name, always, stage) in [
        ("matches", true, "poststop"),
        ("other", false, "poststop"),
        ("inside", true, "startContainer"),
    ] {
        let hook = serde_json::json!({
            "version": "1.0.0",
            "hook": {"path": program, "env": ["A=b"]},
            "when": {"always": always},
            "stages": [stage],
        });
        fs::write(directory.join(format!("{name}.json")), hook.to_string()).unwrap();
    }
    program
}

#[test]
fn an_explanation_reports_them_for_hooks_that_match() {
    let directory = tempfile::tempdir().unwrap();
    broken_hooks(directory.path());
    let manager = Manager::builder().directories([directory.path()]).load().unwrap();
    let container = Container::from_parts::<str, str>(Process::Absent, [], false);
    let explained = manager.explain(&container);
    let found: Vec<(&str, Vec<Code>)> = explained
        .hooks
        .iter()
        .map(|hook| (&*hook.name, hook.diagnostics.iter().map(|found| found.code).collect()))
        .collect();
    assert_eq!(
        found,
        [
            ("inside.json", vec![]),
            ("matches.json", vec![Code::MissingInterpreter]),
            ("other.json", vec![])
        ]
    );
    assert_eq!(explained.hooks[1].diagnostics[0].position.map(|at| at.line), Some(1));
}

/// A watch of the program sees who opens it.
#[test]
fn only_a_check_opens_a_program() {
    let directory = tempfile::tempdir().unwrap();
    let program = broken_hooks(directory.path());
    let mut watch = inotify::Inotify::init().unwrap();
    watch.watches().add(&program, inotify::WatchMask::OPEN).unwrap();
    let mut opened = || {
        let mut buffer = [0; 4096];
        watch.read_events(&mut buffer).is_ok_and(|mut events| events.next().is_some())
    };
    let check = |found: Vec<Diagnostic>| {
        assert!(found.iter().all(|found| !CODES.contains(&found.code)), "{found:?}");
    };
    let manager = Manager::builder().directories([directory.path()]).load().unwrap();
    check(manager.diagnostics());
    assert!(!opened(), "load");
    manager.reload().unwrap();
    check(manager.diagnostics());
    assert!(!opened(), "reload");
    let mut monitor = manager.monitor().unwrap();
    let hook = fs::read(directory.path().join("matches.json")).unwrap();
    fs::write(directory.path().join("new.json"), hook).unwrap();
    assert!(monitor.wait(Some(std::time::Duration::from_secs(20))).unwrap());
    assert_eq!(manager.list().hooks.len(), 4);
    check(manager.diagnostics());
    assert!(!opened(), "monitor");
    HookFile::check(directory.path().join("matches.json"), &ReadOptions::new());
    assert!(opened(), "check");
}

/// A strict load, which does not judge programs, warns of a relative interpreter. A check has a
/// code of its own for it.
#[test]
fn a_relative_interpreter_is_reported_once() {
    let root = image(&[("/hook", b"#!sh\n".to_vec())]);
    let warnings = |found: Vec<Diagnostic>| {
        let of_it = |found: &Diagnostic| found.message().contains("relative");
        found.into_iter().filter(of_it).map(|found| found.code).collect::<Vec<_>>()
    };
    codes_in(root.path(), "A=b");
    let options = || ReadOptions::new().root(Root::open(root.path()).unwrap());
    let found = HookFile::check(Path::new("/hook.json"), &options());
    assert_eq!(warnings(found), [Code::BadShebang]);
    let loaded = Manager::builder()
        .directories(["/"])
        .root(Root::open(root.path()).unwrap())
        .policy(Policy::Strict)
        .load();
    let found = match loaded {
        Ok(manager) => manager.diagnostics(),
        Err(error) => error.diagnostics().to_vec(),
    };
    assert_eq!(warnings(found), [Code::PermissionsUnknown]);
}
