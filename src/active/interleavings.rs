//! Concurrent reloads, in every order of their steps.
//!
//! Three threads reload one manager. Each stops twice: while it reads a hook file, and just before
//! the swap, when it has chosen between its snapshot and the one in use. So it takes three steps:
//! the first starts the scan and the last ends the reload. One thread at a time takes a step, in
//! each of the 1680 orders. (The starts and ends alone have 90 orders. Where the threads are alike,
//! a sixth of the orders covers all of them.) Meanwhile this thread reads: it must see the snapshot
//! from before the step or the one from after it, and always a whole one.
//!
//! loom would go further, but it sees only its own atomics, and arc-swap uses those of the standard
//! library. The steps inside one operation of arc-swap are left to its own tests.

use std::cell::{Cell, RefCell};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};

use super::*;
use crate::{Config, Manager, Reading};

const RELOADS: usize = 3;
const STEPS: usize = 3;
/// One file for each of the threads. A hook file's number says when it was written; 0: the file
/// does not exist.
const FILES: [&str; RELOADS] = ["0.json", "1.json", "2.json"];

type Numbers = [usize; FILES.len()];

/// The message that a thread sends at the end of a step.
enum Stopped {
    Reading,
    Chosen,
    Done(Rescan),
}

/// The place where a thread that reloads stops.
struct Gate {
    /// The file at which it stops while it reads.
    file: &'static str,
    /// How often it has stopped. (It may choose again if another thread swaps first; it does not
    /// stop then.)
    stops: Cell<usize>,
    go: Receiver<()>,
    stopped: Sender<Stopped>,
}

thread_local! {
    static GATE: RefCell<Option<Gate>> = const { RefCell::new(None) };
}

impl Gate {
    fn stop(&self, stops: usize, message: Stopped) {
        if self.stops.get() == stops {
            self.stops.set(stops + 1);
            let _ = self.stopped.send(message);
            let _ = self.go.recv();
        }
    }
}

fn stop_at(stops: usize, message: Stopped, is_here: impl Fn(&Gate) -> bool) {
    GATE.with_borrow(|gate| {
        if let Some(gate) = gate.as_ref().filter(|gate| is_here(gate)) {
            gate.stop(stops, message);
        }
    });
}

/// Called when a thread has chosen the snapshot to put into use.
pub(super) fn chosen() {
    stop_at(1, Stopped::Chosen, |_| true);
}

fn read(_: &str, text: &[u8]) -> Reading {
    let is_of = |gate: &Gate| String::from_utf8_lossy(text).contains(gate.file);
    stop_at(0, Stopped::Reading, is_of);
    Reading::Default
}

/// The controlling side of a thread that reloads.
struct Thread {
    go: Sender<()>,
    stopped: Receiver<Stopped>,
}

impl Thread {
    /// Starts a thread that reloads on each message of `go`, until the sender is dropped.
    fn start<'scope>(
        scope: &'scope std::thread::Scope<'scope, '_>,
        manager: &'scope Manager,
        file: &'static str,
        touched: Option<&'static str>,
    ) -> Thread {
        let (go, receiver) = channel();
        let (sender, stopped) = channel();
        scope.spawn(move || {
            GATE.set(Some(Gate { file, stops: Cell::new(0), go: receiver, stopped: sender }));
            GATE.with_borrow(|gate| {
                let gate = gate.as_ref().unwrap();
                while gate.go.recv().is_ok() {
                    gate.stops.set(0);
                    let touched = touched.map(|name| HashSet::from([name.into()]));
                    let _ = gate.stopped.send(Stopped::Done(manager.0.reload(touched)));
                }
            });
        });
        Thread { go, stopped }
    }

    /// Lets the thread take a step, and calls `meanwhile` repeatedly until the thread stops, or for
    /// about as long as a step takes.
    fn step(&self, mut meanwhile: impl FnMut()) -> Stopped {
        self.go.send(()).unwrap();
        for _ in 0..64 {
            meanwhile();
            match self.stopped.try_recv() {
                Err(TryRecvError::Empty) => {}
                stopped => return stopped.unwrap(),
            }
        }
        let stopped = self.stopped.recv().unwrap();
        meanwhile();
        stopped
    }
}

