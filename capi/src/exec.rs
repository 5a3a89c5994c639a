//! Running hooks: how, and what became of one.

use std::ffi::{CString, c_char, c_int, c_void};
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::ptr;
use std::time::Duration;

use libhooks::OciHook;
use libhooks::exec::{self, CAPTURE_LIMIT, PostKillTimeout, RunOptions, RunResult, Stream};

use crate::boundary;
use crate::error::hooks_error_t;
use crate::text::{self, invalid};

/// The hook's stdout, to a hooks_output_fn.
pub const HOOKS_STREAM_STDOUT: c_int = 1;
/// The hook's stderr, to a hooks_output_fn.
pub const HOOKS_STREAM_STDERR: c_int = 2;

/// Receives what a hook writes, as it comes, in the thread that runs the hook. It must return: no longjmp, no C++
/// exception.
///
/// @param userdata what hooks_exec_options_set_output_fn() was given
/// @param stream   HOOKS_STREAM_STDOUT or HOOKS_STREAM_STDERR
/// @param data     the bytes; valid during the call
/// @param len      how many
/// @return 0; anything else fails the run, and nothing more is handed over
pub type hooks_output_fn =
    Option<unsafe extern "C" fn(userdata: *mut c_void, stream: c_int, data: *const u8, len: usize) -> c_int>;

/// How hooks are run. Used by one thread at a time, and not changed while hooks are run with it. Freed by
/// hooks_exec_options_free().
pub struct hooks_exec_options_t {
    directory: Option<PathBuf>,
    timeout: Option<Duration>,
    post_kill_timeout: PostKillTimeout,
    capture_limit: usize,
    /// Descriptors of the caller's, or -1.
    out_fd: c_int,
    err_fd: c_int,
    cancel_fd: c_int,
    output: hooks_output_fn,
    userdata: *mut c_void,
    pub(crate) output_annotations: bool,
}

impl Default for hooks_exec_options_t {
    fn default() -> Self {
        hooks_exec_options_t {
            directory: None,
            timeout: None,
            post_kill_timeout: PostKillTimeout::DEFAULT,
            capture_limit: CAPTURE_LIMIT,
            out_fd: -1,
            err_fd: -1,
            cancel_fd: -1,
            output: None,
            userdata: ptr::null_mut(),
            output_annotations: false,
        }
    }
}

