//! Hints about owners and permissions: commands to copy.

use crate::permission::{Concern, Finding, Matter, Relation, Subject};
use crate::problem::text_of;

/// Returns the hint: a command to copy.
pub(super) fn hint(subject: &Subject, concern: &Concern) -> Option<String> {
    let Matter::Permission { finding, .. } = &concern.matter else {
        let elsewhere = matches!(concern.matter, Matter::Network { .. } | Matter::Program { .. });
        return elsewhere
            .then(|| "move hooks and their programs to a local file system".to_owned());
    };
    let path = quoted(&text_of(concern.path.as_os_str()));
    let command = match (finding, concern.relation, path) {
        (Finding::ForeignOwner(_), Relation::Itself, Some(path)) => {
            format!("chown root:root {path}")
        }
        (Finding::ForeignOwner(_), Relation::Above, Some(path)) => {
            format!("chown root:root {path}; chmod go-w {path}")
        }
        (Finding::ForeignOwner(_), Relation::Link, Some(path)) => {
            format!("chown -h root:root {path}")
        }
        (Finding::Writable { by_list: false, .. }, _, Some(path)) => format!("chmod go-w {path}"),
        (Finding::Writable { by_list: true, .. }, _, Some(path)) => {
            format!("setfacl -b {path}; chmod go-w {path}")
        }
        (Finding::NewFilesWritable(_), _, Some(path)) => format!("setfacl -k {path}"),
        (finding, ..) if finding.is_unknown() => return None,
        (_, _, _) => "make root the owner, and remove write access for all other users".to_owned(),
    };
    Some(match concern.relation {
        Relation::Itself => command,
        Relation::Above | Relation::Link => {
            format!("move {} into a directory of root, or: {command}", subject.kind())
        }
    })
}

/// Returns a path as a word for the shell, or `None` if it has characters that are unsafe to copy.
fn quoted(path: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@%".contains(c);
    if path.chars().any(|c| c.is_control() || c == '\u{fffd}') {
        return None;
    }
    // (A path that starts with a dash would be an option.)
    let path = if path.starts_with('-') { format!("./{path}") } else { path.to_owned() };
    Some(if path.chars().all(is_plain) {
        path
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    })
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
}
