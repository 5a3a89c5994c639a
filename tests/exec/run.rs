//! Tests of running hooks (docs/spec.md, section 9): behaviour that `tests/reference` does not
//! compare with the reference, or that only libhooks has.

use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

use libhooks::exec::{RunOptions, RunResult, Stream, run};
use libhooks::{Errno, ErrorKind, OciHook, ffi};

fn hook(path: &str, args: &[&str]) -> OciHook {
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    OciHook { path: path.to_owned(), args, ..OciHook::default() }
}

fn sh(script: &str) -> OciHook {
    hook("/bin/sh", &["sh", "-c", script])
}

fn ran(hook: &OciHook) -> RunResult {
    run(hook, b"", RunOptions::new()).unwrap()
}

fn utf8(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_hook_that_cannot_be_started_is_an_error() {
    for end_with_thread in [false, true] {
        assert_start_errors(end_with_thread);
    }
}

fn assert_start_errors(end_with_thread: bool) {
    let plain_options = || RunOptions::new().end_with_thread(end_with_thread);
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str, mode: u32| {
        use std::os::unix::fs::PermissionsExt;
        let path = directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let plain = file("plain", "x", 0o644);
    let script = file("script", "echo no interpreter\n", 0o755);
    for (path, want, errno) in [
        (plain.as_str(), format!("fork/exec {plain}: permission denied"), libc::EACCES),
        ("/", "fork/exec /: permission denied".to_owned(), libc::EACCES),
        ("sh", "fork/exec sh: no such file or directory".to_owned(), libc::ENOENT),
        (script.as_str(), format!("fork/exec {script}: exec format error"), libc::ENOEXEC),
        ("", "exec: no command".to_owned(), 0),
        ("/bin/\0", "fork/exec /bin/\0: invalid argument".to_owned(), libc::EINVAL),
    ] {
        let error = run(&hook(path, &[]), b"", plain_options()).unwrap_err();
        assert_eq!(
            (error.to_string(), error.errno().map_or(0, Errno::raw_os_error)),
            (want, errno)
        );
    }
    let options = |directory: &str| plain_options().directory(directory);
    let error = run(&hook("/bin/true", &[]), b"", options("/nowhere")).unwrap_err();
    assert_eq!(error.to_string(), "chdir /nowhere: no such file or directory");
    let error = run(&hook("/bin/true", &[]), b"", options("/bin/true")).unwrap_err();
    assert_eq!(error.to_string(), "fork/exec /bin/true: not a directory");
    let nul = OciHook { env: vec!["A=\0".to_owned(), "A=2".to_owned()], ..hook("/bin/true", &[]) };
    let error = run(&nul, b"", plain_options()).unwrap_err();
    assert_eq!(error.to_string(), "exec: environment variable contains NUL");
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    let error = run(&hook("/bin/true", &["true", "\0"]), b"", plain_options()).unwrap_err();
    assert_eq!(error.to_string(), "fork/exec /bin/true: invalid argument");
}

#[test]
fn exit_statuses_and_signals_are_reported() {
    let good = ran(&sh("exit 0"));
    assert_eq!(
        (good.exit_status, good.signal, &good.hook_error, &good.error),
        (Some(0), None, &None, &None)
    );
    for (script, status, signal, want) in [
        ("exit 3", Some(3), None, "exit status 3"),
        ("kill -KILL $$", None, Some(9), "signal: killed"),
        ("kill -TERM $$", None, Some(15), "signal: terminated"),
        ("kill -USR1 $$", None, Some(10), "signal: user defined signal 1"),
        ("kill -40 $$", None, Some(40), "signal: signal 40"),
    ] {
        let result = ran(&sh(script));
        let want = Some(format!("executing [sh -c {script}]: {want}"));
        assert_eq!((result.exit_status, result.signal), (status, signal), "{script}");
        assert_eq!((&result.hook_error, &result.error), (&want, &want));
        assert!(!result.timed_out && !result.cancelled);
    }
    // Without args the command line is the path.
    let result = ran(&hook("/bin/false", &[]));
    assert_eq!(result.argv, ["/bin/false"]);
    assert_eq!(result.error.as_deref(), Some("executing [/bin/false]: exit status 1"));
}

#[test]
fn a_hook_gets_its_state_directory_signals_and_environment() {
    let directory = tempfile::tempdir().unwrap();
    let place = std::fs::canonicalize(directory.path()).unwrap();
    for end_with_thread in [false, true] {
        let options =
            || RunOptions::new().directory(directory.path()).end_with_thread(end_with_thread);
        let result =
            run(&sh("cat; pwd; ls -l /proc/self/fd | wc -l"), b"the state\n", options()).unwrap();
        // The file descriptors 0, 1, 2, and that of the directory; and a line with the total.
        assert_eq!(utf8(&result.stdout.tail), format!("the state\n{}\n5\n", place.display()));
        // No signal is blocked or ignored.
        let signals = sh("exec grep -E '^Sig(Blk|Ign)' /proc/self/status");
        let nothing = "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n";
        assert_eq!(utf8(&run(&signals, b"", options()).unwrap().stdout.tail), nothing);
    }

    let env = |env: &[&str]| OciHook {
        env: env.iter().map(|entry| (*entry).to_owned()).collect(),
        ..hook("/usr/bin/env", &[])
    };
    assert_eq!(utf8(&ran(&env(&[])).stdout.tail), "");
    let result = ran(&env(&["A=1", "B=2", "", "A=3", "plain", "plain", "=x", "=y", "C==", "B"]));
    assert_eq!(utf8(&result.stdout.tail), "B=2\nA=3\nplain\nplain\n=y\nC==\nB\n");
}

#[test]
fn output_is_limited_and_counted() {
    let result = run(&sh("head -c 67108864 /dev/zero; echo end"), b"", RunOptions::new()).unwrap();
    assert_eq!(result.stdout.total, (64 << 20) + 4);
    assert_eq!(result.stdout.tail.len(), 10 << 20);
    assert!(result.stdout.is_truncated() && result.stdout.tail.ends_with(b"\0end\n"));

    let mut got = [Vec::new(), Vec::new()];
    let mut output = |stream, bytes: &[u8]| {
        got[usize::from(stream == Stream::Stderr)].extend_from_slice(bytes);
        Ok(())
    };
    let options = RunOptions::new().output(&mut output).capture_limit(0);
    let result = run(&sh("echo out; echo err >&2"), b"", options).unwrap();
    assert_eq!((utf8(&got[0]), utf8(&got[1])), ("out\n", "err\n"));
    assert_eq!((result.stdout.tail.len(), result.stdout.total), (0, 4));

    let mut calls = 0;
    let mut output = |_, _: &[u8]| {
        calls += 1;
        Err("disk full".to_owned())
    };
    let options = RunOptions::new().output(&mut output);
    let result = run(&sh("echo a; sleep 0.05; echo b"), b"", options).unwrap();
    let want = Some("executing [sh -c echo a; sleep 0.05; echo b]: disk full".to_owned());
    assert_eq!((&result.hook_error, &result.error, calls), (&want, &want, 1));
}

#[test]
fn output_can_go_into_the_callers_files() {
    let (mut out, mut err) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
    let result = run(
        &sh("echo out; echo err >&2"),
        b"",
        RunOptions::new().stdout(out.as_fd()).stderr(err.as_fd()),
    )
    .unwrap();
    assert_eq!(result.stdout.total + result.stderr.total, 0);
    for (file, want) in [(&mut out, "out\n"), (&mut err, "err\n")] {
        use std::io::{Read, Seek};
        let mut content = String::new();
        file.rewind().unwrap();
        file.read_to_string(&mut content).unwrap();
        assert_eq!(content, want);
    }
}

#[test]
fn merged_streams_keep_their_order() {
    let hook = sh("for i in 1 2 3; do echo out $i; echo err $i >&2; done");
    let result = run(&hook, b"", RunOptions::new().merge_stderr(true)).unwrap();
    assert_eq!(utf8(&result.stdout.tail), "out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n");
    assert_eq!(result.stderr.total, 0);
}

/// Runs `script` with this timeout. Returns the result and the duration.
fn timed(script: &str, timeout: Option<i64>, options: RunOptions<'_>) -> (RunResult, Duration) {
    let started_at = Instant::now();
    let result = run(&OciHook { timeout, ..sh(script) }, b"", options).unwrap();
    (result, started_at.elapsed())
}

#[test]
fn a_timeout_kills_the_hook() {
    let killed = Some("executing [sh -c sleep 60]: signal: killed".to_owned());
    let over = Some("context deadline exceeded".to_owned());
    for timeout in [0, -1, i64::MIN, 1] {
        let (result, took) = timed("sleep 60", Some(timeout), RunOptions::new());
        assert_eq!((&result.hook_error, &result.error), (&killed, &over), "{timeout}");
        assert!(result.timed_out && !result.cancelled && result.signal == Some(9));
        assert!(
            took >= Duration::from_secs(u64::try_from(timeout).unwrap_or(0)),
            "{timeout}: {took:?}"
        );
    }
    // Timeouts that Go's clock cannot represent act as no timeout.
    for timeout in [9_223_372_036, 9_223_372_037, i64::MAX] {
        assert_eq!(timed("exit 0", Some(timeout), RunOptions::new()).0.error, None, "{timeout}");
    }
    // The caller's timeout applies to hooks without a timeout.
    let options = || RunOptions::new().timeout(Duration::ZERO);
    assert_eq!(timed("sleep 60", None, options()).0.error, over);
    assert_eq!(timed("exit 0", Some(60), options()).0.error, None);
    // The C API may pass a negative value. The run then gives up at once, unless the kernel was
    // faster.
    for post_kill in [0, -1_000_000_000] {
        let options = ffi::post_kill_timeout(RunOptions::new(), post_kill);
        let (result, _) = timed("sleep 60", Some(0), options);
        assert_eq!(result.error, over);
        let gave_up = format!(
            "failed to reap process within {}s of the kill signal",
            post_kill / 1_000_000_000
        );
        assert!(
            result.hook_error == killed || result.hook_error == Some(gave_up),
            "{:?}",
            result.hook_error
        );
    }
}

#[test]
fn a_cancellation_kills_the_hook() {
    let (reader, writer) = std::os::unix::net::UnixStream::pair().unwrap();
    drop(writer);
    let options = RunOptions::new().cancel(reader.as_fd());
    let (result, _) = timed("sleep 60", Some(60), options);
    assert_eq!(result.error.as_deref(), Some("context canceled"));
    assert!(result.cancelled && !result.timed_out);
    // An error of the start comes first.
    let options = RunOptions::new().cancel(reader.as_fd());
    assert_eq!(
        run(&hook("/nowhere", &[]), b"", options)
            .unwrap_err()
            .errno()
            .map_or(0, Errno::raw_os_error),
        libc::ENOENT
    );
}

#[test]
fn a_cancellation_or_timeout_before_the_start_counts() {
    let (reader, writer) = std::os::unix::net::UnixStream::pair().unwrap();
    drop(writer);
    for _ in 0..100 {
        let options = RunOptions::new().cancel(reader.as_fd());
        let result = run(&hook("/bin/true", &[]), b"", options).unwrap();
        assert_eq!(result.error.as_deref(), Some("context canceled"));
        let no_time = OciHook { timeout: Some(0), ..hook("/bin/true", &[]) };
        assert_eq!(ran(&no_time).error.as_deref(), Some("context deadline exceeded"));
    }
}

#[test]
fn a_hook_need_not_read_its_state() {
    let state = vec![b'x'; 256 << 20];
    assert_eq!(run(&sh("exec 0<&-; exit 0"), &state, RunOptions::new()).unwrap().error, None);
    assert_eq!(run(&sh("exit 0"), &state, RunOptions::new()).unwrap().error, None);
    let result = run(&sh("wc -c"), &state, RunOptions::new()).unwrap();
    assert_eq!(utf8(&result.stdout.tail), "268435456\n");
}

/// Waits until the file exists and has this content.
fn await_content(path: &Path, want: &str) {
    let started_at = Instant::now();
    while std::fs::read_to_string(path).unwrap_or_default() != want {
        assert!(
            started_at.elapsed() < Duration::from_secs(60),
            "timed out waiting for {}",
            path.display()
        );
        std::thread::yield_now();
    }
}

#[test]
fn descendants_are_killed_at_a_timeout_and_survive_a_normal_exit() {
    let directory = tempfile::tempdir().unwrap();
    let marker = directory.path().join("marker");
    // The hook hangs, with a child that holds its output open; both are killed.
    let script = format!("sleep 60 & echo $! > {}; wait", marker.display());
    let (result, took) = timed(&script, Some(1), RunOptions::new());
    assert!(result.timed_out && took < Duration::from_secs(30), "{took:?}");
    let child = std::fs::read_to_string(&marker).unwrap();
    let stat = format!("/proc/{}/stat", child.trim());
    let started_at = Instant::now();
    // It has ended, and its new parent will reap it.
    while std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
        assert!(started_at.elapsed() < Duration::from_secs(60), "the child is still running");
    }

    // The hook exits at once, and leaves a daemon that holds its output open and goes on writing.
    std::fs::remove_file(&marker).unwrap();
    let gate = directory.path().join("gate");
    mkfifo(&gate);
    let script = format!(
        "(read -r go < {}; i=0; while [ $i -lt 1024 ]; do printf '%01024d' 0 2>/dev/null; i=$((i + 1)); done; echo alive > {}) & echo hook",
        gate.display(),
        marker.display()
    );
    let result = ran(&sh(&script));
    assert_eq!((result.error, utf8(&result.stdout.tail)), (None, "hook\n"));
    std::fs::write(&gate, "go\n").unwrap();
    await_content(&marker, "alive\n");
}

fn mkfifo(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Returns the children of all threads.
fn children() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let lists = tasks
        .filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("children")).ok());
    let lists: Vec<String> = lists.collect();
    assert!(!lists.is_empty(), "the kernel does not list children (CONFIG_PROC_CHILDREN)");
    lists.iter().flat_map(|list| list.split_whitespace().map(str::to_owned)).collect()
}

