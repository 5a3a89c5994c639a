//! Ctrl-C and SIGTERM: while hooks run, which are in process groups of their own, so that the terminal does not tell them; and
//! while directories are watched.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

use crate::report::Failure;

/// As long as it lives, the first SIGHUP, SIGINT or SIGTERM does not end the command, but what it runs or waits for. One that whoever started
/// the command had it ignore is still ignored.
pub struct Cancel {
    reader: UnixStream,
    signal: Arc<AtomicUsize>,
    /// From now on signals do what they always do.
    over: Arc<AtomicBool>,
}

impl Cancel {
    pub fn new() -> Result<Cancel, Failure> {
        Cancel::register().map_err(|error| Failure::Error(format!("signals cannot be caught: {error}")))
    }

    fn register() -> io::Result<Cancel> {
        let (reader, writer) = UnixStream::pair()?;
        let (signal, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let ignored = ignored();
        for number in [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|number| ignored >> (number - 1) & 1 == 0)
        {
            // In this order: the first one is not over yet; once there is something to read, it is known which one it was.
            flag::register_conditional_default(number, Arc::clone(&over))?;
            flag::register(number, Arc::clone(&over))?;
            flag::register_usize(number, Arc::clone(&signal), usize::try_from(number).unwrap_or_default())?;
            low_level::pipe::register(number, writer.try_clone()?)?;
        }
        Ok(Cancel { reader, signal, over })
    }

    /// Can be read from once there was a signal.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }

    /// Calls this when there was a signal, in a thread of its own.
    pub fn on_signal(&self, call: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
        let failed = |error: io::Error| Failure::Error(format!("signals cannot be waited for: {error}"));
        let mut reader = self.reader.try_clone().map_err(failed)?;
        let wait = move || {
            // It ends, too, when nobody can send anything any more.
            while reader.read(&mut [0]).is_err_and(|error| error.kind() == io::ErrorKind::Interrupted) {}
            call();
        };
        thread::Builder::new().spawn(wait).map_err(failed)?;
        Ok(())
    }

    /// What a shell calls the end by the signal that there was.
    pub fn exit_code(&self) -> ExitCode {
        let number = self.signal.load(Ordering::SeqCst);
        ExitCode::from(u8::try_from(128 + number).unwrap_or(u8::MAX))
    }
}

impl Drop for Cancel {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
    }
}

/// The signals that are ignored, a bit each, from SIGHUP on.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
