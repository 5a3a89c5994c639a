//! Users who can change what runs: codes and messages.

use std::fmt::{self, Display, Formatter};

use crate::permission::{Concern, Finding, Matter, Relation, Subject, Writer};
use crate::problem::{Code, text_of};
use crate::sys::AclUnknown;

pub(super) fn code(concern: &Concern) -> Code {
    match (&concern.matter, concern.relation) {
        (Matter::Permission { finding, .. }, _) if finding.is_unknown() => Code::PermissionsUnknown,
        (Matter::Permission { .. }, Relation::Above | Relation::Link) => Code::ParentWritable,
        (Matter::Permission { finding: Finding::ForeignOwner(_), .. }, Relation::Itself) => {
            Code::ForeignOwner
        }
        (Matter::Permission { .. }, Relation::Itself) => Code::WritableByOthers,
        _ => Code::PermissionsUnknown,
    }
}

/// Returns the kind of the cause, in kebab-case.
pub(super) fn kind(concern: &Concern) -> &'static str {
    match &concern.matter {
        Matter::Permission { finding: Finding::ForeignOwner(_), .. } => "foreign-owner",
        Matter::Permission { finding: Finding::Writable { by_list: false, .. }, .. } => {
            "writable-by-mode"
        }
        Matter::Permission { finding: Finding::Writable { by_list: true, .. }, .. } => {
            "writable-by-list"
        }
        Matter::Permission { finding: Finding::NewFilesWritable(_), .. } => "new-files-writable",
        Matter::Permission { finding: Finding::OwnerUnknown(_), .. } => "owner-unknown",
        Matter::Permission { finding: Finding::WriterUnknown, .. } => "writer-unknown",
        Matter::Permission { finding: Finding::ListUnknown(_), .. } => "list-unknown",
        Matter::Network { .. } => "network-file-system",
        Matter::Program { .. } => "fuse-file-system",
        Matter::Unreachable(_) => "unreachable",
        Matter::UnreadableProgram(_) => "unreadable-program",
        Matter::RelativeInterpreter => "relative-interpreter",
        Matter::AnotherFile => "another-file",
    }
}

pub(super) fn message(subject: &Subject, concern: &Concern) -> String {
    let path = text_of(concern.path.as_os_str());
    let object = match concern.relation {
        Relation::Above => format!("the directory {path}, above {subject},"),
        Relation::Link => format!("the link {path}, on the way to {subject},"),
        Relation::Itself if concern.path == subject.path() => subject.to_string(),
        Relation::Itself => format!("{subject}, which is {path},"),
    };
    match &concern.matter {
        Matter::Permission { finding, mode } => of_finding(&object, finding, *mode),
        Matter::Network { kind, .. } => {
            format!(
                "{object} is on a network file system ({kind}): its server decides who can write it"
            )
        }
        Matter::Program { user: Some(user), .. } => format!(
            "{object} is on a file system that user {user} mounted (FUSE): \
             a program of that user decides who can write it"
        ),
        Matter::Program { user: None, .. } => {
            format!("{object} is on a file system of a program (FUSE) whose owner is unknown")
        }
        Matter::Unreachable(errno) => {
            format!("cannot determine who can write {subject}: {errno}")
        }
        Matter::UnreadableProgram(errno) => {
            format!("cannot determine the interpreter of {subject}: {errno}")
        }
        Matter::AnotherFile => format!(
            "cannot determine who can write {subject}: \
             it was replaced during the check, or its path leads through /proc"
        ),
        Matter::RelativeInterpreter => {
            format!(
                "{subject} is a relative path, so the working directory decides which file runs"
            )
        }
    }
}

fn of_finding(object: &str, finding: &Finding, mode: u32) -> String {
    let mode = mode & 0o7777;
    match finding {
        Finding::ForeignOwner(uid) => format!("{object} belongs to user {uid}"),
        Finding::Writable { by, by_list: true } => {
            format!("{object} can be written by {} (access control list)", Writers(by))
        }
        Finding::Writable { by, by_list: false } => {
            format!("{object} can be written by {} (mode {mode:04o})", Writers(by))
        }
        Finding::NewFilesWritable(by) => format!(
            "files that are created in {object} can be written by {} (default access control list)",
            Writers(by)
        ),
        Finding::OwnerUnknown(uid) => format!(
            "the owner of {object} is unknown: this user namespace does not map it, \
             and shows user {uid}"
        ),
        Finding::WriterUnknown => {
            format!(
                "{object} can be written by a user or group that this user namespace does not map"
            )
        }
        Finding::ListUnknown(AclUnknown::OtherKind(name)) => format!(
            "{object} has an access control list of an unsupported kind ({name}), \
             so it is unknown who can write it"
        ),
        Finding::ListUnknown(AclUnknown::Malformed) => {
            format!(
                "the access control list of {object} is malformed, \
                 so it is unknown who can write it"
            )
        }
        Finding::ListUnknown(AclUnknown::Unreadable(errno)) => format!(
            "the access control list of {object} cannot be read ({errno}), \
             so it is unknown who can write it"
        ),
    }
}

/// The users and groups that can write: the first few by name, and how many more.
struct Writers<'a>(&'a [Writer]);

impl Display for Writers<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        const FEW: usize = 3;
        let few: Vec<String> = self.0.iter().take(FEW).map(Writer::to_string).collect();
        f.write_str(&few.join(", "))?;
        match self.0.len().saturating_sub(FEW) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

impl Display for Writer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Writer::Everybody => f.write_str("every user"),
            Writer::Group(gid) => write!(f, "group {gid}"),
            Writer::User(uid) => write!(f, "user {uid}"),
        }
    }
}

impl Display for Subject {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), text_of(self.path().as_os_str()))?;
        match self {
            Subject::Interpreter { program, .. } => {
                write!(f, " of the program {}", text_of(program.as_os_str()))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_writers_are_counted() {
        let users: Vec<Writer> = (1..=5).map(Writer::User).collect();
        assert_eq!(Writers(&users).to_string(), "user 1, user 2, user 3 and 2 more");
        assert_eq!(Writers(&users[..1]).to_string(), "user 1");
    }
}
