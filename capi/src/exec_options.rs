//! How hooks are run.

use std::ffi::{c_char, c_int, c_void};
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use libhooks::exec::{CAPTURE_LIMIT, FilterOptions, ProcessGroup, RunOptions, Stream};
use libhooks::{Error, ffi};

use crate::boundary;
use crate::convert;
use crate::options::{LogCallback, hooks_log_fn};

/// The hook's stdout, to a hooks_output_fn.
pub const HOOKS_STREAM_STDOUT: c_int = 1;
/// The hook's stderr, to a hooks_output_fn.
pub const HOOKS_STREAM_STDERR: c_int = 2;

/// The process group of hooks: HOOKS_GROUP_CALLER if the calling process is in the foreground of
/// its controlling terminal, or if that cannot be found out (there is neither /proc nor /dev/tty);
/// else HOOKS_GROUP_OWN.
pub const HOOKS_GROUP_AUTO: c_int = 0;
/// The process group of hooks: a group of its own for each hook.
pub const HOOKS_GROUP_OWN: c_int = 1;
/// The process group of hooks: the caller's group.
pub const HOOKS_GROUP_CALLER: c_int = 2;

/// Receives what a hook writes, as it comes, in the thread that runs the hook. It must return: no
/// longjmp, no C++ exception.
///
/// @param userdata what hooks_exec_options_set_output_fn() was given
/// @param stream   HOOKS_STREAM_STDOUT or HOOKS_STREAM_STDERR
/// @param data     the bytes; valid during the call
/// @param len      how many
/// @return 0; anything else fails the run, and nothing more is handed over
pub type hooks_output_fn = Option<
    unsafe extern "C" fn(
        userdata: *mut c_void,
        stream: c_int,
        data: *const u8,
        len: usize,
    ) -> c_int,
>;

/// How hooks are run. Used by one thread at a time, and not changed while hooks are run with it.
/// Freed by hooks_exec_options_free().
pub struct hooks_exec_options_t {
    directory: Option<PathBuf>,
    timeout: Option<Duration>,
    /// In nanoseconds; `None`: the default.
    post_kill_timeout: Option<i64>,
    capture_limit: usize,
    /// Descriptors of the caller's, or -1.
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
    /// Calls `body` with these options as the core has them.
    ///
    /// # Safety
    /// The descriptors are open during the call, and the function can be called as its
    /// documentation says.
    pub(crate) unsafe fn with<T>(&self, body: impl FnOnce(RunOptions<'_>) -> T) -> T {
        // SAFETY: by this function's contract open, and not -1.
        let borrow = |fd: c_int| (fd >= 0).then(|| unsafe { BorrowedFd::borrow_raw(fd) });
        let userdata = self.userdata;
        let mut hand_over = self.output.map(|function| {
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
        if let Some(function) = &mut hand_over {
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

    /// Calls `body` with all of these options, for a filter.
    ///
    /// # Safety
    /// As for [`Self::with`].
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

/// New options, all at their defaults.
///
/// @return the options, freed by hooks_exec_options_free(); NULL only after a bug in libhooks
#[unsafe(no_mangle)]
pub extern "C" fn hooks_exec_options_new() -> *mut hooks_exec_options_t {
    boundary::value("hooks_exec_options_new", ptr::null_mut(), || {
        Box::into_raw(Box::new(hooks_exec_options_t::default()))
    })
}

/// Where hooks are started; their executables' paths are relative to it.
///
/// @param o   the options
/// @param dir the directory, any bytes; NULL (the default) or "": the caller's working directory
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT: o is NULL
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

/// The time for hooks that have no timeout of their own.
///
/// @param o  the options
/// @param ms milliseconds; -1 (the default): none
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT: o is NULL, or ms is less than -1
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
                u64::try_from(ms).map_err(|_| Error::invalid_argument(format!("ms is {ms}")))?,
            )),
        };
        Ok(())
    })
}

/// How long to wait for a hook that was killed. (It may take long in the kernel.) One that is given
/// up is reaped when hooks are run later.
///
/// @param o  the options
/// @param ms milliseconds; 10000 is the default; 0 or less: not at all
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT: o is NULL, or ms are more nanoseconds
/// than 64 bits hold
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
            return Err(Error::invalid_argument(format!("ms is {ms}")));
        }
        o.post_kill_timeout = Some(nanoseconds);
        Ok(())
    })
}

/// How much of each stream is kept in the result: the last so many bytes. A config that does not
/// fit fails a filter.
///
/// @param o     the options
/// @param bytes 10485760 is the default; 0: nothing
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT: o is NULL
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

