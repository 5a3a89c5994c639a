//! Warnings as data: probable mistakes.

mod access;
mod process;
mod program;

use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

use go_regexp::Unmatchable;

use super::PatternRole;
use crate::engines;
use crate::go::quote;
use crate::permission::{Concern, Subject};
use crate::problem::{Code, Severity, text_of};
use crate::program::Fault;
pub(crate) use process::{NoName, ProcessFlaw, VariableFlaw};

/// A probable mistake, or something worth knowing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Warning {
    /// A key that no reader uses, and the object that it is in.
    UnknownKey { key: Box<str>, object: &'static str },
    /// A key in `when` that is no condition.
    UnknownCondition { key: Box<str> },
    /// The file has the form of a container's config.
    ConfigForm,
    /// A key that occurs again.
    RepeatedKey { key: Box<str>, merged: bool },
    /// The file gives no hook, so it does not mask the hook of this file.
    OverrideIneffective { lower: PathBuf },
    /// The path of the hook is not an executable file.
    NotExecutable { path: Box<str>, is_file: bool },
    /// The conditions hold for no container.
    NeverMatches(Never),
    /// A pattern of a condition matches no string.
    PatternMatchesNothing { role: PatternRole, pattern: Box<str>, why: Unmatchable },
    /// A pattern for the key of an annotation, which also matches other keys.
    /// `also` is such a key, if one can be named.
    UnanchoredPattern { pattern: Box<str>, also: Option<Box<str>> },
    /// The hook is valid, and holds for no container by intent.
    SwitchedOff,
    /// A mistake in the process of the hook.
    Process(ProcessFlaw),
    /// The other file has the same hook. `differ` says that the conditions differ.
    DuplicateHook { other: PathBuf, stage: Box<str>, differ: bool },
    /// Some engines read this directory by default, and refuse it because of the stage.
    EngineSpecific { stage: &'static str, directory: &'static str },
    /// Engines ignore the file, because of its name.
    IgnoredFile(Ignored),
    /// Engines read the file, although its name starts with a dot.
    HiddenFile,
    /// The stage is listed more than once.
    RepeatedStage { stage: Box<str> },
    /// `prestart` and `createRuntime` are both listed, and mean the same.
    PrestartAndCreateRuntime,
    /// `prestart` is listed.
    Prestart,
    /// The timeout is not positive.
    Timeout { seconds: i64 },
    /// A hook file is a symlink to something that does not exist.
    DanglingLink { target: PathBuf },
    /// The config has this hook at this stage already.
    AlreadyInjected { stage: &'static str },
    /// The name of the file differs from that of this file only in case.
    CaseCollision { other: PathBuf },
    /// The hook makes containers without `process.args` fail.
    EmptyArgsBlock,
    /// Another user can change what runs, or it is unknown who can.
    Access(Box<(Subject, Concern)>),
    /// The program cannot run, or has a property that is worth knowing.
    Program(Box<Fault>),

    /// The file masks this file.
    Masks { lower: PathBuf },
}

/// Why engines ignore a file in a hook directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Ignored {
    /// Its name does not end in `.json`.
    Name,
    /// It is a directory that contains files ending in `.json`.
    Directory,
}

/// Why a hook never runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Never {
    /// The condition on bind mounts, under this key, is false.
    BindMountsFalse {
        key: &'static str,
    },
    NoCondition,
    NoStage,
}

impl From<ProcessFlaw> for Warning {
    fn from(process: ProcessFlaw) -> Warning {
        Warning::Process(process)
    }
}

impl From<Fault> for Warning {
    fn from(fault: Fault) -> Warning {
        Warning::Program(Box::new(fault))
    }
}

impl Warning {
    /// Returns the severity, if it is not that of the code.
    pub fn severity(&self) -> Option<Severity> {
        matches!(self, Warning::DuplicateHook { differ: true, .. }).then_some(Severity::Info)
    }

