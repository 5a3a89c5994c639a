//! What is watched, and what has happened to it: inotify, on each directory that a path leads
//! through.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use inotify::{Event, EventMask, Inotify, WatchDescriptor, WatchMask};

use crate::entries::is_hook_file;
use crate::go::Errno;
use crate::go::path_in;
use crate::problem::Refusal;
use crate::snapshot::DependsOn;
use crate::sys::{EventSet, WakeOn};

/// How many symlinks a path may lead through, as for the system.
const MOST_LINKS: usize = 40;
/// How often events are read in a row: more than the system keeps. A directory that never rests
/// must not hold us.
const MOST_READS: usize = 1024;

/// What has happened, the weightier the greater.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Activity {
    #[default]
    None,
    /// A file is being written: another event follows.
    Writing,
    /// A file or directory has changed.
    Complete,
}

/// The watches that there are.
#[derive(Debug)]
pub(crate) struct Watches {
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
    /// Those with these names: all events were read and understood.
    Names(HashSet<OsString>),
    /// Any file.
    Any,
}

/// A directory, and which of its entries matter.
#[derive(Debug)]
struct Watched {
    /// What the system calls it.
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
    fn tells_more_than(&self, before: &Watched) -> bool {
        (self.hook_files && !before.hook_files)
            || self.depth > before.depth
            || !self.names.is_subset(&before.names)
    }
}