/// Where output goes instead of being captured. A filter needs the hooks' stdout, and does not use
/// out_fd.
///
/// @param o      the options
/// @param out_fd what becomes the hook's stdout, borrowed while hooks are run; -1 (the default): it
/// is captured @param err_fd likewise its stderr
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT: o is NULL, or a descriptor is less
/// than -1
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
                return Err(Error::invalid_argument(format!("{name} is {fd}")));
            }
        }
        (o.out_fd, o.err_fd) = (out_fd, err_fd);
        Ok(())
    })
}

/// Whether the hook's stderr goes where its stdout goes (2>&1), so that the order of what it writes
/// is kept. All of it is then in hooks_exec_result_stdout() or out_fd, and err_fd is not used. A
/// filter needs stdout for itself, and takes no notice.
///
/// @param o  the options
/// @param on 1: it does; 0 (the default): it does not
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT: o is NULL, or on is neither 0 nor 1
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

/// In which process group hooks run (docs/spec.md, section 9a). It decides who gets the signals
/// that a terminal, timeout(1) or a shell sends to a whole group, and what is killed with a hook at
/// its timeout or a cancel.
///
/// HOOKS_GROUP_CALLER: the caller's group. The hook gets what is sent to that group, Ctrl-C at the
/// terminal first of all, and may read the terminal if the group is in the foreground. The hook is
/// killed with its descendants, as far as they can be found: each is stopped before its children
/// are looked for in /proc, for 1 s and 4096 descendants at most. A descendant whose parent has
/// ended is not found, and one in a session of its own is left alone. Without /proc only the
/// hook is killed. Nothing else in the group is touched.
///
/// HOOKS_GROUP_OWN: a group of its own, which is killed as a whole. What is sent to the caller's
/// group does not reach the hook, and the terminal stops a hook that reads from it.
///
/// The member "killed" of hooks_exec_result_json() says what was killed.
///
/// @param o     the options
/// @param group HOOKS_GROUP_AUTO (the default), HOOKS_GROUP_OWN or HOOKS_GROUP_CALLER
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT: o is NULL, or group is another number
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
            other => return Err(Error::invalid_argument(format!("group is {other}"))),
        };
        Ok(())
    })
}

/// Who receives what is captured, as it comes. See hooks_output_fn.
///
/// @param o        the options
/// @param output   the function; NULL (the default): nobody
/// @param userdata handed to the function; it must live as long as hooks are run with these options
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT: o is NULL
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

/// How a run is ended from elsewhere: as soon as the descriptor can be read from, the hook is
/// killed, with its process group or its descendants (hooks_exec_options_set_process_group()). An
/// eventfd(2), a pipe, a signalfd(2); it is not read. The other end's being closed counts, as does
/// a descriptor that is none.
///
/// @param o  the options
/// @param fd the descriptor, borrowed while hooks are run; -1 (the default): none
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT: o is NULL, or fd is less than -1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_options_set_cancel_fd(
    o: *mut hooks_exec_options_t,
    fd: c_int,
) -> c_int {
    boundary::code("hooks_exec_options_set_cancel_fd", || {
        // SAFETY: as for hooks_exec_options_set_dir.
        let o = unsafe { convert::object_mut(o, "o")? };
        if fd < -1 {
            return Err(Error::invalid_argument(format!("fd is {fd}")));
        }
        o.cancel_fd = fd;
        Ok(())
    })
}

/// Whether the annotations run.oci.hooks.stdout and run.oci.hooks.stderr of a filter's config name
/// files that the hooks' output is appended to. They are made with mode 0600; links are not
/// followed, and nothing but regular files is written. Who may set a container's annotations may
/// then have such files written.
///
/// @param o  the options
/// @param on 1: they do; 0 (the default): they mean nothing
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT: o is NULL, or on is neither 0 nor 1
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

/// Whether a filter tells what each hook changed, by hooks_filter_result_patch().
///
/// @param o  the options
/// @param on 1: it does; 0 (the default): it does not, which is faster
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT: o is NULL, or on is neither 0 nor 1
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

/// Who is told what each hook of a filter changed: a line at HOOKS_LOG_DEBUG for each that did,
/// with the fields "hook" (its position), "path" and "patch" (as hooks_filter_result_patch() has
/// it). See hooks_log_fn.
///
/// @param o        the options
/// @param log      the function; NULL (the default): none
/// @param userdata handed to the function; it must live as long as hooks are run with these options
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT: o is NULL
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

/// Frees options. NULL is allowed.
///
/// @param o the options, or NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_options_free(o: *mut hooks_exec_options_t) {
    boundary::nothing("hooks_exec_options_free", || {
        // SAFETY: the header asks for NULL or options of ours that are not freed yet.
        unsafe { convert::free(o) }
    });
}
