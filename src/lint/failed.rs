//! Why a hook's program did not run.

use std::path::{Path, PathBuf};

use super::not_executable;
use super::program::hint;
use crate::go::Errno;
use crate::hook::{Decoded, OciHook};
use crate::problem::{Cause, Diagnostic, Error, ErrorKind, Severity, Warning};
use crate::program::{Fault, ShebangFlaw, faults};
use crate::sys::{Exit, Root, Status};

/// The errors of execve(2) that are about the program or its path.
const OF_PROGRAM: [libc::c_int; 8] = [
    libc::ENOENT,
    libc::EACCES,
    libc::ENOEXEC,
    libc::ELIBBAD,
    libc::ELOOP,
    libc::ENOTDIR,
    libc::ENAMETOOLONG,
    libc::EINVAL,
];

/// Where `env` searches if PATH is not set: execvp(3) of glibc, or of musl.
const UNSET_PATH: &str = if cfg!(target_env = "musl") {
    "PATH=/usr/local/bin:/bin:/usr/bin"
} else {
    "PATH=/bin:/usr/bin"
};

/// Returns why the system refused to execute the program of a hook with this error, as far as the
/// program and its path show it.
#[cold]
pub(crate) fn refused(hook: &OciHook, directory: Option<&Path>, errno: Errno) -> Vec<Diagnostic> {
    // For example, the process has no memory or no descriptor left, or the arguments are too long.
    if !OF_PROGRAM.contains(&errno.raw_os_error()) {
        return Vec::new();
    }
    let path = located(hook, directory);
    let status = match Status::of_path(&path) {
        Ok(status) => status,
        Err(error) => {
            let errno = Errno::of(&error);
            let is_link = errno == Errno(libc::ENOENT) && Status::of_link(&path).is_ok();
            let cause = Cause::Executable { path: hook.path.as_str().into(), errno, is_link };
            let error = Error::new(ErrorKind::Io, cause).with_path(path);
            let found = super::error(&error, &Decoded::default());
            return vec![Diagnostic { reference: None, error_message: None, ..found }];
        }
    };
    if let Some((warning, hint)) = not_executable(&hook.path, &status) {
        return vec![failure(path, warning.into(), Some(hint.to_owned()))];
    }
    let mut found = faults_of(hook, &path);
    if found.iter().any(|fault| fault.errno() == Some(errno)) {
        found.retain(|fault| fault.errno() == Some(errno));
    } else {
        // It depends on more than the program whether these keep it from starting.
        found.retain(|fault| match innermost(fault) {
            Fault::Shebang(ShebangFlaw::Relative { .. }) => errno == Errno(libc::ENOENT),
            Fault::Truncated { .. } => {
                matches!(errno, Errno(libc::ENOEXEC | libc::EINVAL))
            }
            _ => false,
        });
    }
    diagnostics(&path, found)
}

/// Returns why the program of a hook that was started did not run: the loader, or `env` in the
/// first line of a script, ended the process before the program's own first instruction. Empty for
/// any other end, and for a program that may have chosen this end itself.
#[cold]
pub(crate) fn ended(hook: &OciHook, directory: Option<&Path>, exit: Exit) -> Vec<Diagnostic> {
    let is_reason: fn(&Fault) -> bool = match exit {
        Exit::Status(127) => |fault| {
            matches!(
                fault,
                Fault::MissingLibrary { .. }
                    | Fault::NotInPath { .. }
                    | Fault::Shebang(ShebangFlaw::EnvWords { .. })
            )
        },
        Exit::Signal { number: libc::SIGSEGV | libc::SIGBUS | libc::SIGKILL, .. } => {
            |fault| matches!(fault, Fault::Truncated { .. })
        }
        _ => return Vec::new(),
    };
    let path = located(hook, directory);
    let mut found = faults_of(hook, &path);
    found.retain(|fault| is_reason(innermost(fault)));
    diagnostics(&path, found)
}

/// Returns the path of a hook's program for this process, which is in another directory.
fn located(hook: &OciHook, directory: Option<&Path>) -> PathBuf {
    directory.map_or_else(|| PathBuf::from(&hook.path), |directory| directory.join(&hook.path))
}

/// Returns the faults of a hook's program. The environment of the hook is exactly its `env`.
fn faults_of(hook: &OciHook, path: &Path) -> Vec<Fault> {
    let mut env: Vec<&str> = hook.env.iter().map(String::as_str).collect();
    if !env.iter().any(|entry| entry.starts_with("PATH=")) {
        env.push(UNSET_PATH);
    }
    faults(&Root::default(), path, &env)
}

/// Returns the fault of the interpreter, if the fault is one of an interpreter.
fn innermost(fault: &Fault) -> &Fault {
    match fault {
        Fault::OfInterpreter { fault, .. } => innermost(fault),
        fault => fault,
    }
}

fn diagnostics(path: &Path, faults: Vec<Fault>) -> Vec<Diagnostic> {
    let diagnostic = |fault: Fault| {
        let hint = hint(&fault);
        failure(path.to_owned(), Warning::from(fault).into(), hint)
    };
    faults.into_iter().map(diagnostic).collect()
}

/// Returns the diagnostic of a failure. It is an error, even if a check of the hook's file has it
/// as a warning.
fn failure(path: PathBuf, cause: Cause, hint: Option<String>) -> Diagnostic {
    Diagnostic { severity: Severity::Error, ..Diagnostic::new(path, cause).hint(hint) }
}
