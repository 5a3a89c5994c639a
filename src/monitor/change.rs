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
    /// The file has a valid hook. [`Monitor::present`](crate::Monitor::present) returns it.
    Present,
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
    /// A problem with the file or with a directory, which was there before, is gone.
    Resolved,
}

impl ChangeKind {
    /// Returns the name used in JSON, such as `added`.
    pub fn as_str(self) -> &'static str {
        match self {
            ChangeKind::Present => "present",
            ChangeKind::Added => "added",
            ChangeKind::Updated => "updated",
            ChangeKind::Removed => "removed",
            ChangeKind::Masked => "masked",
            ChangeKind::Unmasked => "unmasked",
            ChangeKind::Problem => "problem",
            ChangeKind::Resolved => "resolved",
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
    /// For [`ChangeKind::Problem`] and [`ChangeKind::Resolved`], the diagnostic.
    pub diagnostic: Option<Diagnostic>,
}

impl Change {
    fn new(kind: ChangeKind, path: &Path) -> Change {
        Change { kind, path: path.to_owned(), by: None, diagnostic: None }
    }

    pub(crate) fn problem(diagnostic: Diagnostic) -> Change {
        Change::about(ChangeKind::Problem, diagnostic)
    }

    fn about(kind: ChangeKind, diagnostic: Diagnostic) -> Change {
        Change { kind, path: diagnostic.path.clone(), by: None, diagnostic: Some(diagnostic) }
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

/// Returns the hooks of a snapshot, in the order of injection, masked hooks last.
pub(crate) fn present(snapshot: &Snapshot) -> Vec<Change> {
    let hooks = snapshot.all().map(|Known { loaded, by }| {
        let kind = if by.is_some() { ChangeKind::Masked } else { ChangeKind::Present };
        Change { by: by.map(|by| by.to_path_buf()), ..Change::new(kind, &loaded.path) }
    });
    hooks.collect()
}

/// Returns the errors and warnings of a snapshot.
pub(crate) fn all_problems(snapshot: &Snapshot) -> Vec<Change> {
    let problems =
        snapshot.diagnostics().into_iter().filter(|problem| problem.severity > Severity::Info);
    problems.cloned().map(Change::problem).collect()
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

/// Returns the errors and warnings that are only in one of two snapshots: first those that are
/// gone, then the new ones.
pub(crate) fn problems(before: &Snapshot, after: &Snapshot) -> Vec<Change> {
    let only_in = |snapshot: &Snapshot, other: &Snapshot, kind| {
        let diagnostics = snapshot.new_diagnostics(other).into_iter();
        let problems = diagnostics.filter(|diagnostic| diagnostic.severity > Severity::Info);
        problems.map(|problem| Change::about(kind, problem.clone())).collect::<Vec<_>>()
    };
    let mut changes = only_in(before, after, ChangeKind::Resolved);
    changes.extend(only_in(after, before, ChangeKind::Problem));
    changes
}
