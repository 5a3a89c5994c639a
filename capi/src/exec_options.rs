//! Options for running hooks.

use std::ffi::{c_char, c_int, c_void};
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use libhooks::exec::{CAPTURE_LIMIT, FilterOptions, ProcessGroup, RunOptions, Stream};
use libhooks::ffi;

use crate::boundary;
use crate::convert;
use crate::options::{LogCallback, hooks_log_fn};

/// The hook's stdout, as the stream of a hooks_output_fn.
pub const HOOKS_STREAM_STDOUT: c_int = 1;
/// The hook's stderr, as the stream of a hooks_output_fn.
pub const HOOKS_STREAM_STDERR: c_int = 2;

/// The process group of hooks: as HOOKS_GROUP_CALLER if the calling process is in the foreground of
/// its controlling terminal, or if the library cannot find that out (it can use neither /proc nor
/// /dev/tty); otherwise, and also without a controlling terminal, as HOOKS_GROUP_OWN.
pub const HOOKS_GROUP_AUTO: c_int = 0;
/// The process group of hooks: a new group for each hook.
pub const HOOKS_GROUP_OWN: c_int = 1;
/// The process group of hooks: the caller's group.
pub const HOOKS_GROUP_CALLER: c_int = 2;

/// Receives the output of a hook as it arrives, in the thread that called hooks_exec_run() or
/// hooks_exec_filter(). A call has a part of the output, not a line. The function must return: no
/// longjmp, no C++ exception.
///
/// @param userdata the pointer that was passed to hooks_exec_options_set_output_fn()
/// @param stream   HOOKS_STREAM_STDOUT or HOOKS_STREAM_STDERR
/// @param data     the bytes; valid until this function returns
/// @param len      the number of bytes
/// @return 0 for success. After any other number, the function is not called again for this hook,
///         and the result of the hook has an error. The hook is not killed
pub type hooks_output_fn = Option<
    unsafe extern "C" fn(
        userdata: *mut c_void,
        stream: c_int,
        data: *const u8,
        len: usize,
    ) -> c_int,
>;

/// Options for running hooks. Only one thread at a time may use them, so threads that run hooks at
/// the same time need options of their own. They must not be changed or freed while hooks are run
/// with them, also not by a callback. Free them with hooks_exec_options_free().
pub struct hooks_exec_options_t {
    directory: Option<PathBuf>,
    timeout: Option<Duration>,
    /// In nanoseconds; `None`: the default.
    post_kill_timeout: Option<i64>,
    capture_limit: usize,
    /// File descriptors of the caller, or -1.
    out_fd: c_int,
    err_fd: c_int,
    cancel_fd: c_int,
    merge_stderr: bool,
    process_group: ProcessGroup,
    output: hooks_output_fn,
    userdata: *mut c_void,
    output_annotations: bool,
    patches: bool,
    log: Option<Arc<LogCallback>>,
}

impl Default for hooks_exec_options_t {
    fn default() -> Self {
        hooks_exec_options_t {
            directory: None,
            timeout: None,
            post_kill_timeout: None,
            capture_limit: CAPTURE_LIMIT,
            out_fd: -1,
            err_fd: -1,
            cancel_fd: -1,
            merge_stderr: false,
            process_group: ProcessGroup::Auto,
            output: None,
            userdata: ptr::null_mut(),
            output_annotations: false,
            patches: false,
            log: None,
        }
    }
}