    pub fn code(&self) -> Code {
        match self {
            Warning::UnknownCondition { .. } => Code::UnknownCondition,
            Warning::ConfigForm => Code::ConfigForm,
            Warning::PatternMatchesNothing { .. } => Code::NeverMatches,
            Warning::UnanchoredPattern { .. } => Code::UnanchoredPattern,
            Warning::SwitchedOff => Code::SwitchedOff,
            Warning::Process(process) => process.code(),
            Warning::DuplicateHook { .. } => Code::DuplicateHook,
            Warning::EngineSpecific { .. } => Code::EngineSpecific,
            Warning::IgnoredFile(_) => Code::IgnoredFile,
            Warning::HiddenFile => Code::HiddenFile,
            Warning::UnknownKey { .. } => Code::UnknownKey,
            Warning::RepeatedKey { .. } => Code::DuplicateKey,
            Warning::OverrideIneffective { .. } => Code::OverrideIneffective,
            Warning::NotExecutable { .. } => Code::NotExecutable,
            Warning::NeverMatches(_) => Code::NeverMatches,
            Warning::RepeatedStage { .. } | Warning::PrestartAndCreateRuntime => {
                Code::DuplicateInjection
            }
            Warning::Prestart => Code::DeprecatedStage,
            Warning::Timeout { .. } => Code::TimeoutNotPositive,
            Warning::DanglingLink { .. } => Code::DanglingLink,
            Warning::AlreadyInjected { .. } => Code::AlreadyInjected,
            Warning::CaseCollision { .. } => Code::CaseCollision,
            Warning::EmptyArgsBlock => Code::EmptyArgsBlocks,
            Warning::Access(access) => access::code(&access.1),
            Warning::Program(fault) => program::code(fault),
            Warning::Masks { .. } => Code::Masked,
        }
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Warning::NeverMatches(Never::BindMountsFalse { .. }) => "bind-mounts-false",
            Warning::NeverMatches(Never::NoCondition) => "no-condition",
            Warning::NeverMatches(Never::NoStage) => "no-stage",
            Warning::NotExecutable { is_file: true, .. } => "no-execute-permission",
            Warning::NotExecutable { is_file: false, .. } => "not-a-file",
            Warning::RepeatedStage { .. } => "repeated-stage",
            Warning::PrestartAndCreateRuntime => "prestart-and-create-runtime",
            Warning::PatternMatchesNothing { .. } => "pattern-matches-nothing",
            Warning::IgnoredFile(Ignored::Name) => "ignored-name",
            Warning::IgnoredFile(Ignored::Directory) => "ignored-directory",
            Warning::DuplicateHook { differ: true, .. } => "other-conditions",
            Warning::Process(process) => process.kind(),
            Warning::Access(access) => access::kind(&access.1),
            Warning::Program(fault) => program::kind(fault),
            _ => self.code().as_str(),
        }
    }
}

