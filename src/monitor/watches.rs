//! The inotify watches, one on each directory that a path leads through, and their events.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Component, Path, PathBuf};

use inotify::{Event, EventMask, Inotify, WatchDescriptor, WatchMask};

use crate::entries::is_hook_file;
use crate::go::Errno;
use crate::go::path_in;
use crate::problem::Refusal;
use crate::snapshot::DependsOn;
use crate::sys::{EventSet, MAX_LINKS, Root, WakeOn, names};

/// How often events are read in a row: enough for more events than the kernel keeps. A directory
/// that changes all the time must not keep the caller in the loop.
const MAX_READS: usize = 1024;

/// The activity of the watched files. More important activity compares as greater.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Activity {
    #[default]
    None,
    /// A file is being written: another event follows.
    Writing,
    /// A file or directory has changed.
    Complete,
}

/// The inotify watches, and the changes that they have reported.
#[derive(Debug)]
pub(crate) struct Watches {
    root: Root,
    /// `None` as long as the kernel refuses one.
    inotify: Option<Instance>,
    watched: Vec<Watched>,
    refusal: Option<Refusal>,
    /// Whether paths may lead elsewhere than when the watches were set up.
    stale: bool,
    overflowed: bool,
    touched: Touched,
}

/// An inotify instance.
#[derive(Debug)]
struct Instance {
    inotify: Inotify,
    /// Whether its events do not wake the caller.
    mute: bool,
}

/// The hook files that may have changed since the last call of [`Watches::take_touched`].
#[derive(Debug)]
enum Touched {
    /// The files with these names: all events were read and understood.
    Names(HashSet<OsString>),
    /// Any file.
    Any,
}

/// A directory, and the entries that matter.
#[derive(Debug)]
struct Watched {
    /// The kernel's number of the watch.
    number: i32,
    descriptor: WatchDescriptor,
    path: PathBuf,
    /// Entries that paths lead through.
    names: HashSet<OsString>,
    /// Whether its hook files matter.
    hook_files: bool,
    depth: Depth,
}

impl Watched {
    /// Returns whether this watch reports more than the one before.
    fn reports_more_than(&self, before: &Watched) -> bool {
        (self.hook_files && !before.hook_files)
            || self.depth > before.depth
            || !self.names.is_subset(&before.names)
    }
}

/// The events of a directory that matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Depth {
    /// Changes to the list of entries, and to their modes.
    Entries,
    /// Also writes to the entries.
    Contents,
}

impl Depth {
    fn mask(self) -> WatchMask {
        let entries = WatchMask::CREATE
            | WatchMask::DELETE
            | WatchMask::MOVED_FROM
            | WatchMask::MOVED_TO
            | WatchMask::ATTRIB
            | WatchMask::ONLYDIR
            // Two paths may lead to one directory.
            | WatchMask::MASK_ADD;
        match self {
            Depth::Entries => entries,
            Depth::Contents => entries | WatchMask::MODIFY | WatchMask::CLOSE_WRITE,
        }
    }
}

impl Watches {
    /// Starts without watches. Any file may have changed before.
    pub fn new(root: Root) -> Watches {
        Watches {
            root,
            inotify: None,
            watched: Vec::new(),
            refusal: None,
            stale: false,
            overflowed: false,
            touched: Touched::Any,
        }
    }