/// Returns all orders in which the threads can take their steps.
fn orders() -> Vec<Vec<usize>> {
    let mut orders = vec![Vec::new()];
    for _ in 0..RELOADS * STEPS {
        let longer = |order: Vec<usize>| {
            let has_steps =
                |thread: &usize| order.iter().filter(|taken| *taken == thread).count() < STEPS;
            let next: Vec<usize> = (0..RELOADS).filter(has_steps).collect();
            next.into_iter().map(move |thread| [&order[..], &[thread]].concat())
        };
        orders = orders.into_iter().flat_map(longer).collect();
    }
    orders
}

/// Which files change before a reload starts, and which of them are passed to the reload.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Change {
    /// All files are written. The reload reads all of them, and stops at this one.
    All(usize),
    /// The thread's own file is made, and the reload gets its name, as from a monitor. It stops at
    /// this file.
    Own,
}

struct Fixture {
    directory: tempfile::TempDir,
    /// The number in each file.
    written: Numbers,
    /// The last number that was written.
    last: usize,
}

impl Fixture {
    fn new() -> Fixture {
        let mut fixture =
            Fixture { directory: tempfile::tempdir().unwrap(), written: [0; FILES.len()], last: 0 };
        fixture.change(0..FILES.len());
        fixture
    }

    fn change(&mut self, files: std::ops::Range<usize>) {
        self.last += 1;
        for file in files {
            let entry = entry(file, self.last);
            let hook = format!(
                r#"{{"version": "1.0.0", "hook": {entry}, "when": {{"always": true}}, "stages": ["poststop"]}}"#
            );
            std::fs::write(self.directory.path().join(FILES[file]), hook).unwrap();
            self.written[file] = self.last;
        }
    }

    fn remove_all(&mut self) {
        FILES
            .iter()
            .for_each(|name| std::fs::remove_file(self.directory.path().join(name)).unwrap());
        self.written = [0; FILES.len()];
    }
}

