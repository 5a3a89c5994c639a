//! Killing and stopping a child together with its process group or its descendants.

use super::descendants::Tree;
use super::process::{Child, Fate};

/// The processes that were killed at a timeout or a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Killed {
    /// The hook and its own process group.
    Group,
    /// The hook, which was in the caller's process group, and this many of its descendants: all
    /// that were found. A descendant whose parent has ended is not found. One in its own session is
    /// left alone.
    Descendants(usize),
    /// Only the hook, which was in the caller's process group: without /proc, its descendants
    /// cannot be found.
    HookOnly,
}

impl Child {
    /// Kills it with its process group or, if it does not lead one, with its descendants. This
    /// library must not have reaped it. If the host has reaped it, no process is killed.
    pub fn kill(&self) -> Option<Killed> {
        if self.fate() == Fate::Lost {
            return None;
        }
        if self.leads_group {
            self.signal_group(libc::SIGKILL);
            return Some(Killed::Group);
        }
        match Tree::stop(self) {
            Some(tree) => Some(Killed::Descendants(tree.kill())),
            None => {
                self.signal(libc::SIGKILL);
                Some(Killed::HookOnly)
            }
        }
    }

    /// Stops it, with its process group or its descendants, while `meanwhile` runs, and then
    /// continues it.
    pub fn stop_during(&self, meanwhile: impl FnOnce()) {
        if self.fate() != Fate::Running {
            return meanwhile();
        }
        let tree = if self.leads_group {
            self.signal_group(libc::SIGSTOP);
            None
        } else {
            let tree = Tree::stop(self);
            if tree.is_none() {
                self.signal(libc::SIGSTOP);
            }
            tree
        };
        meanwhile();
        match tree {
            Some(tree) => tree.resume(),
            // The host may have killed and reaped it.
            None if self.fate() == Fate::Lost => {}
            None if self.leads_group => self.signal_group(libc::SIGCONT),
            None => self.signal(libc::SIGCONT),
        }
    }
}
