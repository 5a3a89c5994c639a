//! What kinds of problems there are, and how bad each is.

use std::fmt;
use std::str::FromStr;

use serde::ser::Serializer;

/// How bad a problem is (docs/spec.md, section 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Info,
    /// Probably not what its author meant.
    Warning,
    /// The file gives no hook.
    Error,
}

impl Severity {
    /// The name used in JSON: `error`, `warning` or `info`.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

macro_rules! codes {
    ($(#[doc = $doc:literal] $name:ident = $text:literal, $severity:expr;)*) => {
        /// What kind of problem it is: a stable name in kebab-case, the same through every interface.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code { $(#[doc = $doc] $name,)* }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// The stable name, in kebab-case.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }

            /// What it means, in a sentence.
            pub fn summary(self) -> &'static str {
                match self { $(Code::$name => $doc.trim_ascii(),)* }
            }

            /// How bad it is where a hook file or a directory has it; `None` of what only calls, and readers of the
            /// caller's, come to.
            pub fn severity(self) -> Option<Severity> {
                match self { $(Code::$name => $severity,)* }
            }
        }
    };
}

const ERROR: Option<Severity> = Some(Severity::Error);
const WARNING: Option<Severity> = Some(Severity::Warning);
const INFO: Option<Severity> = Some(Severity::Info);

codes! {
    // Calls.
    /// An argument of a call is not what its documentation allows.
    InvalidArgument = "invalid-argument", None;
    /// A text argument is not UTF-8.
    NotUtf8 = "not-utf8", None;
    /// A bug in libhooks.
    Panic = "panic", None;

    // JSON, of hook files and of arguments.
    /// Not JSON.
    JsonSyntax = "json-syntax", ERROR;
    /// JSON that ends early.
    JsonUnexpectedEnd = "json-unexpected-end", ERROR;
    /// A value of a type that its place does not take.
    JsonType = "json-type", ERROR;
    /// More than 10,000 levels of nesting.
    JsonDepth = "json-depth", ERROR;
    /// A key is given twice: of a hook file, where one of them is lost, or of a config, where readers differ.
    DuplicateKey = "duplicate-key", WARNING;
    /// An argument, or what is to be injected, is over a limit.
    TooLarge = "too-large", None;
    /// A key that some readers take for another one, since it differs only in case.
    FoldedKey = "folded-key", None;

    // Directories and files.
    /// The path of a directory names something else, or cannot be read.
    UnreadableDirectory = "unreadable-directory", ERROR;
    /// A hook file cannot be opened or read.
    UnreadableFile = "unreadable-file", ERROR;
    /// A hook file is a FIFO, a device or a socket.
    NotRegularFile = "not-regular-file", ERROR;
    /// A hook file is larger than 16 MiB.
    FileTooLarge = "file-too-large", ERROR;
    /// The name of a hook file does not end in `.json`.
    NoJsonSuffix = "no-json-suffix", ERROR;

    // What a hook file says.
    /// `null` in place of a hook.
    NilHook = "nil-hook", None;
    /// The file's `version` is one that nobody knows.
    UnrecognizedVersion = "unrecognized-version", ERROR;
    /// The caller's reader of a version says that it is no hook of it.
    ReaderFailed = "reader-failed", None;
    /// A hook in memory whose version is not 1.0.0.
    UnexpectedVersion = "unexpected-version", None;
    /// 0.1.0 without `hook`.
    MissingHook = "missing-hook", ERROR;
    /// 0.1.0 with two spellings of one property.
    ConflictingKeys = "conflicting-keys", ERROR;
    /// 1.0.0 without `hook.path`.
    MissingPath = "missing-path", ERROR;
    /// No `stages`.
    MissingStages = "missing-stages", ERROR;
    /// A stage that is neither OCI's nor one of the caller's.
    UnknownStage = "unknown-stage", ERROR;
    /// The hook's executable does not exist.
    MissingExecutable = "missing-executable", ERROR;
    /// The hook's executable cannot be looked at.
    UnreachableExecutable = "unreachable-executable", ERROR;
    /// The key of an entry of `annotations` is no pattern.
    InvalidAnnotationKey = "invalid-annotation-key", ERROR;
    /// The value of an entry of `annotations` is no pattern.
    InvalidAnnotationValue = "invalid-annotation-value", ERROR;
    /// An entry of `commands` is no pattern.
    InvalidCommand = "invalid-command", ERROR;

    // Matching.
    /// `process.args` is empty, and a hook asks for it.
    ProcessArgsEmpty = "process-args-empty", None;

    // Running hooks.
    /// A hook could not be started.
    StartFailed = "start-failed", None;

    // Watching.
    /// The system refuses to tell of changes to hook files.
    WatchRefused = "watch-refused", None;
    /// The caller ended it.
    Cancelled = "cancelled", None;

    // Warnings.
    /// A key that nobody reads.
    UnknownKey = "unknown-key", WARNING;
    /// A hook file is a link that leads nowhere, and is passed over.
    DanglingLink = "dangling-link", WARNING;
    /// A file that gives no hook does not mask the one of its name below it.
    OverrideIneffective = "override-ineffective", WARNING;
    /// The hook's executable is not executable.
    NotExecutable = "not-executable", WARNING;
    /// The conditions hold for no container.
    NeverMatches = "never-matches", WARNING;
    /// The hook is injected twice at one stage.
    DuplicateInjection = "duplicate-injection", WARNING;
    /// `prestart`, which the OCI runtime specification deprecates.
    DeprecatedStage = "deprecated-stage", WARNING;
    /// A timeout of no time, or less.
    TimeoutNotPositive = "timeout-not-positive", WARNING;
    /// Two names that differ only in case.
    CaseCollision = "case-collision", WARNING;
    /// Other users can write a hook file, its directory, its program or the program's interpreter.
    WritableByOthers = "writable-by-others", WARNING;
    /// A hook file, its directory, its program or the program's interpreter belongs to another user.
    ForeignOwner = "foreign-owner", WARNING;
    /// Other users can replace what is in a directory above a hook file or a program, or a symlink on the way to it.
    ParentWritable = "parent-writable", WARNING;
    /// The system does not say who can write a hook file, its program or a directory on the way to them.
    PermissionsUnknown = "permissions-unknown", WARNING;
    /// The hook makes a container without `process.args` fail.
    EmptyArgsBlocks = "empty-args-blocks", WARNING;
    /// The config holds this very hook entry already.
    AlreadyInjected = "already-injected", None;

    // Information.
    /// This file hides one of the same name.
    Masked = "masked", INFO;
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Reads the stable name of a code.
impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(name: &str) -> Result<Code, UnknownCode> {
        Code::ALL.iter().find(|code| code.as_str() == name).copied().ok_or(UnknownCode(()))
    }
}

/// The error of a name that is not a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownCode(());

impl fmt::Display for UnknownCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this is not the code of a problem")
    }
}

impl std::error::Error for UnknownCode {}

impl serde::Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