impl hooks_exec_options_t {
    /// Calls `body` with these options in the form of the core.
    pub(crate) unsafe fn with<T>(&self, body: impl FnOnce(RunOptions<'_>) -> T) -> T {
        // SAFETY: by this function's contract the file descriptor is open, and it is not -1.
        let borrow = |fd: c_int| (fd >= 0).then(|| unsafe { BorrowedFd::borrow_raw(fd) });
        let userdata = self.userdata;
        let mut receive = self.output.map(|function| {
            move |stream, bytes: &[u8]| {
                let stream = if stream == Stream::Stdout {
                    HOOKS_STREAM_STDOUT
                } else {
                    HOOKS_STREAM_STDERR
                };
                // SAFETY: by the contract above; the bytes outlive the call.
                match unsafe { function(userdata, stream, bytes.as_ptr(), bytes.len()) } {
                    0 => Ok(()),
                    other => Err(format!("the output function returned {other}")),
                }
            }
        });
        let mut options = RunOptions::new()
            .timeout(self.timeout)
            .capture_limit(self.capture_limit)
            .stdout(borrow(self.out_fd))
            .stderr(borrow(self.err_fd))
            .merge_stderr(self.merge_stderr)
            .cancel(borrow(self.cancel_fd))
            .process_group(self.process_group);
        if let Some(function) = &mut receive {
            options = options.output(function);
        }
        if let Some(directory) = &self.directory {
            options = options.directory(directory);
        }
        if let Some(nanoseconds) = self.post_kill_timeout {
            options = ffi::post_kill_timeout(options, nanoseconds);
        }
        body(options)
    }

    /// Calls `body` with these options in the form of the core, for a filter.
    pub(crate) unsafe fn with_filter<T>(&self, body: impl FnOnce(FilterOptions<'_>) -> T) -> T {
        // SAFETY: the same contract.
        unsafe {
            self.with(|run| {
                let options = FilterOptions::new()
                    .run(run)
                    .output_annotations(self.output_annotations)
                    .patches(self.patches);
                body(match self.log.clone() {
                    Some(log) => {
                        options.log(move |level, message, fields| log.call(level, message, fields))
                    }
                    None => options,
                })
            })
        }
    }
}

/// Makes options for running hooks, with the default values. The functions that set options say
/// what the defaults are.
///
/// @return the options, which hooks_exec_options_free() frees; NULL only after a bug in libhooks
#[unsafe(no_mangle)]
pub extern "C" fn hooks_exec_options_new() -> *mut hooks_exec_options_t {
    boundary::value("hooks_exec_options_new", ptr::null_mut(), || {
        Box::into_raw(Box::new(hooks_exec_options_t::default()))
    })
}

/// Sets the working directory of hooks. A relative path of a hook's executable is resolved against
/// this directory.
///
/// @param o   the options
/// @param dir the directory, any bytes; NULL (the default) or "": the caller's working directory
/// @return HOOKS_STATUS_OK; HOOKS_STATUS_INVALID_ARGUMENT if o is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_options_set_dir(
    o: *mut hooks_exec_options_t,
    dir: *const c_char,
) -> c_int {
    boundary::code("hooks_exec_options_set_dir", || {
        // SAFETY: the header asks for NULL or options of ours that are not freed yet, used by one
        // thread at a time; and for NULL or a string.
        unsafe {
            let o = convert::object_mut(o, "o")?;
            o.directory =
                if dir.is_null() { None } else { Some(convert::path(dir, "dir")?.to_owned()) };
            o.directory.take_if(|directory| directory.as_os_str().is_empty());
            Ok(())
        }
    })
}

/// Sets the timeout of hooks that have no "timeout" of their own. The timeout is for each hook, not
/// for a whole filter.
///
/// @param o  the options
/// @param ms milliseconds; -1 (the default): no timeout; 0: the hook is killed at once
/// @return HOOKS_STATUS_OK; HOOKS_STATUS_INVALID_ARGUMENT if o is NULL or ms is less than -1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_options_set_timeout_ms(
    o: *mut hooks_exec_options_t,
    ms: i64,
) -> c_int {
    boundary::code("hooks_exec_options_set_timeout_ms", || {
        // SAFETY: as for hooks_exec_options_set_dir.
        let o = unsafe { convert::object_mut(o, "o")? };
        o.timeout = match ms {
            -1 => None,
            _ => Some(Duration::from_millis(
                u64::try_from(ms).map_err(|_| convert::out_of_range("ms", "-1 or more", ms))?,
            )),
        };
        Ok(())
    })
}

/// Sets how long to wait for a hook to end after it was killed. (The kernel may take long to end a
/// process.) After that time the run returns, and the end of the hook is unknown. The process may
/// stay a zombie until a later run of a hook reaps it.
///
/// @param o  the options
/// @param ms milliseconds; 10000 is the default; 0 or less: do not wait
/// @return HOOKS_STATUS_OK; HOOKS_STATUS_INVALID_ARGUMENT if o is NULL, or if ms in nanoseconds
///         does not fit in 64 bits
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_options_set_post_kill_timeout_ms(
    o: *mut hooks_exec_options_t,
    ms: i64,
) -> c_int {
    boundary::code("hooks_exec_options_set_post_kill_timeout_ms", || {
        // SAFETY: as for hooks_exec_options_set_dir.
        let o = unsafe { convert::object_mut(o, "o")? };
        let nanoseconds = ms.saturating_mul(1_000_000);
        if nanoseconds == i64::MAX {
            return Err(convert::out_of_range("ms", "at most 9223372036854", ms));
        }
        o.post_kill_timeout = Some(nanoseconds);
        Ok(())
    })
}

/// Sets how many bytes of the hook's stdout, and how many of its stderr, the result keeps: the last
/// bytes. The earlier bytes are dropped. In a filter, a hook that prints a config larger than the
/// limit fails.
///
/// @param o     the options
/// @param bytes the limit; 10485760 is the default; 0: keep nothing
/// @return HOOKS_STATUS_OK; HOOKS_STATUS_INVALID_ARGUMENT if o is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_options_set_capture_limit(
    o: *mut hooks_exec_options_t,
    bytes: usize,
) -> c_int {
    boundary::code("hooks_exec_options_set_capture_limit", || {
        // SAFETY: as for hooks_exec_options_set_dir.
        let o = unsafe { convert::object_mut(o, "o")? };
        o.capture_limit = bytes;
        Ok(())
    })
}