impl hooks_exec_options_t {
    /// Calls `body` with these options as the core has them.
    ///
    /// # Safety
    /// The descriptors are open during the call, and the function can be called as its documentation says.
    pub(crate) unsafe fn with<T>(&self, body: impl FnOnce(RunOptions<'_>) -> T) -> T {
        // SAFETY: by this function's contract open, and not -1.
        let borrow = |fd: c_int| (fd >= 0).then(|| unsafe { BorrowedFd::borrow_raw(fd) });
        let userdata = self.userdata;
        let mut hand_over = self.output.map(|function| {
            move |stream, bytes: &[u8]| {
                let stream = if stream == Stream::Stdout { HOOKS_STREAM_STDOUT } else { HOOKS_STREAM_STDERR };
                // SAFETY: by the contract above; the bytes outlive the call.
                match unsafe { function(userdata, stream, bytes.as_ptr(), bytes.len()) } {
                    0 => Ok(()),
                    other => Err(format!("the output function returned {other}")),
                }
            }
        });
        body(RunOptions {
            directory: self.directory.clone(),
            timeout: self.timeout,
            post_kill_timeout: self.post_kill_timeout,
            capture_limit: self.capture_limit,
            stdout: borrow(self.out_fd),
            stderr: borrow(self.err_fd),
            output: hand_over.as_mut().map(|function| function as exec::OutputFn<'_>),
            cancel: borrow(self.cancel_fd),
        })
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
        // SAFETY: the header asks for NULL or options of ours that are not freed yet, used by one thread at a time; and for
        // NULL or a string.
        unsafe {
            let o = text::object_mut(o, "o")?;
            o.directory = if dir.is_null() { None } else { Some(text::path(dir, "dir")?.to_owned()) };
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
pub unsafe extern "C" fn hooks_exec_options_set_timeout_ms(o: *mut hooks_exec_options_t, ms: i64) -> c_int {
    boundary::code("hooks_exec_options_set_timeout_ms", || {
        // SAFETY: as for hooks_exec_options_set_dir.
        let o = unsafe { text::object_mut(o, "o")? };
        o.timeout = match ms {
            -1 => None,
            _ => Some(Duration::from_millis(u64::try_from(ms).map_err(|_| invalid(format!("ms is {ms}")))?)),
        };
        Ok(())
    })
}

/// How long to wait for a hook that was killed. (It may take long in the kernel.) One that is given up is reaped when
/// hooks are run later.
///
/// @param o  the options
/// @param ms milliseconds; 10000 is the default; 0 or less: not at all
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT: o is NULL, or ms are more nanoseconds than 64 bits hold
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_options_set_post_kill_timeout_ms(
    o: *mut hooks_exec_options_t,
    ms: i64,
) -> c_int {
    boundary::code("hooks_exec_options_set_post_kill_timeout_ms", || {
        // SAFETY: as for hooks_exec_options_set_dir.
        let o = unsafe { text::object_mut(o, "o")? };
        let nanoseconds = ms.saturating_mul(1_000_000);
        if nanoseconds == i64::MAX {
            return Err(invalid(format!("ms is {ms}")));
        }
        o.post_kill_timeout = PostKillTimeout(nanoseconds);
        Ok(())
    })
}

/// How much of each stream is kept in the result: the last so many bytes. A config that does not fit fails a filter.
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
        let o = unsafe { text::object_mut(o, "o")? };
        o.capture_limit = bytes;
        Ok(())
    })
}

/// Where output goes instead of being captured. A filter needs the hooks' stdout, and does not use out_fd.
///
/// @param o      the options
/// @param out_fd what becomes the hook's stdout, borrowed while hooks are run; -1 (the default): it is captured
/// @param err_fd likewise its stderr
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT: o is NULL, or a descriptor is less than -1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_options_set_output_fds(
    o: *mut hooks_exec_options_t,
    out_fd: c_int,
    err_fd: c_int,
) -> c_int {
    boundary::code("hooks_exec_options_set_output_fds", || {
        // SAFETY: as for hooks_exec_options_set_dir.
        let o = unsafe { text::object_mut(o, "o")? };
        for (name, fd) in [("out_fd", out_fd), ("err_fd", err_fd)] {
            if fd < -1 {
                return Err(invalid(format!("{name} is {fd}")));
            }
        }
        (o.out_fd, o.err_fd) = (out_fd, err_fd);
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
        let o = unsafe { text::object_mut(o, "o")? };
        (o.output, o.userdata) = (output, userdata);
        Ok(())
    })
}

/// How a run is ended from elsewhere: as soon as the descriptor can be read from, the hook and its process group are
/// killed. An eventfd(2), a pipe, a signalfd(2); it is not read. The other end's being closed counts, as does a
/// descriptor that is none.
///
/// @param o  the options
/// @param fd the descriptor, borrowed while hooks are run; -1 (the default): none
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT: o is NULL, or fd is less than -1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_options_set_cancel_fd(o: *mut hooks_exec_options_t, fd: c_int) -> c_int {
    boundary::code("hooks_exec_options_set_cancel_fd", || {
        // SAFETY: as for hooks_exec_options_set_dir.
        let o = unsafe { text::object_mut(o, "o")? };
        if fd < -1 {
            return Err(invalid(format!("fd is {fd}")));
        }
        o.cancel_fd = fd;
        Ok(())
    })
}

/// Whether the annotations run.oci.hooks.stdout and run.oci.hooks.stderr of a filter's config name files that the hooks'
/// output is appended to. They are made with mode 0600; links are not followed, and nothing but regular files is written.
/// Who may set a container's annotations may then have such files written.
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
        let o = unsafe { text::object_mut(o, "o")? };
        o.output_annotations = text::switch(on, "on")?;
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
        unsafe { text::free(o) }
    });
}

