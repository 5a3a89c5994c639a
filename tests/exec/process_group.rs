//! Tests of the process group of a hook (docs/spec.md, section 9a): which processes are killed with
//! it, and which are left alone. `tests/terminal` tests the terminal.

use std::fs;
use std::io::Write;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use libhooks::OciHook;
use libhooks::exec::{Killed, ProcessGroup, RunOptions, RunResult, Suspend, run};

/// A directory for a hook that writes the IDs of its processes to files.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs a shell script as a hook in this directory.
    fn run(&self, script: &str, options: RunOptions<'_>) -> RunResult {
        let hook = OciHook {
            path: "/bin/sh".into(),
            args: ["sh", "-c", script].map(String::from).to_vec(),
            env: vec!["PATH=/bin:/usr/bin".into()],
            ..OciHook::default()
        };
        run(&hook, b"", options.directory(self.0.path())).unwrap()
    }

    /// Returns the process ID in a file.
    fn pid(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap().trim().to_owned()
    }

    /// Runs a script, and cancels it as soon as a file is written.
    fn cancelled_when(&self, name: &str, script: &str, process_group: ProcessGroup) -> RunResult {
        let (reader, writer) = std::os::unix::net::UnixStream::pair().unwrap();
        let path = self.path(name);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                await_that(|| is_written(&path), "the hook has started");
                drop(writer);
            });
            let cancel = Some(reader.as_fd());
            self.run(script, RunOptions::new().process_group(process_group).cancel(cancel))
        })
    }
}

/// Returns whether a shell has written a line to a file.
fn is_written(path: &Path) -> bool {
    fs::read_to_string(path).is_ok_and(|content| content.ends_with('\n'))
}

