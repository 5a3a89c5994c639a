//! Options for managers and for reading hook files.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;
use std::sync::Arc;

use libhooks::{
    Error, Hook, LogLevel, Manager, ManagerBuilder, Policy, ReadOptions, Reading, Result, Root,
};

use crate::boundary;
use crate::convert;

/// The default policy. hooks_manager_new() fails where Podman's package fails (docs/spec.md,
/// section 2); a reload tolerates every problem in hook files and directories.
pub const HOOKS_POLICY_COMPATIBLE: c_int = 0;
/// Loading and reloading fail on any error. They also fail if a user other than root and the user
/// of the calling process owns or can write a hook file, an executable or a directory. They do not
/// fail on other warnings.
pub const HOOKS_POLICY_STRICT: c_int = 1;
/// Loading and reloading tolerate every problem in hook files and directories, and use the valid
/// hooks.
pub const HOOKS_POLICY_LENIENT: c_int = 2;

/// A hook or a directory could not be loaded.
pub const HOOKS_LOG_ERROR: c_int = 0;
/// A likely mistake.
pub const HOOKS_LOG_WARNING: c_int = 1;
/// Useful information.
pub const HOOKS_LOG_INFO: c_int = 2;
/// Details of the library's work.
pub const HOOKS_LOG_DEBUG: c_int = 3;

/// Options for making a manager and for reading hook files. Only one thread at a time may use them.
/// The functions that take them copy them, so they may be changed or freed after such a function
/// returns. Free them with hooks_options_free().
#[derive(Default)]
pub struct hooks_options_t {
    policy: Policy,
    keep_last_good: bool,
    /// The root, or the error of opening it.
    root: Option<Result<Root>>,
    log: Option<Arc<LogCallback>>,
    log_level: LogLevel,
    reader: Option<Arc<ReaderCallback>>,
}

impl hooks_options_t {
    /// Returns the options for reading hook files.
    pub(crate) fn read_options(&self, stages: &[&str]) -> Result<ReadOptions> {
        let mut options = ReadOptions::new().extension_stages(stages.iter().copied());
        if let Some(log) = self.log.clone() {
            options = options.log(self.log_level, move |level, message, fields| {
                log.call(level, message, fields)
            });
        }
        if let Some(reader) = self.reader.clone() {
            options = options.reader(move |version, content| reader.call(version, content));
        }
        match self.root.clone().transpose()? {
            Some(root) => Ok(options.root(root)),
            None => Ok(options),
        }
    }

    /// Returns a builder of a manager with these options.
    pub(crate) fn builder(&self, stages: &[&str]) -> Result<ManagerBuilder> {
        let policy = match (self.policy, self.keep_last_good) {
            (Policy::Lenient { .. }, keep_last_good) => Policy::Lenient { keep_last_good },
            (_, true) => {
                return Err(Error::invalid_argument("keep_last_good needs HOOKS_POLICY_LENIENT"));
            }
            (policy, false) => policy,
        };
        Ok(Manager::builder().read_options(self.read_options(stages)?).policy(policy))
    }
}

/// Receives a log line. The library calls it inside a call of one of its functions, in the thread
/// of that call. The library then holds no lock. Several threads may be in this function at once.
/// It may call this library, but must not free an object that the outer call uses. It must return:
/// no longjmp, no C++ exception.
///
/// @param userdata    the pointer that was passed together with this function
/// @param level       a HOOKS_LOG_ number
/// @param message     the line as UTF-8, for people; valid until this function returns
/// @param fields_json the data of the line as a JSON object, for programs; valid until this
///                    function returns
pub type hooks_log_fn = Option<
    unsafe extern "C" fn(
        userdata: *mut c_void,
        level: c_int,
        message: *const c_char,
        fields_json: *const c_char,
    ),
>;

/// The caller's log function, and the pointer to call it with.
pub(crate) struct LogCallback {
    function: unsafe extern "C" fn(*mut c_void, c_int, *const c_char, *const c_char),
    userdata: *mut c_void,
}

// SAFETY: the header says that the function, with `userdata`, is called in any thread that uses a
// manager. This library never reads what `userdata` points to.
unsafe impl Send for LogCallback {}
// SAFETY: as above; the header says that several threads may be in the function at once.
unsafe impl Sync for LogCallback {}

