//! The snapshot in use, and how a reload replaces it (docs/spec.md, section 7).

#[cfg(test)]
mod interleavings;

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;

use crate::directory::{Before, Scan, Scanner};
use crate::log::LogLevel;
use crate::options::{Policy, ReadOptions};
use crate::problem::{Code, Diagnostic, Error, ErrorKind, Result, Severity, text_of};
use crate::snapshot::Snapshot;

/// The state that a manager shares with its monitors. The manager or a monitor may be dropped
/// first.
#[derive(Debug)]
pub(crate) struct Shared {
    pub directories: Vec<PathBuf>,
    pub options: ReadOptions,
    policy: Policy,
    snapshot: ArcSwap<Snapshot>,
    /// The number of scans started so far. The generation of a snapshot is the number of its scan.
    scans: AtomicU64,
}

/// The result of a reload.
pub(crate) struct Rescan {
    /// The snapshot that was read. It is in use unless the policy refused it.
    pub snapshot: Arc<Snapshot>,
    /// The error, if the policy refused the snapshot.
    pub outcome: Result<()>,
}

impl Shared {
    /// Makes the state with an empty snapshot. It does not read the directories.
    pub fn new(directories: Vec<PathBuf>, options: ReadOptions, policy: Policy) -> Shared {
        Shared {
            directories,
            options,
            policy,
            snapshot: ArcSwap::from_pointee(Snapshot::empty()),
            scans: AtomicU64::new(0),
        }
    }

    /// Reads the directories for the first time.
    ///
    /// # Errors
    /// The first problem that the policy does not tolerate.
    pub fn load(&self) -> Result<()> {
        self.rescan(None, refusal).outcome
    }

    /// Borrows the snapshot in use for a short time, without changing its reference count.
    pub fn current(&self) -> arc_swap::Guard<Arc<Snapshot>> {
        self.snapshot.load()
    }

    /// Returns the snapshot in use.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Does what [`Manager::reload`](crate::Manager::reload) does. If `touched` lists the names of
    /// all files that changed, the other files are only checked, not read.
    pub fn reload(&self, touched: Option<HashSet<OsString>>) -> Rescan {
        self.rescan(touched, |policy, scans| {
            let mut errors = scans.iter().flat_map(|scan| &scan.errors);
            match (errors.find(|error| error.is_out_of_resources()), policy) {
                (Some(error), _) => Some(error.clone()),
                (None, Policy::Strict) => refusal(policy, scans),
                // A reload tolerates the problems that make the first load fail.
                (None, _) => None,
            }
        })
    }

    /// Reads the directories, and swaps in the new snapshot unless `refusal` refuses it.
    fn rescan(
        &self,
        touched: Option<HashSet<OsString>>,
        refusal: impl FnOnce(Policy, &[Scan]) -> Option<Error>,
    ) -> Rescan {
        // The number is taken before the scan starts. A reload that starts after a change to a file
        // sees that change. Its snapshot has a higher number than those of all scans that started
        // before the change.
        let generation = self.scans.fetch_add(1, Ordering::AcqRel) + 1;
        let old = self.snapshot.load_full();
        // `touched` lists the files that changed since the old snapshot. If another scan started
        // after the old snapshot's, it may have found other changes, which this snapshot would
        // lose. So all files are read.
        let touched = touched.filter(|_| old.generation() + 1 == generation);
        let before = Before {
            hooks: old.all().map(|known| (&*known.loaded.path, known.loaded)).collect(),
            listed: &old.depends_on.listed,
            touched,
        };
        let mut scanner = Scanner::new(&self.options, before);
        let scans: Vec<Scan> = self
            .directories
            .iter()
            .enumerate()
            .map(|(number, path)| scanner.scan(number, path))
            .collect();
        let refused = refusal(self.policy, &scans);
        let snapshot = Arc::new(Snapshot::new(
            generation,
            self.options.root.clone(),
            scans,
            scanner.into_executables(),
            &old,
        ));
        let outcome = match refused {
            Some(error) => {
                Err(error.with_diagnostics(snapshot.diagnostics().into_iter().cloned().collect()))
            }
            None => {
                self.swap_in(&snapshot);
                Ok(())
            }
        };
        Rescan { snapshot, outcome }
    }

    /// Puts this snapshot into use, unless a newer one is already in use. Logs the problems that
    /// the previous snapshot did not have, since a file that stays invalid is reloaded again and
    /// again.
    fn swap_in(&self, snapshot: &Arc<Snapshot>) {
        let before = self.snapshot.rcu(|current| {
            let newest =
                if current.generation() < snapshot.generation() { snapshot } else { current };
            #[cfg(test)]
            interleavings::chosen();
            Arc::clone(newest)
        });
        if self.options.logs() {
            snapshot
                .new_diagnostics(&before)
                .into_iter()
                .for_each(|diagnostic| self.log(diagnostic));
        }
    }

    /// Logs a problem.
    pub fn log(&self, diagnostic: &Diagnostic) {
        let level = match diagnostic.severity {
            Severity::Error => LogLevel::Error,
            Severity::Warning => LogLevel::Warning,
            Severity::Info => LogLevel::Info,
        };
        self.options.write_log(level, |line| {
            let path = text_of(diagnostic.path.as_os_str());
            let message = diagnostic.error_message.clone().unwrap_or_else(|| diagnostic.message());
            line.write(&message, &[("code", diagnostic.code.as_str()), ("path", &path)]);
        });
    }
}

/// Returns the error with which a load fails under this policy.
fn refusal(policy: Policy, scans: &[Scan]) -> Option<Error> {
    match policy {
        Policy::Lenient { .. } => None,
        Policy::Compatible => scans.iter().find(|scan| !scan.is_tolerated())?.error(),
        Policy::Strict => scans.iter().find_map(Scan::error).or_else(|| {
            let unsafe_to_run = |d: &&Diagnostic| {
                matches!(d.code, Code::WritableByOthers | Code::ForeignOwner | Code::ParentWritable)
            };
            let diagnostic = scans.iter().flat_map(Scan::diagnostics).find(unsafe_to_run)?;
            let path = text_of(diagnostic.path.as_os_str());
            let error = Error::new(ErrorKind::Strict, diagnostic.cause.clone());
            Some(error.context(path).with_path(&diagnostic.path))
        }),
    }
}