#[test]
fn descendants_that_wait_for_room_in_the_pipe_go_on() {
    let directory = tempfile::tempdir().unwrap();
    let marker = |index: usize| directory.path().join(index.to_string());
    // Each writer fills the pipe until a write fails, and then creates its marker.
    let writer = |index| {
        let done = marker(index);
        format!(
            "(while head -c 1048576 /dev/zero 2>/dev/null; do :; done; echo > {}) & ",
            done.display()
        )
    };
    let script = (0..4).map(writer).collect::<String>() + "sleep 0.2";
    assert_eq!(ran(&sh(&script)).error, None);
    let started_at = Instant::now();
    for index in 0..4 {
        while !marker(index).exists() {
            assert!(
                started_at.elapsed() < Duration::from_secs(60),
                "writer {index} is still waiting"
            );
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_panic_in_the_callback_kills_the_hook() {
    let seen = std::cell::RefCell::new(String::new());
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut output = |_, bytes: &[u8]| {
            seen.borrow_mut().push_str(utf8(bytes));
            std::panic::resume_unwind(Box::new("oh no"))
        };
        let options = RunOptions::new().output(&mut output);
        run(&sh("echo $$; exec sleep 60"), b"", options)
    }));
    assert!(panicked.is_err());
    let stat = format!("/proc/{}/stat", seen.into_inner().trim());
    let started_at = Instant::now();
    while std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
        assert!(started_at.elapsed() < Duration::from_secs(60), "the hook is still running");
    }
}

