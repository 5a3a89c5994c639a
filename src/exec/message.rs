//! The messages of Go's os/exec about a process.

use crate::go::signal_name;
use crate::sys::Exit;

/// Returns the message of `exec.ExitError` about a process; `None` if it ended with status 0.
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

/// Returns the message of an error in running a hook.
pub(super) fn executing(argv: &[String], problem: &str) -> String {
    format!("executing [{}]: {problem}", argv.join(" "))
}
