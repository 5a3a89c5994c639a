//! Probable mistakes in the process of a hook: its path, args and environment.

use std::fmt::{self, Display, Formatter};

use crate::go::quote;
use crate::problem::Code;

/// A probable mistake in `path`, `args` or `env`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum ProcessFlaw {
    /// The path is relative. If it is `missing`, the working directory has no such file, so the
    /// hook is invalid here; the message is the same, because other directories may have it.
    RelativePath { path: Box<str>, missing: bool },
    /// The first argument is not the name of the program.
    NoName { first: Box<str>, reason: NoName },
    /// An environment variable that cannot be what was meant.
    Variable { entry: Box<str>, flaw: VariableFlaw },
    /// The value has this `$NAME` or `~`, which nobody expands.
    NotExpanded { name: Box<str>, word: Box<str> },
    /// The variable decides what code the program or its interpreter loads.
    LoaderVariable { name: Box<str> },
    /// Without `env`, runc passes the container's environment at `createContainer`.
    InheritsFromContainer,
    /// Without `env`, runtimes pass their own environment.
    Inherits,
    /// At `createContainer`, the working directory depends on the runtime.
    RelativeArgument { argument: Box<str> },
}

/// Why the first argument is not the name of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum NoName {
    IsOption,
    HasSpace,
    /// The program is an interpreter, and the argument is not its name.
    OfInterpreter,
}

/// Why an environment variable cannot be what was meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum VariableFlaw {
    NoEqualsSign,
    NoName,
    Repeated,
    /// It contains NUL, so no process can get it.
    Nul,
    /// Longer than the kernel allows.
    TooLong,
}

impl ProcessFlaw {
    pub fn code(&self) -> Code {
        match self {
            ProcessFlaw::RelativePath { .. } => Code::RelativePath,
            ProcessFlaw::NoName { .. } => Code::ArgsWithoutName,
            ProcessFlaw::Variable { .. } | ProcessFlaw::NotExpanded { .. } => Code::EnvEntry,
            ProcessFlaw::LoaderVariable { .. } => Code::LoaderVariable,
            ProcessFlaw::InheritsFromContainer => Code::InheritsContainerEnvironment,
            ProcessFlaw::Inherits => Code::InheritsEnvironment,
            ProcessFlaw::RelativeArgument { .. } => Code::RelativeArgument,
        }
    }

    pub fn kind(&self) -> &'static str {
        match self {
            ProcessFlaw::NoName { reason: NoName::IsOption, .. } => "option-as-name",
            ProcessFlaw::NoName { reason: NoName::HasSpace, .. } => "whitespace-in-name",
            ProcessFlaw::NoName { reason: NoName::OfInterpreter, .. } => "not-the-interpreter",
            ProcessFlaw::Variable { flaw: VariableFlaw::NoEqualsSign, .. } => "no-equals-sign",
            ProcessFlaw::Variable { flaw: VariableFlaw::NoName, .. } => "no-variable-name",
            ProcessFlaw::Variable { flaw: VariableFlaw::Repeated, .. } => "repeated-variable",
            ProcessFlaw::NotExpanded { .. } => "not-expanded",
            ProcessFlaw::Variable { flaw: VariableFlaw::Nul, .. } => "nul-in-variable",
            ProcessFlaw::Variable { flaw: VariableFlaw::TooLong, .. } => "variable-too-long",
            _ => self.code().as_str(),
        }
    }
}

impl Display for ProcessFlaw {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            ProcessFlaw::RelativePath { path, .. } => {
                write!(f, "the path {} is not absolute", quote(path.as_bytes()))
            },
            ProcessFlaw::NoName { first, reason: NoName::IsOption } => {
                let first = quote(first.as_bytes());
                write!(f, "the first argument is the program's name, so the option {first} is lost")
            }
            ProcessFlaw::NoName { first, reason: NoName::HasSpace } => write!(
                f,
                "the first argument, {}, contains whitespace; no shell splits it",
                quote(first.as_bytes())
            ),
            ProcessFlaw::NoName { first, reason: NoName::OfInterpreter } => {
                let first = quote(first.as_bytes());
                write!(f, "the first argument is the program's name, so {first} is lost")
            }
            ProcessFlaw::Variable { entry, flaw } => {
                let entry = quote(entry.as_bytes());
                match flaw {
                    VariableFlaw::NoEqualsSign => {
                        write!(f, "the environment variable {entry} has no equals sign")
                    }
                    VariableFlaw::NoName => write!(f, "the environment variable {entry} has no name"),
                    VariableFlaw::Repeated => write!(f, "the environment variable {entry} is set twice"),
                    VariableFlaw::Nul => write!(
                        f,
                        "the environment variable {entry} contains NUL, so the hook cannot start"
                    ),
                    VariableFlaw::TooLong => write!(
                        f,
                        "the environment variable {entry} is longer than 128 KiB, so the hook \
                         cannot start"
                    ),
                }
            }
            ProcessFlaw::NotExpanded { name, word } => {
                let word = quote(word.as_bytes());
                write!(f, "{word} in the environment variable {name} is not expanded: no shell reads it")
            }
            ProcessFlaw::LoaderVariable { name } => {
                write!(f, "{name} makes the program load other code")
            }
            ProcessFlaw::InheritsFromContainer => f.write_str(
                "without \"env\", runc before 1.3 runs the hook with the container's environment at \
                 createContainer",
            ),
            ProcessFlaw::Inherits => {
                f.write_str("without \"env\", the hook gets the environment of the runtime")
            }
            ProcessFlaw::RelativeArgument { argument } => write!(
                f,
                "the argument {} is a relative path; at createContainer, the working directory \
                 depends on the runtime",
                quote(argument.as_bytes())
            ),
        }
    }
}
