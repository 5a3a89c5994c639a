//! A child of ours: how it is told, waited for and killed, though the host may wait for any child
//! itself.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::pidfd::{Sent, open_pidfd, signal_pidfd};

/// A child, which is the leader of a process group of its own, or in the group of this process.
#[derive(Debug)]
pub(crate) struct Child {
    pid: libc::pid_t,
    pub(super) leads_group: bool,
    /// `None` where the system has none (before Linux 5.3), or refuses them (seccomp).
    pidfd: Option<OwnedFd>,
}

/// Children that were killed and had not ended when their caller's patience had. A process has few
/// of them, mostly none; a lock would be one that the child of a fork waits for.
static ABANDONED: AtomicPtr<Vec<Child>> = AtomicPtr::new(ptr::null_mut());

/// Reaps the abandoned that have ended by now.
pub(crate) fn reap_abandoned() {
    if !ABANDONED.load(Ordering::Relaxed).is_null() {
        put_back(take_abandoned());
    }
}

/// Nobody else has them then.
fn take_abandoned() -> Vec<Child> {
    let list = ABANDONED.swap(ptr::null_mut(), Ordering::AcqRel);
    if list.is_null() {
        return Vec::new();
    }
    // SAFETY: made by `Box::into_raw` in `put_back`, and taken out by one swap alone.
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
        // Others have put some there meanwhile: all of them together, then.
        // SAFETY: made above, and given to nobody.
        children = *unsafe { Box::from_raw(list) };
        children.extend(take_abandoned());
    }
}

/// What became of a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Running,
    Ended(Exit),
    /// Somebody else has reaped it, or will: SIGCHLD is ignored, or a thread of the host waits for
    /// every child.
    Lost,
}

/// How a child has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Status(i32),
    Signal { number: i32, core_dumped: bool },
}

impl Child {
    /// A child that was started just now.
    pub fn new(pid: libc::pid_t, leads_group: bool) -> Child {
        Child { pid, leads_group, pidfd: open_pidfd(pid) }
    }

    pub fn pid(&self) -> libc::pid_t {
        self.pid
    }

    /// Becomes readable when the child has ended.
    pub fn pidfd(&self) -> Option<BorrowedFd<'_>> {
        self.pidfd.as_ref().map(AsFd::as_fd)
    }

    /// What has become of it; it stays a zombie, whose number nobody else can get.
    pub fn fate(&self) -> Fate {
        self.wait(libc::WNOWAIT)
    }

    /// The same, and it is no zombie any more. It must not be used any further if it has ended.
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
        // SAFETY: zeroed before, so initialised in any case; the fields of a child's end are those
        // that waitid sets.
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

    /// Leaves a child that was killed and has not ended yet. Whoever abandons or starts one later
    /// reaps it.
    pub fn abandon(self) {
        let mut children = take_abandoned();
        children.push(self);
        put_back(children);
    }

    /// Signals it and all of its group. It must have been there a moment ago.
    pub(super) fn signal_group(&self, signal: libc::c_int) {
        /// `PIDFD_SIGNAL_PROCESS_GROUP`, of Linux 6.9.
        const GROUP: libc::c_uint = 1 << 2;
        let sent = self.pidfd.as_ref().map(|pidfd| signal_pidfd(pidfd, signal, GROUP));
        if sent != Some(Sent::Yes) {
            // The number is still the child's: it was there a moment ago, and numbers come round
            // only after all others. SAFETY: kill(2) takes two numbers.
            unsafe { libc::kill(-self.pid, signal) };
        }
        // The leader by itself, too: it may have gone to another group.
        self.signal(signal);
    }

    /// Signals it alone; nobody, if the host has reaped it.
    pub(super) fn signal(&self, signal: libc::c_int) {
        let sent =
            self.pidfd.as_ref().map_or(Sent::Refused, |pidfd| signal_pidfd(pidfd, signal, 0));
        if sent == Sent::Refused && self.fate() != Fate::Lost {
            // SAFETY: kill(2) takes two numbers.
            unsafe { libc::kill(self.pid, signal) };
        }
    }
}