/// What became of a hook that was started. It does not change, and may be read by many threads at once. Freed by
/// hooks_exec_result_free(), unless it belongs to another object.
pub struct hooks_exec_result_t {
    result: RunResult,
    message: Option<CString>,
    json: CString,
}

impl hooks_exec_result_t {
    pub(crate) fn new(result: RunResult) -> hooks_exec_result_t {
        hooks_exec_result_t {
            message: result.error.as_deref().map(text::c_string),
            json: text::c_string(result.to_json()),
            result,
        }
    }
}

/// Runs a hook and waits for its end (SPEC 9). It is started in a process group of its own, with no descriptor but 0, 1
/// and 2, no signal blocked and none ignored, and with the environment that the hook has and no other. A hook that fails
/// is a result.
///
/// When its time is over, or the caller asks for its end, its whole process group is killed. When it exits by itself, the
/// processes that it has left behind live on: what they write then is lost, and they do not wait for it. (Where /proc is
/// not mounted, it is SIGPIPE to them.)
///
/// No signal handler is installed and no other child is waited for. If the host reaps the hook itself (SIGCHLD is ignored,
/// another thread waits for any child), the result says that its end is not known.
///
/// @param hook_json the hook, an entry of config.hooks: a JSON object with "path", "args", "env" and "timeout"
/// @param state     what it reads on stdin: the container's state, any bytes; NULL if state_len is 0
/// @param state_len how many bytes
/// @param opts      options; NULL: the defaults
/// @param out       receives the result, freed by hooks_exec_result_free()
/// @param err       receives the error; NULL: not wanted
/// @return HOOKS_STATUS_OK; or HOOKS_STATUS_INVALID_ARGUMENT, _UTF8, _JSON, _IO: the hook could not be started
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_run(
    hook_json: *const c_char,
    state: *const c_void,
    state_len: usize,
    opts: *const hooks_exec_options_t,
    out: *mut *mut hooks_exec_result_t,
    err: *mut *mut hooks_error_t,
) -> c_int {
    // SAFETY: the header asks for a string, `state_len` bytes, NULL or live options whose descriptors are open, and NULL or
    // memory for the output and `err`.
    unsafe {
        boundary::status("hooks_exec_run", err, || {
            let hooks = OciHook::list_from_json(text::text(hook_json, "hook_json")?)?;
            let [hook] = hooks.as_slice() else {
                return Err(invalid(format!("hook_json holds {} hooks", hooks.len())));
            };
            let state = if state_len == 0 { &[] } else { text::sized_bytes(state, state_len, "state")? };
            text::wanted(out, "out")?;
            let defaults = hooks_exec_options_t::default();
            let opts = opts.as_ref().unwrap_or(&defaults);
            let result = opts.with(|options| exec::run(hook, state, options))?;
            text::put_object(out, hooks_exec_result_t::new(result));
            Ok(())
        })
    }
}

/// What the hook exited with.
///
/// @param r the result, or NULL
/// @return the status, from 0 to 255; -1: it was killed, it is not known, or r is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_result_exit_status(r: *const hooks_exec_result_t) -> c_int {
    boundary::value("hooks_exec_result_exit_status", -1, || {
        // SAFETY: the header asks for NULL or a live result; results never change.
        unsafe { r.as_ref() }.and_then(|r| r.result.exit_status).unwrap_or(-1)
    })
}

/// The signal that killed the hook.
///
/// @param r the result, or NULL
/// @return its number; 0: it was not killed, it is not known, or r is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_result_signal(r: *const hooks_exec_result_t) -> c_int {
    boundary::value("hooks_exec_result_signal", 0, || {
        // SAFETY: as for hooks_exec_result_exit_status.
        unsafe { r.as_ref() }.and_then(|r| r.result.signal).unwrap_or(0)
    })
}

