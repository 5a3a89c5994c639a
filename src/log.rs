//! Log lines: their severity, and the callback that receives them.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// Severity of a log line. More severe levels compare as smaller.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// A hook is not used because of an error.
    Error,
    /// A likely mistake.
    Warning,
    /// Information.
    Info,
    /// Each step that is done.
    #[default]
    Debug,
}

impl LogLevel {
    /// Returns its name: `error`, `warning`, `info` or `debug`.
    pub fn as_str(self) -> &'static str {
        match self {
            LogLevel::Error => "error",
            LogLevel::Warning => "warning",
            LogLevel::Info => "info",
            LogLevel::Debug => "debug",
        }
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A callback for log lines. It gets the level, the message, and the fields as a JSON object. It is
/// called in the thread that called this library, with no lock held.
pub(crate) type Log = Arc<dyn Fn(LogLevel, &str, &str) + Send + Sync>;

/// A log line that has a receiver.
pub(crate) struct LogLine<'a> {
    log: Option<&'a Log>,
    level: LogLevel,
}

impl<'a> LogLine<'a> {
    /// Makes a line of this level for `log` and for subscribers of `tracing`. Returns `None` if
    /// there is no receiver.
    pub fn new(log: Option<&'a Log>, level: LogLevel) -> Option<LogLine<'a>> {
        (log.is_some() || tracing::is_on(level)).then_some(LogLine { log, level })
    }

    pub fn write(self, message: &str, fields: &[(&str, &str)]) {
        self.write_as(message, fields, || crate::go::json::to_string(&JsonFields(fields)));
    }

    /// Does the same with fields that are not all strings in JSON.
    pub fn write_as(self, message: &str, fields: &[(&str, &str)], json: impl FnOnce() -> String) {
        tracing::event(self.level, message, fields);
        if let Some(log) = self.log {
            log(self.level, message, &json());
        }
    }
}

/// Returns whether the most severe lines have a receiver.
pub(crate) fn is_read(log: Option<&Log>) -> bool {
    log.is_some() || tracing::is_on(LogLevel::Error)
}

struct JsonFields<'a>(&'a [(&'a str, &'a str)]);

impl Serialize for JsonFields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

/// Log lines as events of the crate `tracing`.
#[cfg(feature = "tracing")]
mod tracing {
    use super::LogLevel;

    /// Calls a macro of `tracing` with the level that corresponds to ours. These macros take only
    /// constants as the level.
    macro_rules! at {
        ($level:expr, $macro:ident!($($arguments:tt)*)) => {
            match $level {
                LogLevel::Error => ::tracing::$macro!(target: "libhooks", ::tracing::Level::ERROR, $($arguments)*),
                LogLevel::Warning => ::tracing::$macro!(target: "libhooks", ::tracing::Level::WARN, $($arguments)*),
                LogLevel::Info => ::tracing::$macro!(target: "libhooks", ::tracing::Level::INFO, $($arguments)*),
                LogLevel::Debug => ::tracing::$macro!(target: "libhooks", ::tracing::Level::DEBUG, $($arguments)*),
            }
        };
    }

    pub fn is_on(level: LogLevel) -> bool {
        at!(level, enabled!())
    }

    /// The names of fields must be constants in `tracing`, too. These are all names that log lines
    /// have.
    pub fn event(level: LogLevel, message: &str, fields: &[(&str, &str)]) {
        let field = |name| fields.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let [code, path, hook, directory, patch] =
            ["code", "path", "hook", "directory", "patch"].map(field);
        debug_assert_eq!(
            [code, path, hook, directory, patch].iter().flatten().count(),
            fields.len(),
            "{fields:?}"
        );
        at!(level, event!(code, path, hook, directory, patch, "{message}"));
    }
}

#[cfg(not(feature = "tracing"))]
mod tracing {
    use super::LogLevel;

    pub fn is_on(_: LogLevel) -> bool {
        false
    }

    pub fn event(_: LogLevel, _: &str, _: &[(&str, &str)]) {}
}
