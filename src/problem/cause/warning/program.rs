//! Programs that cannot run: codes and messages.

use std::ffi::OsStr;
use std::fmt::{self, Display, Formatter};

use super::Warning;
use crate::go::quote;
use crate::limits::SHEBANG;
use crate::problem::{Cause, Code, text_of};
use crate::program::{Fault, ShebangFlaw, Start};

impl From<Fault> for Warning {
    fn from(fault: Fault) -> Warning {
        Warning::Program(Box::new(fault))
    }
}

impl From<Fault> for Cause {
    fn from(fault: Fault) -> Cause {
        Cause::Warning(fault.into())
    }
}

pub(super) fn code(fault: &Fault) -> Code {
    match fault {
        Fault::MissingInterpreter { .. } | Fault::NotInPath { .. } => Code::MissingInterpreter,
        Fault::Shebang(_) => Code::BadShebang,
        Fault::NoShebang(_) => Code::NoShebang,
        Fault::OtherMachine { .. } => Code::WrongArchitecture,
        Fault::MissingLoader { .. } => Code::MissingLoader,
        Fault::MissingLibrary { .. } => Code::MissingLibrary,
        Fault::Truncated { .. } => Code::TruncatedExecutable,
        Fault::NoExec { .. } => Code::NoexecMount,
        Fault::Privileged { .. } => Code::SetuidProgram,
        Fault::OfInterpreter { fault, .. } => code(fault),
    }
}

/// Returns the kind of the cause, in kebab-case.
pub(super) fn kind(fault: &Fault) -> &'static str {
    match fault {
        Fault::NotInPath { .. } => "not-in-path",
        Fault::Shebang(ShebangFlaw::Empty) => "no-interpreter",
        Fault::Shebang(ShebangFlaw::Relative { .. }) => "relative-interpreter",
        Fault::Shebang(ShebangFlaw::TooLong) => "interpreter-too-long",
        Fault::Shebang(ShebangFlaw::CutArgument { .. }) => "argument-too-long",
        Fault::Shebang(ShebangFlaw::EnvWords { .. }) => "env-with-words",
        Fault::Shebang(ShebangFlaw::NotExecutable { .. }) => "interpreter-not-executable",
        Fault::Shebang(ShebangFlaw::TooDeep) => "too-many-interpreters",
        Fault::NoShebang(Start::ByteOrderMark) => "byte-order-mark",
        Fault::NoShebang(Start::Blank) => "blank-before-shebang",
        Fault::NoShebang(Start::Binary) => "unknown-format",
        Fault::Truncated { size: 0, .. } => "empty-executable",
        Fault::OfInterpreter { fault, .. } => kind(fault),
        _ => code(fault).as_str(),
    }
}

pub(super) fn write(fault: &Fault, f: &mut Formatter<'_>) -> fmt::Result {
    match fault {
        Fault::MissingInterpreter { interpreter } => {
            write!(f, "the interpreter {} does not exist", shown(interpreter.as_os_str()))
        }
        Fault::NotInPath { name } => {
            write!(f, "the hook's PATH has no program {}, which env searches for", shown(name))
        }
        Fault::Shebang(flaw) => flaw.fmt(f),
        Fault::NoShebang(Start::Text) => {
            f.write_str("the program is a text file that does not start with #!")
        }
        Fault::NoShebang(Start::ByteOrderMark) => {
            f.write_str("the program starts with a byte order mark, not with #!")
        }
        Fault::NoShebang(Start::Blank) => {
            f.write_str("the program starts with whitespace, not with #!")
        }
        Fault::NoShebang(Start::Binary) => {
            f.write_str("the program is neither an ELF file nor a script")
        }
        Fault::OtherMachine { machine, ours } => {
            write!(f, "the program is for {machine}, and this machine is {ours}")
        }
        Fault::MissingLoader { loader, unfit } => {
            let loader = shown(loader.as_os_str());
            match unfit {
                false => write!(f, "the program's dynamic loader {loader} does not exist"),
                true => write!(f, "the program's dynamic loader {loader} is for another machine"),
            }
        }
        Fault::MissingLibrary { library, needed_by } => {
            write!(f, "the library {} is not found", shown(library))?;
            match needed_by {
                Some(by) => write!(f, "; {} needs it", text_of(by.as_os_str())),
                None => Ok(()),
            }
        }
        Fault::Truncated { size: 0, .. } => f.write_str("the program is empty"),
        Fault::Truncated { size, needed } => write!(
            f,
            "the program is incomplete: it has {size} bytes, and its headers say at least {needed}"
        ),
        Fault::NoExec { mount_point: Some(point) } => {
            write!(f, "the file system at {} is mounted noexec", text_of(point.as_os_str()))
        }
        Fault::NoExec { mount_point: None } => {
            f.write_str("the file system of the program is mounted noexec")
        }
        Fault::Privileged { setuid, setgid, capabilities } => {
            let named = [(setuid, "setuid"), (setgid, "setgid"), (capabilities, "capabilities")];
            let named: Vec<&str> =
                named.into_iter().filter(|(is, _)| **is).map(|(_, name)| name).collect();
            write!(
                f,
                "the program gets other permissions than its caller: it has {}",
                named.join(" and ")
            )
        }
        Fault::OfInterpreter { interpreter, fault } => {
            write!(f, "the interpreter {}: ", shown(interpreter.as_os_str()))?;
            write(fault, f)
        }
    }
}

impl Display for ShebangFlaw {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            ShebangFlaw::Empty => f.write_str("the first line names no interpreter after #!"),
            ShebangFlaw::Relative { interpreter } => write!(
                f,
                "the interpreter {} is a relative path: the kernel searches for it in the working \
                 directory",
                shown(interpreter.as_os_str())
            ),
            ShebangFlaw::TooLong => write!(
                f,
                "the name of the interpreter does not end in the {SHEBANG} bytes that the kernel \
                 reads"
            ),
            ShebangFlaw::CutArgument { argument } => write!(
                f,
                "the first line is longer than the {SHEBANG} bytes that the kernel reads, so the \
                 argument loses its end: {}",
                shown(argument)
            ),
            ShebangFlaw::EnvWords { words } => write!(
                f,
                "env searches for a program named {}: the kernel passes all words as one argument",
                shown(words)
            ),
            ShebangFlaw::NotExecutable { interpreter, is_file } => {
                let interpreter = shown(interpreter.as_os_str());
                match is_file {
                    true => write!(f, "the interpreter {interpreter} is not executable"),
                    false => write!(f, "the interpreter {interpreter} is not a regular file"),
                }
            }
            ShebangFlaw::TooDeep => {
                f.write_str("the interpreter is a script, and so are its interpreters")
            }
        }
    }
}

/// Returns a name from a program's bytes: in quotes if it has other than printable characters or
/// a space.
fn shown(name: &OsStr) -> String {
    let text = text_of(name);
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '"';
    if !text.is_empty() && text.chars().all(is_plain) { text } else { quote(text.as_bytes()) }
}
