//! Log lines: how urgent they are, and who receives them.

use std::sync::Arc;

use serde::{Serialize, Serializer};

/// How urgent a log line is; the most urgent is the least.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// A hook is lost.
    Error,
    /// Something is likely not as meant.
    Warning,
    /// For information.
    Info,
    /// What is being done.
    #[default]
    Debug,
}

/// Receives log lines: the level, the message, and its fields as a JSON object. Called in the thread that called this
/// library, with no lock held.
pub type Log = Arc<dyn Fn(LogLevel, &str, &str) + Send + Sync>;

/// A log line that somebody will read.
pub(crate) struct LogLine<'a> {
    log: &'a Log,
    level: LogLevel,
}

impl<'a> LogLine<'a> {
    pub fn new(log: &'a Log, level: LogLevel) -> LogLine<'a> {
        LogLine { log, level }
    }

    pub fn write(self, message: &str, fields: &[(&str, &str)]) {
        (self.log)(self.level, message, &crate::go::json::to_string(&JsonFields(fields)));
    }
}

struct JsonFields<'a>(&'a [(&'a str, &'a str)]);

impl Serialize for JsonFields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}
