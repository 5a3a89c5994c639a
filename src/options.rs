//! How hook files are read, and which of their problems make loading fail.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::hook::{Reader, Reading};
use crate::limits;
use crate::log::{self, Log, LogLevel, LogLine};
use crate::problem::{Result, check_limit};

/// Which problems make loading fail (docs/spec.md, section 2). All problems are kept as diagnostics
/// in any case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Policy {
    /// As the reference: a directory's problems are tolerated if the first of its files that fails
    /// names an executable that does not exist. A reload never fails.
    #[default]
    Compatible,
    /// Every problem, and the warnings about files, directories and programs that users other than
    /// root and the effective user can write or replace. A reload that finds one keeps the old
    /// hooks.
    Strict,
    /// None: whatever is good is used.
    Lenient {
        /// On a reload, a file that turned bad keeps its last good hook.
        keep_last_good: bool,
    },
}

impl Policy {
    /// The lenient policy under which a file that turns bad loses its hook.
    pub const LENIENT: Policy = Policy::Lenient { keep_last_good: false };

    /// Its name: `compatible`, `strict` or `lenient`.
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

/// Reads the name of a policy; `lenient` is [`Policy::LENIENT`].
impl FromStr for Policy {
    type Err = UnknownPolicy;

    fn from_str(name: &str) -> std::result::Result<Policy, UnknownPolicy> {
        let known = [Policy::Compatible, Policy::Strict, Policy::LENIENT];
        known.into_iter().find(|policy| policy.as_str() == name).ok_or(UnknownPolicy(()))
    }
}

/// The error of a name that is not the name of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownPolicy(());

impl fmt::Display for UnknownPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a policy is compatible, strict or lenient")
    }
}

impl std::error::Error for UnknownPolicy {}

/// How hook files are read.
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
    pub(crate) inspect: bool,
    /// As [`Policy::Lenient`] says.
    pub(crate) keep_last_good: bool,
}

impl ReadOptions {
    /// No extension stages, no log, no reader.
    pub fn new() -> ReadOptions {
        ReadOptions::default()
    }

    /// Adds stages that the caller runs itself, such as Podman's `precreate`. Hook files may name
    /// them beside OCI's.
    pub fn extension_stages<S: Into<String>>(
        mut self,
        stages: impl IntoIterator<Item = S>,
    ) -> ReadOptions {
        let known = self.stages().iter().cloned();
        self.extension_stages = known.chain(stages.into_iter().map(Into::into)).collect();
        self
    }

    /// Receives log lines at least as urgent as `level`: the level, the message, and its fields as
    /// a JSON object. The function is called in the thread that called this library, with no
    /// lock held.
    pub fn log(
        mut self,
        level: LogLevel,
        log: impl Fn(LogLevel, &str, &str) + Send + Sync + 'static,
    ) -> ReadOptions {
        self.log = Some(Arc::new(log));
        self.log_level = level;
        self
    }

    /// Reads files of other versions, or those of a known version in another way. The function is
    /// asked about every file that is JSON and says its version in a string; it gets the
    /// version ("" where there is none) and the whole content. It is called in the thread that
    /// called this library, with no lock held.
    pub fn reader(
        mut self,
        reader: impl Fn(&str, &[u8]) -> Reading + Send + Sync + 'static,
    ) -> ReadOptions {
        self.reader = Some(Arc::new(reader));
        self
    }

    /// Looks also at access control lists, at every directory and symlink on the way to hook files
    /// and programs, at interpreters, and at kinds of file systems, on every load and reload.
    /// This finds more of the problems `writable-by-others` and `foreign-owner`, and
    /// `parent-writable` and `permissions-unknown`. Without it, loading looks at
    /// modes and owners of hook files, their directories and programs only, which takes no further
    /// system calls. [`Policy::Strict`] implies it.
    pub fn inspect(mut self, inspect: bool) -> ReadOptions {
        self.inspect = inspect;
        self
    }

    pub(crate) fn stages(&self) -> &Arc<[String]> {
        &self.extension_stages
    }

    /// # Errors
    /// [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument) if the extension stages
    /// are more, or longer, than [`limits`](crate::limits) allows.
    pub(crate) fn check(&self) -> Result<()> {
        check_extension_stages(self.stages())
    }

    /// Whether there is somebody to read log lines.
    pub(crate) fn logs(&self) -> bool {
        log::is_read(self.log.as_ref())
    }

    /// Makes a log line, if there is somebody to read it.
    pub(crate) fn tell(&self, level: LogLevel, make: impl FnOnce(LogLine<'_>)) {
        let log = self.log.as_ref().filter(|_| level <= self.log_level);
        if let Some(line) = LogLine::new(log, level) {
            make(line);
        }
    }
}

/// Checks extension stages against their limits.
///
/// # Errors
/// As [`check_limit`].
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
            .finish_non_exhaustive()
    }
}