    /// Watches everything that the hooks depend on, and nothing else. Returns whether it watches
    /// more than before. A watch is added before its directory is examined, so it reports every
    /// later change.
    ///
    /// `bit` reports the events in `events`.
    pub fn set_up(
        &mut self,
        events: &EventSet,
        bit: u32,
        directories: &[PathBuf],
        depends_on: &DependsOn,
    ) -> bool {
        self.refusal = None;
        self.stale = false;
        if self.inotify.is_none() {
            let made =
                Inotify::init().map_err(|error| ("inotify_init1", error)).and_then(|inotify| {
                    let added = events.add(inotify.as_fd(), bit, WakeOn::Readable);
                    added.map(|()| inotify).map_err(|error| ("epoll_ctl", error))
                });
            match made {
                Ok(inotify) => self.inotify = Some(Instance { inotify, mute: false }),
                Err((operation, error)) => {
                    let path = directories.first().cloned().unwrap_or_default();
                    self.refusal = Some(Refusal { operation, path, errno: Errno::of(&error) });
                }
            }
        }
        let Some(instance) = &self.inotify else { return false };
        let mut set_up = SetUp {
            root: &self.root,
            watches: instance.inotify.watches(),
            requested: Vec::new(),
            watched: Vec::new(),
            refusal: None,
        };
        for directory in directories {
            set_up.follow(directory);
            set_up.hook_files(directory);
            // If a symlink comes before `..`, files are read from another directory than the one
            // that is listed, as in the reference.
            if directory.components().any(|component| component == Component::ParentDir) {
                set_up.hook_files(&path_in(directory, OsStr::new("")));
            }
        }
        for link in depends_on.links() {
            // A dangling symlink has no content to watch yet.
            if let Some(holds_file) = set_up.follow(link) {
                set_up.contents(&holds_file);
            }
        }
        for executable in &depends_on.executables {
            set_up.follow(Path::new(&**executable));
        }
        let mut before = std::mem::replace(&mut self.watched, set_up.watched);
        let mut grown = false;
        for watched in &self.watched {
            let known = before.iter().position(|before| before.number == watched.number);
            grown |=
                known.is_none_or(|known| watched.reports_more_than(&before.swap_remove(known)));
        }
        for given_up in before {
            // The kernel may have removed it already.
            let _ = set_up.watches.remove(given_up.descriptor);
        }
        self.refusal = set_up.refusal;
        grown
    }

    /// Returns the file descriptor of the inotify instance.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.inotify.as_ref().map(|instance| instance.inotify.as_fd())
    }

    /// Returns why a watch is missing, if any is missing.
    pub fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    /// Returns whether paths may lead elsewhere than when the watches were set up.
    pub fn are_stale(&self) -> bool {
        self.stale
    }

    /// Sets whether events must not wake the caller.
    pub fn mute(&mut self, events: &EventSet, bit: u32, mute: bool) -> io::Result<()> {
        if let Some(instance) = self.inotify.as_mut().filter(|instance| instance.mute != mute) {
            let wake_on = if mute { WakeOn::Nothing } else { WakeOn::Readable };
            events.change(instance.inotify.as_fd(), bit, wake_on)?;
            instance.mute = mute;
        }
        Ok(())
    }

    /// Reads the events since the last call.
    pub fn read(&mut self) -> Activity {
        let mut activity = Activity::None;
        let mut buffer = [0; 4096];
        for _ in 0..MAX_READS {
            let Some(instance) = &mut self.inotify else { break };
            let Ok(events) = instance.inotify.read_events(&mut buffer) else { break };
            for event in events {
                activity = activity.max(self.weigh(&event));
            }
        }
        activity
    }

    /// Returns the names of the hook files that may have changed since the last call; `None` if any
    /// file may have.
    pub fn take_touched(&mut self) -> Option<HashSet<OsString>> {
        match std::mem::replace(&mut self.touched, Touched::Names(HashSet::new())) {
            Touched::Names(names) => Some(names),
            Touched::Any => None,
        }
    }

    /// Records that any hook file may have changed: the next reload must read all of them.
    pub fn suspect_all(&mut self) {
        self.touched = Touched::Any;
    }

    /// Returns whether events were lost since the last call.
    pub fn overflowed(&mut self) -> bool {
        std::mem::take(&mut self.overflowed)
    }

    /// Records that any hook file may have changed, and that paths may lead elsewhere.
    fn lose_track(&mut self) {
        self.stale = true;
        self.suspect_all();
    }

    /// Records an event, and returns its activity.
    fn weigh(&mut self, event: &Event<&OsStr>) -> Activity {
        if event.mask.contains(EventMask::Q_OVERFLOW) {
            self.overflowed = true;
            self.lose_track();
            return Activity::Complete;
        }
        let number = event.wd.get_watch_descriptor_id();
        if event.mask.contains(EventMask::IGNORED) {
            // The directory was removed. (Directories whose watch was given up are no longer in the
            // list.)
            let before = self.watched.len();
            self.watched.retain(|watched| watched.number != number);
            let known = self.watched.len() < before;
            if !known {
                return Activity::None;
            }
            self.lose_track();
            return Activity::Complete;
        }
        let Some(watched) = self.watched.iter().find(|watched| watched.number == number) else {
            return Activity::None;
        };
        let Some(name) = event.name else {
            // The mode of the directory itself. It may hide the entries.
            self.lose_track();
            return Activity::Complete;
        };
        let leads_on = watched.names.contains(name);
        let matters = leads_on || (watched.hook_files && is_hook_file(name));
        if !matters {
            return Activity::None;
        }
        if leads_on {
            // The entry may lead to one or many hook files, directly or through symlinks.
            self.touched = Touched::Any;
        } else if let Touched::Names(names) = &mut self.touched {
            if !names.contains(name) {
                names.insert(name.to_owned());
            }
        }
        if event.mask.contains(EventMask::MODIFY) {
            return Activity::Writing;
        }
        if event.mask.contains(EventMask::CLOSE_WRITE) {
            return Activity::Complete;
        }
        self.stale |= leads_on;
        // The program that made a new file will write it. A symlink or hard link is complete.
        let empty = |path: &Path| {
            self.root.link_status(path).is_ok_and(|found| found.is_file() && found.links == 1)
        };
        if event.mask == EventMask::CREATE && empty(&watched.path.join(name)) {
            return Activity::Writing;
        }
        Activity::Complete
    }
}

