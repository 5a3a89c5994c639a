//! What is said about owners and permissions, and what to do about them.

use std::fmt;
use std::path::Path;

use super::concern::{Concern, Matter, Relation, Subject};
use crate::go::errno_text;
use crate::permission::{Finding, Writer};
use crate::problem::{Code, Diagnostic, text_of};
use crate::sys::AclUnknown;

/// The diagnostic of a hook file or directory (`path`) about this subject.
pub(in crate::lint) fn diagnostic(path: &Path, subject: &Subject, concern: &Concern) -> Diagnostic {
    Diagnostic::new(code(concern), path, message(subject, concern)).hint(hint(subject, concern))
}

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

fn message(subject: &Subject, concern: &Concern) -> String {
    let path = text_of(concern.path.as_os_str());
    // The object's name, and the name within a sentence.
    let object = match concern.relation {
        Relation::Above => format!("the directory {path}, above {subject},"),
        Relation::Link => format!("the link {path}, on the way to {subject},"),
        Relation::Itself if concern.path == subject.path() => subject.to_string(),
        Relation::Itself => format!("{subject}, which is {path},"),
    };
    match &concern.matter {
        Matter::Permission { finding, mode } => of_finding(&object, finding, *mode),
        Matter::Network { kind, .. } => {
            format!("{object} is on a network file system ({kind}): its server decides who can write it")
        }
        Matter::Program { user: Some(user), .. } => format!(
            "{object} is on a file system that user {user} mounted (FUSE): a program of that user decides \
             who can write it"
        ),
        Matter::Program { user: None, .. } => {
            format!("{object} is on a file system that a program serves (FUSE), and whose is not known")
        }
        Matter::Unreachable(errno) => {
            format!("who can write {subject} is not known: {}", errno_text(*errno))
        }
        Matter::UnreadableProgram(errno) => {
            format!("the interpreter of {subject} is not known: {}", errno_text(*errno))
        }
        Matter::AnotherFile => format!(
            "who can write {subject} is not known: it was replaced meanwhile, or its path leads through /proc"
        ),
        Matter::RelativeInterpreter => {
            format!("who can write {subject} depends on the directory that the hook is started in")
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
            "the owner of {object} is not known: this user namespace does not map it, and shows user {uid}"
        ),
        Finding::WriterUnknown => {
            format!("{object} can be written by somebody whom this user namespace does not map")
        }
        Finding::ListUnknown(AclUnknown::OtherKind(name)) => format!(
            "{object} has an access control list of a kind that is not understood here ({name}): \
             who can write it is not known"
        ),
        Finding::ListUnknown(AclUnknown::Malformed) => {
            format!("the access control list of {object} is malformed: who can write it is not known")
        }
        Finding::ListUnknown(AclUnknown::Unreadable(errno)) => format!(
            "the access control list of {object} cannot be read: {}: who can write it is not known",
            errno_text(*errno)
        ),
    }
}

/// What to do: a command to copy.
fn hint(subject: &Subject, concern: &Concern) -> Option<String> {
    let Matter::Permission { finding, .. } = &concern.matter else {
        let elsewhere = matches!(concern.matter, Matter::Network { .. } | Matter::Program { .. });
        return elsewhere
            .then(|| "keep hooks and their programs on a file system of this computer".to_owned());
    };
    let path = quoted(&text_of(concern.path.as_os_str()));
    let command = match (finding, concern.relation, path) {
        (Finding::ForeignOwner(_), Relation::Itself, Some(path)) => format!("chown root:root {path}"),
        (Finding::ForeignOwner(_), Relation::Above, Some(path)) => {
            format!("chown root:root {path}; chmod go-w {path}")
        }
        (Finding::ForeignOwner(_), Relation::Link, Some(path)) => format!("chown -h root:root {path}"),
        (Finding::Writable { by_list: false, .. }, _, Some(path)) => format!("chmod go-w {path}"),
        (Finding::Writable { by_list: true, .. }, _, Some(path)) => {
            format!("setfacl -b {path}; chmod go-w {path}")
        }
        (Finding::NewFilesWritable(_), _, Some(path)) => format!("setfacl -k {path}"),
        (finding, ..) if finding.is_unknown() => return None,
        (_, _, _) => "give it to root, and take from others the permission to write it".to_owned(),
    };
    Some(match concern.relation {
        Relation::Itself => command,
        Relation::Above | Relation::Link => {
            format!("move {} below a directory of root's, or: {command}", subject.kind())
        }
    })
}

/// A path as a word for the shell; `None` if it has characters that are not safe to copy.
fn quoted(path: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@%".contains(c);
    if path.chars().any(|c| c.is_control() || c == '\u{fffd}') {
        return None;
    }
    // (A path that starts with a dash would be an option.)
    let path = if path.starts_with('-') { format!("./{path}") } else { path.to_owned() };
    Some(if path.chars().all(is_plain) { path } else { format!("'{}'", path.replace('\'', r"'\''")) })
}

/// Those who may write, in words: the first few.
struct Writers<'a>(&'a [Writer]);

impl fmt::Display for Writers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const FEW: usize = 3;
        let few: Vec<String> = self.0.iter().take(FEW).map(Writer::to_string).collect();
        f.write_str(&few.join(", "))?;
        match self.0.len().saturating_sub(FEW) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Writer::Everybody => f.write_str("every user"),
            Writer::Group(gid) => write!(f, "group {gid}"),
            Writer::User(uid) => write!(f, "user {uid}"),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
    fn hints_can_be_copied() {
        assert_eq!(quoted("/srv/a-b_c.d").as_deref(), Some("/srv/a-b_c.d"));
        assert_eq!(quoted("/srv/a b").as_deref(), Some("'/srv/a b'"));
        assert_eq!(quoted("/srv/$(x)'y").as_deref(), Some(r"'/srv/$(x)'\''y'"));
        assert_eq!(quoted("-rf").as_deref(), Some("./-rf"));
        for unsafe_to_copy in ["/a\nb", "/a\u{1b}[0m", "/\u{fffd}"] {
            assert_eq!(quoted(unsafe_to_copy), None);
        }
    }

    #[test]
    fn many_writers_are_counted() {
        let users: Vec<Writer> = (1..=5).map(Writer::User).collect();
        assert_eq!(Writers(&users).to_string(), "user 1, user 2, user 3 and 2 more");
        assert_eq!(Writers(&users[..1]).to_string(), "user 1");
    }
}