/// What about a directory has to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Depth {
    /// Which entries there are, and their modes.
    Entries,
    /// What is written to them, too.
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
    /// Makes it without watches. Any file may have changed before.
    pub fn new() -> Watches {
        Watches {
            inotify: None,
            watched: Vec::new(),
            refusal: None,
            stale: false,
            overflowed: false,
            touched: Touched::Any,
        }
    }

    /// Watches all that the hooks depend on, and nothing else. Returns whether there is more than
    /// before. A watch is there before what it is on is looked at: whatever happens from then
    /// on is told.
    ///
    /// Whatever happens is told by `bit` of `events`.
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
            watches: instance.inotify.watches(),
            requested: Vec::new(),
            watched: Vec::new(),
            refusal: None,
        };
        for directory in directories {
            set_up.follow(directory);
            set_up.hook_files(directory);
            // Where a link comes before `..`, files are read elsewhere than where they are listed,
            // as by the reference.
            if directory.components().any(|component| component == Component::ParentDir) {
                set_up.hook_files(&path_in(directory, OsStr::new("")));
            }
        }
        for link in depends_on.links() {
            // One that leads nowhere yet leads to no content either.
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
            grown |= known.is_none_or(|known| watched.tells_more_than(&before.swap_remove(known)));
        }
        for given_up in before {
            // It may have gone by itself.
            let _ = set_up.watches.remove(given_up.descriptor);
        }
        self.refusal = set_up.refusal;
        grown
    }

    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.inotify.as_ref().map(|instance| instance.inotify.as_fd())
    }

    /// Why not all is watched.
    pub fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    /// Whether paths may lead elsewhere than when the watches were set up.
    pub fn are_stale(&self) -> bool {
        self.stale
    }

    /// Says whether what happens wakes nobody.
    pub fn mute(&mut self, events: &EventSet, bit: u32, mute: bool) -> io::Result<()> {
        if let Some(instance) = self.inotify.as_mut().filter(|instance| instance.mute != mute) {
            let wake_on = if mute { WakeOn::Nothing } else { WakeOn::Readable };
            events.change(instance.inotify.as_fd(), bit, wake_on)?;
            instance.mute = mute;
        }
        Ok(())
    }

    /// Reads what has happened since it was read last.
    pub fn read(&mut self) -> Activity {
        let mut activity = Activity::None;
        let mut buffer = [0; 4096];
        for _ in 0..MOST_READS {
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

    /// Any hook file may have changed: the next reload must read all of them.
    pub fn suspect_all(&mut self) {
        self.touched = Touched::Any;
    }

    /// Whether events were lost since this was asked last.
    pub fn overflowed(&mut self) -> bool {
        std::mem::take(&mut self.overflowed)
    }

    /// Any hook file may have changed, and paths may lead elsewhere.
    fn lose_track(&mut self) {
        self.stale = true;
        self.suspect_all();
    }

    fn weigh(&mut self, event: &Event<&OsStr>) -> Activity {
        if event.mask.contains(EventMask::Q_OVERFLOW) {
            self.overflowed = true;
            self.lose_track();
            return Activity::Complete;
        }
        let number = event.wd.get_watch_descriptor_id();
        if event.mask.contains(EventMask::IGNORED) {
            // The directory has gone. (Those that we gave up are not known any more.)
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
            // The directory itself: its mode. It may hide what it has.
            self.lose_track();
            return Activity::Complete;
        };
        let leads_on = watched.names.contains(name);
        let matters = leads_on || (watched.hook_files && is_hook_file(name));
        if !matters {
            return Activity::None;
        }
        if leads_on {
            // To one hook file or to many, itself or by links.
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
        // A new file is written by whoever made it. A link, by whatever name, is complete.
        let empty = |path: PathBuf| {
            path.symlink_metadata().is_ok_and(|found| found.is_file() && found.nlink() == 1)
        };
        if event.mask == EventMask::CREATE && empty(watched.path.join(name)) {
            return Activity::Writing;
        }
        Activity::Complete
    }
}

/// Setting up: the watches as they will be.
struct SetUp {
    watches: inotify::Watches,
    /// What was asked for already, in the order of the paths.
    requested: Vec<Requested>,
    watched: Vec<Watched>,
    refusal: Option<Refusal>,
}

/// A directory that was asked for.
struct Requested {
    path: PathBuf,
    depth: Depth,
    /// What of `watched` came of it.
    index: Option<usize>,
}

impl SetUp {
    /// Watches each entry that a path leads through, as far as it leads. If that is to something
    /// that is no directory, returns what holds it.
    fn follow(&mut self, path: &Path) -> Option<PathBuf> {
        let mut place = PathBuf::from("/");
        // Without a working directory, relative paths lead nowhere.
        let path = std::path::absolute(path).unwrap_or_default();
        let mut rest: Vec<OsString> = names(&path).rev().collect();
        let mut links = 0;
        while let Some(name) = rest.pop() {
            if name == ".." {
                // Links are resolved by now: this is what the system takes it for.
                place.pop();
                continue;
            }
            let watched = self.watch(&place, Depth::Entries).map(|watched| {
                if let Some(watched) = watched {
                    watched.names.insert(name.clone());
                }
            });
            let next = place.join(&name);
            let found = next.symlink_metadata();
            if let Err(refusal) = watched {
                // Of a directory that lets nobody in, its own entry tells.
                if !found.as_ref().is_err_and(|error| Errno::of(error) == Errno(libc::EACCES)) {
                    self.refusal.get_or_insert(refusal);
                }
            }
            match found {
                // What links in /proc say is not where they lead: to another process's root, or an
                // open file.
                Ok(found)
                    if found.is_symlink() && place.starts_with("/proc") && !rest.is_empty() =>
                {
                    place = next
                }
                Ok(found) if found.is_symlink() && links < MOST_LINKS => {
                    links += 1;
                    let target = match next.read_link() {
                        Ok(target) => target,
                        Err(error) => return self.ends("readlink", next, &error),
                    };
                    if target.is_absolute() {
                        place = PathBuf::from("/");
                    }
                    rest.extend(names(&target).rev());
                }
                Ok(found) if found.is_dir() => place = next,
                Ok(_) if rest.is_empty() => return Some(place),
                Ok(_) => return None,
                Err(error) => return self.ends("lstat", next, &error),
            }
        }
        None
    }

    /// A path leads no further. Of what is not there, or not for us, what leads there tells.
    fn ends(
        &mut self,
        operation: &'static str,
        path: PathBuf,
        error: &io::Error,
    ) -> Option<PathBuf> {
        let errno = Errno::of(error);
        // (A file that has taken the place of a link is no link: EINVAL.)
        let is_told = matches!(
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
        if !is_told {
            self.refusal.get_or_insert(Refusal { operation, path, errno });
        }
        None
    }

    /// Watches the hook files of a directory. Of one that is missing or lets nobody in, its own
    /// entry tells.
    fn hook_files(&mut self, directory: &Path) {
        match self.watch(directory, Depth::Contents) {
            Ok(Some(watched)) => watched.hook_files = true,
            Err(refusal) if refusal.errno != Errno(libc::EACCES) => {
                self.refusal.get_or_insert(refusal);
            }
            _ => {}
        }
    }

    /// Watches what is written to the entries of a directory that matter.
    fn contents(&mut self, directory: &Path) {
        if let Err(refusal) = self.watch(directory, Depth::Contents) {
            self.refusal.get_or_insert(refusal);
        }
    }

    /// Watches a directory; none if it is not there (any more).
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
        let descriptor = match self.watches.add(directory, depth.mask()) {
            Ok(descriptor) => descriptor,
            Err(error) => {
                return match Errno::of(&error) {
                    // The watch on what leads there tells when that changes.
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
        // Another path may have led there.
        if let Some(index) = self.watched.iter().position(|watched| watched.number == number) {
            self.watched[index].depth = self.watched[index].depth.max(depth);
            return Ok(Some(index));
        }
        let (names, path) = (HashSet::new(), directory.to_owned());
        self.watched.push(Watched { number, descriptor, path, names, hook_files: false, depth });
        Ok(Some(self.watched.len() - 1))
    }
}

/// The names in a path that lead somewhere, `..` among them.
fn names(path: &Path) -> impl DoubleEndedIterator<Item = OsString> {
    path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    })
}