/// Sets file descriptors that hooks inherit as stdout and stderr. The library then does not capture
/// that stream. A filter needs the stdout of hooks, and ignores out_fd. The library does not close
/// the file descriptors.
///
/// @param o      the options
/// @param out_fd the hook's stdout; it must stay open while hooks are run. -1 (the default):
///               capture stdout
/// @param err_fd the hook's stderr; as out_fd
/// @return HOOKS_STATUS_OK; HOOKS_STATUS_INVALID_ARGUMENT if o is NULL or a file descriptor is less
///         than -1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_options_set_output_fds(
    o: *mut hooks_exec_options_t,
    out_fd: c_int,
    err_fd: c_int,
) -> c_int {
    boundary::code("hooks_exec_options_set_output_fds", || {
        // SAFETY: as for hooks_exec_options_set_dir.
        let o = unsafe { convert::object_mut(o, "o")? };
        for (name, fd) in [("out_fd", out_fd), ("err_fd", err_fd)] {
            if fd < -1 {
                return Err(convert::out_of_range(name, "-1 or more", fd));
            }
        }
        (o.out_fd, o.err_fd) = (out_fd, err_fd);
        Ok(())
    })
}

/// Sets whether the hook's stderr goes to its stdout (2>&1), which keeps the order of its output.
/// hooks_exec_result_stdout() or out_fd then has all output, and err_fd is not used. A filter needs
/// stdout for the config, and ignores this setting.
///
/// @param o  the options
/// @param on 1: merge stderr into stdout; 0 (the default): keep them separate
/// @return HOOKS_STATUS_OK; HOOKS_STATUS_INVALID_ARGUMENT if o is NULL or on is neither 0 nor 1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_options_set_merge_stderr(
    o: *mut hooks_exec_options_t,
    on: c_int,
) -> c_int {
    boundary::code("hooks_exec_options_set_merge_stderr", || {
        // SAFETY: as for hooks_exec_options_set_dir.
        let o = unsafe { convert::object_mut(o, "o")? };
        o.merge_stderr = convert::switch(on, "on")?;
        Ok(())
    })
}

/// Sets the process group in which hooks run (docs/spec.md, section 9a). A terminal, timeout(1) or
/// a shell sends signals to a whole group, so the group decides which signals a hook gets. It also
/// decides which processes the library kills together with a hook when the hook exceeds its timeout
/// or the run is cancelled.
///
/// HOOKS_GROUP_CALLER: the caller's group. The hook gets the signals that are sent to that group,
/// for example by Ctrl-C at the terminal. It can read from the terminal if the group is in the
/// foreground. The hook is killed together with those descendants that the library finds in /proc.
/// The search stops each process (SIGSTOP) before it lists the children of that process. It takes
/// at most 1 s, and finds at most 4096 descendants. It does not find a descendant whose parent has
/// ended. A descendant in its own session is not killed. Without /proc, only the hook is killed.
/// Other processes in the group are not killed.
///
/// HOOKS_GROUP_OWN: a new group, which is killed as a whole. Signals to the caller's group do not
/// reach the hook. The terminal stops a hook that reads from it, until the hook's timeout.
///
/// The member "killed" of hooks_exec_result_json() says which processes were killed.
///
/// @param o     the options
/// @param group HOOKS_GROUP_AUTO (the default), HOOKS_GROUP_OWN or HOOKS_GROUP_CALLER
/// @return HOOKS_STATUS_OK; HOOKS_STATUS_INVALID_ARGUMENT if o is NULL or group is another number
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_options_set_process_group(
    o: *mut hooks_exec_options_t,
    group: c_int,
) -> c_int {
    boundary::code("hooks_exec_options_set_process_group", || {
        // SAFETY: as for hooks_exec_options_set_dir.
        let o = unsafe { convert::object_mut(o, "o")? };
        o.process_group = match group {
            HOOKS_GROUP_AUTO => ProcessGroup::Auto,
            HOOKS_GROUP_OWN => ProcessGroup::Own,
            HOOKS_GROUP_CALLER => ProcessGroup::Caller,
            _ => return Err(convert::out_of_range("group", "0, 1 or 2", group)),
        };
        Ok(())
    })
}

