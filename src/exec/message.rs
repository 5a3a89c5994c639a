//! What became of a hook, in the words of Go's os/exec.

use std::fmt::Write as _;

use crate::sys::Exit;

/// How a process ended that did not end well, as `exec.ExitError` says it; `None`: it did.
pub(super) fn of_exit(exit: Exit) -> Option<String> {
    match exit {
        Exit::Status(0) => None,
        Exit::Status(status) => Some(format!("exit status {status}")),
        Exit::Signal { number, core_dumped } => {
            let dumped = if core_dumped { " (core dumped)" } else { "" };
            Some(format!("signal: {}{dumped}", signal_name(number)))
        }
    }
}

/// The text of an error in running a hook.
pub(super) fn executing(argv: &[String], what: &str) -> String {
    format!("executing [{}]: {what}", argv.join(" "))
}

/// What Go calls a signal.
fn signal_name(number: i32) -> String {
    let known =
        usize::try_from(number).ok().and_then(|number| SIGNALS.get(number)).filter(|name| !name.is_empty());
    known.map_or_else(|| format!("signal {number}"), |name| (*name).to_owned())
}

/// `syscall.Signal.String` of Linux.
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

/// A time as Go's `time.Duration` prints it: `1h0m0.5s`, `500ms`, `1.5µs`.
pub(super) fn duration(nanoseconds: i64) -> String {
    const SECOND: u64 = 1_000_000_000;
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let rest = nanoseconds.unsigned_abs();
    if rest == 0 {
        return "0s".to_owned();
    }
    if rest < SECOND {
        let (unit, name) = match rest {
            0..1_000 => (1, "ns"),
            1_000..1_000_000 => (1_000, "µs"),
            _ => (1_000_000, "ms"),
        };
        return format!("{sign}{}{name}", decimal(rest, unit));
    }
    let (minutes, seconds) = (rest / (60 * SECOND), rest % (60 * SECOND));
    let mut text = sign.to_owned();
    if minutes >= 60 {
        // Writing to a string does not fail.
        let _ = write!(text, "{}h", minutes / 60);
    }
    if minutes > 0 {
        let _ = write!(text, "{}m", minutes % 60);
    }
    text + &decimal(seconds, SECOND) + "s"
}

/// `value / unit` without zeros at the end; the unit is a power of ten.
fn decimal(value: u64, unit: u64) -> String {
    let (whole, fraction) = (value / unit, value % unit);
    if fraction == 0 {
        return whole.to_string();
    }
    let digits = unit.ilog10() as usize;
    format!("{whole}.{}", format!("{fraction:0digits$}").trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_go_prints_them() {
        for (nanoseconds, want) in [
            (0, "0s"),
            (1, "1ns"),
            (1_100, "1.1µs"),
            (500_000_000, "500ms"),
            (1_500_000_000, "1.5s"),
            (10_000_000_000, "10s"),
            (60_000_000_000, "1m0s"),
            (3_600_500_000_000, "1h0m0.5s"),
            (-1_000_000_000, "-1s"),
            (i64::MAX, "2562047h47m16.854775807s"),
            (i64::MIN, "-2562047h47m16.854775808s"),
        ] {
            assert_eq!(duration(nanoseconds), want);
        }
    }
}
