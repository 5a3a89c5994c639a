//! Options for reading hook files, and the policy for problems in them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::hook::{Reader, Reading};
use crate::limits;
use crate::log::{self, Log, LogLevel, LogLine};
use crate::problem::{Result, check_limit};
use crate::root::Root;
use crate::sys;

/// The problems that make loading fail (docs/spec.md, section 2). Each policy keeps all problems as
/// diagnostics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Policy {
    /// Behaves like the reference: the problems of a directory are tolerated if the first of its
    /// files that fails names an executable that does not exist. A reload fails only if file
    /// descriptors or memory run out.
    #[default]
    Compatible,
    /// Every problem makes loading fail. So do warnings about files, directories and programs that
    /// users other than root and the effective user can write or replace. A reload that finds a
    /// problem keeps the old hooks.
    Strict,
    /// Tolerates the problems of all files and directories, and uses the valid hooks.
    Lenient {
        /// Whether a file that is invalid at a reload keeps its last valid hook.
        keep_last_good: bool,
    },
}

impl Policy {
    /// The lenient policy under which a file that becomes invalid loses its hook.
    pub const LENIENT: Policy = Policy::Lenient { keep_last_good: false };

    /// Returns the name: `compatible`, `strict` or `lenient`.
    pub fn as_str(self) -> &'static str {
        match self {
            Policy::Compatible => "compatible",
            Policy::Strict => "strict",
            Policy::Lenient { .. } => "lenient",
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Parses the name of a policy. `lenient` is [`Policy::LENIENT`].
impl FromStr for Policy {
    type Err = UnknownPolicy;

    fn from_str(name: &str) -> std::result::Result<Policy, UnknownPolicy> {
        let known = [Policy::Compatible, Policy::Strict, Policy::LENIENT];
        known.into_iter().find(|policy| policy.as_str() == name).ok_or(UnknownPolicy(()))
    }
}

/// The error for a string that is not the name of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownPolicy(());

impl fmt::Display for UnknownPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a policy is compatible, strict or lenient")
    }
}

impl std::error::Error for UnknownPolicy {}

/// Options for reading hook files.
///
/// ```
/// use libhooks::{Hook, ReadOptions};
///
/// let options = ReadOptions::new().extension_stages(["precreate"]);
/// assert!(Hook::read("/no/such/file.json", &options).is_err());
/// ```
#[derive(Clone, Default)]
pub struct ReadOptions {
    extension_stages: Arc<[String]>,
    log: Option<Log>,
    log_level: LogLevel,
    pub(crate) reader: Option<Reader>,
    inspect: bool,
    /// Where all paths are resolved.
    pub(crate) root: sys::Root,
    /// Whether the policy is [`Policy::Strict`].
    pub(crate) is_strict: bool,
    /// The field of [`Policy::Lenient`].
    pub(crate) keep_last_good: bool,
}

impl ReadOptions {
    /// Returns options without extension stages, log callback and reader.
    pub fn new() -> ReadOptions {
        ReadOptions::default()
    }

    /// Adds stages that the caller runs itself, such as Podman's `precreate`. Hook files may name
    /// them in addition to the stages of OCI.
    pub fn extension_stages<S: Into<String>>(
        mut self,
        stages: impl IntoIterator<Item = S>,
    ) -> ReadOptions {
        let known = self.stages().iter().cloned();
        self.extension_stages = known.chain(stages.into_iter().map(Into::into)).collect();
        self
    }

    /// Sets the callback that receives log lines of `level` and of more severe levels. It gets the
    /// level, the message, and the fields as a JSON object. It is called in the thread that called
    /// this library, with no lock held.
    pub fn log(
        mut self,
        level: LogLevel,
        log: impl Fn(LogLevel, &str, &str) + Send + Sync + 'static,
    ) -> ReadOptions {
        self.log = Some(Arc::new(log));
        self.log_level = level;
        self
    }

    /// Sets a callback that reads files of other versions, or files of a known version in another
    /// way. It is called for every file that is valid JSON and whose version, if it has one, is a
    /// string. It gets the version ("" if it has none) and the whole content. It is called in the
    /// thread that called this library, with no lock held.
    pub fn reader(
        mut self,
        reader: impl Fn(&str, &[u8]) -> Reading + Send + Sync + 'static,
    ) -> ReadOptions {
        self.reader = Some(Arc::new(reader));
        self
    }

    /// Checks more permissions at every load and reload: access control lists, every directory and
    /// symlink on the paths of hook files and programs, interpreters, and types of file systems.
    /// This finds the problems `parent-writable` and `permissions-unknown`, and more of
    /// `writable-by-others` and `foreign-owner`. Without it, loading checks only the mode and owner
    /// of hook files, their directories and programs, which takes no additional system calls.
    /// [`Policy::Strict`] implies these checks.
    ///
    /// It also checks the names in directories: `ignored-file` and `hidden-file`.
    pub fn inspect(mut self, inspect: bool) -> ReadOptions {
        self.inspect = inspect;
        self
    }

    /// Sets the root in which hook directories, hook files, symlinks and programs are resolved. By
    /// default that is the root of the process. Relative paths start at this root too. The
    /// paths in results do not contain it.
    ///
    /// Hooks run in the root of the process: the functions of [`exec`](crate::exec) have no such
    /// option.
    pub fn root(mut self, root: Root) -> ReadOptions {
        self.root = root.0;
        self
    }

    /// Returns whether the names in directories are checked, and everything else that only
    /// [`ReadOptions::inspect`] requests.
    pub(crate) fn inspects(&self) -> bool {
        self.inspect
    }

    /// Returns whether it is checked who can write the files.
    pub(crate) fn checks_permissions(&self) -> bool {
        self.inspect || self.is_strict
    }

    pub(crate) fn stages(&self) -> &Arc<[String]> {
        &self.extension_stages
    }

    /// Checks the extension stages against their limits.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument) if there are more or
    /// longer extension stages than [`limits`](crate::limits) allows.
    pub(crate) fn check(&self) -> Result<()> {
        check_extension_stages(self.stages())
    }

    /// Returns whether log lines have a receiver.
    pub(crate) fn logs(&self) -> bool {
        log::is_read(self.log.as_ref())
    }

    /// Calls `make` to write a log line, if lines of this level have a receiver.
    pub(crate) fn write_log(&self, level: LogLevel, make: impl FnOnce(LogLine<'_>)) {
        let log = self.log.as_ref().filter(|_| level <= self.log_level);
        if let Some(line) = LogLine::new(log, level) {
            make(line);
        }
    }
}

/// Checks extension stages against their limits.
///
/// # Errors
/// Those of [`check_limit`].
pub(crate) fn check_extension_stages(stages: &[String]) -> Result<()> {
    check_limit("number of extension stages", stages.len(), limits::EXTENSION_STAGES)?;
    let longest = stages.iter().map(String::len).max().unwrap_or_default();
    check_limit("bytes of an extension stage", longest, limits::EXTENSION_STAGE)
}

impl fmt::Debug for ReadOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadOptions")
            .field("extension_stages", &self.stages())
            .field("log", &self.log.is_some())
            .field("log_level", &self.log_level)
            .field("reader", &self.reader.is_some())
            .field("inspect", &self.inspect)
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}