fn entry(file: usize, number: usize) -> String {
    format!(r#"{{"path":"/bin/sh","args":["{}","{number}"]}}"#, FILES[file])
}

/// Returns the numbers in a snapshot.
fn numbers(snapshot: &Snapshot) -> Numbers {
    let mut numbers = [0; FILES.len()];
    for loaded in &snapshot.hooks {
        let [file, number] = &loaded.oci_hook().args[..] else { panic!("{loaded:?}") };
        numbers[FILES.iter().position(|name| name == file).unwrap()] = number.parse().unwrap();
    }
    numbers
}

/// Returns the config into which a snapshot of these numbers injects its hooks.
fn injected(numbers: &Numbers) -> String {
    let there = numbers.iter().enumerate().filter(|(_, number)| **number > 0);
    let entries: Vec<String> = there.map(|(file, number)| entry(file, *number)).collect();
    if entries.is_empty() {
        "{}".to_owned()
    } else {
        format!(r#"{{"hooks":{{"poststop":[{}]}}}}"#, entries.join(","))
    }
}

/// Runs three reloads whose steps are taken in this order.
fn reload(
    fixture: &mut Fixture,
    manager: &Manager,
    threads: &[Thread],
    change: Change,
    order: &[usize],
) {
    let mut taken = [0; RELOADS];
    let mut in_use = manager.snapshot();
    // The threads in the order of their starts; the index there of the one whose snapshot is in
    // use; the oldest numbers that each must have read.
    let (mut started, mut newest, mut oldest) = (Vec::new(), None, [[0; FILES.len()]; RELOADS]);
    for (at, &thread) in order.iter().enumerate() {
        let here = || format!("{change:?}, step {at} of {order:?}");
        if taken[thread] == 0 {
            fixture.change(if change == Change::Own { thread..thread + 1 } else { 0..FILES.len() });
            oldest[thread] = fixture.written;
            started.push(thread);
        }
        taken[thread] += 1;
        let mut seen: Vec<String> = Vec::new();
        let stopped = threads[thread].step(|| {
            let config = Config::parse("{}").unwrap();
            let config = manager.select(&config.container()).unwrap().inject(&config).config;
            if seen.last() != Some(&config) {
                seen.push(config);
            }
        });
        let before = Arc::clone(&in_use);
        match (taken[thread], stopped) {
            (1, Stopped::Reading) | (2, Stopped::Chosen) => {}
            (3, Stopped::Done(Rescan { snapshot, outcome })) => {
                outcome.unwrap();
                // No file is older than the start of the reload, and no file is newer than the last
                // write.
                let (read, least) = (numbers(&snapshot), &oldest[thread]);
                for ((read, least), most) in read.iter().zip(least).zip(&fixture.written) {
                    assert!(least <= read && read <= most, "{read:?} is read, {}", here());
                }
                if change == Change::All(FILES.len() - 1) {
                    assert_eq!(read, *least, "{}", here());
                }
                let rank = started.iter().position(|started| *started == thread);
                if newest < rank {
                    (newest, in_use) = (rank, snapshot);
                }
            }
            (step, _) => {
                panic!("a thread does not stop where it should at its step {step}: {}", here())
            }
        }
        let now = manager.snapshot();
        assert!(
            Arc::ptr_eq(&now, &in_use),
            "generation {} is in use, not {}: {}",
            now.generation(),
            in_use.generation(),
            here()
        );
        assert_eq!(manager.generation(), in_use.generation());
        let grows = before.generation() < in_use.generation();
        assert!(grows || Arc::ptr_eq(&before, &in_use), "{}", here());
        let (old, new) = (injected(&numbers(&before)), injected(&numbers(&in_use)));
        assert!(
            [&[&old[..]][..], &[&new], &[&old, &new]].iter().any(|allowed| *allowed == seen),
            "{seen:?} are seen, between {old} and {new}: {}",
            here()
        );
    }
    // The last change was made before the last start.
    assert_eq!(numbers(&in_use), fixture.written);
}

fn in_each_order(change: Change) {
    let mut orders = orders();
    assert_eq!(orders.len(), 1680);
    if change != Change::Own {
        // The threads are alike.
        let first = |order: &[usize], thread| order.iter().position(|taken| *taken == thread);
        orders.retain(|order| {
            (1..RELOADS).all(|thread| first(order, thread - 1) < first(order, thread))
        });
        assert_eq!(orders.len(), 1680 / 6);
    }
    let mut fixture = Fixture::new();
    let manager =
        Manager::builder().directory(fixture.directory.path()).reader(read).load().unwrap();
    std::thread::scope(|scope| {
        let thread = |own: &&'static str| match change {
            Change::All(file) => Thread::start(scope, &manager, FILES[file], None),
            Change::Own => Thread::start(scope, &manager, own, Some(own)),
        };
        let threads: Vec<Thread> = FILES.iter().map(thread).collect();
        for order in &orders {
            if change == Change::Own {
                fixture.remove_all();
                manager.reload().unwrap();
            }
            reload(&mut fixture, &manager, &threads, change, order);
        }
    });
}

#[test]
fn the_snapshot_of_the_scan_that_started_last_stays() {
    in_each_order(Change::All(FILES.len() - 1));
}

/// Files that are still to be read may have changed since the start.
#[test]
fn the_snapshot_of_the_scan_that_started_last_stays_while_files_change() {
    in_each_order(Change::All(0));
}

#[test]
fn reloads_of_some_files_lose_no_change_to_other_files() {
    in_each_order(Change::Own);
}
