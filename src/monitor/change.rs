//! What is different from one set of hooks to the next.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::problem::{Diagnostic, Severity, serialize_path};
use crate::snapshot::{Known, Snapshot};

/// What happened to a hook file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ChangeKind {
    /// It gives a hook, and did not before.
    Added,
    /// It gives another hook than before.
    Updated,
    /// It gives no hook any more, and did before: the file has gone, or turned bad.
    Removed,
    /// It gives a hook that is not used, since a file of its name in a later directory masks it,
    /// and was not masked by that one before.
    Masked,
    /// Its hook is used again, since nothing masks it any more.
    Unmasked,
    /// There is a problem with it that was not there before; also of a directory, or of the
    /// watching itself.
    Problem,
}

impl ChangeKind {
    /// The name used in JSON, such as `added`.
    pub fn as_str(self) -> &'static str {
        match self {
            ChangeKind::Added => "added",
            ChangeKind::Updated => "updated",
            ChangeKind::Removed => "removed",
            ChangeKind::Masked => "masked",
            ChangeKind::Unmasked => "unmasked",
            ChangeKind::Problem => "problem",
        }
    }
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A change that a [`Monitor`](crate::Monitor) tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// The file (or directory) that it happened to.
    pub path: PathBuf,
    /// Of [`ChangeKind::Masked`]: the file that masks it.
    pub by: Option<PathBuf>,
    /// Of [`ChangeKind::Problem`]: the problem.
    pub diagnostic: Option<Diagnostic>,
}

impl Change {
    fn new(kind: ChangeKind, path: &Path) -> Change {
        Change { kind, path: path.to_owned(), by: None, diagnostic: None }
    }

    pub(crate) fn problem(diagnostic: Diagnostic) -> Change {
        let path = diagnostic.path.clone();
        Change { kind: ChangeKind::Problem, path, by: None, diagnostic: Some(diagnostic) }
    }
}

/// In a line: what happened, and to which file; of a masked hook by which, and of a problem what is
/// wrong.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.diagnostic, &self.by) {
            (Some(diagnostic), _) => write!(f, "{} {diagnostic}", self.kind),
            (None, Some(by)) => {
                write!(f, "{} {} by {}", self.kind, self.path.display(), by.display())
            }
            (None, None) => write!(f, "{} {}", self.kind, self.path.display()),
        }
    }
}

/// Changes as a JSON array of objects: `change` (the kind), `path`, `by` and `diagnostic` where
/// they are.
pub fn changes_to_json(changes: &[Change]) -> String {
    crate::go::json::to_string(&changes)
}

impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("change", self.kind.as_str())?;
        serialize_path(&mut map, "path", &self.path)?;
        if let Some(by) = &self.by {
            serialize_path(&mut map, "by", by)?;
        }
        if let Some(diagnostic) = &self.diagnostic {
            map.serialize_entry("diagnostic", diagnostic)?;
        }
        map.end()
    }
}

/// What became of the hook files of a set in a later one: first of those that give no hook any
/// more, then of the others, in the order of injection, those that are masked last.
pub(crate) fn differences(before: &Snapshot, after: &Snapshot) -> Vec<Change> {
    let (old, new) = (before.by_path(), after.by_path());
    let mut changes = Vec::new();
    for known in before.all() {
        if !new.contains_key(&*known.loaded.path) {
            changes.push(Change::new(ChangeKind::Removed, &known.loaded.path));
        }
    }
    for Known { loaded, by } in after.all() {
        let path = &*loaded.path;
        let old = old.get(path);
        match old {
            Some(old) if !old.loaded.is_same_hook(loaded) => {
                changes.push(Change::new(ChangeKind::Updated, path));
            }
            None if by.is_none() => changes.push(Change::new(ChangeKind::Added, path)),
            _ => {}
        }
        match (old.and_then(|old| old.by), by) {
            (Some(_), None) => changes.push(Change::new(ChangeKind::Unmasked, path)),
            (was, Some(by)) if was != Some(by) => {
                changes.push(Change {
                    by: Some(by.to_path_buf()),
                    ..Change::new(ChangeKind::Masked, path)
                });
            }
            _ => {}
        }
    }
    changes
}

/// The errors and warnings that were not known before.
pub(crate) fn new_problems(before: &Snapshot, after: &Snapshot) -> Vec<Change> {
    let problems =
        after.new_diagnostics(before).into_iter().filter(|new| new.severity > Severity::Info);
    problems.cloned().map(Change::problem).collect()
}
