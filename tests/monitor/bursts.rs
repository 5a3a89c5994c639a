//! Many changes at once.

use std::fs;
use std::time::{Duration, Instant};

use crate::place::{LONG, Place};

const FILES: usize = 10_000;
/// The quiet time after which a change causes a reload at once.
const QUIET: Duration = Duration::from_millis(20);

#[test]
fn ten_thousand_files_in_a_burst() {
    let mut place = Place::new(&["a"]);
    let before = place.manager.generation();
    let started = Instant::now();
    let directory = place.path("a");
    let writer = std::thread::spawn(move || {
        let (mut pauses, mut last) = (0, started);
        for number in 0..FILES {
            fs::write(directory.join(format!("{number}.json")), crate::place::marked("x")).unwrap();
            // The machine may delay this thread: it is quiet then.
            pauses += u64::from(last.elapsed() >= QUIET / 2);
            last = Instant::now();
        }
        (started.elapsed(), pauses)
    });
    while place.manager.list().hooks.len() < FILES {
        assert!(place.monitor.wait(LONG).unwrap());
    }
    let (took, pauses) = writer.join().unwrap();
    let reloads = place.manager.generation() - before;
    println!("{FILES} files written in {took:?} with {pauses} pauses: {reloads} reloads");
    // One reload at once, one at the end, one each second in between, and one for each pause.
    assert!(reloads <= 4 + started.elapsed().as_secs() + pauses, "{reloads} reloads");
    place.settle();
}

/// A real overflow: no thread reads the events while they are made.
#[test]
fn more_events_than_the_kernel_keeps() {
    let kept: usize = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events")
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let mut place = Place::new(&["a"]);
    // Each file is three events.
    let files = kept / 3 + 100;
    if files > 100_000 {
        println!("SKIP: the kernel keeps {kept} events");
        return;
    }
    for number in 0..files {
        place.write(&format!("a/{number}.json"), "x");
    }
    place.settle();
    assert_eq!(place.marks().len(), files);
    let log = place.log.lock().unwrap();
    assert!(log.iter().any(|line| line.contains("events about hook files were lost")));
}

/// Changes in a directory that never becomes quiet are found, too.
#[test]
fn a_file_that_is_written_all_the_time() {
    let mut place = Place::new(&["a"]);
    place.write("a/x.json", "x");
    place.settle();
    let stop = std::sync::atomic::AtomicBool::new(false);
    let path = place.path("a/noise.json");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                fs::write(&path, "{").unwrap();
            }
        });
        place.changed();
        for mark in ["y", "z"] {
            place.rename_in("a/x.json", mark);
            while place.marks() != [mark] {
                assert!(place.monitor.wait(LONG).unwrap());
            }
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    place.settle();
}
