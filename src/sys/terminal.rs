//! Checking whether this process is in the foreground of its terminal.

use std::fs::OpenOptions;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;

use super::processes::Stat;
use crate::go::Errno;

/// Returns whether this process has a controlling terminal and is in its foreground process group;
/// `None` if that cannot be found out.
pub(crate) fn is_in_foreground() -> Option<bool> {
    match Stat::of_this_process() {
        // Both numbers come from one file, so that it does not matter which PID namespace /proc
        // belongs to.
        Some(stat) => Some(stat.terminal != 0 && stat.foreground_group == stat.group),
        None => ask_the_terminal(),
    }
}

/// Does the same without /proc.
fn ask_the_terminal() -> Option<bool> {
    let flags = libc::O_NOCTTY | libc::O_NONBLOCK;
    match OpenOptions::new().read(true).custom_flags(flags).open("/dev/tty") {
        Ok(terminal) => {
            // SAFETY: tcgetpgrp(3) takes a number; getpgrp(2) takes nothing and always succeeds.
            let (foreground, own) =
                unsafe { (libc::tcgetpgrp(terminal.as_raw_fd()), libc::getpgrp()) };
            (foreground >= 0).then_some(foreground == own)
        }
        // The device exists, but this process has no controlling terminal.
        Err(error) if Errno::of(&error) == Errno(libc::ENXIO) => Some(false),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_agree() {
        assert!(Stat::of_this_process().is_some());
        assert_eq!(is_in_foreground(), ask_the_terminal());
    }
}
