//! Go's names of signals.

/// Returns Go's name of a signal.
pub(crate) fn signal_name(number: i32) -> String {
    let known = usize::try_from(number)
        .ok()
        .and_then(|number| SIGNALS.get(number))
        .filter(|name| !name.is_empty());
    known.map_or_else(|| format!("signal {number}"), |name| (*name).to_owned())
}

/// The names in Go's `syscall.Signal.String` on Linux.
const SIGNALS: [&str; 32] = [
    "",
    "hangup",
    "interrupt",
    "quit",
    "illegal instruction",
    "trace/breakpoint trap",
    "aborted",
    "bus error",
    "floating point exception",
    "killed",
    "user defined signal 1",
    "segmentation fault",
    "user defined signal 2",
    "broken pipe",
    "alarm clock",
    "terminated",
    "stack fault",
    "child exited",
    "continued",
    "stopped (signal)",
    "stopped",
    "stopped (tty input)",
    "stopped (tty output)",
    "urgent I/O condition",
    "CPU time limit exceeded",
    "file size limit exceeded",
    "virtual timer expired",
    "profiling timer expired",
    "window changed",
    "I/O possible",
    "power failure",
    "bad system call",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_as_go_names_them() {
        for (number, want) in [
            (libc::SIGKILL, "killed"),
            (libc::SIGSEGV, "segmentation fault"),
            (libc::SIGTERM, "terminated"),
            (libc::SIGSYS, "bad system call"),
            (libc::SIGSYS + 1, "signal 32"),
            (0, "signal 0"),
            (-1, "signal -1"),
        ] {
            assert_eq!(signal_name(number), want);
        }
    }
}
