//! Events: several descriptors waited for as one, a timer, and a flag that a signal handler may
//! raise.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::Duration;

/// Descriptors that are waited for as one: an epoll instance. Each has a bit of its own.
#[derive(Debug)]
pub(crate) struct EventSet(OwnedFd);

/// What of a descriptor is waited for; errors always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WakeOn {
    /// There is something to read.
    Readable,
    /// Something exceptional, as the files about mounts in `/proc` call a change; once, until it is
    /// asked for again.
    ExceptionalOnce,
    Nothing,
}

impl WakeOn {
    fn bits(self) -> u32 {
        let bits = match self {
            WakeOn::Readable => libc::EPOLLIN,
            WakeOn::ExceptionalOnce => libc::EPOLLPRI | libc::EPOLLONESHOT,
            WakeOn::Nothing => 0,
        };
        bits as u32
    }
}

impl EventSet {
    pub fn new() -> io::Result<EventSet> {
        // SAFETY: epoll_create1(2) takes a number.
        owned(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) }).map(EventSet)
    }

    /// Adds a descriptor; `bit` stands for it in what [`EventSet::wait`] returns.
    pub fn add(&self, descriptor: BorrowedFd<'_>, bit: u32, wake_on: WakeOn) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, descriptor, bit, wake_on)
    }

    /// Changes what of a descriptor is waited for.
    pub fn change(&self, descriptor: BorrowedFd<'_>, bit: u32, wake_on: WakeOn) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_MOD, descriptor, bit, wake_on)
    }

    fn control(
        &self,
        operation: i32,
        descriptor: BorrowedFd<'_>,
        bit: u32,
        wake_on: WakeOn,
    ) -> io::Result<()> {
        let mut event = libc::epoll_event { events: wake_on.bits(), u64: bit.into() };
        let (set, descriptor) = (self.0.as_raw_fd(), descriptor.as_raw_fd());
        // SAFETY: an event that lives until the call returns, and descriptors that are open.
        let result = unsafe { libc::epoll_ctl(set, operation, descriptor, &mut event) };
        if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Waits until one is ready or the time is over (`None`: never), and returns the bits of those
    /// that are: none also if a signal came in between.
    pub fn wait(&self, timeout: Option<Duration>) -> io::Result<u32> {
        const MOST: usize = 8;
        let mut ready = [libc::epoll_event { events: 0, u64: 0 }; MOST];
        let timeout = super::milliseconds(timeout);
        // SAFETY: memory for as many as it says.
        let count = unsafe {
            libc::epoll_wait(self.0.as_raw_fd(), ready.as_mut_ptr(), MOST as i32, timeout)
        };
        let Ok(count) = usize::try_from(count) else {
            let error = io::Error::last_os_error();
            return if error.kind() == io::ErrorKind::Interrupted { Ok(0) } else { Err(error) };
        };
        Ok(ready.iter().take(count).fold(0, |bits, event| bits | event.u64 as u32))
    }
}

impl AsFd for EventSet {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A descriptor that becomes readable at a time.
#[derive(Debug)]
pub(crate) struct Timer(OwnedFd);

impl Timer {
    pub fn new() -> io::Result<Timer> {
        // SAFETY: timerfd_create(2) takes two numbers.
        owned(unsafe {
            libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_CLOEXEC | libc::TFD_NONBLOCK)
        })
        .map(Timer)
    }

    /// It becomes readable after this time (`None`: never), and is not until then.
    pub fn set(&self, after: Option<Duration>) -> io::Result<()> {
        let never = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        let value = after.map_or(never, |after| libc::timespec {
            tv_sec: libc::time_t::try_from(after.as_secs()).unwrap_or(libc::time_t::MAX),
            // Nothing at all would be never.
            tv_nsec: libc::c_long::from(after.subsec_nanos())
                .max(libc::c_long::from(after.is_zero())),
        });
        let setting = libc::itimerspec { it_interval: never, it_value: value };
        // SAFETY: a setting that lives until the call returns; the old one is not asked for.
        let result =
            unsafe { libc::timerfd_settime(self.0.as_raw_fd(), 0, &setting, std::ptr::null_mut()) };
        if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

impl AsFd for Timer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A descriptor that is readable once the flag is raised, for ever.
#[derive(Debug)]
pub(crate) struct Flag(OwnedFd);

impl Flag {
    pub fn new() -> io::Result<Flag> {
        // SAFETY: eventfd(2) takes two numbers.
        owned(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) }).map(Flag)
    }

    /// May be called from a signal handler: it does one write(2), and leaves errno as it was.
    pub fn raise(&self) {
        let one = 1_u64;
        // SAFETY: eight bytes to be read; errno is the thread's own. A write that fails does so
        // because the flag is up.
        unsafe {
            let errno = libc::__errno_location();
            let before = *errno;
            libc::write(self.0.as_raw_fd(), (&raw const one).cast(), size_of::<u64>());
            *errno = before;
        }
    }
}

impl AsFd for Flag {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A descriptor that a system call returned, or its error.
fn owned(result: i32) -> io::Result<OwnedFd> {
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a new descriptor, which nobody else has.
    Ok(unsafe { OwnedFd::from_raw_fd(result) })
}
