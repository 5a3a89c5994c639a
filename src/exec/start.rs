//! Starts a hook: its command line, its environment, its pipes.

use std::ffi::CString;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::{ProcessGroup, RunOptions};
use crate::go::Errno;
use crate::go::environment;
use crate::hook::OciHook;
use crate::lint::failed;
use crate::problem::{Cause, Error, ErrorKind, Refusal, Result};
use crate::sys::{self, Child, Command};

/// A running hook, and our ends of its pipes.
pub(super) struct Started {
    pub child: Child,
    pub stdin: Feed,
    pub stdout: Option<Source>,
    pub stderr: Option<Source>,
}

/// The hook's stdin.
pub(super) struct Feed {
    pub writer: Option<File>,
    /// As long as this reading end is open, a write fails with neither SIGPIPE nor EPIPE, even if
    /// the hook does not read.
    _reader: OwnedFd,
}

/// A captured stream of the hook.
pub(super) struct Source {
    pub reader: File,
    /// The open file description to which the hook and its descendants write.
    hook_end: OwnedFd,
}

impl Source {
    fn new() -> std::io::Result<Source> {
        let (reader, writer) = sys::pipe()?;
        // It is opened for reading and writing, so that a descendant that outlives the hook gets no
        // SIGPIPE when our end is closed. Without /proc this is not possible.
        let hook_end = match sys::reopen_for_both(reader.as_fd()) {
            Ok(both) => sys::above_standard(both.as_fd())?,
            Err(error)
                if matches!(
                    Errno::of(&error),
                    Errno(libc::ENOENT | libc::EACCES | libc::EPERM)
                ) =>
            {
                sys::above_standard(writer.as_fd())?
            }
            Err(error) => return Err(error),
        };
        sys::set_nonblocking(reader.as_fd())?;
        Ok(Source { reader, hook_end })
    }

    /// Makes writes to the stream non-blocking, so that descendants no longer wait for us.
    pub fn let_go(&self) {
        // It cannot fail on a pipe. If it did, a descendant would block on a full pipe.
        let _ = sys::set_nonblocking(self.hook_end.as_fd());
    }
}

/// Returns the command line that the hook gets.
pub(super) fn argv(hook: &OciHook) -> Vec<String> {
    if hook.args.is_empty() { vec![hook.path.clone()] } else { hook.args.clone() }
}

/// Starts a hook. The errors, and their order, are those of Go's os/exec.
pub(super) fn start(hook: &OciHook, argv: &[String], options: &RunOptions<'_>) -> Result<Started> {
    if hook.path.is_empty() {
        return Err(Error::new(ErrorKind::InvalidArgument, Cause::NoCommand));
    }
    let env = environment(&hook.env);
    if hook.env.iter().any(|entry| entry.contains('\0')) {
        return Err(Error::new(ErrorKind::InvalidArgument, Cause::NulInEnvironment));
    }
    if let Some(directory) = &options.directory {
        // posix_spawn does not distinguish this failure from that of the executable.
        std::fs::metadata(directory)
            .map_err(|error| failed("chdir", directory, Errno::of(&error)))?;
    }
    let path = Path::new(&hook.path);
    let fork_failed = |error: std::io::Error| failed("fork/exec", path, Errno::of(&error));
    let c = |bytes: &[u8]| {
        CString::new(bytes).map_err(|_| failed("fork/exec", path, Errno(libc::EINVAL)))
    };
    let all =
        |list: &[String]| list.iter().map(|entry| c(entry.as_bytes())).collect::<Result<Vec<_>>>();
    let directory = options
        .directory
        .as_ref()
        .map(|directory| c(directory.as_os_str().as_bytes()))
        .transpose()?;

    let (stdin, writer) = sys::pipe().map_err(fork_failed)?;
    let stdin = sys::above_standard(stdin.as_fd()).map_err(fork_failed)?;
    sys::set_nonblocking(writer.as_fd()).map_err(fork_failed)?;
    let stream = |given: Option<BorrowedFd<'_>>| match given {
        Some(given) => sys::above_standard(given).map(|given| (given, None)),
        None => {
            let source = Source::new()?;
            Ok((source.hook_end.try_clone()?, Some(source)))
        }
    };
    let (stdout_end, stdout) = stream(options.stdout).map_err(fork_failed)?;
    let (stderr_end, stderr) = if options.merge_stderr {
        (stdout_end.try_clone().map_err(fork_failed)?, None)
    } else {
        stream(options.stderr).map_err(fork_failed)?
    };
    let command = Command {
        path: &c(hook.path.as_bytes())?,
        argv: &all(argv)?,
        env: &all(&env)?,
        directory: directory.as_deref(),
        standard: [stdin.as_fd(), stdout_end.as_fd(), stderr_end.as_fd()],
        leads_group: match options.process_group {
            ProcessGroup::Auto => sys::is_in_foreground() == Some(false),
            ProcessGroup::Caller => false,
            ProcessGroup::Own => true,
        },
        ends_with_thread: options.end_with_thread,
    };
    let pid = sys::spawn(&command).map_err(|error| {
        let errno = Errno::of(&error);
        let directory = options.directory.as_deref();
        failed("fork/exec", path, errno).with_diagnostics(failed::refused(hook, directory, errno))
    })?;
    Ok(Started {
        child: Child::new(pid, command.leads_group),
        stdin: Feed { writer: Some(writer), _reader: stdin },
        stdout,
        stderr,
    })
}

fn failed(operation: &'static str, path: &Path, errno: Errno) -> Error {
    let refusal = Refusal { operation, path: path.to_owned(), errno };
    Error::new(ErrorKind::Io, Cause::Start(refusal))
}
