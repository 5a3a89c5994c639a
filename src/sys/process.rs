//! A child of ours: how it is told, waited for and killed, though the host may wait for any child itself.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// A child that was started as the leader of a process group of its own.
#[derive(Debug)]
pub(crate) struct Child {
    pid: libc::pid_t,
    /// `None` where the system has none (before Linux 5.3), or refuses them (seccomp).
    pidfd: Option<OwnedFd>,
}

/// What became of a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Running,
    Ended(Exit),
    /// Somebody else has reaped it, or will: SIGCHLD is ignored, or a thread of the host waits for every child.
    Lost,
}

/// How a child has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Status(i32),
    Signal { number: i32, core_dumped: bool },
}

impl Child {
    /// Of a child that was started just now.
    pub fn new(pid: libc::pid_t) -> Child {
        // SAFETY: pidfd_open(2) takes two numbers.
        let result = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
        let pidfd = i32::try_from(result).ok().filter(|&fd| fd >= 0).map(|fd| {
            // SAFETY: a new descriptor, which nobody else has. (It is close-on-exec.)
            unsafe { OwnedFd::from_raw_fd(fd) }
        });
        Child { pid, pidfd }
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
            let result = unsafe { libc::waitid(kind, id.cast_unsigned(), info.as_mut_ptr(), flags) };
            if result == 0 {
                break;
            }
            match io::Error::last_os_error().raw_os_error() {
                Some(libc::EINTR) => {}
                // Before Linux 5.4 waitid does not know pidfds.
                Some(libc::EINVAL) if self.pidfd.is_some() => {
                    return Child { pid: self.pid, pidfd: None }.wait(flags & libc::WNOWAIT);
                }
                _ => return Fate::Lost,
            }
        }
        // SAFETY: zeroed before, so initialised in any case; the fields of a child's end are those that waitid sets.
        let (pid, code, status) = unsafe {
            let info = info.assume_init_ref();
            (info.si_pid(), info.si_code, info.si_status())
        };
        match code {
            _ if pid == 0 => Fate::Running,
            libc::CLD_EXITED => Fate::Ended(Exit::Status(status)),
            code => Fate::Ended(Exit::Signal { number: status, core_dumped: code == libc::CLD_DUMPED }),
        }
    }

    /// Kills it and all of its group. It must not have been reaped by us; if the host has reaped it, nobody is killed.
    pub fn kill(&self) {
        /// `PIDFD_SIGNAL_PROCESS_GROUP`, of Linux 6.9.
        const GROUP: u32 = 1 << 2;
        if self.fate() == Fate::Lost {
            return;
        }
        if let Some(pidfd) = &self.pidfd {
            let send = |flags: u32| {
                let no_info = std::ptr::null::<libc::siginfo_t>();
                // SAFETY: pidfd_send_signal(2) takes a descriptor, two numbers, and NULL.
                unsafe {
                    libc::syscall(
                        libc::SYS_pidfd_send_signal,
                        pidfd.as_raw_fd(),
                        libc::SIGKILL,
                        no_info,
                        flags,
                    )
                }
            };
            // The leader by itself, too: it may have gone to another group.
            let group = send(GROUP);
            if send(0) == 0 && group == 0 {
                return;
            }
        }
        // The number is still the child's: it was there a moment ago, and numbers come round only after all others.
        // SAFETY: kill(2) takes two numbers.
        unsafe {
            libc::kill(-self.pid, libc::SIGKILL);
            libc::kill(self.pid, libc::SIGKILL);
        }
    }
}
