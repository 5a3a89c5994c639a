//! How a manager is made.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;
use std::sync::Arc;

use libhooks::{Error, Hook, LogLevel, Manager, ManagerBuilder, Policy, ReadOptions, Reading};

use crate::boundary;
use crate::convert;

/// hooks_manager_new() fails where Podman's does (docs/spec.md, section 2), a reload never. The
/// default.
pub const HOOKS_POLICY_COMPATIBLE: c_int = 0;
/// Any problem fails, and a hook file, executable or directory that others may write or that
/// belongs to somebody else. Other warnings do not.
pub const HOOKS_POLICY_STRICT: c_int = 1;
/// No problem fails; the good hooks are kept.
pub const HOOKS_POLICY_LENIENT: c_int = 2;

/// A hook or a directory is lost.
pub const HOOKS_LOG_ERROR: c_int = 0;
/// Probably not what was meant.
pub const HOOKS_LOG_WARNING: c_int = 1;
/// Worth knowing.
pub const HOOKS_LOG_INFO: c_int = 2;
/// What the library does.
pub const HOOKS_LOG_DEBUG: c_int = 3;

/// How a manager is made. Used by one thread at a time; copied by hooks_manager_new(), so it may be
/// freed or changed right after. Freed by hooks_options_free().
#[derive(Default)]
pub struct hooks_options_t {
    policy: Policy,
    keep_last_good: bool,
    log: Option<Arc<LogCallback>>,
    log_level: LogLevel,
    reader: Option<Arc<ReaderCallback>>,
}

impl hooks_options_t {
    /// How hook files are read.
    pub(crate) fn read_options(&self, stages: &[&str]) -> ReadOptions {
        let mut options = ReadOptions::new().extension_stages(stages.iter().copied());
        if let Some(log) = self.log.clone() {
            options = options.log(self.log_level, move |level, message, fields| {
                log.call(level, message, fields)
            });
        }
        if let Some(reader) = self.reader.clone() {
            options = options.reader(move |version, content| reader.call(version, content));
        }
        options
    }

    /// How a manager is made.
    pub(crate) fn builder(&self, stages: &[&str]) -> Result<ManagerBuilder, Error> {
        let policy = match (self.policy, self.keep_last_good) {
            (Policy::Lenient { .. }, keep_last_good) => Policy::Lenient { keep_last_good },
            (_, true) => {
                return Err(Error::invalid_argument("keep_last_good needs the lenient policy"));
            }
            (policy, false) => policy,
        };
        Ok(Manager::builder().read_options(self.read_options(stages)).policy(policy))
    }
}

/// Receives what the library has to say. It is called only in a thread that is inside a function of
/// this library, in the middle of that call, with no lock held; it may call this library too. Many
/// threads may be in it at once. It must return: no longjmp, no C++ exception.
///
/// @param userdata    what hooks_options_set_log() was given
/// @param level       a HOOKS_LOG_ number
/// @param message     for people; valid during the call
/// @param fields_json for programs: a JSON object; valid during the call
pub type hooks_log_fn = Option<
    unsafe extern "C" fn(
        userdata: *mut c_void,
        level: c_int,
        message: *const c_char,
        fields_json: *const c_char,
    ),
>;

/// The caller's function and what it is to be called with.
pub(crate) struct LogCallback {
    function: unsafe extern "C" fn(*mut c_void, c_int, *const c_char, *const c_char),
    userdata: *mut c_void,
}

// SAFETY: the header says that the function is called from any thread that calls a manager, and
// that what `userdata` points to must bear that; this library never looks at it.
unsafe impl Send for LogCallback {}
// SAFETY: as above; the header says that many threads may be in the function at once.
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
        // `userdata`, while a manager with this callback lives; both texts outlive the
        // call.
        unsafe { (self.function)(self.userdata, level, message.as_ptr(), fields_json.as_ptr()) }
    }
}

/// A reader leaves the file to this library, as if there were no reader.
pub const HOOKS_READER_DEFAULT: c_int = 0;
/// A reader made a hook of it: *text_out is the hook, in the form that hooks_read_file() gives;
/// "null": none, which is the error "nil hook".
pub const HOOKS_READER_HOOK: c_int = 1;
/// A reader says that it is no hook: *text_out says why.
pub const HOOKS_READER_FAILED: c_int = 2;
/// A reader does not know the version.
pub const HOOKS_READER_UNRECOGNIZED: c_int = 3;

/// Reads a hook file in the caller's way. It is called for every file that is JSON and says its
/// version in a string without NUL, only in a thread that is inside a function of this library that
/// loads hooks, with no lock held; many threads may be in it at once. A monitor asks for the files
/// to which something has happened, and for the others where it lost track; hooks_manager_reload()
/// asks for all. The hook is validated after it. It must return: no longjmp, no C++ exception.
///
/// @param userdata what hooks_options_set_reader() was given
/// @param version  what the file says its version is, "" if nothing; valid during the call
/// @param content  the file, any bytes, without a NUL at the end; valid during the call
/// @param len      its length in bytes
/// @param text_out for HOOKS_READER_HOOK and HOOKS_READER_FAILED: a text made by
/// hooks_string_new(), which the library                 frees. It is NULL before
/// @return a HOOKS_READER_ number; any other is an error of that file
pub type hooks_reader_fn = Option<
    unsafe extern "C" fn(
        userdata: *mut c_void,
        version: *const c_char,
        content: *const c_void,
        len: usize,
        text_out: *mut *mut c_char,
    ) -> c_int,