fn await_that(holds: impl Fn() -> bool, condition: &str) {
    let started_at = Instant::now();
    while !holds() {
        assert!(
            started_at.elapsed() < Duration::from_secs(60),
            "timed out waiting until {condition}"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Returns the state of a process, as in /proc/PID/stat; `None` if there is no such process.
fn state(pid: &str) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(") ").next()?.chars().next()
}

fn is_running(pid: &str) -> bool {
    state(pid).is_some_and(|state| state != 'Z' && state != 'X')
}

fn await_end(pid: &str) {
    await_that(|| !is_running(pid), &format!("process {pid} has ended"));
}

/// Waits until a process sleeps, which shows that it is left alone.
fn await_sleep(pid: &str) {
    await_that(|| state(pid) == Some('S'), &format!("process {pid} is left alone"));
}

/// Starts a process in the group of this process. It must be left alone.
fn sibling() -> Child {
    // (It must not hold a pipe of this process open if a test fails.)
    Command::new("sleep").arg("1000").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn kill(pid: &str) {
    assert!(Command::new("kill").args(["-KILL", pid]).status().unwrap().success());
}

/// Returns the process group ID of a process.
fn group(of: &str) -> String {
    let stat = fs::read_to_string(format!("/proc/{of}/stat")).unwrap();
    stat.rsplit(") ").next().unwrap().split_whitespace().nth(2).unwrap().to_owned()
}

#[test]
fn a_hook_runs_in_the_chosen_process_group() {
    let place = Place::new();
    let script = "read -r pid comm state ppid pgrp rest < /proc/self/stat; echo $pid $pgrp";
    for end_with_thread in [false, true] {
        for process_group in [ProcessGroup::Own, ProcessGroup::Caller] {
            let result = place.run(
                script,
                RunOptions::new().process_group(process_group).end_with_thread(end_with_thread),
            );
            let stdout = String::from_utf8(result.stdout.tail).unwrap();
            let (pid, pgrp) = stdout.trim().split_once(' ').unwrap();
            let want =
                if process_group == ProcessGroup::Own { pid.to_owned() } else { group("self") };
            assert_eq!(pgrp, want, "{process_group:?}");
            assert_eq!(result.killed, None);
        }
    }
}

/// A hook with two generations of descendants. One descendant is in its own process group, and one
/// in its own session; the latter is left alone.
const FAMILY: &str = "sleep 1000 & echo $! > child
    sh -c 'sleep 1000 & echo $! > grandchild; wait' & echo $! > parent
    setsid sh -c 'sleep 1000 & echo $! > far; echo $$ > daemon; wait' &
    set -m
    sleep 1000 & echo $! > job
    set +m
    while ! test -s grandchild || ! test -s daemon; do sleep 0.01; done
    echo $$ > hook
    wait";

#[test]
fn in_the_callers_group_only_the_descendants_are_killed() {
    assert_only_descendants_are_killed();
}

/// Without pidfds, processes are identified by their start times.
#[test]
fn without_pidfds_only_the_descendants_are_killed() {
    without_pidfds(assert_only_descendants_are_killed);
}

/// Runs `test` in a thread in which pidfd_open(2) fails, as before Linux 5.3.
fn without_pidfds(test: fn()) {
    let refuse_and_run = || {
        let code = |code: u32, jt, jf, k| libc::sock_filter { code: code as u16, jt, jf, k };
        let refused = libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32;
        let filter = [
            // The first field is the number of the system call.
            code(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
            code(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, libc::SYS_pidfd_open as u32),
            code(libc::BPF_RET | libc::BPF_K, 0, 0, refused),
            code(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
        ];
        let program =
            libc::sock_fprog { len: filter.len() as u16, filter: filter.as_ptr().cast_mut() };
        // SAFETY: the arguments are numbers, and a program that lives until the call returns. Both
        // calls affect only this thread.
        let refused = unsafe {
            libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
                && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &program) == 0
                && libc::syscall(libc::SYS_pidfd_open, std::process::id(), 0) == -1
        };
        assert!(refused && std::io::Error::last_os_error().raw_os_error() == Some(libc::ENOSYS));
        test();
    };
    std::thread::scope(|scope| scope.spawn(refuse_and_run).join().unwrap());
}

fn assert_only_descendants_are_killed() {
    let place = Place::new();
    let mut sibling = sibling();
    let result = place.cancelled_when("hook", FAMILY, ProcessGroup::Caller);
    assert_eq!(result.error.as_deref(), Some("context canceled"));
    assert_eq!((result.killed, result.signal), (Some(Killed::Descendants(4)), Some(9)));
    assert!(
        result.to_json().contains(r#""killed":{"scope":"descendants","count":4}"#),
        "{}",
        result.to_json()
    );
    for name in ["hook", "child", "parent", "grandchild", "job"] {
        await_end(&place.pid(name));
    }
    for name in ["daemon", "far"] {
        await_sleep(&place.pid(name));
        kill(&place.pid(name));
    }
    assert!(sibling.try_wait().unwrap().is_none(), "the sibling is left alone");
    await_sleep(&sibling.id().to_string());
    sibling.kill().unwrap();
    sibling.wait().unwrap();
}

/// A hook with a descendant in its group whose parent has ended.
const WITH_ORPHAN: &str = "sh -c 'sleep 1000 & echo $! > orphan'
        echo $$ > hook; exec sleep 1000";

#[test]
fn a_group_of_its_own_is_killed_as_a_whole() {
    let place = Place::new();
    let result = place.cancelled_when("hook", WITH_ORPHAN, ProcessGroup::Own);
    assert_eq!((result.killed, result.signal), (Some(Killed::Group), Some(9)));
    assert!(result.to_json().contains(r#""killed":{"scope":"group"}"#), "{}", result.to_json());
    await_end(&place.pid("orphan"));
}

/// The documentation of `Killed` states this limit.
#[test]
fn in_the_callers_group_an_orphan_is_not_found() {
    let place = Place::new();
    let result = place.cancelled_when("hook", WITH_ORPHAN, ProcessGroup::Caller);
    assert_eq!(result.killed, Some(Killed::Descendants(0)));
    await_sleep(&place.pid("orphan"));
    kill(&place.pid("orphan"));
}

#[test]
fn a_stopped_hook_is_killed_too() {
    for process_group in [ProcessGroup::Own, ProcessGroup::Caller] {
        let place = Place::new();
        let options =
            RunOptions::new().process_group(process_group).timeout(Duration::from_millis(100));
        let result = place.run("sleep 1000 & echo $! > child; kill -STOP $! $$", options);
        assert!(result.timed_out && result.signal == Some(9), "{result:?}");
        await_end(&place.pid("child"));
    }
}

#[test]
fn a_hook_in_its_own_session_is_killed_with_its_descendants() {
    let place = Place::new();
    let script = "exec setsid sh -c 'sleep 1000 & echo $! > child; echo $$ > hook; wait'";
    let result = place.cancelled_when("hook", script, ProcessGroup::Caller);
    assert_eq!(result.killed, Some(Killed::Descendants(1)));
    await_end(&place.pid("child"));
}

#[test]
fn descendants_that_start_during_the_search_are_found() {
    let place = Place::new();
    // 127 processes in total, which start each other during the search.
    let script = "f() { [ $1 = 0 ] && exec sleep 1000; [ $1 = 3 ] && echo > hook; sleep 0.01
            (f $(($1 - 1))) & (f $(($1 - 1))) & wait; }
        f 6";
    let result = place.cancelled_when("hook", script, ProcessGroup::Caller);
    assert!(matches!(result.killed, Some(Killed::Descendants(1..))), "{:?}", result.killed);
    let directory = place.0.path().canonicalize().unwrap();
    let is_ours = |entry: fs::DirEntry| {
        let name = entry.file_name();
        fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == directory)
            && is_running(name.to_str().unwrap_or_default())
    };
    await_that(|| !fs::read_dir("/proc").unwrap().flatten().any(is_ours), "all of them have ended");
}

/// There are more descendants than are held by pidfds.
#[test]
fn many_descendants_are_killed() {
    assert_many_are_killed();
    without_pidfds(assert_many_are_killed);
}

fn assert_many_are_killed() {
    let place = Place::new();
    let script = "n=0
        while [ $n != 100 ]; do sleep 60 & echo $! >> children; n=$((n + 1)); done
        echo $$ > hook; wait";
    let result = place.cancelled_when("hook", script, ProcessGroup::Caller);
    assert_eq!(result.killed, Some(Killed::Descendants(100)));
    let children = place.pid("children");
    assert_eq!(children.lines().count(), 100);
    children.lines().for_each(await_end);
}

/// Runs a test of this program again, under a command that changes the content of /proc. Returns
/// whether this is that second run.
fn elsewhere(test: &str, command: &[&str]) -> bool {
    if std::env::var_os("PROCESS_GROUP_ELSEWHERE").is_some() {
        return true;
    }
    let [program, arguments @ ..] = command else { unreachable!() };
    let probe = Command::new(program).args(arguments).arg("true").output().unwrap();
    if !probe.status.success() {
        println!("SKIP: {test}: {}", String::from_utf8_lossy(&probe.stderr).trim());
        return false;
    }
    let output = Command::new(program)
        .args(arguments)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env("PROCESS_GROUP_ELSEWHERE", "1")
        .output()
        .unwrap();
    let [stdout, stderr] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    // (Without checking the count, a test that is not found would pass.)
    assert!(output.status.success() && stdout.contains("1 passed"), "{stdout}{stderr}");
    false
}

/// If /proc does not show this process under its ID, only the hook is killed, and the result says
/// so.
fn assert_only_the_hook_is_killed() {
    let place = Place::new();
    let script = "sleep 60 & echo $! > child; echo $$ > hook; wait";
    let result = place.cancelled_when("hook", script, ProcessGroup::Caller);
    assert_eq!((result.killed, result.signal), (Some(Killed::HookOnly), Some(9)));
    // The child still exists: it can be killed.
    kill(&place.pid("child"));
    // Killing the hook's own process group needs no /proc.
    let place = Place::new();
    let result = place.cancelled_when("hook", WITH_ORPHAN, ProcessGroup::Own);
    assert_eq!((result.killed, result.signal), (Some(Killed::Group), Some(9)));
}

#[test]
fn with_proc_of_another_pid_namespace_only_the_hook_is_killed() {
    let test = "process_group::with_proc_of_another_pid_namespace_only_the_hook_is_killed";
    if elsewhere(test, &["unshare", "--pid", "--fork", "--"]) {
        let shown = fs::read_link("/proc/self").ok();
        assert_ne!(
            shown,
            Some(std::process::id().to_string().into()),
            "/proc belongs to the PID namespace of this process"
        );
        assert_only_the_hook_is_killed();
    }
}

#[test]
fn with_proc_covered_only_the_hook_is_killed() {
    let cover = r#"mount -t tmpfs none /proc && exec "$@""#;
    if elsewhere(
        "process_group::with_proc_covered_only_the_hook_is_killed",
        &["unshare", "-m", "sh", "-c", cover, "sh"],
    ) {
        assert!(!fs::exists("/proc/self").unwrap());
        assert_only_the_hook_is_killed();
    }
}

#[test]
fn a_suspended_hook_is_stopped_and_so_is_its_timeout() {
    for process_group in [ProcessGroup::Own, ProcessGroup::Caller] {
        let place = Place::new();
        let script = "sleep 1000 & echo $! > child; echo $$ > hook; wait";
        let (mut reader, writer) = std::os::unix::net::UnixStream::pair().unwrap();
        let descriptor = reader.try_clone().unwrap();
        let states = std::cell::RefCell::new(Vec::new());
        let mut stop = || {
            std::io::Read::read_exact(&mut reader, &mut [0]).unwrap();
            // Long enough to show if it counted towards the timeout.
            std::thread::sleep(Duration::from_secs(1));
            for name in ["hook", "child"] {
                states.borrow_mut().push((name, state(&place.pid(name))));
            }
        };
        let started_at = Instant::now();
        let result = std::thread::scope(|scope| {
            let (path, mut writer) = (place.path("hook"), &writer);
            scope.spawn(move || {
                await_that(|| is_written(&path), "the hook has started");
                writer.write_all(b"x").unwrap();
            });
            let options = RunOptions::new()
                .process_group(process_group)
                .timeout(Duration::from_secs(3))
                .suspend(Suspend { descriptor: descriptor.as_fd(), stop: &mut stop });
            place.run(script, options)
        });
        assert_eq!(
            *states.borrow(),
            [("hook", Some('T')), ("child", Some('T'))],
            "{process_group:?}"
        );
        assert!(result.timed_out && started_at.elapsed() >= Duration::from_secs(4), "{result:?}");
        await_end(&place.pid("child"));
    }
}
