//! Starting a process by posix_spawn(3): a fork of a large host would copy its page tables.

use std::ffi::{CStr, CString, c_char, c_int};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

/// What is started, and with what.
pub(crate) struct Command<'a> {
    /// Taken literally: no search of PATH, and no shell for a script without `#!`.
    pub path: &'a CStr,
    pub argv: &'a [CString],
    pub env: &'a [CString],
    /// Where it is started; `None`: here.
    pub directory: Option<&'a CStr>,
    /// What become its descriptors 0, 1 and 2. None of them may be one of these numbers.
    pub standard: [BorrowedFd<'a>; 3],
}

/// Starts a process in a process group of its own, with the three descriptors and no other, no signal blocked, and all
/// signals at their defaults. Returns its number, which is that of its group, too.
pub(crate) fn spawn(command: &Command<'_>) -> io::Result<libc::pid_t> {
    let attributes = Attributes::new()?;
    let actions = Actions::new(command)?;
    let argv = pointers(command.argv);
    let env = pointers(command.env);
    let mut pid = 0;
    // SAFETY: path, argv and env are strings and arrays of them that end in NULL, the other two are initialised, and all
    // live until the call returns; it changes none of them (the casts are C's, which has no const there).
    let result = unsafe {
        libc::posix_spawn(
            &mut pid,
            command.path.as_ptr(),
            actions.0.as_ptr(),
            attributes.0.as_ptr(),
            argv.as_ptr(),
            env.as_ptr(),
        )
    };
    check(result)?;
    Ok(pid)
}

/// An array as exec(3) takes it.
fn pointers(texts: &[CString]) -> Vec<*mut c_char> {
    texts.iter().map(|text| text.as_ptr().cast_mut()).chain([ptr::null_mut()]).collect()
}

/// These functions return the error number.
fn check(result: c_int) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(result)) }
}

/// Boxed, since glibc does not promise that it may be moved.
struct Attributes(Box<MaybeUninit<libc::posix_spawnattr_t>>);

impl Attributes {
    fn new() -> io::Result<Attributes> {
        let mut attributes = Box::new(MaybeUninit::uninit());
        // SAFETY: memory for one; the function initialises it.
        check(unsafe { libc::posix_spawnattr_init(attributes.as_mut_ptr()) })?;
        let mut this = Attributes(attributes);
        let flags = libc::POSIX_SPAWN_SETPGROUP | libc::POSIX_SPAWN_SETSIGDEF | libc::POSIX_SPAWN_SETSIGMASK;
        let flags = libc::c_short::try_from(flags).unwrap_or_default();
        let pointer = this.0.as_mut_ptr();
        let mut all = MaybeUninit::<libc::sigset_t>::uninit();
        let mut none = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: `pointer` was initialised above; both sets, which are plain bits, by what comes before they are read.
        unsafe {
            // sigfillset(3) leaves out two that glibc has for its threads, and posix_spawn would have them ignored.
            all.as_mut_ptr().write_bytes(0xff, 1);
            libc::sigemptyset(none.as_mut_ptr());
            // Their dispositions cannot be set, which some C libraries report.
            libc::sigdelset(all.as_mut_ptr(), libc::SIGKILL);
            libc::sigdelset(all.as_mut_ptr(), libc::SIGSTOP);
            check(libc::posix_spawnattr_setflags(pointer, flags))?;
            check(libc::posix_spawnattr_setpgroup(pointer, 0))?;
            check(libc::posix_spawnattr_setsigdefault(pointer, all.as_ptr()))?;
            check(libc::posix_spawnattr_setsigmask(pointer, none.as_ptr()))?;
        }
        Ok(this)
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: initialised by `new`, and destroyed once.
        unsafe { libc::posix_spawnattr_destroy(self.0.as_mut_ptr()) };
    }
}

struct Actions(Box<MaybeUninit<libc::posix_spawn_file_actions_t>>);

impl Actions {
    fn new(command: &Command<'_>) -> io::Result<Actions> {
        let mut actions = Box::new(MaybeUninit::uninit());
        // SAFETY: memory for one; the function initialises it.
        check(unsafe { libc::posix_spawn_file_actions_init(actions.as_mut_ptr()) })?;
        let mut this = Actions(actions);
        let pointer = this.0.as_mut_ptr();
        for (number, descriptor) in (0..).zip(command.standard) {
            // SAFETY: `pointer` was initialised above; the descriptors outlive the command, and so these actions.
            check(unsafe {
                libc::posix_spawn_file_actions_adddup2(pointer, descriptor.as_raw_fd(), number)
            })?;
        }
        // SAFETY: as above; the path is copied.
        unsafe {
            if let Some(directory) = command.directory {
                check(libc::posix_spawn_file_actions_addchdir_np(pointer, directory.as_ptr()))?;
            }
            // Ours are close-on-exec; the host's need not be.
            check(libc::posix_spawn_file_actions_addclosefrom_np(pointer, 3))?;
        }
        Ok(this)
    }
}

impl Drop for Actions {
    fn drop(&mut self) {
        // SAFETY: initialised by `new`, and destroyed once.
        unsafe { libc::posix_spawn_file_actions_destroy(self.0.as_mut_ptr()) };
    }
}
