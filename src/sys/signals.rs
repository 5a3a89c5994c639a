//! Blocking signals during a short section that a signal must not interrupt.

use std::marker::PhantomData;
use std::mem::MaybeUninit;

/// Blocks all signals of the calling thread while it lives. A signal that arrives meanwhile is
/// handled when this is dropped. SIGKILL and SIGSTOP cannot be blocked. Other threads of the
/// process still handle signals that are sent to the whole process.
pub(crate) struct BlockedSignals {
    before: libc::sigset_t,
    /// The mask belongs to the thread.
    _not_send: PhantomData<*const ()>,
}

impl BlockedSignals {
    /// Blocks all signals of the calling thread.
    pub fn new() -> BlockedSignals {
        let mut all = MaybeUninit::<libc::sigset_t>::uninit();
        let mut before = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: memory for two sets. sigfillset(3) fills the first; pthread_sigmask(3) fails only
        // for an unknown first argument, so it fills the second.
        let before = unsafe {
            libc::sigfillset(all.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_BLOCK, all.as_ptr(), before.as_mut_ptr());
            before.assume_init()
        };
        BlockedSignals { before, _not_send: PhantomData }
    }
}

impl Drop for BlockedSignals {
    fn drop(&mut self) {
        // SAFETY: a set that the system filled. The old mask is not requested.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.before, std::ptr::null_mut())
        };
    }
}
