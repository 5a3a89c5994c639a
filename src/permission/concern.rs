//! The problems that the permissions of a file can have, as data without a message.

use std::path::{Path, PathBuf};

use super::Finding;
use crate::go::Errno;
use crate::sys::AclUnknown;

/// A file that runs as root, or that determines which program runs as root.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    Directory(PathBuf),
    HookFile(PathBuf),
    Program(PathBuf),
    Interpreter { path: PathBuf, program: PathBuf },
}

impl Subject {
    pub fn path(&self) -> &Path {
        match self {
            Subject::Directory(path) | Subject::HookFile(path) | Subject::Program(path) => path,
            Subject::Interpreter { path, .. } => path,
        }
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Subject::Directory(_) => "the hook directory",
            Subject::HookFile(_) => "the hook file",
            Subject::Program(_) => "the program",
            Subject::Interpreter { .. } => "the interpreter",
        }
    }
}

/// How a file or directory is related to the subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Relation {
    Itself,
    /// A directory on the path to it.
    Above,
    /// A symlink on the path to it.
    Link,
}

/// One problem of a file, directory or symlink.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Concern {
    pub relation: Relation,
    pub path: PathBuf,
    pub matter: Matter,
}

/// The kind of a problem: something is wrong, or not known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Matter {
    Permission {
        finding: Finding,
        mode: u32,
    },
    /// Another computer decides about permissions.
    Network {
        device: u64,
        kind: &'static str,
    },
    /// A program decides about permissions, and it does not belong to root.
    Program {
        device: u64,
        user: Option<u32>,
    },
    /// The kernel refuses to return its status.
    Unreachable(Errno),
    /// The first line of the program cannot be read.
    UnreadableProgram(Errno),
    RelativeInterpreter,
    /// Opening the path leads to another file than resolving its components.
    AnotherFile,
}

impl Concern {
    /// Returns the error number, if the kernel refused a request.
    pub fn errno(&self) -> Option<&Errno> {
        match &self.matter {
            Matter::Unreachable(errno) | Matter::UnreadableProgram(errno) => Some(errno),
            Matter::Permission {
                finding: Finding::ListUnknown(AclUnknown::Unreadable(errno)),
                ..
            } => Some(errno),
            _ => None,
        }
    }

    /// Makes a concern about the subject itself.
    pub fn itself(path: &Path, matter: Matter) -> Concern {
        Concern { relation: Relation::Itself, path: path.to_owned(), matter }
    }
}
