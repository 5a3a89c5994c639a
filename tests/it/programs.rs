//! Programs that exist and cannot run: the codes of each kind, and what the kernel does with it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use libhooks::{Code, HookFile, ReadOptions};

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
        ("blanks", "#! \t/bin/sh \t\n", None, None),
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
