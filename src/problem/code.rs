//! The codes of problems, and the severity of each.

use std::fmt;
use std::str::FromStr;

use serde::ser::Serializer;

/// The severity of a problem (docs/spec.md, section 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Severity {
    /// Worth knowing, but not a problem.
    Info,
    /// A probable mistake.
    Warning,
    /// The file gives no hook.
    Error,
}

impl Severity {
    /// Returns the name in JSON: `error`, `warning` or `info`.
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
    ($(
        #[doc = $doc:literal]
        $name:ident = $text:literal, $severity:expr $(, $machine:expr)?;
    )*) => {
        /// The code of a problem: a stable name in kebab-case, the same in every interface.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code { $(#[doc = $doc] $name,)* }

        impl Code {
            /// All codes.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// Returns the stable name, in kebab-case.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }

            /// Returns the meaning, in one sentence.
            pub fn summary(self) -> &'static str {
                match self { $(Code::$name => $doc.trim_ascii(),)* }
            }

            /// Returns the severity of the problem in a hook file or a directory. `None` if only
            /// calls, or the caller's own readers, can have the problem.
            pub fn severity(self) -> Option<Severity> {
                match self { $(Code::$name => $severity,)* }
            }

            /// Returns whether the problem is that of a machine and not of a hook file's text: a
            /// program that is missing or not executable, an owner, a mode, a mount. The same file
            /// can be free of it on another machine.
            pub fn depends_on_machine(self) -> bool {
                match self {
                    $(Code::$name => false $(|| $machine)?,)*
                }
            }
        }
    };
}

/// Written beside the codes of problems that depend on the machine.
const MACHINE: bool = true;

const ERROR: Option<Severity> = Some(Severity::Error);
const WARNING: Option<Severity> = Some(Severity::Warning);
const INFO: Option<Severity> = Some(Severity::Info);

