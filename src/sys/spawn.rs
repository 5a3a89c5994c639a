//! Starting a process with posix_spawn(3), since a fork of a large host would copy its page tables.
//! Only a process that must end with the thread that started it is forked, since posix_spawn cannot
//! request that.

use std::ffi::{CStr, CString, c_char, c_int};
use std::io::{self, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::ptr;

/// A program to start, with its arguments and settings.
pub(crate) struct Command<'a> {
    /// Used literally: PATH is not searched, and a script without `#!` is not run by a shell.
    pub path: &'a CStr,
    pub argv: &'a [CString],
    pub env: &'a [CString],
    /// The working directory; `None`: that of this process.
    pub directory: Option<&'a CStr>,
    /// The file descriptors that become its 0, 1 and 2. Their own numbers must be above 2.
    pub standard: [BorrowedFd<'a>; 3],
    /// Whether it leads its own process group, which then has its number. Otherwise it is in the
    /// group of this process.
    pub leads_group: bool,
    /// Whether the kernel kills it when the thread that started it ends.
    pub ends_with_thread: bool,
}

/// Starts a process with only these three file descriptors, no blocked signals, and all signals at
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
    // SAFETY: path is a string; argv and env are arrays of strings that end in NULL; the other two
    // are initialised. All live until the call returns. It does not change them (the casts are
    // needed since C has no const there).
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

/// Returns an array in the form that exec(3) takes.
fn pointers(strings: &[CString]) -> Vec<*mut c_char> {
    strings.iter().map(|string| string.as_ptr().cast_mut()).chain([ptr::null_mut()]).collect()
}

/// Converts the error number that these functions return.
fn check(result: c_int) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(result)) }
}

/// The attributes of the new process. Boxed, since glibc does not promise that they may be moved.
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
        // SAFETY: `pointer` was initialised above. Both sets, which are plain bits, are initialised
        // before they are read.
        unsafe {
            // sigfillset(3) leaves out two signals that glibc uses for its threads, and posix_spawn
            // would leave them ignored.
            all.as_mut_ptr().write_bytes(0xff, 1);
            libc::sigemptyset(none.as_mut_ptr());
            // The dispositions of these two cannot be set, and some C libraries report that as an
            // error.
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

/// The actions on the file descriptors and the directory of the new process.
struct Actions(Box<MaybeUninit<libc::posix_spawn_file_actions_t>>);

impl Actions {
    fn new(command: &Command<'_>) -> io::Result<Actions> {
        let mut actions = Box::new(MaybeUninit::uninit());
        // SAFETY: memory for one; the function initialises it.
        check(unsafe { libc::posix_spawn_file_actions_init(actions.as_mut_ptr()) })?;
        let mut this = Actions(actions);
        let pointer = this.0.as_mut_ptr();
        for (number, descriptor) in (0..).zip(command.standard) {
            // SAFETY: `pointer` was initialised above. The file descriptors outlive the command,
            // and so these actions.
            check(unsafe {
                libc::posix_spawn_file_actions_adddup2(pointer, descriptor.as_raw_fd(), number)
            })?;
        }
        // SAFETY: as above; the path is copied.
        unsafe {
            if let Some(directory) = command.directory {
                check(libc::posix_spawn_file_actions_addchdir_np(pointer, directory.as_ptr()))?;
            }
            // The library's file descriptors are close-on-exec; the host's need not be.
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

/// Forks, and executes the command in the child. An error number of the child comes through a pipe
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
    // SAFETY: getpid(2) takes nothing. Both sets are initialised before they are read. The child
    // calls only async-signal-safe functions until it executes another program or ends. The
    // handlers of this process do not run in it, since every signal is blocked until they are
    // reset.
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
/// The process must be the child of a fork of `parent`, with every signal blocked. The arrays must
/// end in NULL.
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
    // SAFETY: all functions that are called are async-signal-safe. They take numbers, and pointers
    // to values in this frame or, by this function's contract, in the command.
    unsafe {
        if command.leads_group && libc::setpgid(0, 0) != 0 {
            return errno();
        }
        if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) != 0 {
            return errno();
        }
        // The parent may have ended before that call.
        if libc::getppid() != parent {
            libc::_exit(127);
        }
        for signal in 1..=LAST_SIGNAL {
            // All zeros is the default in any order of the fields. This uses the system call
            // itself, since the C library refuses the signals that it uses for its threads.
            let default = [0_u64; 8];
            libc::syscall(
                libc::SYS_rt_sigaction,
                signal,
                default.as_ptr(),
                ptr::null::<u64>(),
                LAST_SIGNAL / 8,
            );
        }
        // If this process were stopped before it executes the command, the parent would wait until
        // it is continued. The exec resets a handler to the default.
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

/// Marks all file descriptors from this number on as close-on-exec. Async-signal-safe.
fn close_on_exec_from(first: c_int) {
    /// The most file descriptors to mark one by one, if the limit is higher or there is no limit.
    const MAX_TRIED: libc::rlim_t = 1 << 16;
    let mut limit = libc::rlimit { rlim_cur: MAX_TRIED, rlim_max: MAX_TRIED };
    // SAFETY: close_range(2) and fcntl(2) with F_SETFD take numbers; getrlimit(2) takes memory for
    // one limit.
    unsafe {
        if libc::syscall(libc::SYS_close_range, first, c_int::MAX, libc::CLOSE_RANGE_CLOEXEC) == 0 {
            return;
        }
        // Before Linux 5.11.
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        for descriptor in first..c_int::try_from(limit.rlim_cur.min(MAX_TRIED)).unwrap_or_default()
        {
            libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC);
        }
    }
}
