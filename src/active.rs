//! The set of hooks that is in use, and how another one takes its place (SPEC §7).

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
use crate::options::{Options, Policy};
use crate::problem::{Code, Diagnostic, Error, ErrorKind, Result, Severity, text_of};
use crate::snapshot::Snapshot;

/// What a manager has, shared with its monitors: either may go first.
#[derive(Debug)]
pub(crate) struct Shared {
    pub directories: Vec<PathBuf>,
    extension_stages: Arc<[String]>,
    pub options: Options,
    snapshot: ArcSwap<Snapshot>,
    /// The number of scans that were started; each set carries that of its scan.
    scans: AtomicU64,
}

/// What reading the directories again came to.
pub(crate) struct Rescan {
    /// What was read, in use or not.
    pub snapshot: Arc<Snapshot>,
    /// Why it is not in use, if it was refused.
    pub outcome: Result<()>,
}

impl Shared {
    /// No hooks, of directories that were not read.
    pub fn new(directories: Vec<PathBuf>, extension_stages: Arc<[String]>, options: Options) -> Shared {
        Shared {
            directories,
            extension_stages,
            options,
            snapshot: ArcSwap::from_pointee(Snapshot::empty()),
            scans: AtomicU64::new(0),
        }
    }

    /// Reads the directories for the first time.
    ///
    /// # Errors
    /// As the policy says.
    pub fn load(&self) -> Result<()> {
        self.rescan(None, refusal).outcome
    }

    /// The set that is in use, for a moment: this takes no count of it.
    pub fn current(&self) -> arc_swap::Guard<Arc<Snapshot>> {
        self.snapshot.load()
    }

    /// The set that is in use.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// As [`Manager::reload`]. Where it is known to which files something has happened, by their names, the others are only
    /// looked at.
    pub fn reload(&self, touched: Option<HashSet<OsString>>) -> Rescan {
        self.rescan(touched, |policy, scans| {
            let mut errors = scans.iter().flat_map(|scan| &scan.errors);
            match (errors.find(|error| error.is_starved()), policy) {
                (Some(starved), _) => Some(starved.clone()),
                (None, Policy::Strict) => refusal(policy, scans),
                // A reload that would fail in `new` is made all the same.
                (None, Policy::Compatible | Policy::Lenient) => None,
            }
        })
    }

    /// Reads the directories, and swaps in what is there unless it is refused.
    fn rescan(
        &self,
        touched: Option<HashSet<OsString>>,
        refusal: impl FnOnce(Policy, &[Scan]) -> Option<Error>,
    ) -> Rescan {
        // A number taken before the scan: whoever starts to reload after a change to a file sees that change, or later
        // ones, and no scan that was under way already takes it back.
        let generation = self.scans.fetch_add(1, Ordering::AcqRel) + 1;
        let old = self.snapshot.load_full();
        // Another scan may have found files that neither the old set has nor whoever was told of these; ours takes its place.
        let touched = touched.filter(|_| old.generation() + 1 == generation);
        let before = Before {
            hooks: old.all().map(|known| (&*known.loaded.path, known.loaded)).collect(),
            listed: &old.depends_on.listed,
            touched,
        };
        let mut scanner = Scanner::new(&self.extension_stages, &self.options, before);
        let scans: Vec<Scan> =
            self.directories.iter().enumerate().map(|(number, path)| scanner.scan(number, path)).collect();
        let refused = refusal(self.options.policy, &scans);
        let snapshot = Arc::new(Snapshot::new(generation, scans, scanner.into_executables(), &old));
        let outcome = match refused {
            Some(error) => Err(error.with_diagnostics(snapshot.diagnostics().cloned().collect())),
            None => {
                self.swap_in(&snapshot);
                Ok(())
            }
        };
        Rescan { snapshot, outcome }
    }

    /// Makes this set the one in use, unless a newer one is already, and logs its problems: those that the set before
    /// did not have, since a file that stays bad is reloaded again and again.
    fn swap_in(&self, snapshot: &Arc<Snapshot>) {
        let before = self.snapshot.rcu(|current| {
            let newest = if current.generation() < snapshot.generation() { snapshot } else { current };
            #[cfg(test)]
            interleavings::chosen();
            Arc::clone(newest)
        });
        if self.options.log.is_some() {
            snapshot.new_diagnostics(&before).into_iter().for_each(|diagnostic| self.log(diagnostic));
        }
    }

    /// Logs a problem.
    pub fn log(&self, diagnostic: &Diagnostic) {
        let level = match diagnostic.severity {
            Severity::Error => LogLevel::Error,
            Severity::Warning => LogLevel::Warning,
            Severity::Info => LogLevel::Info,
        };
        self.options.log(level, |line| {
            let path = text_of(diagnostic.path.as_os_str());
            line.write(&diagnostic.message, &[("code", diagnostic.code.as_str()), ("path", &path)]);
        });
    }
}

/// Why a load fails under this policy.
fn refusal(policy: Policy, scans: &[Scan]) -> Option<Error> {
    match policy {
        Policy::Lenient => None,
        Policy::Compatible => scans.iter().find(|scan| !scan.is_tolerated())?.error(),
        Policy::Strict => scans.iter().find_map(Scan::error).or_else(|| {
            let unsafe_to_run = |d: &&Diagnostic| {
                matches!(d.code, Code::WritableByOthers | Code::ForeignOwner | Code::ParentWritable)
            };
            let diagnostic = scans.iter().flat_map(Scan::diagnostics).find(unsafe_to_run)?;
            let path = text_of(diagnostic.path.as_os_str());
            let message = format!("{path}: {}", diagnostic.message);
            Some(Error::new(ErrorKind::Strict, diagnostic.code, message).with_path(&diagnostic.path))
        }),
    }
}
