//! A child process: how it is identified, waited for and killed, although the host may itself wait
//! for any child.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::pidfd::{Sent, open_pidfd, signal_pidfd};

/// A child, which leads its own process group or is in the group of this process.
#[derive(Debug)]
pub(crate) struct Child {
    pid: libc::pid_t,
    pub(super) leads_group: bool,
    /// `None` if the kernel has no pidfds (before Linux 5.3), or refuses them (seccomp).
    pidfd: Option<OwnedFd>,
}

/// Children that were killed but had not ended when the caller stopped waiting. A process has few
/// such children, usually none. There is no lock, since the child of a fork could wait for it
/// forever.
static ABANDONED: AtomicPtr<Vec<Child>> = AtomicPtr::new(ptr::null_mut());

/// Reaps the abandoned children that have ended by now.
pub(crate) fn reap_abandoned() {
    if !ABANDONED.load(Ordering::Relaxed).is_null() {
        put_back(take_abandoned());
    }
}

/// Takes all abandoned children: no other code has them then.
fn take_abandoned() -> Vec<Child> {
    let list = ABANDONED.swap(ptr::null_mut(), Ordering::AcqRel);
    if list.is_null() {
        return Vec::new();
    }
    // SAFETY: made by `Box::into_raw` in `put_back`, and only one swap takes it out.
    *unsafe { Box::from_raw(list) }
}

fn put_back(mut children: Vec<Child>) {
    loop {
        children.retain(|child| child.reap() == Fate::Running);
        if children.is_empty() {
            return;
        }
        let list = Box::into_raw(Box::new(children));
        let Err(_) =
            ABANDONED.compare_exchange(ptr::null_mut(), list, Ordering::AcqRel, Ordering::Relaxed)
        else {
            return;
        };
        // Another thread has put children there meanwhile: take them too, and try again.
        // SAFETY: made above, and not shared.
        children = *unsafe { Box::from_raw(list) };
        children.extend(take_abandoned());
    }
}

/// The state of a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Running,
    Ended(Exit),
    /// The host has reaped it, or will: SIGCHLD is ignored, or a thread of the host waits for every
    /// child.
    Lost,
}

/// How a child has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Status(i32),
    Signal { number: i32, core_dumped: bool },
}

impl Child {
    /// Makes the value for a child that was just started.
    pub fn new(pid: libc::pid_t, leads_group: bool) -> Child {
        Child { pid, leads_group, pidfd: open_pidfd(pid) }
    }

    pub fn pid(&self) -> libc::pid_t {
        self.pid
    }

    /// Returns the pidfd, which becomes readable when the child ends.
    pub fn pidfd(&self) -> Option<BorrowedFd<'_>> {
        self.pidfd.as_ref().map(AsFd::as_fd)
    }

    /// Returns its state. If it has ended, it stays a zombie, so no other process can get its
    /// number.
    pub fn fate(&self) -> Fate {
        self.wait(libc::WNOWAIT)
    }

    /// Returns its state, and reaps it if it has ended. It must not be used afterwards if it has
    /// ended.
    pub fn reap(&self) -> Fate {
        self.wait(0)
    }

    fn wait(&self, flags: i32) -> Fate {
        let (kind, id) = match &self.pidfd {
            Some(pidfd) => (libc::P_PIDFD, pidfd.as_raw_fd()),
            None => (libc::P_PID, self.pid),
        };
        let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
        loop {
            let flags = libc::WEXITED | libc::WNOHANG | flags;
            // SAFETY: memory for one siginfo_t.
            let result = unsafe { libc::waitid(kind, id as libc::id_t, info.as_mut_ptr(), flags) };
            if result == 0 {
                break;
            }
            match io::Error::last_os_error().raw_os_error() {
                Some(libc::EINTR) => {}
                // Before Linux 5.4 waitid does not know pidfds.
                Some(libc::EINVAL) if self.pidfd.is_some() => {
                    let by_number =
                        Child { pid: self.pid, leads_group: self.leads_group, pidfd: None };
                    return by_number.wait(flags & libc::WNOWAIT);
                }
                _ => return Fate::Lost,
            }
        }
        // SAFETY: zeroed before, so always initialised. waitid sets the fields that are read.
        let (pid, code, status) = unsafe {
            let info = info.assume_init_ref();
            (info.si_pid(), info.si_code, info.si_status())
        };
        match code {
            _ if pid == 0 => Fate::Running,
            libc::CLD_EXITED => Fate::Ended(Exit::Status(status)),
            code => {
                Fate::Ended(Exit::Signal { number: status, core_dumped: code == libc::CLD_DUMPED })
            }
        }
    }

    /// Leaves a child that was killed and has not ended yet. It is reaped when a later child is
    /// abandoned or started.
    pub fn abandon(self) {
        let mut children = take_abandoned();
        children.push(self);
        put_back(children);
    }

    /// Signals it and its process group. The child must have existed a moment ago.
    pub(super) fn signal_group(&self, signal: libc::c_int) {
        /// `PIDFD_SIGNAL_PROCESS_GROUP`, of Linux 6.9.
        const GROUP: libc::c_uint = 1 << 2;
        let sent = self.pidfd.as_ref().map(|pidfd| signal_pidfd(pidfd, signal, GROUP));
        if sent != Some(Sent::Yes) {
            // The number still belongs to the child, which existed a moment ago: the kernel uses a
            // number again only after all other numbers.
            // SAFETY: kill(2) takes two numbers.
            unsafe { libc::kill(-self.pid, signal) };
        }
        // Signal the leader itself, too: it may have moved to another group.
        self.signal(signal);
    }

    /// Signals only the child. If the host has reaped it, no process is signalled.
    pub(super) fn signal(&self, signal: libc::c_int) {
        let sent =
            self.pidfd.as_ref().map_or(Sent::Refused, |pidfd| signal_pidfd(pidfd, signal, 0));
        if sent == Sent::Refused && self.fate() != Fate::Lost {
            // SAFETY: kill(2) takes two numbers.
            unsafe { libc::kill(self.pid, signal) };
        }
    }
}
