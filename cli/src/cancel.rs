//! Signals while hooks run, and while directories are watched.

use std::io::{self, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::{flag, low_level};

use crate::report::{self, Failure};

/// Catches signals that would end the command, so that the command first ends the hook or the
/// watch. A signal that was ignored when the command started stays ignored. Dropping this restores
/// the default actions.
pub struct Cancel {
    reader: UnixStream,
    stop_reader: UnixStream,
    /// Kept open: without a writer, `stop_reader` would be readable (end of file).
    _stop_writer: UnixStream,
    /// The number of the last signal; 0 before the first one.
    signal: Arc<AtomicUsize>,
    /// Set when signals have their default actions again.
    over: Arc<AtomicBool>,
}

impl Cancel {
    /// Catches signals while hooks run. SIGHUP, SIGINT, SIGQUIT and SIGTERM end the hook, and then
    /// the command; more signals do not end the command before the hook. SIGTSTP stops the hook,
    /// and then the command.
    pub fn while_hooks_run() -> Result<Cancel, Failure> {
        Cancel::register(&[SIGHUP, SIGINT, SIGQUIT, SIGTERM], true).map_err(uncaught)
    }

    /// Catches signals while directories are watched. The first SIGHUP, SIGINT or SIGTERM ends the
    /// watch, the second one the command.
    pub fn while_watching() -> Result<Cancel, Failure> {
        Cancel::register(&[SIGHUP, SIGINT, SIGTERM], false).map_err(uncaught)
    }

    fn register(numbers: &[i32], hooks_run: bool) -> io::Result<Cancel> {
        let (reader, writer) = UnixStream::pair()?;
        let (stop_reader, stop_writer) = UnixStream::pair()?;
        stop_reader.set_nonblocking(true)?;
        let (signal, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let ignored = ignored();
        let is_ignored = |number: i32| ignored >> (number - 1) & 1 == 1;
        for &number in numbers.iter().filter(|&&number| !is_ignored(number)) {
            // The order matters: the number must be stored before the descriptor becomes readable.
            flag::register_conditional_default(number, Arc::clone(&over))?;
            if !hooks_run {
                flag::register(number, Arc::clone(&over))?;
            }
            flag::register_usize(
                number,
                Arc::clone(&signal),
                usize::try_from(number).unwrap_or_default(),
            )?;
            low_level::pipe::register(number, writer.try_clone()?)?;
        }
        if hooks_run && !is_ignored(SIGTSTP) {
            flag::register_conditional_default(SIGTSTP, Arc::clone(&over))?;
            low_level::pipe::register(SIGTSTP, stop_writer.try_clone()?)?;
        }
        Ok(Cancel { reader, stop_reader, _stop_writer: stop_writer, signal, over })
    }

    /// Returns a descriptor that becomes readable when a signal that ends the command comes.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }

    /// Returns a descriptor that becomes readable when SIGTSTP comes.
    pub fn stop_descriptor(&self) -> BorrowedFd<'_> {
        self.stop_reader.as_fd()
    }

    /// Stops the command until SIGCONT, as an uncaught SIGTSTP would.
    pub fn stop(&self) {
        while (&self.stop_reader).read(&mut [0; 16]).is_ok_and(|count| count > 0) {}
        if self.signal.load(Ordering::SeqCst) == 0 {
            stop_by_default();
        }
    }

    /// Starts a thread that waits for a signal, and then calls `call`.
    pub fn on_signal(&self, call: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
        let failed = |error: io::Error| {
            Failure::Error(format!("cannot wait for signals: {}", report::reason(&error)))
        };
        let mut reader = self.reader.try_clone().map_err(failed)?;
        let wait = move || {
            // This read also ends when the last writer has closed the socket.
            while reader
                .read(&mut [0])
                .is_err_and(|error| error.kind() == io::ErrorKind::Interrupted)
            {}
            call();
        };
        thread::Builder::new().spawn(wait).map_err(failed)?;
        Ok(())
    }

    /// Returns the exit status that a shell reports for the last signal: 128 plus its number.
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

fn uncaught(error: io::Error) -> Failure {
    Failure::Error(format!("cannot catch signals: {}", report::reason(&error)))
}

/// Raises SIGTSTP with its default action. SIGSTOP would be wrong: in an orphaned process group,
/// no process would continue the command. The system ignores SIGTSTP there.
fn stop_by_default() {
    let mut caught = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: each pointer leads to memory for one action, which is initialised before it is read:
    // zeros are the default action. The handler that is restored is the one that was replaced.
    unsafe {
        let default = MaybeUninit::<libc::sigaction>::zeroed();
        if libc::sigaction(SIGTSTP, default.as_ptr(), caught.as_mut_ptr()) == 0 {
            libc::raise(SIGTSTP);
            libc::sigaction(SIGTSTP, caught.as_ptr(), ptr::null_mut());
        }
    }
}

/// Returns the ignored signals as a bit set; the lowest bit is SIGHUP.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
