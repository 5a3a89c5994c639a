//! The differences between two snapshots.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::problem::{Diagnostic, Severity, serialize_path};
use crate::snapshot::{Known, Snapshot};

/// The kind of a change to a hook file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ChangeKind {
    /// The file has a valid hook, and had none before.
    Added,
    /// The file has another hook than before.
    Updated,
    /// The file has no valid hook any more: it was removed, or is invalid now.
    Removed,
    /// The hook is not used: a file of the same name in a later directory now masks it.
    Masked,
    /// The hook is used again: no file masks it any more.
    Unmasked,
    /// There is a new problem with the file, with a directory, or with watching itself.
    Problem,
}

impl ChangeKind {
    /// Returns the name used in JSON, such as `added`.
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

/// A change that a [`Monitor`](crate::Monitor) reports.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The kind of the change.
    pub kind: ChangeKind,
    /// The file or directory that changed.
    pub path: PathBuf,
    /// For [`ChangeKind::Masked`], the file that masks it.
    pub by: Option<PathBuf>,
    /// For [`ChangeKind::Problem`], the diagnostic.
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

/// Prints one line: the kind and the path; for a masked hook also the file that masks it; for a
/// problem the diagnostic instead of the path.
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

/// Returns changes as a JSON array of objects with `change` (the kind) and `path`, and `by` and
/// `diagnostic` where they are present.
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

/// Returns the changes from one snapshot to a later one: first removed hooks, then the other hooks
/// in the order of injection, masked hooks last.
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

/// Returns the errors and warnings that are only in the later snapshot.
pub(crate) fn new_problems(before: &Snapshot, after: &Snapshot) -> Vec<Change> {
    let problems =
        after.new_diagnostics(before).into_iter().filter(|new| new.severity > Severity::Info);
    problems.cloned().map(Change::problem).collect()
}