impl LogCallback {
    pub(crate) fn new(function: hooks_log_fn, userdata: *mut c_void) -> Option<Arc<LogCallback>> {
        function.map(|function| Arc::new(LogCallback { function, userdata }))
    }

    pub(crate) fn call(&self, level: LogLevel, message: &str, fields_json: &str) {
        let level = match level {
            LogLevel::Error => HOOKS_LOG_ERROR,
            LogLevel::Warning => HOOKS_LOG_WARNING,
            LogLevel::Info => HOOKS_LOG_INFO,
            LogLevel::Debug => HOOKS_LOG_DEBUG,
        };
        let (message, fields_json) = (convert::c_string(message), convert::c_string(fields_json));
        // SAFETY: the header asks for a function that can be called so, with the caller's
        // `userdata`, while a manager with this callback lives; both strings outlive the call.
        unsafe { (self.function)(self.userdata, level, message.as_ptr(), fields_json.as_ptr()) }
    }
}

/// Returned by a reader to let this library read the file, as if there were no reader. A string in
/// *text_out is freed and not used.
pub const HOOKS_READER_DEFAULT: c_int = 0;
/// Returned by a reader that read the hook: *text_out is the hook as JSON, in the form that
/// hooks_read_file() returns. The string "null" means that the file has no hook: the file is then
/// invalid, with the error "nil hook".
pub const HOOKS_READER_HOOK: c_int = 1;
/// Returned by a reader if the file is invalid: *text_out is the error message.
pub const HOOKS_READER_FAILED: c_int = 2;
/// Returned by a reader that does not know the version: the file is invalid, with the error
/// "unrecognized hook version".
pub const HOOKS_READER_UNRECOGNIZED: c_int = 3;

/// Reads a hook file in place of this library: converts the content of the file to a hook. The
/// library then validates the hook.
///
/// It is called for every file that is valid JSON and whose version is absent or a string without
/// NUL. hooks_manager_reload() calls it for all files. A monitor calls it for the files that
/// changed, and also for other files if the monitor lost track of changes.
///
/// It runs in the thread that called the loading function. The library then holds no lock. Several
/// threads may be in this function at once. It must return: no longjmp, no C++ exception.
///
/// @param userdata the pointer that was passed to hooks_options_set_reader()
/// @param version  the member "version" of the file, "" if it is absent; valid until this function
///                 returns
/// @param content  the file's bytes, without a NUL at the end; valid until this function returns
/// @param len      the length of content in bytes
/// @param text_out for HOOKS_READER_HOOK and HOOKS_READER_FAILED: set *text_out to a string from
///                 hooks_string_new(), which the library frees. *text_out is NULL at first; if it
///                 stays NULL, the file is invalid
/// @return a HOOKS_READER_ number; after any other number, the file is invalid
pub type hooks_reader_fn = Option<
    unsafe extern "C" fn(
        userdata: *mut c_void,
        version: *const c_char,
        content: *const c_void,
        len: usize,
        text_out: *mut *mut c_char,
    ) -> c_int,
>;

/// The caller's reader, which cannot be NULL, unlike [`hooks_reader_fn`].
struct ReaderCallback {
    function: unsafe extern "C" fn(
        *mut c_void,
        *const c_char,
        *const c_void,
        usize,
        *mut *mut c_char,
    ) -> c_int,
    userdata: *mut c_void,
}

// SAFETY: the header says that the function, with `userdata`, is called in any thread that loads
// hooks. This library never reads what `userdata` points to.
unsafe impl Send for ReaderCallback {}
// SAFETY: as above; the header says that several threads may be in the function at once.
unsafe impl Sync for ReaderCallback {}

