//! A shared library that watches one directory, with notify or with inotify, to compare sizes.

use std::ffi::{CStr, OsStr, c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Watches a directory, and returns whether that succeeded.
///
/// # Safety
/// `path` must be a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn watch(path: *const c_char) -> c_int {
    // SAFETY: the caller passes a C string.
    let path = Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(path) }.to_bytes()));
    c_int::from(watched(path))
}

#[cfg(feature = "notify")]
fn watched(path: &Path) -> bool {
    use notify::{Config, Event, INotifyWatcher, RecursiveMode, Result, Watcher};
    let (sender, receiver) = std::sync::mpsc::channel();
    let handler = move |event: Result<Event>| {
        let _ = sender.send(event.is_ok_and(|event| event.need_rescan()));
    };
    let Ok(mut watcher) = INotifyWatcher::new(handler, Config::default()) else { return false };
    watcher.watch(path, RecursiveMode::NonRecursive).is_ok()
        && receiver.recv().is_ok()
        && watcher.unwatch(path).is_ok()
}

#[cfg(not(feature = "notify"))]
fn watched(path: &Path) -> bool {
    use inotify::{EventMask, Inotify, WatchMask};
    let Ok(mut inotify) = Inotify::init() else { return false };
    let Ok(watch) = inotify.watches().add(path, WatchMask::CREATE | WatchMask::CLOSE_WRITE) else {
        return false;
    };
    let mut buffer = [0; 4096];
    let read = inotify.read_events_blocking(&mut buffer);
    read.is_ok_and(|events| {
        events.into_iter().any(|event| event.mask.contains(EventMask::Q_OVERFLOW))
    }) && inotify.watches().remove(watch).is_ok()
}
