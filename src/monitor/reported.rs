//! The last reports of a monitor: to the caller of `dispatch`, to the caller of `changes`, and to
//! the log.

use std::sync::Arc;

use super::change::{Change, all_problems, differences, present, problems};
use crate::problem::Diagnostic;
use crate::snapshot::Snapshot;

/// The last reports, with which the next ones are compared.
#[derive(Debug)]
pub(crate) struct Reported {
    /// The snapshot in use at the end of the last dispatch.
    dispatched: Arc<Snapshot>,
    /// The snapshot whose hooks the last call of `changes` reported.
    hooks: Arc<Snapshot>,
    /// The snapshot whose problems the last call of `changes` reported. It is later than `hooks` if
    /// the policy refused it.
    problems: Arc<Snapshot>,
    /// A problem of the monitor itself that the next call of `changes` reports.
    notice: Option<Diagnostic>,
    /// Whether the next dispatch reports changes in any case, because of a notice.
    changes: bool,
    /// Whether the last reload failed for lack of resources. Only the first of several such
    /// failures in a row is reported.
    out_of_resources: bool,
}

impl Reported {
    /// Starts with this snapshot: the first reports are the differences from it.
    pub fn new(snapshot: &Arc<Snapshot>) -> Reported {
        Reported {
            dispatched: Arc::clone(snapshot),
            hooks: Arc::clone(snapshot),
            problems: Arc::clone(snapshot),
            notice: None,
            changes: false,
            out_of_resources: false,
        }
    }

    /// Keeps a problem of the monitor itself for the next reports.
    pub fn add_notice(&mut self, notice: Diagnostic) {
        self.notice = Some(notice);
        self.changes = true;
    }

    /// Records that a reload failed for lack of resources. Returns whether it is the first failure
    /// in a row.
    pub fn reload_out_of_resources(&mut self) -> bool {
        !std::mem::replace(&mut self.out_of_resources, true)
    }

    /// Records that a reload ended, with or without an error in the hook files.
    pub fn reload_done(&mut self) {
        self.out_of_resources = false;
    }

    /// Returns whether a dispatch that ends with this snapshot in use reports changes.
    pub fn dispatch(&mut self, snapshot: Arc<Snapshot>) -> bool {
        let before = std::mem::replace(&mut self.dispatched, snapshot);
        let changes = std::mem::take(&mut self.changes);
        changes
            || (!Arc::ptr_eq(&before, &self.dispatched) && !before.says_the_same(&self.dispatched))
    }

    /// Returns the hooks and problems that the next call of `changes` compares with.
    pub fn present(&self) -> Vec<Change> {
        let mut changes = present(&self.hooks);
        changes.extend(all_problems(&self.problems));
        changes
    }

    /// Returns the changes since the last call. `snapshot` is in use; `latest` was read last.
    pub fn changes(&mut self, snapshot: Arc<Snapshot>, latest: &Arc<Snapshot>) -> Vec<Change> {
        let mut changes = differences(&self.hooks, &snapshot);
        // The problems of a snapshot that the policy refused are reported, too.
        let read = if latest.generation() > snapshot.generation() { latest } else { &snapshot };
        changes.extend(problems(&self.problems, read));
        changes.extend(self.notice.take().map(Change::problem));
        self.problems = Arc::clone(read);
        self.hooks = snapshot;
        changes
    }
}
