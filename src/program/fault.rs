//! The reasons why a program cannot run, as data without a message.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::go::Errno;

/// A reason why a program cannot run, or a fact about it that is worth knowing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    /// The first line names this interpreter, which does not exist.
    MissingInterpreter { interpreter: PathBuf },
    /// The first line has `env` search for this program, which is not in the hook's PATH.
    NotInPath { name: OsString },
    /// The program starts with `#!`, but the kernel cannot use the line.
    Shebang(ShebangFlaw),
    /// The program is neither an ELF file, nor does it start with `#!`.
    NoShebang(Start),
    /// The program is for another machine: its name, and that of this machine (`is_host`), or of
    /// the system in the root.
    OtherMachine { machine: String, ours: String, is_host: bool },
    /// The dynamic loader of the program does not exist. (`unfit`: a file is there, for another
    /// machine.)
    MissingLoader { loader: PathBuf, unfit: bool },
    /// No directory has this library. `needed_by` is the library that needs it, if it is not the
    /// program itself.
    MissingLibrary { library: OsString, needed_by: Option<PathBuf> },
    /// The program has this size in bytes, and its headers say that it has at least the other one.
    /// (Both are 0: it is empty.)
    Truncated { size: u64, needed: u64 },
    /// Programs of this mount cannot be executed. `None`: the mount point is not known.
    NoExec { mount_point: Option<PathBuf> },
    /// The program runs with other permissions than its caller.
    Privileged { setuid: bool, setgid: bool, capabilities: bool },
    /// The hook runs inside the container, whose root file system has no such program.
    NotInContainer { program: PathBuf },
    /// The interpreter of the program has this fault.
    OfInterpreter { interpreter: PathBuf, fault: Box<Fault> },
}

/// Why the kernel cannot use the first line of a script.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum ShebangFlaw {
    /// It names no interpreter.
    Empty,
    /// The interpreter is relative to the working directory.
    Relative { interpreter: PathBuf },
    /// The name of the interpreter is longer than what the kernel reads.
    TooLong,
    /// The line is longer than what the kernel reads, so the argument loses its end.
    CutArgument { argument: OsString },
    /// The kernel passes these words to `env` as one argument.
    EnvWords { words: OsString },
    /// The argument ends in a carriage return.
    CarriageReturn { argument: OsString },
    /// The interpreter is there, but is not an executable file.
    NotExecutable { interpreter: PathBuf, is_file: bool },
    /// Scripts are the interpreters of scripts, more often than the kernel follows.
    TooDeep,
}

/// How a program starts that the kernel does not recognize.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Start {
    /// As a text.
    Text,
    /// With a byte order mark, and `#!` after it.
    ByteOrderMark,
    /// With spaces, tabs or empty lines, and `#!` after them.
    Whitespace,
    /// As an ELF file that is not a program, such as an object file.
    OtherElf,
    /// As something else.
    Binary,
}

impl Fault {
    /// Returns the error of execve(2) that the fault leads to. `None`: the program starts, or it is
    /// not certain that it does not.
    pub fn errno(&self) -> Option<Errno> {
        let errno = match self {
            Fault::MissingInterpreter { .. } => libc::ENOENT,
            Fault::MissingLoader { unfit: false, .. } => libc::ENOENT,
            Fault::MissingLoader { unfit: true, .. } => libc::ELIBBAD,
            Fault::Shebang(ShebangFlaw::NotExecutable { .. }) | Fault::NoExec { .. } => {
                libc::EACCES
            }
            Fault::Shebang(ShebangFlaw::TooDeep) => libc::ELOOP,
            Fault::Shebang(ShebangFlaw::TooLong)
            | Fault::NoShebang(_)
            | Fault::OtherMachine { .. } => libc::ENOEXEC,
            Fault::Truncated { size: 0, .. } => libc::ENOEXEC,
            Fault::OfInterpreter { fault, .. } => return fault.errno(),
            Fault::Shebang(
                // (ENOEXEC, or EACCES if the file ends after `#!`.)
                ShebangFlaw::Empty
                | ShebangFlaw::Relative { .. }
                | ShebangFlaw::CutArgument { .. }
                | ShebangFlaw::EnvWords { .. }
                | ShebangFlaw::CarriageReturn { .. },
            )
            | Fault::NotInPath { .. }
            | Fault::NotInContainer { .. }
            | Fault::Truncated { .. }
            | Fault::MissingLibrary { .. }
            | Fault::Privileged { .. } => return None,
        };
        Some(Errno(errno))
    }
}
