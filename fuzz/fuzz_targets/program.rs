//! Judges bytes as the program of a hook, and as its interpreter, dynamic loader and libraries.
#![no_main]

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use libhooks::{Code, HookFile, ReadOptions, Root, Severity, diagnostics_to_json};
use libhooks_fuzz::{json, planted, scratch, timed};

/// The root of a system in which every other file is the program.
static SYSTEM: LazyLock<PathBuf> = LazyLock::new(|| {
    let root = scratch::directory("program");
    let hook = r#"{"version":"1.0.0","hook":{"path":"/program","env":["PATH=/bin"]},"when":{"always":true},"stages":["poststop"]}"#;
    std::fs::write(root.join("hook.json"), hook).unwrap();
    std::fs::write(root.join("program"), "").unwrap();
    let all = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(root.join("program"), all).unwrap();
    for path in ["bin/sh", "bin/env", "lib/ld-linux.so.2", "lib/libc.so.6", "lib/libz.so"] {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink("/program", path).unwrap();
    }
    root
});

fuzz_target!(|content: &[u8]| {
    std::fs::write(SYSTEM.join("program"), content).unwrap();
    timed(|| judge(content));
});

fn judge(content: &[u8]) {
    let options = ReadOptions::new().root(Root::open(&*SYSTEM).unwrap());
    let mut found = HookFile::check(Path::new("/hook.json"), &options);
    json::assert_valid(&diagnostics_to_json(&found));
    assert!(found.iter().all(|found| found.severity != Severity::Error), "{found:?}");
    assert_eq!(found, HookFile::check(Path::new("/hook.json"), &options));
    if planted("every-file-is-a-program") {
        found.retain(|found| found.code != Code::NoShebang);
    }
    let has = |code| found.iter().any(|found| found.code == code);
    let (is_script, is_elf) = (content.starts_with(b"#!"), content.starts_with(b"\x7fELF"));
    // The kernel knows no other formats.
    assert!(!content.is_empty() || has(Code::TruncatedExecutable), "{found:?}");
    if !is_elf {
        assert_eq!(has(Code::NoShebang), !content.is_empty() && !is_script, "{found:?}");
    }
    assert!(is_script || !has(Code::BadShebang) && !has(Code::MissingInterpreter), "{found:?}");
    for code in [Code::WrongArchitecture, Code::MissingLoader, Code::MissingLibrary] {
        assert!(is_elf || !has(code), "{found:?}");
    }
}
