//! How hook files are loaded, and who hears of it.

use crate::hook::Reader;
use crate::log::{Log, LogLevel, LogLine};

/// Which problems make loading fail (SPEC §2). All problems are kept as diagnostics in any case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Policy {
    /// As the reference: a directory's problems are tolerated if the first of its files that fails names an executable
    /// that does not exist. A reload never fails.
    #[default]
    Compatible,
    /// Every problem, and the warnings about files, directories and programs that users other than root and the effective
    /// user can write or replace ([`Options::inspect`]). A reload that finds one keeps the old hooks.
    Strict,
    /// None: whatever is good is used.
    Lenient,
}

/// How hook files are loaded.
#[derive(Clone, Default)]
pub struct Options {
    /// Which problems make loading fail.
    pub policy: Policy,
    /// On a reload, a file that turned bad keeps its last good hook. [`Policy::Lenient`] only.
    pub keep_last_good: bool,
    /// Where log lines go.
    pub log: Option<Log>,
    /// The least urgent log lines that are made at all.
    pub log_level: LogLevel,
    /// Reads files of other versions, or those of a known version in another way.
    pub reader: Option<Reader>,
    /// Every load and reload also looks at access control lists, at every directory and symlink on the way to hook files and
    /// programs, at interpreters, and at kinds of file systems. It finds more of the problems `writable-by-others` and
    /// `foreign-owner`, and `parent-writable` and `permissions-unknown`. Otherwise loading looks at modes and owners of hook
    /// files, their directories and programs only, which takes no further system calls. [`Policy::Strict`] implies it.
    pub inspect: bool,
}

impl Options {
    /// Whether loading looks at all that decides who can write.
    pub(crate) fn inspects(&self) -> bool {
        self.inspect || self.policy == Policy::Strict
    }

    /// Makes a log line, if there is somebody to read it.
    pub(crate) fn log(&self, level: LogLevel, make: impl FnOnce(LogLine<'_>)) {
        if let Some(log) = self.log.as_ref().filter(|_| level <= self.log_level) {
            make(LogLine::new(log, level));
        }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("policy", &self.policy)
            .field("keep_last_good", &self.keep_last_good)
            .field("log", &self.log.is_some())
            .field("log_level", &self.log_level)
            .field("reader", &self.reader.is_some())
            .field("inspect", &self.inspect)
            .finish()
    }
}
