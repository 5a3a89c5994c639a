//! Whether standard output was open when the command was started.
//!
//! Rust's runtime opens `/dev/null` in the place of a standard stream that is closed, so that no
//! file of the program's gets its number. All that is printed would then be lost without an error,
//! so it is looked at before.

use std::sync::atomic::{AtomicBool, Ordering};

static WAS_CLOSED: AtomicBool = AtomicBool::new(false);

#[used]
// SAFETY: the loader calls what this section holds as functions of C before `main`, and `look` is
// one; the arguments that it passes (argc, argv, envp) are the caller's to clean up, so a function
// that takes none may ignore them.
#[unsafe(link_section = ".init_array")]
static LOOK: extern "C" fn() = look;

extern "C" fn look() {
    // SAFETY: fcntl(2) with F_GETFD takes a number, and changes nothing.
    let flags = unsafe { libc::fcntl(libc::STDOUT_FILENO, libc::F_GETFD) };
    WAS_CLOSED.store(flags < 0, Ordering::Relaxed);
}

/// Whether the command was started without a standard output.
pub fn was_closed() -> bool {
    WAS_CLOSED.load(Ordering::Relaxed)
}
