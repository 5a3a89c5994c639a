//! Checks how notify behaves where a monitor of hook files has special needs.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use notify::{Config, Event, INotifyWatcher, RecursiveMode, Result, Watcher};

const FILES: usize = 100;

fn main() {
    if std::env::args().nth(1).is_some() {
        return watch_without_threads();
    }
    reading();
    threads();
    two_paths();
    no_thread();
}

fn watcher() -> (INotifyWatcher, Receiver<Result<Event>>) {
    let (sender, receiver) = channel();
    (
        INotifyWatcher::new(move |event| drop(sender.send(event)), Config::default()).unwrap(),
        receiver,
    )
}

/// Counts events until none arrives for 500 ms.
fn events(receiver: &Receiver<Result<Event>>) -> usize {
    let mut count = 0;
    while receiver.recv_timeout(Duration::from_millis(500)).is_ok() {
        count += 1;
    }
    count
}

/// Counts events of reads: the mask of notify is fixed, and contains IN_OPEN.
fn reading() {
    let directory = tempfile::tempdir().unwrap();
    for number in 0..FILES {
        fs::write(directory.path().join(format!("{number}.json")), "{}").unwrap();
    }
    let (mut watcher, receiver) = watcher();
    watcher.watch(directory.path(), RecursiveMode::NonRecursive).unwrap();
    for entry in fs::read_dir(directory.path()).unwrap() {
        fs::read(entry.unwrap().path()).unwrap();
    }
    println!("reading {FILES} files, as a reload does: {} events", events(&receiver));

    // A parent directory: every program opens /etc/ld.so.cache when it starts.
    let (mut watcher, receiver) = self::watcher();
    watcher.watch(Path::new("/etc"), RecursiveMode::NonRecursive).unwrap();
    for _ in 0..FILES {
        Command::new("true").status().unwrap();
    }
    println!(
        "starting {FILES} programs, where /etc is watched for /etc/containers: {} events",
        events(&receiver)
    );
}

fn threads() {
    let tasks = || fs::read_dir("/proc/self/task").unwrap().count();
    let before = tasks();
    let kept = watcher();
    println!("threads: {}", tasks() - before);
    drop(kept);
}

/// Watches a directory by two paths, and removes one: inotify has one watch for both.
fn two_paths() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("real")).unwrap();
    std::os::unix::fs::symlink("real", directory.path().join("link")).unwrap();
    let (mut watcher, receiver) = watcher();
    for path in ["real", "link"] {
        watcher.watch(&directory.path().join(path), RecursiveMode::NonRecursive).unwrap();
    }
    watcher.unwatch(&directory.path().join("link")).unwrap();
    fs::write(directory.path().join("real/x.json"), "{}").unwrap();
    println!("two paths to one directory, one removed: {} events of the other", events(&receiver));
}

/// Checks what happens if no thread can be started: notify reports no error, and then adding or
/// removing a watch panics.
fn no_thread() {
    let program = std::env::current_exe().unwrap();
    let status = Command::new(program).arg("no-thread").stderr(Stdio::null()).status().unwrap();
    println!("if no thread can be started (RLIMIT_NPROC): {status}");
}

/// Runs in the child process of [`no_thread`].
fn watch_without_threads() {
    // SAFETY: setrlimit(2) and setuid(2) get numbers, and one valid struct. The limit does not
    // apply to root.
    let limited = unsafe {
        let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        libc::setrlimit(libc::RLIMIT_NPROC, &none) == 0 && libc::setuid(65534) == 0
    };
    assert!(limited);
    let (mut watcher, _receiver) = watcher();
    watcher.watch(Path::new("/"), RecursiveMode::NonRecursive).unwrap();
}