impl Display for Warning {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Warning::UnknownKey { key, object } => {
                let key = quote(key.as_bytes());
                match *object {
                    "" => write!(f, "unknown key {key} is ignored"),
                    object => write!(f, "unknown key {key} in {object} is ignored"),
                }
            }
            Warning::UnknownCondition { key } => {
                write!(f, "unknown condition {} is ignored", quote(key.as_bytes()))
            }
            Warning::ConfigForm => {
                f.write_str("the file has the form of a container's config, not of a hook file")
            }
            Warning::PatternMatchesNothing { role, pattern, why } => {
                let pattern = quote(pattern.as_bytes());
                let role = role.with_article();
                write!(f, "the pattern {pattern} for {role} matches no string")?;
                match why {
                    Unmatchable::BeforeStart => f.write_str(
                        ": \"^\" stands for the start of the string, and something comes before it",
                    ),
                    Unmatchable::AfterEnd => f.write_str(
                        ": \"$\" stands for the end of the string, and something comes after it",
                    ),
                    _ => Ok(()),
                }
            }
            Warning::UnanchoredPattern { pattern, also } => {
                let pattern = quote(pattern.as_bytes());
                write!(f, "the pattern {pattern} for an annotation key also matches ")?;
                match also {
                    Some(key) => write!(f, "the key {}", quote(key.as_bytes())),
                    None => f.write_str("keys with another character in place of a dot"),
                }
            }
            Warning::SwitchedOff => f.write_str("the hook is switched off: \"always\": false"),
            Warning::Process(process) => process.fmt(f),
            Warning::DuplicateHook { other, stage, differ } => {
                let other = text_of(other.as_os_str());
                let with =
                    if *differ { ", with other conditions or another environment" } else { "" };
                write!(
                    f,
                    "{other} has the same program and arguments at {stage}{with}: it runs twice \
                     for each container that matches both"
                )
            }
            Warning::EngineSpecific { stage, directory } => {
                let mut count = 0_usize;
                for engine in engines::refusing(directory, stage) {
                    f.write_str(if count > 0 { " and " } else { "" })?;
                    f.write_str(engine)?;
                    count += 1;
                }
                let refuse = if count > 1 { "refuse" } else { "refuses" };
                write!(f, " {refuse} every hook of this directory because of the stage {stage}")
            }
            Warning::IgnoredFile(Ignored::Name) => {
                f.write_str("engines ignore the file: its name does not end in .json")
            }
            Warning::IgnoredFile(Ignored::Directory) => {
                f.write_str("engines ignore the directory and the hook files in it")
            }
            Warning::HiddenFile => {
                f.write_str("engines read the file although its name starts with a dot")
            }
            Warning::RepeatedKey { key, merged } => {
                let effect = if *merged { "the two are merged" } else { "the later one counts" };
                write!(f, "duplicate key {}: {effect}", quote(key.as_bytes()))
            }
            Warning::OverrideIneffective { lower } => {
                write!(
                    f,
                    "the file gives no hook, so it does not mask {}",
                    text_of(lower.as_os_str())
                )
            }
            Warning::NotExecutable { path, is_file: true } => write!(f, "{path} is not executable"),
            Warning::NotExecutable { path, is_file: false } => {
                write!(f, "{path} is not a regular file")
            }
            Warning::NeverMatches(never) => write!(f, "the hook never runs: {never}"),
            Warning::RepeatedStage { stage } => {
                let stage = quote(stage.as_bytes());
                write!(f, "stage {stage} is listed more than once; the hook runs each time")
            }
            Warning::PrestartAndCreateRuntime => {
                f.write_str("\"prestart\" means \"createRuntime\", so the hook runs twice")
            }
            // (Old engines keep it, newer ones inject it as createRuntime.)
            Warning::Prestart => f.write_str("stage \"prestart\" is deprecated"),
            Warning::Timeout { seconds: 0 } => f.write_str(
                "with a timeout of 0, some runtimes kill the hook at once, others never",
            ),
            Warning::Timeout { seconds } => {
                write!(f, "a timeout of {seconds} kills the hook at once")
            }
            Warning::DanglingLink { target } => write!(
                f,
                "the file is a dangling symlink (its target is {})",
                text_of(target.as_os_str())
            ),
            Warning::AlreadyInjected { stage } => {
                write!(f, "the config already has this hook at {stage}, so it will run twice")
            }
            Warning::CaseCollision { other } => write!(
                f,
                "the file name differs only in case from {}: engines run the two in any order",
                text_of(other.as_os_str())
            ),
            Warning::EmptyArgsBlock => f.write_str(
                "the condition on the command makes containers with an empty process.args fail",
            ),
            Warning::Access(access) => f.write_str(&access::message(&access.0, &access.1)),
            Warning::Program(fault) => program::write(fault, f),
            Warning::Masks { lower } => write!(f, "the file masks {}", text_of(lower.as_os_str())),
        }
    }
}

impl Display for Never {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Never::BindMountsFalse { key } => write!(f, "{key:?}: false holds for no container"),
            Never::NoCondition => f.write_str("it has no condition"),
            Never::NoStage => f.write_str("it lists no stage"),
        }
    }
}