/// Sets a function that receives the captured output as it arrives. The result keeps the output,
/// too. The function is not called for a stream that goes to a file descriptor of the caller. See
/// hooks_output_fn.
///
/// @param o        the options
/// @param output   the function; NULL (the default): no function
/// @param userdata a pointer that is passed to the function; may be NULL. It must stay valid while
///                 hooks are run with these options
/// @return HOOKS_STATUS_OK; HOOKS_STATUS_INVALID_ARGUMENT if o is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_options_set_output_fn(
    o: *mut hooks_exec_options_t,
    output: hooks_output_fn,
    userdata: *mut c_void,
) -> c_int {
    boundary::code("hooks_exec_options_set_output_fn", || {
        // SAFETY: as for hooks_exec_options_set_dir.
        let o = unsafe { convert::object_mut(o, "o")? };
        (o.output, o.userdata) = (output, userdata);
        Ok(())
    })
}

/// Sets a file descriptor that cancels a run or a filter: as soon as it is readable, the hook is
/// killed together with its process group or its descendants
/// (hooks_exec_options_set_process_group()). It can be an eventfd(2), a pipe or a signalfd(2). The
/// library does not read from it: while it stays readable, it also cancels later runs. Closing the
/// other end of a pipe also cancels the run; so does an invalid file descriptor.
///
/// @param o  the options
/// @param fd the file descriptor; it must stay open while hooks are run. -1 (the default): runs
///           cannot be cancelled
/// @return HOOKS_STATUS_OK; HOOKS_STATUS_INVALID_ARGUMENT if o is NULL or fd is less than -1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_options_set_cancel_fd(
    o: *mut hooks_exec_options_t,
    fd: c_int,
) -> c_int {
    boundary::code("hooks_exec_options_set_cancel_fd", || {
        // SAFETY: as for hooks_exec_options_set_dir.
        let o = unsafe { convert::object_mut(o, "o")? };
        if fd < -1 {
            return Err(convert::out_of_range("fd", "-1 or more", fd));
        }
        o.cancel_fd = fd;
        Ok(())
    })
}

/// Sets whether a filter appends the output of hooks to files: stdout to the file that the
/// annotation run.oci.hooks.stdout of the config names, and stderr to the file that
/// run.oci.hooks.stderr names. If such a file does not exist, it is created with mode 0600. The
/// file must be a regular file, and not a symlink. Note: users who can set the annotations of a
/// container can then make the caller create and write files at paths of their choice.
///
/// @param o  the options
/// @param on 1: write the files; 0 (the default): ignore the annotations
/// @return HOOKS_STATUS_OK; HOOKS_STATUS_INVALID_ARGUMENT if o is NULL or on is neither 0 nor 1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_options_set_output_annotations(
    o: *mut hooks_exec_options_t,
    on: c_int,
) -> c_int {
    boundary::code("hooks_exec_options_set_output_annotations", || {
        // SAFETY: as for hooks_exec_options_set_dir.
        let o = unsafe { convert::object_mut(o, "o")? };
        o.output_annotations = convert::switch(on, "on")?;
        Ok(())
    })
}

/// Sets whether a filter records the changes of each hook, for hooks_filter_result_patch().
///
/// @param o  the options
/// @param on 1: record them; 0 (the default): do not, which is faster
/// @return HOOKS_STATUS_OK; HOOKS_STATUS_INVALID_ARGUMENT if o is NULL or on is neither 0 nor 1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_options_set_patches(
    o: *mut hooks_exec_options_t,
    on: c_int,
) -> c_int {
    boundary::code("hooks_exec_options_set_patches", || {
        // SAFETY: as for hooks_exec_options_set_dir.
        let o = unsafe { convert::object_mut(o, "o")? };
        o.patches = convert::switch(on, "on")?;
        Ok(())
    })
}

/// Sets a function that logs the changes of each hook of a filter: one line at HOOKS_LOG_DEBUG for
/// each hook that changed the config. Its fields are "hook" (the position of the hook, from 0),
/// "path" and "patch" (as from hooks_filter_result_patch()). See hooks_log_fn.
///
/// @param o        the options
/// @param log      the function; NULL (the default): no log
/// @param userdata a pointer that is passed to the function; may be NULL. It must stay valid while
///                 hooks are run with these options
/// @return HOOKS_STATUS_OK; HOOKS_STATUS_INVALID_ARGUMENT if o is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_options_set_log(
    o: *mut hooks_exec_options_t,
    log: hooks_log_fn,
    userdata: *mut c_void,
) -> c_int {
    boundary::code("hooks_exec_options_set_log", || {
        // SAFETY: as for hooks_exec_options_set_dir.
        let o = unsafe { convert::object_mut(o, "o")? };
        o.log = LogCallback::new(log, userdata);
        Ok(())
    })
}

/// Frees options; it closes none of their file descriptors. Does nothing if o is NULL.
///
/// @param o the options, or NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_options_free(o: *mut hooks_exec_options_t) {
    boundary::nothing("hooks_exec_options_free", || {
        // SAFETY: the header asks for NULL or options of ours that are not freed yet.
        unsafe { convert::free(o) }
    });
}