>;

/// Cannot be null, unlike [`hooks_reader_fn`].
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

// SAFETY: the header says that the function is called from any thread that loads hooks, and that
// what `userdata` points to must bear that; this library never looks at it.
unsafe impl Send for ReaderCallback {}
// SAFETY: as above; the header says that many threads may be in the function at once.
unsafe impl Sync for ReaderCallback {}

impl ReaderCallback {
    fn call(&self, version: &str, content: &[u8]) -> Reading {
        // As a C string it would be another version.
        let Ok(version) = CString::new(version) else { return Reading::Default };
        let mut text = ptr::null_mut();
        // SAFETY: the header asks for a function that can be called so, with the caller's
        // `userdata`, while options or a manager with this callback live; what it is lent
        // outlives the call.
        let reading = unsafe {
            (self.function)(
                self.userdata,
                version.as_ptr(),
                content.as_ptr().cast(),
                content.len(),
                &mut text,
            )
        };
        // SAFETY: the header asks for NULL or a string that hooks_string_new made.
        let text = unsafe { convert::take_string(text) };
        match reading {
            HOOKS_READER_DEFAULT => Reading::Default,
            HOOKS_READER_UNRECOGNIZED => Reading::Unrecognized,
            HOOKS_READER_FAILED => Reading::Failed(match &text {
                Some(text) => text.to_string_lossy().into_owned(),
                None => "the reader does not say why".to_owned(),
            }),
            HOOKS_READER_HOOK => match text.as_deref().map(CStr::to_str) {
                Some(Ok(json)) => match Hook::from_json(json) {
                    Ok(hook) => Reading::Hook(hook.map(Box::new)),
                    Err(error) => Reading::Failed(format!("the reader's hook: {error}")),
                },
                Some(Err(_)) => Reading::Failed("the reader's hook is not UTF-8".to_owned()),
                None => Reading::Failed("the reader gives no hook".to_owned()),
            },
            other => Reading::Failed(format!("the reader returned {other}")),
        }
    }
}

/// New options, all at their defaults: HOOKS_POLICY_COMPATIBLE, nothing kept, no log, no reader.
///
/// @return the options, freed by hooks_options_free(); NULL only after a bug in libhooks
#[unsafe(no_mangle)]
pub extern "C" fn hooks_options_new() -> *mut hooks_options_t {
    boundary::value("hooks_options_new", ptr::null_mut(), || {
        Box::into_raw(Box::new(hooks_options_t::default()))
    })
}

/// What is done about problems in hook files and directories (docs/spec.md, section 2).
///
/// @param o      the options
/// @param policy HOOKS_POLICY_COMPATIBLE, HOOKS_POLICY_STRICT or HOOKS_POLICY_LENIENT
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT: o is NULL, or policy is no policy
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
            _ => return Err(Error::invalid_argument(format!("policy is {policy}"))),
        };
        Ok(())
    })
}

/// Whether a reload keeps the last good form of a hook while its file is bad (docs/spec.md, section
/// 7). It goes with HOOKS_POLICY_LENIENT only: with another policy hooks_manager_new() returns
/// HOOKS_STATUS_INVALID_ARGUMENT.
///
/// @param o  the options
/// @param on 1: it does; 0 (the default): the hook is dropped
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT: o is NULL, or on is neither 0 nor 1
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

/// Who is told what the library has to say; without it nobody is. See hooks_log_fn.
///
/// @param o        the options
/// @param log      the function; NULL (the default): none
/// @param userdata handed to the function, from any thread that uses a manager; it must live as
/// long as any manager that is                 made with these options, and any monitor of one
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT: o is NULL
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

/// How urgent a line must be to be made at all. Lines cost time, and at HOOKS_LOG_DEBUG there is
/// one for every hook in most calls.
///
/// @param o     the options
/// @param level a HOOKS_LOG_ number: that of the least urgent lines wanted; HOOKS_LOG_DEBUG (the
/// default): all @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT: o is NULL, or level is
/// no level
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
            _ => return Err(Error::invalid_argument(format!("level is {level}"))),
        };
        Ok(())
    })
}

/// Who reads hook files of versions that this library does not know, or those of a known version in
/// another way. See hooks_reader_fn.
///
/// @param o        the options
/// @param reader   the function; NULL (the default): none
/// @param userdata handed to the function, from any thread that loads hooks; it must live as long
/// as any manager that is                 made with these options, and any monitor of one
/// @return HOOKS_STATUS_OK, or HOOKS_STATUS_INVALID_ARGUMENT: o is NULL
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

/// Frees options. Managers made with them are not affected. NULL is allowed.
///
/// @param o the options, or NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hooks_options_free(o: *mut hooks_options_t) {
    boundary::nothing("hooks_options_free", || {
        // SAFETY: the header asks for NULL or options of ours that are not freed yet.
        unsafe { convert::free(o) }
    });
}