/// The new watches, while they are set up.
struct SetUp<'r> {
    root: &'r Root,
    watches: inotify::Watches,
    /// The directories that were requested already, sorted by path.
    requested: Vec<Requested>,
    watched: Vec<Watched>,
    refusal: Option<Refusal>,
}

/// A directory that was requested.
struct Requested {
    path: PathBuf,
    depth: Depth,
    /// Its index in `watched`; `None` if it does not exist.
    index: Option<usize>,
}

impl SetUp<'_> {
    /// Watches each entry that a path leads through, as far as it exists. If the path leads to a
    /// file, returns the directory of the file.
    fn follow(&mut self, path: &Path) -> Option<PathBuf> {
        let mut place = PathBuf::from("/");
        let path = if self.root.is_host() {
            // Without a working directory, relative paths lead nowhere.
            std::path::absolute(path).unwrap_or_default()
        } else {
            place.join(path)
        };
        let mut rest: Vec<OsString> = names(&path).rev().collect();
        let mut links = 0;
        while let Some(name) = rest.pop() {
            if name == ".." {
                // Symlinks are resolved by now, so this is what `..` means to the kernel.
                place.pop();
                continue;
            }
            let watched = self.watch(&place, Depth::Entries).map(|watched| {
                if let Some(watched) = watched {
                    watched.names.insert(name.clone());
                }
            });
            let next = place.join(&name);
            let found = self.root.link_status(&next);
            if let Err(refusal) = watched {
                // If the directory may not be entered, the watch on its parent reports when that
                // changes.
                if !found.as_ref().is_err_and(|error| Errno::of(error) == Errno(libc::EACCES)) {
                    self.refusal.get_or_insert(refusal);
                }
            }
            match found {
                // The text of a symlink in /proc is not its target, which is another process's root
                // or an open file.
                Ok(found) if found.is_link() && place.starts_with("/proc") && !rest.is_empty() => {
                    place = next
                }
                Ok(found) if found.is_link() && links < MAX_LINKS => {
                    links += 1;
                    let target = match self.root.read_link(&next) {
                        Ok(target) => target,
                        Err(error) => return self.ends("readlink", next, &error),
                    };
                    if target.is_absolute() {
                        place = PathBuf::from("/");
                    }
                    rest.extend(names(&target).rev());
                }
                Ok(found) if found.is_directory() => place = next,
                Ok(_) if rest.is_empty() => return Some(place),
                Ok(_) => return None,
                Err(error) => return self.ends("lstat", next, &error),
            }
        }
        None
    }

    /// Resolution stops here. If the target is missing or inaccessible, the watch on its parent
    /// reports when that changes.
    fn ends(
        &mut self,
        operation: &'static str,
        path: PathBuf,
        error: &io::Error,
    ) -> Option<PathBuf> {
        let errno = Errno::of(error);
        // (EINVAL: the symlink was replaced by another file.)
        let is_reported = matches!(
            errno,
            Errno(
                libc::ENOENT
                    | libc::ENOTDIR
                    | libc::ELOOP
                    | libc::EACCES
                    | libc::ENAMETOOLONG
                    | libc::EINVAL
            )
        );
        if !is_reported {
            self.refusal.get_or_insert(Refusal { operation, path, errno });
        }
        None
    }

    /// Watches the hook files of a directory. If it is missing or may not be entered, the watch on
    /// its parent reports when that changes.
    fn hook_files(&mut self, directory: &Path) {
        match self.watch(directory, Depth::Contents) {
            Ok(Some(watched)) => watched.hook_files = true,
            Err(refusal) if refusal.errno != Errno(libc::EACCES) => {
                self.refusal.get_or_insert(refusal);
            }
            _ => {}
        }
    }

    /// Watches writes to the entries of a directory.
    fn contents(&mut self, directory: &Path) {
        if let Err(refusal) = self.watch(directory, Depth::Contents) {
            self.refusal.get_or_insert(refusal);
        }
    }

    /// Watches a directory. Returns `None` if it does not exist (any more).
    fn watch(&mut self, directory: &Path, depth: Depth) -> Result<Option<&mut Watched>, Refusal> {
        let place = self
            .requested
            .binary_search_by(|known| known.path.as_os_str().cmp(directory.as_os_str()));
        let known = place.ok().and_then(|place| self.requested.get(place));
        let index = match known {
            Some(known) if known.depth >= depth => known.index,
            _ => {
                let index = self.add(directory, depth)?;
                let known = Requested { path: directory.to_owned(), depth, index };
                match place {
                    Ok(place) => self.requested[place] = known,
                    Err(place) => self.requested.insert(place, known),
                }
                index
            }
        };
        Ok(index.and_then(|index| self.watched.get_mut(index)))
    }

    fn add(&mut self, directory: &Path, depth: Depth) -> Result<Option<usize>, Refusal> {
        let located = self.root.locate(directory, true);
        let added = located.and_then(|located| self.watches.add(located.path(), depth.mask()));
        let descriptor = match added {
            Ok(descriptor) => descriptor,
            Err(error) => {
                return match Errno::of(&error) {
                    // The watch on its parent reports when that changes.
                    Errno(libc::ENOENT | libc::ENOTDIR | libc::ELOOP) => Ok(None),
                    errno => Err(Refusal {
                        operation: "inotify_add_watch",
                        path: directory.to_owned(),
                        errno,
                    }),
                };
            }
        };
        let number = descriptor.get_watch_descriptor_id();
        // Another path may lead to the same directory.
        if let Some(index) = self.watched.iter().position(|watched| watched.number == number) {
            self.watched[index].depth = self.watched[index].depth.max(depth);
            return Ok(Some(index));
        }
        let (names, path) = (HashSet::new(), directory.to_owned());
        self.watched.push(Watched { number, descriptor, path, names, hook_files: false, depth });
        Ok(Some(self.watched.len() - 1))
    }
}
