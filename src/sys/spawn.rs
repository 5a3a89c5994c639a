//! Starting a process by posix_spawn(3): a fork of a large host would copy its page tables. Only a
//! process that has to end with the thread that started it is forked: posix_spawn cannot ask for
//! that.

use std::ffi::{CStr, CString, c_char, c_int};
use std::io::{self, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
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
    /// Whether it leads a process group of its own, whose number is then its own; else it is in
    /// the group of this process.
    pub leads_group: bool,
    /// Whether the system kills it when the thread that has started it ends.
    pub ends_with_thread: bool,
}

/// Starts a process with the three descriptors and no other, no signal blocked, and all signals at
/// their defaults. Returns its number.
pub(crate) fn spawn(command: &Command<'_>) -> io::Result<libc::pid_t> {
    let argv = pointers(command.argv);
    let env = pointers(command.env);
    if command.ends_with_thread {
        return fork_exec(command, &argv, &env);
    }
    let attributes = Attributes::new(command.leads_group)?;
    let actions = Actions::new(command)?;
    let mut pid = 0;
    // SAFETY: path, argv and env are strings and arrays of them that end in NULL, the other two are
    // initialised, and all live until the call returns; it changes none of them (the casts are
    // C's, which has no const there).
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
    fn new(leads_group: bool) -> io::Result<Attributes> {
        let mut attributes = Box::new(MaybeUninit::uninit());
        // SAFETY: memory for one; the function initialises it.
        check(unsafe { libc::posix_spawnattr_init(attributes.as_mut_ptr()) })?;
        let mut this = Attributes(attributes);
        let group = if leads_group { libc::POSIX_SPAWN_SETPGROUP } else { 0 };
        let flags = group | libc::POSIX_SPAWN_SETSIGDEF | libc::POSIX_SPAWN_SETSIGMASK;
        let flags = libc::c_short::try_from(flags).unwrap_or_default();
        let pointer = this.0.as_mut_ptr();
        let mut all = MaybeUninit::<libc::sigset_t>::uninit();
        let mut none = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: `pointer` was initialised above; both sets, which are plain bits, by what comes
        // before they are read.
        unsafe {
            // sigfillset(3) leaves out two that glibc has for its threads, and posix_spawn would
            // have them ignored.
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
            // SAFETY: `pointer` was initialised above; the descriptors outlive the command, and so
            // these actions.
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

/// Forks, and executes the command in the child. What fails there is handed over through a pipe
/// that a successful exec closes.
fn fork_exec(
    command: &Command<'_>,
    argv: &[*mut c_char],
    env: &[*mut c_char],
) -> io::Result<libc::pid_t> {
    let (mut reader, pipe) = super::pipe()?;
    let writer = super::above_standard(pipe.as_fd())?;
    drop(pipe);
    let mut mask = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: getpid(2) takes nothing. Both sets are memory for one, initialised before they are
    // read. The child does nothing but what is async-signal-safe, until it executes another
    // program or ends; the handlers of this process do not run in it, since every signal is
    // blocked until they are reset.
    let pid = unsafe {
        let parent = libc::getpid();
        let mut all = MaybeUninit::<libc::sigset_t>::uninit();
        libc::sigfillset(all.as_mut_ptr());
        check(libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), mask.as_mut_ptr()))?;
        let pid = libc::fork();
        if pid == 0 {
            let errno = execute(command, argv, env, parent);
            libc::write(writer.as_raw_fd(), (&raw const errno).cast(), size_of::<c_int>());
            libc::_exit(127);
        }
        let result = if pid < 0 { Err(io::Error::last_os_error()) } else { Ok(pid) };
        libc::pthread_sigmask(libc::SIG_SETMASK, mask.as_ptr(), ptr::null_mut());
        result?
    };
    drop(writer);
    let mut errno = [0; size_of::<c_int>()];
    if reader.read_exact(&mut errno).is_err() {
        return Ok(pid);
    }
    // SAFETY: waitpid(2) takes two numbers, and NULL.
    while unsafe { libc::waitpid(pid, ptr::null_mut(), 0) } < 0
        && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
    {}
    Err(io::Error::from_raw_os_error(c_int::from_ne_bytes(errno)))
}

/// Prepares this process, the child of a fork, and executes the command. Returns the error number
/// if that fails.
///
/// # Safety
/// It is the child of a fork of `parent`, with every signal blocked. The arrays end in NULL.
unsafe fn execute(
    command: &Command<'_>,
    argv: &[*mut c_char],
    env: &[*mut c_char],
    parent: libc::pid_t,
) -> c_int {
    /// The last of the real-time signals.
    const LAST_SIGNAL: c_int = 64;
    extern "C" fn nothing(_: c_int) {}
    let errno = || io::Error::last_os_error().raw_os_error().unwrap_or(libc::EINVAL);
    // SAFETY: all that is called is async-signal-safe, and takes numbers and pointers to what lives
    // in this frame or, by this function's contract, in the command.
    unsafe {
        if command.leads_group && libc::setpgid(0, 0) != 0 {
            return errno();
        }
        if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) != 0 {
            return errno();
        }
        // It may have ended before that was asked for.
        if libc::getppid() != parent {
            libc::_exit(127);
        }
        for signal in 1..=LAST_SIGNAL {
            // All zeros is the default, whatever the order of the fields. Asked of the system
            // itself, since the C library refuses those that it has for its threads.
            let default = [0_u64; 8];
            libc::syscall(
                libc::SYS_rt_sigaction,
                signal,
                default.as_ptr(),
                ptr::null::<u64>(),
                LAST_SIGNAL / 8,
            );
        }
        // Were this process stopped before it executes the command, the parent would wait for that.
        // The execution resets a handler to the default.
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigemptyset(&mut action.sa_mask);
        action.sa_sigaction = nothing as extern "C" fn(c_int) as usize;
        for signal in [libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU] {
            libc::sigaction(signal, &action, ptr::null_mut());
        }
        for (number, descriptor) in (0..).zip(command.standard) {
            if libc::dup2(descriptor.as_raw_fd(), number) < 0 {
                return errno();
            }
        }
        if command.directory.is_some_and(|directory| libc::chdir(directory.as_ptr()) != 0) {
            return errno();
        }
        close_on_exec_from(3);
        libc::sigprocmask(libc::SIG_SETMASK, &action.sa_mask, ptr::null_mut());
        libc::execve(command.path.as_ptr(), argv.as_ptr().cast(), env.as_ptr().cast());
        errno()
    }
}

/// Marks all descriptors from this one on. Async-signal-safe.
fn close_on_exec_from(first: c_int) {
    /// Where the limit is higher, or none, not so many are tried one by one.
    const MOST: libc::rlim_t = 1 << 16;
    let mut limit = libc::rlimit { rlim_cur: MOST, rlim_max: MOST };
    // SAFETY: close_range(2) and fcntl(2) with this take numbers; getrlimit(2) takes memory for
    // one.
    unsafe {
        if libc::syscall(libc::SYS_close_range, first, c_int::MAX, libc::CLOSE_RANGE_CLOEXEC) == 0 {
            return;
        }
        // Before Linux 5.11.
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        for descriptor in first..c_int::try_from(limit.rlim_cur.min(MOST)).unwrap_or_default() {
            libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC);
        }
    }
}