impl ReaderCallback {
    fn call(&self, version: &str, content: &[u8]) -> Reading {
        // As a C string, a version with a NUL would be another version.
        let Ok(version) = CString::new(version) else { return Reading::Default };
        let mut string = ptr::null_mut();
        // SAFETY: the header asks for a function that can be called so, with the caller's
        // `userdata`, while options or a manager with this callback live; its arguments outlive
        // the call.
        let reading = unsafe {
            (self.function)(
                self.userdata,
                version.as_ptr(),
                content.as_ptr().cast(),
                content.len(),
                &mut string,
            )
        };
        // SAFETY: the header asks for NULL or a string that hooks_string_new made.
        let string = unsafe { convert::take_string(string) };
        match reading {
            HOOKS_READER_DEFAULT => Reading::Default,
            HOOKS_READER_UNRECOGNIZED => Reading::Unrecognized,
            HOOKS_READER_FAILED => Reading::Failed(match &string {
                Some(message) => message.to_string_lossy().into_owned(),
                None => "the reader failed without a message".to_owned(),
            }),
            HOOKS_READER_HOOK => match string.as_deref().map(CStr::to_str) {
                Some(Ok(json)) => match Hook::from_json(json) {
                    Ok(hook) => Reading::Hook(hook.map(Box::new)),
                    Err(error) => Reading::Failed(format!("the reader's hook: {error}")),
                },
                Some(Err(_)) => Reading::Failed("the reader's hook is not UTF-8".to_owned()),
                None => Reading::Failed("the reader returned no hook".to_owned()),
            },
            other => {
                Reading::Failed(format!("the reader returned {other}, not a HOOKS_READER_ number"))
            }
        }
    }
}

/// Makes options with the default values: HOOKS_POLICY_COMPATIBLE, keep_last_good off, no log, no
/// reader, no root.
///
/// @return the options, which hooks_options_free() frees; NULL only after a bug in libhooks
#[unsafe(no_mangle)]
pub extern "C" fn hooks_options_new() -> *mut hooks_options_t {
    boundary::value("hooks_options_new", ptr::null_mut(), || {
        Box::into_raw(Box::new(hooks_options_t::default()))
    })
}

/// Sets which problems in hook files and directories make loading fail (docs/spec.md, section 2).
///
/// @param o      the options
/// @param policy HOOKS_POLICY_COMPATIBLE (the default), HOOKS_POLICY_STRICT or HOOKS_POLICY_LENIENT
/// @return HOOKS_STATUS_OK; HOOKS_STATUS_INVALID_ARGUMENT if o is NULL or policy is another number
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_options_set_policy(o: *mut hooks_options_t, policy: c_int) -> c_int {
    boundary::code("hooks_options_set_policy", || {
        // SAFETY: the header asks for NULL or options of ours that are not freed yet, used by one
        // thread at a time.
        let o = unsafe { convert::object_mut(o, "o")? };
        o.policy = match policy {
            HOOKS_POLICY_COMPATIBLE => Policy::Compatible,
            HOOKS_POLICY_STRICT => Policy::Strict,
            HOOKS_POLICY_LENIENT => Policy::LENIENT,
            _ => return Err(convert::out_of_range("policy", "0, 1 or 2", policy)),
        };
        Ok(())
    })
}

/// Sets whether a reload keeps the last valid version of a hook while its file is invalid
/// (docs/spec.md, section 7). It requires HOOKS_POLICY_LENIENT: with another policy,
/// hooks_manager_new() fails with HOOKS_STATUS_INVALID_ARGUMENT.
///
/// @param o  the options
/// @param on 1: keep the last valid version; 0 (the default): an invalid file gives no hook
/// @return HOOKS_STATUS_OK; HOOKS_STATUS_INVALID_ARGUMENT if o is NULL or on is neither 0 nor 1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_options_set_keep_last_good(
    o: *mut hooks_options_t,
    on: c_int,
) -> c_int {
    boundary::code("hooks_options_set_keep_last_good", || {
        // SAFETY: as for hooks_options_set_policy.
        let o = unsafe { convert::object_mut(o, "o")? };
        o.keep_last_good = convert::switch(on, "on")?;
        Ok(())
    })
}