/// Whether the hook was killed because its time was over.
///
/// @param r the result, or NULL
/// @return whether; false if r is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_result_timed_out(r: *const hooks_exec_result_t) -> bool {
    boundary::value("hooks_exec_result_timed_out", false, || {
        // SAFETY: as for hooks_exec_result_exit_status.
        unsafe { r.as_ref() }.is_some_and(|r| r.result.timed_out)
    })
}

/// How long it took, from before the hook's start to after its end.
///
/// @param r the result, or NULL
/// @return microseconds; 0 if r is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_result_duration_us(r: *const hooks_exec_result_t) -> i64 {
    boundary::value("hooks_exec_result_duration_us", 0, || {
        // SAFETY: as for hooks_exec_result_exit_status.
        unsafe { r.as_ref() }.map_or(0, |r| i64::try_from(r.result.duration.as_micros()).unwrap_or(i64::MAX))
    })
}

/// What did not go well, in words.
///
/// @param r the result, or NULL
/// @return the text, which belongs to the result; NULL if it went well, or r is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_result_message(r: *const hooks_exec_result_t) -> *const c_char {
    boundary::value("hooks_exec_result_message", ptr::null(), || {
        // SAFETY: as for hooks_exec_result_exit_status.
        let message = unsafe { r.as_ref() }.and_then(|r| r.message.as_ref());
        message.map_or(ptr::null(), |message| message.as_ptr())
    })
}

/// All of the result, as a JSON object for programs (docs/json.md).
///
/// @param r the result, or NULL
/// @return the JSON text, which belongs to the result; NULL if r is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_result_json(r: *const hooks_exec_result_t) -> *const c_char {
    boundary::value("hooks_exec_result_json", ptr::null(), || {
        // SAFETY: as for hooks_exec_result_exit_status.
        unsafe { r.as_ref() }.map_or(ptr::null(), |r| r.json.as_ptr())
    })
}

/// What the hook wrote to stdout, if that was captured: the last bytes of it, as many as the capture limit allows.
///
/// @param r       the result, or NULL
/// @param len_out receives how many bytes; NULL: not wanted
/// @return the bytes, which belong to the result, without a NUL at the end; NULL only if r is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_result_stdout(
    r: *const hooks_exec_result_t,
    len_out: *mut usize,
) -> *const u8 {
    boundary::value("hooks_exec_result_stdout", ptr::null(), || {
        // SAFETY: as for hooks_exec_result_exit_status; and NULL or memory for the length.
        unsafe { lend(r.as_ref().map(|r| r.result.stdout.tail.as_slice()), len_out) }
    })
}

/// What the hook wrote to stderr, as hooks_exec_result_stdout().
///
/// @param r       the result, or NULL
/// @param len_out receives how many bytes; NULL: not wanted
/// @return the bytes, which belong to the result, without a NUL at the end; NULL only if r is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_result_stderr(
    r: *const hooks_exec_result_t,
    len_out: *mut usize,
) -> *const u8 {
    boundary::value("hooks_exec_result_stderr", ptr::null(), || {
        // SAFETY: as for hooks_exec_result_stdout.
        unsafe { lend(r.as_ref().map(|r| r.result.stderr.tail.as_slice()), len_out) }
    })
}

/// # Safety
/// `len_out` is NULL, or points to memory for one length.
unsafe fn lend(bytes: Option<&[u8]>, len_out: *mut usize) -> *const u8 {
    // SAFETY: the same contract.
    unsafe { text::put(len_out, bytes.map_or(0, <[u8]>::len)) };
    bytes.map_or(ptr::null(), <[u8]>::as_ptr)
}

/// Frees a result and what it lent. NULL is allowed.
///
/// @param r the result, or NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_exec_result_free(r: *mut hooks_exec_result_t) {
    boundary::nothing("hooks_exec_result_free", || {
        // SAFETY: the header asks for NULL or a result of ours that hooks_exec_run handed out and that is not freed yet.
        unsafe { text::free(r) }
    });
}
