//! The descendants of a hook that shares its caller's process group. They are found in /proc and
//! stopped one after the other, so that no descendant starts another process meanwhile. Then all
//! are killed or continued.
//!
//! Two kinds of descendants are left alone: those whose parent has ended, since nothing links them
//! to the hook any more; and those in their own session, with their descendants, since hooks start
//! daemons on purpose.

use std::os::fd::OwnedFd;
use std::thread;
use std::time::{Duration, Instant};

use super::pidfd::{Sent, open_pidfd, signal_pidfd};
use super::process::Child;
use super::processes::{self, Stat};

/// The maximum duration of the search: processes that keep starting other processes must not block
/// the caller.
const SEARCH_TIMEOUT: Duration = Duration::from_secs(1);
/// How long one process may take to stop. A process that waits in the kernel does not stop before
/// it returns.
const STOP_TIMEOUT: Duration = Duration::from_millis(100);
/// The maximum number of descendants that are handled.
const MAX_DESCENDANTS: usize = 4096;
/// How many of them are held by a pidfd: the host needs file descriptors, too. The others are
/// identified by their start times.
const MAX_PIDFDS: usize = 64;

/// A hook and its descendants, which were stopped.
pub(crate) struct Tree<'a> {
    hook: &'a Child,
    /// Parents come before their children.
    descendants: Vec<Process>,
    sessions: [libc::pid_t; 2],
    deadline: Instant,
}

struct Process {
    pid: libc::pid_t,
    pidfd: Option<OwnedFd>,
    started: u64,
}

impl Process {
    /// Sends it a signal. Returns whether the signal was sent.
    fn signal(&self, signal: libc::c_int) -> bool {
        match self.pidfd.as_ref().map_or(Sent::Refused, |pidfd| signal_pidfd(pidfd, signal, 0)) {
            Sent::Yes => true,
            Sent::Gone => false,
            Sent::Refused => {
                let is_there = Stat::of(self.pid).is_some_and(|stat| stat.started == self.started);
                // SAFETY: kill(2) takes two numbers.
                is_there && unsafe { libc::kill(self.pid, signal) == 0 }
            }
        }
    }
}

impl<'a> Tree<'a> {
    /// Stops a hook, which must not have been reaped, and its descendants. Returns `None`, and
    /// stops nothing, if /proc does not show them.
    pub fn stop(hook: &'a Child) -> Option<Tree<'a>> {
        if !processes::are_visible() {
            return None;
        }
        let own = Stat::of_this_process()?;
        let deadline = Instant::now() + SEARCH_TIMEOUT;
        hook.signal(libc::SIGSTOP);
        await_stop(hook.pid(), deadline);
        // If the hook has started a session, its later children are in that session.
        let session = Stat::of(hook.pid()).map_or(own.session, |stat| stat.session);
        let mut tree =
            Tree { hook, descendants: Vec::new(), sessions: [own.session, session], deadline };
        let mut listed = 0;
        loop {
            while let Some(parent) = tree.pid(listed).filter(|_| !tree.is_over()) {
                tree.adopt_children(parent);
                listed += 1;
            }
            // Search again, for children of processes that did not stop in time.
            let known = tree.descendants.len();
            for index in 0..=known {
                if let Some(parent) = tree.pid(index).filter(|_| !tree.is_over()) {
                    tree.adopt_children(parent);
                }
            }
            if tree.descendants.len() == known || tree.is_over() {
                return Some(tree);
            }
        }
    }

    /// Returns the number of the process at this index: the hook is first.
    fn pid(&self, index: usize) -> Option<libc::pid_t> {
        match index.checked_sub(1) {
            None => Some(self.hook.pid()),
            Some(index) => self.descendants.get(index).map(|process| process.pid),
        }
    }

    fn is_over(&self) -> bool {
        self.descendants.len() >= MAX_DESCENDANTS || Instant::now() >= self.deadline
    }

    fn adopt_children(&mut self, parent: libc::pid_t) {
        for pid in processes::children(parent) {
            if !self.is_over() && self.descendants.iter().all(|process| process.pid != pid) {
                self.adopt(pid, parent);
            }
        }
    }

    fn adopt(&mut self, pid: libc::pid_t, parent: libc::pid_t) {
        let pidfd = (self.descendants.len() < MAX_PIDFDS).then(|| open_pidfd(pid)).flatten();
        // Checked again now that a pidfd holds the number: another process may have got it since it
        // was listed.
        let Some(stat) = Stat::of(pid) else { return };
        if stat.parent != parent || stat.has_ended() || !self.sessions.contains(&stat.session) {
            return;
        }
        let process = Process { pid, pidfd, started: stat.started };
        if process.signal(libc::SIGSTOP) {
            await_stop(pid, self.deadline);
            self.descendants.push(process);
        }
    }

    /// Kills all of them, and returns the number of descendants that were killed.
    pub fn kill(self) -> usize {
        // Children before their parents: when a parent ends first, the system may continue a
        // stopped child (SIGHUP and SIGCONT to a group that is orphaned).
        let killed =
            self.descendants.iter().rev().filter(|process| process.signal(libc::SIGKILL)).count();
        self.hook.signal(libc::SIGKILL);
        killed
    }

    /// Continues all of them.
    pub fn resume(self) {
        for process in self.descendants.iter().rev() {
            process.signal(libc::SIGCONT);
        }
        self.hook.signal(libc::SIGCONT);
    }
}

fn await_stop(pid: libc::pid_t, deadline: Instant) {
    let deadline = deadline.min(Instant::now() + STOP_TIMEOUT);
    let mut pause = Duration::from_micros(20);
    while !processes::is_stopped(pid) && Instant::now() < deadline {
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(2));
    }
}