#[test]
fn no_zombies_and_no_file_descriptors_are_left() {
    let entries = |path: &str| std::fs::read_dir(path).unwrap().count();
    let before = entries("/proc/self/fd");
    let threads: Vec<_> = (0..4)
        .map(|_| {
            std::thread::spawn(|| {
                for i in 0..50 {
                    let result = match i % 4 {
                        0 => ran(&sh("exit 0")),
                        1 => ran(&sh("exit 1")),
                        2 => ran(&sh("kill -KILL $$")),
                        _ => timed("sleep 60", Some(0), RunOptions::new()).0,
                    };
                    assert_eq!(result.error.is_none(), i % 4 == 0, "{result:?}");
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    // These runs give up at once; a later run reaps their hooks.
    for _ in 0..50 {
        let options = RunOptions::new().post_kill_timeout(Duration::ZERO);
        assert!(timed("sleep 60", Some(0), options).0.timed_out);
    }
    let started_at = Instant::now();
    loop {
        ran(&sh("exit 0"));
        // Other tests in this process have children, but no zombies for long.
        let zombies = children().into_iter().filter(|pid| {
            std::fs::read_to_string(format!("/proc/{pid}/stat"))
                .is_ok_and(|stat| stat.contains(") Z "))
        });
        let zombies: Vec<String> = zombies.collect();
        if zombies.is_empty() {
            break;
        }
        assert!(started_at.elapsed() < Duration::from_secs(60), "zombies: {zombies:?}");
    }
    // Other tests in this process have file descriptors of their own, for a moment.
    let started_at = Instant::now();
    while entries("/proc/self/fd") > before {
        assert!(
            started_at.elapsed() < Duration::from_secs(60),
            "{} file descriptors, {before} before",
            entries("/proc/self/fd")
        );
        std::thread::yield_now();
    }
}

/// Writes an executable file, and returns its path.
fn executable(directory: &std::path::Path, name: &str, content: &[u8]) -> String {
    use std::os::unix::fs::PermissionsExt;
    let path = directory.join(name);
    std::fs::write(&path, content).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_program_that_cannot_run_is_the_reason() {
    let directory = tempfile::tempdir().unwrap();
    let run_it = |path: &str| {
        let hook = OciHook {
            path: path.into(),
            env: vec!["PATH=/usr/bin:/bin".into()],
            ..OciHook::default()
        };
        libhooks::exec::run(&hook, b"", libhooks::exec::RunOptions::new())
    };
    for (name, content, code) in [
        ("crlf", &b"#!/bin/sh\r\nexit 0\r\n"[..], "missing-interpreter"),
        ("interpreter", b"#!/bin/nosuch\n", "missing-interpreter"),
        ("plain", b"exit 0\n", "no-shebang"),
        ("empty", b"", "truncated-executable"),
    ] {
        let path = executable(directory.path(), name, content);
        let error = run_it(&path).unwrap_err();
        let [reason] = error.diagnostics() else { panic!("{name}: {:?}", error.diagnostics()) };
        assert_eq!(reason.code.as_str(), code, "{name}");
        assert_eq!(error.plain_message(), format!("cannot start the hook: {}", reason.message()));
        assert!(error.message().starts_with("fork/exec "), "{error}");
        assert!(reason.hint.is_some() && error.to_json().contains("\"diagnostics\""), "{name}");
    }
    for (path, code) in [("/nowhere", "missing-executable"), ("/", "not-executable")] {
        let error = run_it(path).unwrap_err();
        let codes: Vec<&str> = error.diagnostics().iter().map(|it| it.code.as_str()).collect();
        assert_eq!(codes, [code], "{path}");
    }
    // The process is started, and env ends it.
    let words = executable(directory.path(), "words", b"#!/usr/bin/env sh -e\n");
    let ran = run_it(&words).unwrap();
    let codes: Vec<&str> = ran.diagnostics.iter().map(|it| it.code.as_str()).collect();
    assert_eq!((ran.exit_status, codes), (Some(127), vec!["bad-shebang"]));
    // This script has chosen its exit status itself.
    let own = executable(directory.path(), "own", b"#!/bin/sh\nexit 127\n");
    assert_eq!(run_it(&own).unwrap().diagnostics, []);
}

#[test]
fn without_env_the_environment_is_known() {
    let directory = tempfile::tempdir().unwrap();
    let codes = |path: &str, env: &[&str]| {
        let env = env.iter().map(|entry| (*entry).to_owned()).collect();
        let ran = ran(&OciHook { env, ..hook(path, &[]) });
        assert_eq!(ran.exit_status, Some(127), "{path}");
        let codes = ran.diagnostics.iter().map(|it| it.code.as_str().to_owned());
        codes.collect::<Vec<String>>()
    };
    let mut programs = vec![
        ("search", b"#!/usr/bin/env no-such-program\n".to_vec(), "missing-interpreter"),
        ("words", b"#!/usr/bin/env sh -e\n".to_vec(), "bad-shebang"),
    ];
    let mut binary = std::fs::read("/bin/true").unwrap();
    let name = b"\0libc.so.6\0";
    if let Some(at) = binary.windows(name.len()).position(|bytes| bytes == name) {
        binary[at..at + name.len()].copy_from_slice(b"\0libq.so.6\0");
        programs.push(("library", binary, "missing-library"));
    }
    for (name, content, code) in programs {
        let path = executable(directory.path(), name, &content);
        for env in [&[][..], &["A=1"]] {
            assert_eq!(codes(&path, env), [code], "{name} {env:?}");
        }
    }
    // env finds this program without PATH.
    let found = executable(directory.path(), "found", b"#!/usr/bin/env sh\nexit 127\n");
    assert_eq!(codes(&found, &[]), [""; 0]);
}
