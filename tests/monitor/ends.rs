//! The start and end of monitors, timeouts, and the file descriptor.

use std::fs;
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use libhooks::{ErrorKind, Manager};

use crate::place::{LONG, Place};

#[test]
fn a_wait_ends_at_its_timeout() {
    let mut place = Place::new(&["a"]);
    assert!(!place.monitor.wait(Some(Duration::ZERO)).unwrap());
    assert!(!place.monitor.wait(Some(Duration::from_millis(30))).unwrap());
    assert!(!place.monitor.dispatch().unwrap());
}

#[test]
fn a_cancelled_monitor_stays_cancelled() {
    let mut place = Place::new(&["a"]);
    let canceller = place.monitor.canceller();
    std::thread::scope(|scope| {
        scope.spawn(|| canceller.cancel());
        assert_eq!(place.monitor.wait(None).unwrap_err().kind(), ErrorKind::Cancelled);
    });
    place.write("a/x.json", "x");
    assert_eq!(place.monitor.wait(LONG).unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(place.monitor.dispatch().unwrap_err().kind(), ErrorKind::Cancelled);
    // The monitor may be dropped before the canceller.
    drop(place);
    canceller.cancel();
}

#[test]
fn manager_and_monitor_are_dropped_in_any_order() {
    let place = Place::new(&["a"]);
    let mut second = place.manager.monitor().unwrap();
    drop(place.monitor);
    fs::write(place.root.path().join("a/x.json"), crate::place::marked("x")).unwrap();
    assert!(second.wait(LONG).unwrap());
    assert_eq!(second.changes().unwrap().len(), 1);
    assert_eq!(place.manager.list().hooks.len(), 1);
    drop(place.manager);
    fs::remove_file(place.root.path().join("a/x.json")).unwrap();
    assert!(second.wait(LONG).unwrap());
    assert_eq!(second.changes().unwrap().len(), 1);
}

/// Two monitors of one manager: each reports all changes, no matter who reloaded.
#[test]
fn several_monitors_of_one_manager() {
    let mut place = Place::new(&["a"]);
    let mut second = place.manager.monitor().unwrap();
    place.write("a/x.json", "x");
    place.settle();
    assert!(second.wait(LONG).unwrap());
    assert_eq!(second.changes().unwrap().len(), 1);
    place.write("a/y.json", "y");
    place.manager.reload().unwrap();
    for monitor in [&mut place.monitor, &mut second] {
        assert!(monitor.wait(LONG).unwrap());
        assert_eq!(monitor.changes().unwrap().len(), 1);
    }
    place.manager.reload().unwrap();
    assert!(!second.dispatch().unwrap());
    assert!(place.monitor.changes().unwrap().is_empty());
}

/// Without directories there is nothing to watch, but the monitor can be cancelled.
#[test]
fn no_directories() {
    let manager = Manager::builder().load().unwrap();
    let mut monitor = manager.monitor().unwrap();
    assert!(!monitor.wait(Some(Duration::from_millis(1))).unwrap());
    monitor.canceller().cancel();
    assert!(monitor.wait(None).is_err());
}

/// The file descriptor is not readable while there is no change, becomes readable at a change, and
/// stays readable until the dispatch.
#[test]
fn the_descriptor_is_level_triggered() {
    let readable = |place: &Place, timeout| {
        let descriptor = place.monitor.as_fd().as_raw_fd();
        let mut entry = libc::pollfd { fd: descriptor, events: libc::POLLIN, revents: 0 };
        // SAFETY: one entry.
        unsafe { libc::poll(&mut entry, 1, timeout) == 1 }
    };
    let mut place = Place::new(&["a"]);
    // At first it may be readable without a change.
    while readable(&place, 100) {
        assert!(!place.monitor.dispatch().unwrap());
    }
    place.rename_in("a/x.json", "x");
    for _ in 0..3 {
        assert!(readable(&place, 60_000));
    }
    assert!(place.monitor.dispatch().unwrap());
    place.monitor.canceller().cancel();
    for _ in 0..3 {
        assert!(readable(&place, 60_000));
        assert!(place.monitor.dispatch().is_err());
    }
}
