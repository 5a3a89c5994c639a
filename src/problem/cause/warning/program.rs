//! Programs that cannot run: codes and messages.

use std::ffi::OsStr;
use std::fmt::{self, Display, Formatter};

use crate::go::quote;
use crate::limits::SHEBANG;
use crate::problem::{Code, text_of};
use crate::program::{Fault, ShebangFlaw, Start};

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
        Fault::NotInContainer { .. } => Code::ContainerPathMissing,
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
        Fault::Shebang(ShebangFlaw::CarriageReturn { .. }) => "carriage-return",
        Fault::Shebang(ShebangFlaw::NotExecutable { .. }) => "interpreter-not-executable",
        Fault::Shebang(ShebangFlaw::TooDeep) => "too-many-interpreters",
        Fault::NoShebang(Start::ByteOrderMark) => "byte-order-mark",
        Fault::NoShebang(Start::Whitespace) => "whitespace-before-shebang",
        Fault::NoShebang(Start::OtherElf) => "not-an-executable",
        Fault::NoShebang(Start::Binary) => "unknown-format",
        Fault::Truncated { size: 0, .. } => "empty-executable",
        Fault::OfInterpreter { fault, .. } => kind(fault),
        _ => code(fault).as_str(),
    }
}

pub(super) fn write(fault: &Fault, f: &mut Formatter<'_>) -> fmt::Result {
    match fault {
        Fault::OfInterpreter { interpreter, fault } => {
            of(&format!("the interpreter {}", shown(interpreter.as_os_str())), fault, f)
        }
        _ => of("the program", fault, f),
    }
}

/// Writes the fault of a program or an interpreter.
fn of(what: &str, fault: &Fault, f: &mut Formatter<'_>) -> fmt::Result {
    match fault {
        Fault::MissingInterpreter { interpreter } => {
            let interpreter = shown(interpreter.as_os_str());
            write!(f, "{what} needs the interpreter {interpreter}, which does not exist")
        }
        Fault::NotInPath { name } => {
            let name = shown(name);
            write!(
                f,
                "the first line of {what} makes env search for {name}, which is in no directory of \
                 PATH"
            )
        }
        Fault::Shebang(flaw) => {
            write!(f, "the first line of {what} has a problem: {flaw}")
        }
        Fault::NoShebang(Start::Text) => {
            write!(f, "{what} is a text file that does not start with #!")
        }
        Fault::NoShebang(Start::ByteOrderMark) => {
            write!(f, "{what} starts with a byte order mark, not with #!")
        }
        Fault::NoShebang(Start::Whitespace) => {
            write!(f, "{what} starts with whitespace, not with #!")
        }
        Fault::NoShebang(Start::OtherElf) => {
            write!(f, "{what} is an ELF file, but not an executable one")
        }
        Fault::NoShebang(Start::Binary) => {
            write!(f, "{what} is neither an ELF file nor a script")
        }
        Fault::OtherMachine { machine, ours, is_host } => {
            let this = if *is_host { "this machine is" } else { "/bin/sh of the root is for" };
            write!(f, "{what} is for {machine}, and {this} {ours}")
        }
        Fault::MissingLoader { loader, unfit } => {
            let state = if *unfit { "is for another machine" } else { "does not exist" };
            let loader = shown(loader.as_os_str());
            write!(f, "{what} needs the dynamic loader {loader}, which {state}")
        }
        Fault::MissingLibrary { library, needed_by: None } => {
            write!(f, "{what} needs the library {}, which is not found", shown(library))
        }
        Fault::MissingLibrary { library, needed_by: Some(by) } => {
            let by = shown(by.as_os_str());
            write!(f, "{what} uses {by}, which needs the library {}: not found", shown(library))
        }
        Fault::Truncated { size: 0, .. } => write!(f, "{what} is empty"),
        Fault::Truncated { size, needed } => write!(
            f,
            "{what} is incomplete: it has {size} bytes, and its headers say at least {needed}"
        ),
        Fault::NoExec { mount_point } => {
            write!(f, "{what} is on a file system that is mounted noexec")?;
            match mount_point {
                Some(point) => write!(f, ", at {}", shown(point.as_os_str())),
                None => Ok(()),
            }
        }
        Fault::Privileged { setuid, setgid, capabilities } => {
            let named = [(setuid, "setuid"), (setgid, "setgid"), (capabilities, "capabilities")];
            let named: Vec<&str> =
                named.into_iter().filter(|(is, _)| **is).map(|(_, name)| name).collect();
            let named = named.join(" and ");
            write!(f, "{what} runs with other permissions than its caller: it has {named}")
        }
        Fault::NotInContainer { program } => write!(
            f,
            "the container, in which this hook runs, has no {}",
            shown(program.as_os_str())
        ),
        Fault::OfInterpreter { .. } => write(fault, f),
    }
}

impl Display for ShebangFlaw {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            ShebangFlaw::Empty => f.write_str("it names no interpreter after #!"),
            ShebangFlaw::Relative { interpreter } => write!(
                f,
                "the interpreter {} is a relative path, which depends on the working directory",
                shown(interpreter.as_os_str())
            ),
            ShebangFlaw::TooLong => write!(
                f,
                "the name of the interpreter does not end in the {SHEBANG} bytes that the kernel \
                 reads"
            ),
            ShebangFlaw::CutArgument { argument } => write!(
                f,
                "it is longer than the {SHEBANG} bytes that the kernel reads, so the \
                 argument loses its end: {}",
                shown(argument)
            ),
            ShebangFlaw::EnvWords { words } => {
                write!(f, "env gets {} as one argument: the kernel does not split it", shown(words))
            }
            ShebangFlaw::CarriageReturn { argument } => {
                write!(f, "the argument {} ends in a carriage return", shown(argument))
            }
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

/// Returns a name from a program's bytes: in quotes if it is not an absolute path, or has
/// whitespace, control characters or quotes.
fn shown(name: &OsStr) -> String {
    let text = text_of(name);
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '"';
    if text.starts_with('/') && text.chars().all(is_plain) { text } else { quote(text.as_bytes()) }
}
