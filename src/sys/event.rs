//! Events: a file descriptor that stands for several, a timer, and a flag that a signal handler may
//! raise.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::Duration;

/// A set of file descriptors to wait for together: an epoll instance. Each has its own bit.
#[derive(Debug)]
pub(crate) struct EventSet(OwnedFd);

/// The event of a file descriptor to wait for. Errors always wake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WakeOn {
    /// The file descriptor is readable.
    Readable,
    /// An exceptional condition: how the files about mounts in `/proc` report a change. It wakes
    /// once, until it is set again.
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

    /// Adds a file descriptor. `bit` stands for it in the result of [`EventSet::wait`].
    pub fn add(&self, descriptor: BorrowedFd<'_>, bit: u32, wake_on: WakeOn) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, descriptor, bit, wake_on)
    }

    /// Changes the event of a file descriptor to wait for.
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
        // SAFETY: an event that lives until the call returns, and open file descriptors.
        let result = unsafe { libc::epoll_ctl(set, operation, descriptor, &mut event) };
        if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Waits until a file descriptor is ready or the timeout is over (`None`: no limit), and
    /// returns the bits of those that are ready. Returns 0 if a signal interrupts the wait.
    pub fn wait(&self, timeout: Option<Duration>) -> io::Result<u32> {
        const MAX_EVENTS: usize = 8;
        let mut ready = [libc::epoll_event { events: 0, u64: 0 }; MAX_EVENTS];
        let timeout = super::milliseconds(timeout);
        // SAFETY: memory for the given number of events.
        let count = unsafe {
            libc::epoll_wait(self.0.as_raw_fd(), ready.as_mut_ptr(), MAX_EVENTS as i32, timeout)
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

/// A file descriptor that becomes readable at a set time.
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

    /// Sets the time after which it becomes readable (`None`: never). It is not readable until
    /// then.
    pub fn set(&self, after: Option<Duration>) -> io::Result<()> {
        let never = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        let value = after.map_or(never, |after| libc::timespec {
            tv_sec: libc::time_t::try_from(after.as_secs()).unwrap_or(libc::time_t::MAX),
            // Zero would stop the timer.
            tv_nsec: libc::c_long::from(after.subsec_nanos())
                .max(libc::c_long::from(after.is_zero())),
        });
        let setting = libc::itimerspec { it_interval: never, it_value: value };
        // SAFETY: a setting that lives until the call returns. The old setting is not requested.
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

/// A file descriptor that stays readable after the flag was raised.
#[derive(Debug)]
pub(crate) struct Flag(OwnedFd);

impl Flag {
    pub fn new() -> io::Result<Flag> {
        // SAFETY: eventfd(2) takes two numbers.
        owned(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) }).map(Flag)
    }

    /// Raises the flag. May be called from a signal handler: it calls only write(2), and restores
    /// errno.
    pub fn raise(&self) {
        let one = 1_u64;
        // SAFETY: write(2) reads eight bytes; errno belongs to the thread. A write fails only if
        // the flag is already raised.
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

/// Converts the result of a system call that returns a file descriptor.
pub(super) fn owned(result: i32) -> io::Result<OwnedFd> {
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a new file descriptor, which no other code owns.
    Ok(unsafe { OwnedFd::from_raw_fd(result) })
}