/// Sets the root directory: hook directories, hook files, symbolic links and programs are then
/// resolved inside this directory, as after chroot(2) (docs/spec.md, section 13). Absolute paths
/// and links start at it, relative paths too, and ".." does not leave it. The paths in results do
/// not contain it. The functions that run hooks have no such option.
///
/// The directory is opened in this call. It stays open until the options, all managers made with
/// them, and the snapshots and monitors of those managers are freed; if it is renamed meanwhile, it
/// stays the root. If it cannot be opened, the options are not usable until this function succeeds:
/// functions that take them fail with the same status, and with an error that has the errno and the
/// path.
///
/// @param o    the options
/// @param root the directory, any bytes; NULL (the default): the root directory of the process
/// @return HOOKS_STATUS_OK; HOOKS_STATUS_INVALID_ARGUMENT if o is NULL; HOOKS_STATUS_IO if the
///         directory cannot be opened
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_options_set_root(
    o: *mut hooks_options_t,
    root: *const c_char,
) -> c_int {
    boundary::code("hooks_options_set_root", || {
        // SAFETY: as for hooks_options_set_policy; and NULL or a string.
        let (o, root) = unsafe {
            let o = convert::object_mut(o, "o")?;
            (o, if root.is_null() { None } else { Some(convert::path(root, "root")?) })
        };
        o.root = root.map(Root::open);
        match &o.root {
            Some(Err(error)) => Err(error.clone()),
            _ => Ok(()),
        }
    })
}

/// Sets the function that receives log lines. By default there is no function. See hooks_log_fn.
///
/// @param o        the options
/// @param log      the function; NULL (the default): no log
/// @param userdata a pointer that is passed to the function, in any thread that uses a manager or
///                 reads hook files with these options; may be NULL. The function and the pointer
///                 must stay valid until all managers made with these options, and the monitors of
///                 those managers, are freed
/// @return HOOKS_STATUS_OK; HOOKS_STATUS_INVALID_ARGUMENT if o is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_options_set_log(
    o: *mut hooks_options_t,
    log: hooks_log_fn,
    userdata: *mut c_void,
) -> c_int {
    boundary::code("hooks_options_set_log", || {
        // SAFETY: as for hooks_options_set_policy.
        let o = unsafe { convert::object_mut(o, "o")? };
        o.log = LogCallback::new(log, userdata);
        Ok(())
    })
}

/// Sets the least severe level that is logged. It has an effect only together with
/// hooks_options_set_log(). Log lines cost time: at HOOKS_LOG_DEBUG, most calls log one line for
/// each hook.
///
/// @param o     the options
/// @param level a HOOKS_LOG_ number, for example HOOKS_LOG_WARNING for errors and warnings;
///              HOOKS_LOG_DEBUG (the default) logs everything
/// @return HOOKS_STATUS_OK; HOOKS_STATUS_INVALID_ARGUMENT if o is NULL or level is another number
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_options_set_log_level(
    o: *mut hooks_options_t,
    level: c_int,
) -> c_int {
    boundary::code("hooks_options_set_log_level", || {
        // SAFETY: as for hooks_options_set_policy.
        let o = unsafe { convert::object_mut(o, "o")? };
        o.log_level = match level {
            HOOKS_LOG_ERROR => LogLevel::Error,
            HOOKS_LOG_WARNING => LogLevel::Warning,
            HOOKS_LOG_INFO => LogLevel::Info,
            HOOKS_LOG_DEBUG => LogLevel::Debug,
            _ => return Err(convert::out_of_range("level", "0, 1, 2 or 3", level)),
        };
        Ok(())
    })
}

/// Sets a function that reads hook files in place of this library. It can read files of versions
/// that this library does not know, and can read files of a known version in another way. See
/// hooks_reader_fn.
///
/// @param o        the options
/// @param reader   the function; NULL (the default): no reader
/// @param userdata a pointer that is passed to the function, in any thread that loads hooks with
///                 these options; may be NULL. The function and the pointer must stay valid until
///                 all managers made with these options, and the monitors of those managers, are
///                 freed
/// @return HOOKS_STATUS_OK; HOOKS_STATUS_INVALID_ARGUMENT if o is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_options_set_reader(
    o: *mut hooks_options_t,
    reader: hooks_reader_fn,
    userdata: *mut c_void,
) -> c_int {
    boundary::code("hooks_options_set_reader", || {
        // SAFETY: as for hooks_options_set_policy.
        let o = unsafe { convert::object_mut(o, "o")? };
        o.reader = reader.map(|function| Arc::new(ReaderCallback { function, userdata }));
        Ok(())
    })
}

/// Frees options. Managers made with them keep working, and keep using the callbacks. Does nothing
/// if o is NULL.
///
/// @param o the options, or NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_options_free(o: *mut hooks_options_t) {
    boundary::nothing("hooks_options_free", || {
        // SAFETY: the header asks for NULL or options of ours that are not freed yet.
        unsafe { convert::free(o) }
    });
}
