//! Detects a standard output that was closed when the command was started.
//!
//! Rust's runtime replaces a closed standard stream with `/dev/null`, so that no file of the
//! program gets its number. All output would then be lost without an error, so the check runs
//! before the runtime starts.

use std::sync::atomic::{AtomicBool, Ordering};

static WAS_CLOSED: AtomicBool = AtomicBool::new(false);

#[used]
// SAFETY: the loader calls the pointers in this section as C functions before `main`, and `look` is
// a C function. The caller cleans up the arguments (argc, argv, envp), so a function without
// parameters may ignore them.
#[unsafe(link_section = ".init_array")]
static LOOK: extern "C" fn() = look;

extern "C" fn look() {
    // SAFETY: fcntl(2) with F_GETFD takes a file descriptor number, and changes nothing.
    let flags = unsafe { libc::fcntl(libc::STDOUT_FILENO, libc::F_GETFD) };
    WAS_CLOSED.store(flags < 0, Ordering::Relaxed);
}

/// Returns whether standard output was closed when the command was started.
pub fn was_closed() -> bool {
    WAS_CLOSED.load(Ordering::Relaxed)
}
