//! Errors: a status, an error number of the system, a message, and all of it as JSON.

use std::ffi::{CString, c_int};

use libhooks::{Errno, Error, ErrorKind};

use crate::convert::c_string;

/// The status of a call that can fail. The numbers never change. New ones may be added; they are
/// negative too.
#[repr(C)]
pub enum hooks_status {
    /// The call succeeded.
    HOOKS_STATUS_OK = 0,
    /// An argument is not allowed: for example NULL for a required pointer, or has_bind_mounts = 7.
    /// Also returned if a monitor must not be used: another call uses it, or the calling process is
    /// the child of a fork.
    HOOKS_STATUS_INVALID_ARGUMENT = -1,
    /// A string argument is not valid UTF-8.
    HOOKS_STATUS_UTF8 = -2,
    /// An argument is not the expected JSON.
    HOOKS_STATUS_JSON = -3,
    /// A system call failed; hooks_error_errno() returns its error number.
    HOOKS_STATUS_IO = -4,
    /// A hook or a hook file is malformed or invalid, or a pattern (a regular expression) does not
    /// compile.
    HOOKS_STATUS_HOOK_FILE = -5,
    /// The config has a process whose args are empty, and a hook has the condition "commands". (In
    /// a config without a process, that condition is ignored.)
    HOOKS_STATUS_MATCH = -6,
    /// A hook names a stage that is neither a stage of OCI nor one of the extension stages.
    HOOKS_STATUS_STAGE = -7,
    /// From hooks_filter_result_status() only: a hook could not be started, failed, or did not
    /// print a config.
    HOOKS_STATUS_HOOK_FAILED = -8,
    /// From hooks_filter_result_status() only: a hook exceeded its timeout.
    HOOKS_STATUS_TIMEOUT = -9,
    /// The monitor was cancelled; or, from hooks_filter_result_status(), the filter was cancelled.
    HOOKS_STATUS_CANCELLED = -10,
    /// A bug in libhooks. Free the objects that the call used, and do nothing else with them.
    HOOKS_STATUS_PANIC = -11,
    /// The name of a hook file does not end in ".json".
    HOOKS_STATUS_NO_JSON_SUFFIX = -12,
    /// Only with HOOKS_POLICY_STRICT: a user other than root and the user of the calling process
    /// owns or can write a hook file, an executable or a directory.
    HOOKS_STATUS_STRICT = -13,
}

/// Returns the status for a kind of error.
pub(crate) fn status_of(kind: ErrorKind) -> c_int {
    let status = match kind {
        ErrorKind::InvalidArgument => hooks_status::HOOKS_STATUS_INVALID_ARGUMENT,
        ErrorKind::Utf8 => hooks_status::HOOKS_STATUS_UTF8,
        ErrorKind::Json => hooks_status::HOOKS_STATUS_JSON,
        ErrorKind::Io => hooks_status::HOOKS_STATUS_IO,
        ErrorKind::HookFile => hooks_status::HOOKS_STATUS_HOOK_FILE,
        ErrorKind::Match => hooks_status::HOOKS_STATUS_MATCH,
        ErrorKind::Stage => hooks_status::HOOKS_STATUS_STAGE,
        ErrorKind::NoJsonSuffix => hooks_status::HOOKS_STATUS_NO_JSON_SUFFIX,
        ErrorKind::Strict => hooks_status::HOOKS_STATUS_STRICT,
        ErrorKind::HookFailed => hooks_status::HOOKS_STATUS_HOOK_FAILED,
        ErrorKind::Timeout => hooks_status::HOOKS_STATUS_TIMEOUT,
        ErrorKind::Cancelled => hooks_status::HOOKS_STATUS_CANCELLED,
        // A kind without a status here is a bug in libhooks, as PANIC says. (`ErrorKind` is
        // non-exhaustive, so the compiler cannot require each kind.)
        _ => hooks_status::HOOKS_STATUS_PANIC,
    };
    status as c_int
}

/// An error. It never changes, and many threads may read it at once. Free it with
/// hooks_error_free().
pub struct hooks_error_t {
    pub(crate) status: c_int,
    // Not `errno`, which is a macro in C.
    pub(crate) os_error: c_int,
    // Made with the error, so that the getters can return pointers to them.
    pub(crate) message: CString,
    pub(crate) json: CString,
}

impl hooks_error_t {
    pub(crate) fn new(error: &Error) -> hooks_error_t {
        hooks_error_t {
            status: status_of(error.kind()),
            os_error: error.errno().map_or(0, Errno::raw_os_error),
            message: c_string(error.message()),
            json: c_string(error.to_json()),
        }
    }

    /// The error for a panic that happened while an error was made. Nothing more is known about it.
    pub(crate) fn of_panic() -> hooks_error_t {
        hooks_error_t {
            status: hooks_status::HOOKS_STATUS_PANIC as c_int,
            os_error: 0,
            message: c"panic while making an error, a bug in libhooks".to_owned(),
            json: c"{\"kind\":\"panic\",\"code\":\"panic\",\"cause\":\"panic\",\"message\":\"panic while making an error\",\"errno\":0,\"where\":{}}"
                .to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Programs were compiled with these numbers, so they never change.
    #[test]
    fn the_numbers_stay() {
        use hooks_status::*;
        let numbers = [
            (HOOKS_STATUS_OK, 0),
            (HOOKS_STATUS_INVALID_ARGUMENT, -1),
            (HOOKS_STATUS_UTF8, -2),
            (HOOKS_STATUS_JSON, -3),
            (HOOKS_STATUS_IO, -4),
            (HOOKS_STATUS_HOOK_FILE, -5),
            (HOOKS_STATUS_MATCH, -6),
            (HOOKS_STATUS_STAGE, -7),
            (HOOKS_STATUS_HOOK_FAILED, -8),
            (HOOKS_STATUS_TIMEOUT, -9),
            (HOOKS_STATUS_CANCELLED, -10),
            (HOOKS_STATUS_PANIC, -11),
            (HOOKS_STATUS_NO_JSON_SUFFIX, -12),
            (HOOKS_STATUS_STRICT, -13),
        ];
        for (status, number) in numbers {
            assert_eq!(status as c_int, number);
        }
    }

    #[test]
    fn every_kind_has_its_number() {
        let kinds = [
            (ErrorKind::InvalidArgument, -1),
            (ErrorKind::Utf8, -2),
            (ErrorKind::Json, -3),
            (ErrorKind::Io, -4),
            (ErrorKind::HookFile, -5),
            (ErrorKind::Match, -6),
            (ErrorKind::Stage, -7),
            (ErrorKind::Panic, -11),
            (ErrorKind::NoJsonSuffix, -12),
            (ErrorKind::Strict, -13),
            (ErrorKind::HookFailed, -8),
            (ErrorKind::Timeout, -9),
            (ErrorKind::Cancelled, -10),
        ];
        for (kind, number) in kinds {
            assert_eq!(status_of(kind), number, "{kind:?}");
        }
    }
}
