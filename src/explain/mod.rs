//! Explanations: the verdict of each hook on a container, condition by condition (docs/spec.md,
//! section 8).

mod near_miss;

mod verdict;

mod recorder;

use std::collections::HashMap;
use std::path::Path;

use crate::container::Container;
use crate::hook::Wanted;
use crate::inject::Allowance;
use crate::lint::Programs;
use crate::list::MaskedHook;
use crate::loaded_hook::LoadedHook;
use crate::problem::{Diagnostic, Severity, text_of};
use crate::snapshot::{Snapshot, by_file};

pub use near_miss::{NearMiss, Obstacle};
use recorder::{CommandLine, Recorder, owned};
pub use verdict::{Annotation, Condition, ConditionVerdict, Explanation, HookVerdict};

impl Snapshot {
    /// Returns the verdict of each hook on a container, and the reasons (docs/spec.md, section 8).
    /// It agrees with [`Snapshot::select`].
    pub fn explain(&self, container: &Container<'_>) -> Explanation {
        let too_large = container.check().err();
        let mut error = too_large.clone();
        let mut allowance = Allowance::default();
        let line = CommandLine::of(container);
        let noted = self.noted();
        let mut programs = Programs::new(self.root().clone(), container.root_filesystem);
        let mut explain = |loaded: &std::sync::Arc<LoadedHook>| {
            let file = loaded.decoded(Wanted::Notes);
            let mut recorder = Recorder::new(loaded, &file, container, &line);
            let verdict = match &too_large {
                Some(too_large) => Err(too_large.clone()),
                None => loaded.conditions.evaluate(container, &mut recorder),
            };
            let fails = match &verdict {
                Ok(true) => allowance.take(loaded).err(),
                Ok(false) => None,
                Err(cause) => Some(loaded.matching_error(cause.clone())),
            };
            if error.is_none() {
                error = fails;
            }
            let diagnostics = match &verdict {
                Ok(true) => {
                    let noted = noted.get(&*loaded.path).into_iter().flatten().copied();
                    let warnings = loaded.warnings().iter();
                    let mut all: Vec<Diagnostic> =
                        noted.chain(warnings.filter(is_problem)).cloned().collect();
                    for found in programs.find(&loaded.path, loaded.text(), &file) {
                        // (A load with an inspection has found it already.)
                        if is_problem(&&found) && !all.contains(&found) {
                            all.push(found);
                        }
                    }
                    all
                }
                Ok(false) | Err(_) => Vec::new(),
            };
            HookVerdict {
                name: text_of(loaded.name()),
                path: loaded.path.to_path_buf(),
                verdict,
                any_of: file.hook.when.any_of,
                conditions: recorder.conditions,
                stages: owned(file.hook.stages.as_deref().unwrap_or_default()),
                diagnostics,
            }
        };
        let hooks = self.hooks.iter().map(&mut explain).collect();
        Explanation {
            generation: self.generation(),
            error,
            hooks,
            masked: self.masked.iter().map(MaskedHook::from).collect(),
            without_hook: self.without_hook().cloned().collect(),
        }
    }

    /// Returns the errors and warnings of this snapshot by file. The warnings that a hook computes
    /// itself ([`LoadedHook::warnings`]) are not among them.
    fn noted(&self) -> HashMap<&Path, Vec<&Diagnostic>> {
        let all = self.noted_diagnostics().chain(self.duplicates());
        by_file(all.filter(is_problem).collect())
    }
}

/// Returns whether a diagnostic is an error or a warning.
fn is_problem(diagnostic: &&Diagnostic) -> bool {
    diagnostic.severity != Severity::Info
}
