//! The hooks of one or several sets of directories.

use std::path::PathBuf;

use libhooks::{Container, Diagnostic, Explanation, Listing, Manager, Result};

use crate::engine::Chosen;

/// The managers of the sets of directories that an engine reads, in the order of injection. A file
/// masks only files of its own set. There is one set, except under an engine that reads each of its
/// default directories as a set of its own.
pub struct HookSets {
    first: Manager,
    others: Vec<Manager>,
    engine: Chosen,
}

impl HookSets {
    /// Loads each set of directories of an engine.
    pub fn load(
        engine: Chosen,
        sets: Vec<Vec<PathBuf>>,
        load: impl Fn(Vec<PathBuf>) -> Result<Manager>,
    ) -> Result<HookSets> {
        let mut sets = sets.into_iter();
        let first = load(sets.next().unwrap_or_default())?;
        Ok(HookSets { first, others: sets.map(load).collect::<Result<_>>()?, engine })
    }

    /// Returns the managers.
    pub fn managers(&self) -> impl Iterator<Item = &Manager> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Returns the manager, if there is only one.
    pub fn only(&self) -> Option<&Manager> {
        self.others.is_empty().then_some(&self.first)
    }

    /// Lists the hooks of all sets.
    pub fn list(&self) -> Listing {
        let mut listing = self.first.list();
        for other in self.others.iter().map(Manager::list) {
            listing.hooks.extend(other.hooks);
            listing.masked.extend(other.masked);
        }
        listing
    }

    /// Explains the hooks of all sets. The error is that of the first set that has one.
    pub fn explain(&self, container: &Container<'_>) -> Explanation {
        let mut explanation = self.first.explain(container);
        for other in self.others.iter().map(|manager| manager.explain(container)) {
            explanation.error = explanation.error.or(other.error);
            explanation.hooks.extend(other.hooks);
            explanation.masked.extend(other.masked);
            explanation.without_hook.extend(other.without_hook);
        }
        self.engine.correct(&mut explanation.without_hook);
        for hook in &mut explanation.hooks {
            self.engine.correct(&mut hook.diagnostics);
        }
        explanation
    }

    /// Returns the diagnostics of all sets.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        self.corrected(Manager::diagnostics)
    }

    /// Returns the diagnostics of the files without a hook in all sets.
    pub fn without_hook(&self) -> Vec<Diagnostic> {
        self.corrected(Manager::without_hook)
    }

    fn corrected(&self, of: impl Fn(&Manager) -> Vec<Diagnostic>) -> Vec<Diagnostic> {
        let mut diagnostics: Vec<Diagnostic> = self.managers().flat_map(of).collect();
        self.engine.correct(&mut diagnostics);
        diagnostics
    }
}
