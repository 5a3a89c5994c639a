//! Distinguishing the child of a fork from its parent.

use std::ptr;
use std::sync::atomic::{AtomicU8, Ordering};

/// Remembers the process in which it was made. A process number is not enough: in separate PID
/// namespaces, a process and its child can both have number 1.
#[derive(Debug)]
pub(crate) struct Home {
    /// A page that is filled with zeros in the child of a fork (Linux 4.14). NULL if the kernel
    /// cannot do that.
    page: *mut u8,
    process: u32,
}

const SIZE: usize = 4096;

// SAFETY: the page is only read after it was made, and belongs only to this value.
unsafe impl Send for Home {}
// SAFETY: as above.
unsafe impl Sync for Home {}

impl Home {
    pub fn new() -> Home {
        let (access, flags) =
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: new memory, which no other code uses. It is unmapped if the kernel cannot wipe
        // it.
        let page = unsafe {
            let page = libc::mmap(ptr::null_mut(), SIZE, access, flags, -1, 0);
            if page == libc::MAP_FAILED {
                ptr::null_mut()
            } else if libc::madvise(page, SIZE, libc::MADV_WIPEONFORK) == 0 {
                page.cast::<u8>().write(1);
                page.cast()
            } else {
                libc::munmap(page, SIZE);
                ptr::null_mut()
            }
        };
        Home { page, process: std::process::id() }
    }

    /// Returns whether this process made the value. May be called from a signal handler.
    pub fn is_here(&self) -> bool {
        let is_kept = || {
            // SAFETY: the page lives as long as this value, and no code writes to it.
            unsafe { AtomicU8::from_ptr(self.page) }.load(Ordering::Relaxed) == 1
        };
        (self.page.is_null() || is_kept()) && self.process == std::process::id()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if !self.page.is_null() {
            // SAFETY: mapped by `new`, and unmapped once.
            unsafe { libc::munmap(self.page.cast(), SIZE) };
        }
    }
}