codes! {
    // Calls.
    /// A call has an invalid argument.
    InvalidArgument = "invalid-argument", None;
    /// A string argument is not UTF-8.
    NotUtf8 = "not-utf8", None;
    /// libhooks has a bug: it panicked.
    Panic = "panic", None;

    // JSON, of hook files and of arguments.
    /// The file or argument is not JSON.
    JsonSyntax = "json-syntax", ERROR;
    /// The JSON is empty or incomplete.
    JsonUnexpectedEnd = "json-unexpected-end", ERROR;
    /// A value has the wrong type.
    JsonType = "json-type", ERROR;
    /// The JSON is nested more than 10,000 levels deep.
    JsonDepth = "json-depth", ERROR;
    /// A key occurs twice: a hook file loses one value, and readers of a config differ.
    DuplicateKey = "duplicate-key", WARNING;
    /// An argument, or the entries to inject, exceed a limit.
    TooLarge = "too-large", None;
    /// A key differs only in case from another, and some readers treat the two as the same.
    FoldedKey = "folded-key", None;
    /// The JSON is not a container's config, but something else that is recognised.
    NotAConfig = "not-a-config", None;
    /// The input of a hook is not a container's state.
    NotAState = "not-a-state", None;

    // Directories and files.
    /// The path is not a directory, or the directory cannot be read.
    UnreadableDirectory = "unreadable-directory", ERROR;
    /// A hook file cannot be opened or read.
    UnreadableFile = "unreadable-file", ERROR;
    /// A hook file is a FIFO, a device or a socket.
    NotRegularFile = "not-regular-file", ERROR;
    /// A hook file is larger than 16 MiB.
    FileTooLarge = "file-too-large", ERROR;
    /// The name of a hook file does not end in `.json`.
    NoJsonSuffix = "no-json-suffix", ERROR;

    // The content of a hook file.
    /// The hook is `null`.
    NilHook = "nil-hook", None;
    /// The file has an unknown `version`.
    UnrecognizedVersion = "unrecognized-version", ERROR;
    /// The caller's own reader for this version rejected the file.
    ReaderFailed = "reader-failed", None;
    /// The version of a hook in memory is not 1.0.0.
    UnexpectedVersion = "unexpected-version", None;
    /// A file of version 0.1.0 has no `hook`.
    MissingHook = "missing-hook", ERROR;
    /// A file of version 0.1.0 has both names of one key.
    ConflictingKeys = "conflicting-keys", ERROR;
    /// A file of version 1.0.0 has no `hook.path`.
    MissingPath = "missing-path", ERROR;
    /// The file has no `stages`.
    MissingStages = "missing-stages", ERROR;
    /// A stage is neither a stage of the OCI specification nor an extension stage.
    UnknownStage = "unknown-stage", ERROR;
    /// The hook's executable does not exist.
    MissingExecutable = "missing-executable", ERROR, MACHINE;
    /// The hook's executable cannot be accessed.
    UnreachableExecutable = "unreachable-executable", ERROR, MACHINE;
    /// A key in `annotations` is an invalid pattern.
    InvalidAnnotationKey = "invalid-annotation-key", ERROR;
    /// A value in `annotations` is an invalid pattern.
    InvalidAnnotationValue = "invalid-annotation-value", ERROR;
    /// An entry of `commands` is an invalid pattern.
    InvalidCommand = "invalid-command", ERROR;

    // Matching.
    /// `process.args` is empty, and a hook has a condition on it.
    ProcessArgsEmpty = "process-args-empty", None;

    // Running hooks.
    /// A hook could not be started.
    StartFailed = "start-failed", None;

    // Watching.
    /// The system refuses to report changes to hook files.
    WatchRefused = "watch-refused", None;
    /// The caller cancelled the monitor.
    Cancelled = "cancelled", None;

    // Warnings.
    /// A key is unknown, and ignored.
    UnknownKey = "unknown-key", WARNING;
    /// A hook file is a dangling symlink, and is skipped.
    DanglingLink = "dangling-link", WARNING;
    /// A file gives no hook, so it does not mask the file of the same name in an earlier directory.
    OverrideIneffective = "override-ineffective", WARNING;
    /// The path of the hook is not an executable file.
    NotExecutable = "not-executable", WARNING, MACHINE;
    /// The hook never runs, or one of its patterns matches no string.
    NeverMatches = "never-matches", WARNING;
    /// The hook is injected twice at one stage.
    DuplicateInjection = "duplicate-injection", WARNING;
    /// The stage `prestart` is deprecated by the OCI runtime specification.
    DeprecatedStage = "deprecated-stage", WARNING;
    /// The timeout is 0 or negative.
    TimeoutNotPositive = "timeout-not-positive", WARNING;
    /// Two file names differ only in case.
    CaseCollision = "case-collision", WARNING;
    /// Other users can write a hook file, its directory, its program or the program's interpreter.
    WritableByOthers = "writable-by-others", WARNING, MACHINE;
    /// Another user owns a hook file, its directory, its program or the program's interpreter.
    ForeignOwner = "foreign-owner", WARNING, MACHINE;
    /// Other users can replace a directory or symlink on the path to a hook file or program.
    ParentWritable = "parent-writable", WARNING, MACHINE;
    /// It is unknown who can write a hook file, its program, or a directory on the path to them.
    PermissionsUnknown = "permissions-unknown", WARNING, MACHINE;
    /// The interpreter that the program's first line names does not exist.
    MissingInterpreter = "missing-interpreter", WARNING, MACHINE;
    /// The program is neither an ELF file, nor does it start with `#!`.
    NoShebang = "no-shebang", WARNING, MACHINE;
    /// The program's first line does not do what was meant.
    BadShebang = "bad-shebang", WARNING, MACHINE;
    /// The program is for another machine.
    WrongArchitecture = "wrong-architecture", WARNING, MACHINE;
    /// The program's dynamic loader does not exist.
    MissingLoader = "missing-loader", WARNING, MACHINE;
    /// A library that the program needs is not found.
    MissingLibrary = "missing-library", WARNING, MACHINE;
    /// The program is empty, or shorter than its headers say.
    TruncatedExecutable = "truncated-executable", WARNING, MACHINE;
    /// The program is on a file system that is mounted noexec.
    NoexecMount = "noexec-mount", WARNING, MACHINE;
    /// The hook runs inside the container, which has no file at its path.
    ContainerPathMissing = "container-path-missing", WARNING, MACHINE;
    /// A key in `when` is not a condition, and is ignored.
    UnknownCondition = "unknown-condition", WARNING;
    /// The file has the form of a container's config, which has hooks of all stages.
    ConfigForm = "config-form", WARNING;
    /// The path of the hook is not absolute.
    RelativePath = "relative-path", WARNING;
    /// The first argument of the hook is not the program's name, and is lost.
    ArgsWithoutName = "args-without-name", WARNING;
    /// An environment variable of the hook cannot be what was meant.
    EnvEntry = "env-entry", WARNING;
    /// An environment variable of the hook makes its program load other code.
    LoaderVariable = "loader-variable", WARNING;
    /// A hook without `env` can get the container's environment at `createContainer`.
    InheritsContainerEnvironment = "inherits-container-environment", WARNING;
    /// Two files run the same program at the same stage; `info` if their conditions differ.
    DuplicateHook = "duplicate-hook", WARNING;
    /// Some engines refuse a directory with a hook of this stage.
    EngineSpecific = "engine-specific", WARNING;
    /// The config already has this hook at this stage.
    AlreadyInjected = "already-injected", None;

    // Information.
    /// The hook makes containers with an empty `process.args` fail.
    EmptyArgsBlocks = "empty-args-blocks", INFO;
    /// A hook without `env` gets the environment of the runtime.
    InheritsEnvironment = "inherits-environment", INFO;
    /// The program has setuid, setgid or file capabilities.
    SetuidProgram = "setuid-program", INFO, MACHINE;
    /// An argument of a `createContainer` hook is a relative path.
    RelativeArgument = "relative-argument", INFO;
    /// Engines ignore a file that looks like a hook file, because of its name.
    IgnoredFile = "ignored-file", INFO;
    /// Engines read a hook file although its name starts with a dot.
    HiddenFile = "hidden-file", INFO;
    /// The pattern for an annotation's key also matches other keys than the one that it spells.
    UnanchoredPattern = "unanchored-pattern", INFO;
    /// The hook is switched off: `"always": false`.
    SwitchedOff = "switched-off", INFO;
    /// The file masks one of the same name in an earlier directory.
    Masked = "masked", INFO;
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Parses the stable name of a code.
impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(name: &str) -> Result<Code, UnknownCode> {
        Code::ALL.iter().find(|code| code.as_str() == name).copied().ok_or(UnknownCode(()))
    }
}

/// The error for a name that is not a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownCode(());

impl fmt::Display for UnknownCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown diagnostic code")
    }
}

impl std::error::Error for UnknownCode {}

impl serde::Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
