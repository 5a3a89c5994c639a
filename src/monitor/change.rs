//! What is different from one set of hooks to the next.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::diagnostic::{Diagnostic, Severity, serialize_path};
use crate::directory::Loaded;
use crate::snapshot::Snapshot;

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
    /// It gives a hook that is not used, since a file of its name in a later directory masks it, and was not masked by
    /// that one before.
    Masked,
    /// Its hook is used again, since nothing masks it any more.
    Unmasked,
    /// There is a problem with it that was not there before; also of a directory, or of the watching itself.
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

/// Changes as a JSON array of objects: `change` (the kind), `path`, `by` and `diagnostic` where they are.
pub fn changes_to_json(changes: &[Change]) -> String {
    crate::json::to_string(&changes)
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

/// What became of the hook files of a set in a later one, in the order of their paths.
pub(crate) fn differences(before: &Snapshot, after: &Snapshot) -> Vec<Change> {
    let (before, after) = (files(before), files(after));
    let mut changes = Vec::new();
    let paths: BTreeSet<&Path> = before.keys().chain(after.keys()).copied().collect();
    for path in paths {
        let (old, new) = (before.get(path), after.get(path));
        let was_masked_by = old.and_then(|old| old.by);
        let mut tell = |kind| changes.push(Change::new(kind, path));
        match (old, new) {
            (Some(_), None) => tell(ChangeKind::Removed),
            (None, Some(new)) if new.by.is_none() => tell(ChangeKind::Added),
            (Some(old), Some(new)) if old.loaded.hook != new.loaded.hook => tell(ChangeKind::Updated),
            _ => {}
        }
        match new.map(|new| new.by) {
            Some(None) if was_masked_by.is_some() => tell(ChangeKind::Unmasked),
            Some(by @ Some(masks)) if by != was_masked_by => {
                changes.push(Change { by: Some(masks.to_owned()), ..Change::new(ChangeKind::Masked, path) });
            }
            _ => {}
        }
    }
    changes
}

/// The errors and warnings that were not known before.
pub(crate) fn new_problems(known: &[Diagnostic], now: &[Diagnostic]) -> Vec<Change> {
    let known: HashSet<&Diagnostic> = known.iter().collect();
    let is_new = |problem: &&Diagnostic| problem.severity > Severity::Info && !known.contains(problem);
    now.iter().filter(is_new).cloned().map(Change::problem).collect()
}

/// A file that gives a hook, and which one masks it.
struct File<'a> {
    loaded: &'a Arc<Loaded>,
    by: Option<&'a Path>,
}

fn files(set: &Snapshot) -> BTreeMap<&Path, File<'_>> {
    let masked =
        set.masked.iter().map(|masked| File { loaded: &masked.loaded, by: Some(masked.by.as_path()) });
    let used = set.hooks.iter().map(|loaded| File { loaded, by: None });
    masked.chain(used).map(|file| (file.loaded.path.as_path(), file)).collect()
}
