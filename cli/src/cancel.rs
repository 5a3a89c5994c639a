//! Ctrl-C and SIGTERM while hooks run. These are in process groups of their own, so the terminal does not tell them.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};

use crate::report::Failure;

/// From its making on, SIGINT and SIGTERM do not end the command, but what it runs.
pub struct Cancel {
    reader: UnixStream,
    signal: Arc<AtomicUsize>,
}

impl Cancel {
    pub fn new() -> Result<Cancel, Failure> {
        Cancel::register().map_err(|error| Failure::Error(format!("signals cannot be caught: {error}")))
    }

    fn register() -> io::Result<Cancel> {
        let (reader, writer) = UnixStream::pair()?;
        let signal = Arc::new(AtomicUsize::new(0));
        for number in [SIGINT, SIGTERM] {
            // In this order: once there is something to read, it is known which one it was.
            let value = usize::try_from(number).unwrap_or_default();
            signal_hook::flag::register_usize(number, Arc::clone(&signal), value)?;
            signal_hook::low_level::pipe::register(number, writer.try_clone()?)?;
        }
        Ok(Cancel { reader, signal })
    }

    /// Can be read from once there was a signal.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }

    /// What a shell calls the end by a signal, if there was one.
    pub fn exit_code(&self) -> Option<ExitCode> {
        match self.signal.load(Ordering::SeqCst) {
            0 => None,
            number => Some(ExitCode::from(u8::try_from(128 + number).unwrap_or(u8::MAX))),
        }
    }
}
