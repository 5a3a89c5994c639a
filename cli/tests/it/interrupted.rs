//! Interrupts the replacement of a file: other writers, signals, kill -9, errors of the system.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};

use crate::support::{self, CONFIG, INJECTED, Place, is_root};

const IN_PLACE: [&str; 5] = ["inject", "--hooks-dir", "hooks.d", "--in-place", "bundle"];

fn start(place: &Place, arguments: &[&str]) -> Child {
    place.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Returns a config that takes some time to read and write.
fn large() -> String {
    format!("{{\"x\":\"{}\"}}", "a".repeat(1 << 20))
}

#[test]
fn no_injection_of_concurrent_writers_is_lost() {
    let place = Place::new();
    let children: Vec<Child> = (0..16).map(|_| start(&place, &IN_PLACE)).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let config = place.read("bundle/config.json");
    assert_eq!(config.matches("/bin/true").count(), 16, "{config}");
    assert_eq!(place.names("bundle"), ["config.json"]);
}

#[test]
fn a_lock_that_is_never_released_is_an_error() {
    let place = Place::new();
    let directory = fs::File::open(place.path("bundle")).unwrap();
    flock(&directory, FlockOperation::LockExclusive).unwrap();
    let (code, _, stderr) = place.run(&IN_PLACE);
    let want =
        "error: bundle/config.json: another process has held the lock of its directory for 5 s\n";
    assert_eq!((code, stderr.as_str()), (Some(1), want));
    assert_eq!(place.read("bundle/config.json"), CONFIG);
    flock(&directory, FlockOperation::Unlock).unwrap();
    place.edit("bundle");
}

/// Returns the names of temporary files in the bundle.
fn temporary(place: &Place) -> Vec<String> {
    place.names("bundle").into_iter().filter(|name| name.starts_with(".oci-hooks.")).collect()
}

/// Returns how long the command takes.
fn duration(place: &Place) -> Duration {
    let started = Instant::now();
    start(place, &IN_PLACE).wait().unwrap();
    started.elapsed()
}

/// Spins for a part of `most` that depends on the number, without sleeping.
fn spin(number: u32, most: Duration) {
    let length = most * (number * 37 % 101) / 85;
    let started = Instant::now();
    while started.elapsed() < length {
        std::hint::spin_loop();
    }
}

#[test]
fn kill_9_leaves_the_old_or_the_new_file() {
    let place = Place::new();
    let old = large();
    fs::write(place.path("bundle/config.json"), &old).unwrap();
    place.edit("bundle");
    let new = place.read("bundle/config.json");
    fs::write(place.path("bundle/config.json"), &old).unwrap();
    let most = duration(&place);
    let (mut replaced, mut left) = (0, 0);
    for number in 0..200 {
        fs::write(place.path("bundle/config.json"), &old).unwrap();
        let mut child = start(&place, &IN_PLACE);
        spin(number, most);
        let _ = child.kill();
        child.wait().unwrap();
        let now = place.read("bundle/config.json");
        assert!(now == old || now == new, "{} bytes", now.len());
        let temporary = temporary(&place);
        assert!(temporary.len() <= 1, "{temporary:?}");
        replaced += u32::from(now == new);
        left += temporary.len();
    }
    println!(
        "{replaced} of 200 files were replaced before the kill, {left} temporary files were left"
    );
    fs::write(place.path("bundle/config.json"), CONFIG).unwrap();
    place.edit("bundle");
    assert_eq!(place.names("bundle"), ["config.json"]);
}

#[test]
fn signals_leave_nothing_behind() {
    let place = Place::new();
    let old = large();
    fs::write(place.path("bundle/config.json"), &old).unwrap();
    let most = duration(&place);
    for number in 0..90 {
        fs::write(place.path("bundle/config.json"), &old).unwrap();
        let mut child = start(&place, &IN_PLACE);
        spin(number, most);
        let signal = [Signal::TERM, Signal::INT, Signal::HUP][number as usize % 3];
        let _ = kill_process(Pid::from_child(&child), signal);
        child.wait().unwrap();
        assert_eq!(place.names("bundle"), ["config.json"], "{signal:?}");
        let now = place.read("bundle/config.json");
        assert!(now == old || now.ends_with("}"), "{} bytes", now.len());
    }
}

/// Runs the command under strace, which makes system calls fail or sends a signal at one.
fn strace(place: &Place, injections: &[&str]) -> Option<Output> {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null"]);
    for injection in injections {
        strace.args(["-e", &format!("inject={injection}")]);
    }
    strace.arg(env!("CARGO_BIN_EXE_oci-hooks")).args(IN_PLACE).current_dir(place.path("."));
    strace.stdin(Stdio::null()).output().ok()
}

/// Returns whether strace works on this system.
fn has_strace(test: &str) -> bool {
    let works = strace(&Place::new(), &["fsync:delay_enter=0"]);
    let works = works.is_some_and(|output| output.status.success());
    if !works {
        println!("SKIP: {test}: strace does not work on this system");
    }
    works
}

/// The system calls that find, create, complete and place a file. (Some architectures lack some of
/// them.)
const CALLS: [&str; 16] = [
    "openat",
    "readlinkat",
    "statx",
    "flock",
    "linkat",
    "renameat2",
    "unlinkat",
    "write",
    "fsync",
    "fchmod",
    "fchown",
    "fremovexattr",
    "fgetxattr",
    "flistxattr",
    "getrandom",
    "rt_sigprocmask",
];

/// Sends a signal at each of these system calls in turn, once normally, and once while a file
/// without a name cannot be linked. Returns how many runs it ended, and how many temporary files
/// were left.
fn interrupt_each_call(signal: &str, number_of_signal: i32) -> (usize, usize) {
    let (mut ended, mut left) = (0, 0);
    for failing in [&[][..], &["linkat:error=EPERM"]] {
        let place = Place::new();
        for call in CALLS.into_iter().filter(|call| failing.is_empty() || *call != "linkat") {
            for number in 1.. {
                fs::write(place.path("bundle/config.json"), CONFIG).unwrap();
                let injection = format!("{call}:signal={signal}:when={number}");
                let output = strace(&place, &[&[injection.as_str()], failing].concat()).unwrap();
                let now = place.read("bundle/config.json");
                assert!(now == CONFIG || now == INJECTED, "{injection}: {now}");
                let temporary = temporary(&place);
                assert!(temporary.len() <= 1, "{injection}: {temporary:?}");
                left += temporary.len();
                if output.status.success() {
                    assert_eq!(place.names("bundle"), ["config.json"], "{injection}");
                    break;
                }
                let outcome = support::outcome(&output);
                assert_eq!(
                    output.status.signal(),
                    Some(number_of_signal),
                    "{injection}: {outcome:?}"
                );
                ended += 1;
            }
        }
    }
    (ended, left)
}

#[test]
fn kill_9_at_each_system_call() {
    if has_strace("kill_9_at_each_system_call") {
        let (ended, left) = interrupt_each_call("KILL", 9);
        assert!(
            ended > 50 && left > 0,
            "{ended} runs were killed, {left} temporary files were left"
        );
    }
}

#[test]
fn a_signal_at_each_system_call() {
    if has_strace("a_signal_at_each_system_call") {
        let (ended, left) = interrupt_each_call("TERM", 15);
        assert!(
            ended > 50 && left == 0,
            "{ended} runs were ended, {left} temporary files were left"
        );
    }
}

#[test]
fn file_systems_that_lack_something() {
    if !has_strace("file_systems_that_lack_something") {
        return;
    }
    for failing in [
        // A file without a name cannot be linked; files cannot be exchanged; no attributes; no
        // locks.
        "linkat:error=EPERM",
        "linkat:error=EOPNOTSUPP",
        "renameat2:error=EINVAL",
        "renameat2:error=ENOSYS",
        "flistxattr,fgetxattr,fremovexattr:error=EOPNOTSUPP",
        "flock:error=ENOLCK",
    ] {
        let place = Place::new();
        let output = strace(&place, &[failing]).unwrap();
        assert!(output.status.success(), "{failing}: {:?}", support::outcome(&output));
        assert_eq!(place.read("bundle/config.json"), INJECTED, "{failing}");
        assert_eq!(place.names("bundle"), ["config.json"], "{failing}");
    }
    for failing in [
        "write:error=ENOSPC:when=1",
        "fsync:error=EIO:when=1",
        "fchmod:error=EIO",
        "fgetxattr:error=EIO",
        "renameat2:error=EIO",
    ] {
        let place = Place::new();
        let output = strace(&place, &[failing]).unwrap();
        assert_eq!(output.status.code(), Some(1), "{failing}: {:?}", support::outcome(&output));
        assert_eq!(place.read("bundle/config.json"), CONFIG, "{failing}");
        assert_eq!(place.names("bundle"), ["config.json"], "{failing}");
    }
}

#[test]
fn only_our_leftovers_are_removed() {
    let place = Place::new();
    let name =
        |last: char| format!("bundle/.oci-hooks.{}{last}", "0123456789abcdef0123456789abcde");
    let write = |name: &str| fs::write(place.path(name), "left").unwrap();
    write(&name('0'));
    // Files to keep: another name, a link, a hard link, a directory.
    write("bundle/.oci-hooks.json");
    write("bundle/.oci-hooks.0123456789ABCDEF0123456789abcdef");
    write("other");
    std::os::unix::fs::symlink("../other", place.path(&name('1'))).unwrap();
    fs::hard_link(place.path("other"), place.path(&name('2'))).unwrap();
    fs::create_dir(place.path(&name('3'))).unwrap();
    if is_root() {
        write(&name('4'));
        std::os::unix::fs::chown(place.path(&name('4')), Some(1234), None).unwrap();
    }
    let mut want = place.names("bundle");
    want.retain(|left| !left.ends_with("abcde0"));
    place.edit("bundle");
    assert_eq!(place.names("bundle"), want);
    // A temporary file with the owner of the config was left by a writer of the config.
    if is_root() {
        std::os::unix::fs::chown(place.path("bundle/config.json"), Some(1234), None).unwrap();
        assert_eq!(place.run(&IN_PLACE).0, Some(0));
        assert!(!place.names("bundle").iter().any(|left| left.ends_with("abcde4")));
    }
}

/// A small tmpfs. [`Mounted::new`] prints the reason if it cannot be mounted.
struct Mounted(tempfile::TempDir);

impl Mounted {
    fn new(test: &str, options: &str) -> Option<Mounted> {
        let directory = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(directory.path())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if !mounted {
            println!("SKIP: {test}: no tmpfs can be mounted here");
            return None;
        }
        Some(Mounted(directory))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_or_read_only_file_system() {
    let Some(mounted) = Mounted::new("a_full_or_read_only_file_system", "size=3m") else { return };
    let place = Place::within(mounted.path());
    let old = large();
    fs::write(place.path("bundle/config.json"), &old).unwrap();
    fs::write(place.path("filling"), vec![0; 1 << 20]).unwrap();
    let (code, _, stderr) = place.run(&IN_PLACE);
    let want = "error: bundle/config.json: cannot write the new file: no space left on device\n";
    assert_eq!((code, stderr.as_str()), (Some(1), want));
    assert_eq!(place.read("bundle/config.json"), old);
    assert_eq!(place.names("bundle"), ["config.json"]);
    let remount = |options: &str| {
        let status =
            Command::new("mount").args(["-o", options]).arg(mounted.path()).status().unwrap();
        assert!(status.success());
    };
    remount("remount,ro");
    let (code, _, stderr) = place.run(&IN_PLACE);
    assert_eq!(code, Some(1));
    assert!(
        stderr.starts_with("error: bundle/config.json: cannot create a temporary file"),
        "{stderr}"
    );
    assert!(stderr.contains("read-only file system"), "{stderr}");
    remount("remount,rw");
}

#[test]
fn a_directory_that_may_not_be_written() {
    const NOBODY: u32 = 65534;
    let place = Place::new();
    // Root may write to every directory, so the user nobody runs a copy of the command. (`cp` makes
    // it: if this process wrote it, a fork of another test could hold it open for writing, and it
    // could not be run.)
    let program = place.path("oci-hooks");
    assert!(
        Command::new("cp")
            .arg(env!("CARGO_BIN_EXE_oci-hooks"))
            .arg(&program)
            .status()
            .unwrap()
            .success()
    );
    let edit = || {
        let mut command = Command::new(&program);
        command.args(IN_PLACE).current_dir(place.path("")).stdin(Stdio::null());
        if is_root() {
            command.uid(NOBODY);
        }
        support::outcome(&command.output().unwrap())
    };
    if is_root() {
        for name in ["", "bundle", "bundle/config.json"] {
            chown(place.path(name), Some(NOBODY), None).unwrap();
        }
    }
    let set_mode =
        |mode| fs::set_permissions(place.path("bundle"), PermissionsExt::from_mode(mode)).unwrap();
    set_mode(0o555);
    let (code, _, stderr) = edit();
    assert_eq!(code, Some(1));
    assert!(stderr.contains("error: bundle/config.json: cannot create"), "{stderr}");
    // A directory with write but without read permission cannot be locked, but the file in it can
    // be replaced.
    set_mode(0o300);
    let done = edit();
    set_mode(0o755);
    assert_eq!(done, (Some(0), String::new(), String::new()));
    assert_eq!(place.read("bundle/config.json"), INJECTED);
}
