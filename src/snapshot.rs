//! A set of hooks that does not change any more: what a scan of the directories came to (SPEC §1).

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::container::Container;
use crate::diagnostic::{Code, Diagnostic, Severity, text_of};
use crate::directory::{Loaded, Scan};
use crate::error::Result;
use crate::inject::Plan;
use crate::pattern::to_lower;
use crate::when::NoTrace;

/// A whole, consistent set of hooks, in the order of injection. It is shared, counted, and never changes.
#[derive(Debug)]
pub struct Snapshot {
    generation: u64,
    pub(crate) hooks: Vec<Arc<Loaded>>,
    pub(crate) masked: Vec<Masked>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// A hook that another file hides.
#[derive(Debug, Clone)]
pub(crate) struct Masked {
    pub path: PathBuf,
    pub by: PathBuf,
}

impl Snapshot {
    /// Merges the scans of directories, which come in increasing preference.
    pub(crate) fn new(generation: u64, scans: Vec<Scan>) -> Snapshot {
        let mut hooks: BTreeMap<OsString, Arc<Loaded>> = BTreeMap::new();
        let mut masked = Vec::new();
        let mut diagnostics = Vec::new();
        let mut without_hook: Vec<(OsString, PathBuf)> = Vec::new();
        for scan in scans {
            diagnostics.extend(scan.diagnostics);
            for loaded in scan.hooks {
                let by = loaded.path.clone();
                if let Some(lower) = hooks.insert(loaded.name.clone(), loaded)
                    && lower.path != by
                {
                    masked.push(Masked { path: lower.path.clone(), by });
                }
            }
            without_hook.extend(scan.without_hook);
        }
        diagnostics.extend(masked.iter().map(Masked::diagnostic));
        diagnostics.extend(without_hook.iter().filter_map(|(name, path)| {
            let runs = hooks.get(name).filter(|loaded| loaded.path != *path)?;
            Some(override_ineffective(path, runs))
        }));
        let mut hooks: Vec<Arc<Loaded>> = hooks.into_values().collect();
        hooks.sort_by_cached_key(|loaded| order_of(loaded.name.as_bytes()));
        Snapshot { generation, hooks, masked, diagnostics }
    }

    /// Which set of its manager this is; later ones have greater numbers.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Which hooks are for the container that the flat request describes: their indexes in the order of
    /// [`Snapshot::list`] are added to `matched`. The request's layout is in the C header, at `hooks_snapshot_match`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument) if the request is malformed;
    /// [`ErrorKind::Match`](crate::ErrorKind::Match) if a hook asks for a command and the process has no args.
    pub fn match_request(&self, request: &[u8], has_bind_mounts: bool, matched: &mut Vec<u32>) -> Result<()> {
        let container = Container::from_request(request, has_bind_mounts)?;
        for (index, (_, verdict)) in self.verdicts(&container).enumerate() {
            if verdict? {
                matched.push(u32::try_from(index).unwrap_or(u32::MAX));
            }
        }
        Ok(())
    }

    /// Each hook, in order, and whether it is for this container.
    pub(crate) fn verdicts<'s>(
        &'s self,
        container: &Container<'_>,
    ) -> impl Iterator<Item = (&'s Loaded, Result<bool>)> {
        self.hooks.iter().map(|loaded| {
            let verdict = loaded.conditions.evaluate(container, &mut NoTrace);
            (&**loaded, verdict.map_err(|error| loaded.matching_error(error)))
        })
    }

    /// Sorts the hooks that are for this container by where they go; `observe` is told each hook's verdict.
    pub(crate) fn plan(
        &self,
        container: &Container<'_>,
        mut observe: impl FnMut(&Loaded, bool),
    ) -> Result<Plan<'_>> {
        let mut plan = Plan::default();
        for (loaded, verdict) in self.verdicts(container) {
            let matched = verdict?;
            observe(loaded, matched);
            if matched {
                plan.add(&loaded.hook.hook, &loaded.targets);
            }
        }
        Ok(plan)
    }
}

impl Masked {
    fn diagnostic(&self) -> Diagnostic {
        Diagnostic {
            severity: Severity::Info,
            code: Code::Masked,
            path: self.by.clone(),
            position: None,
            message: format!("masks {}", text_of(self.path.as_os_str())),
            hint: None,
            errno: 0,
        }
    }
}

fn override_ineffective(path: &std::path::Path, runs: &Loaded) -> Diagnostic {
    Diagnostic {
        severity: Severity::Warning,
        code: Code::OverrideIneffective,
        path: path.to_owned(),
        position: None,
        message: format!("gives no hook, so {} still runs", text_of(runs.path.as_os_str())),
        hint: Some("to switch a hook off, give a valid file of its name with \"always\": false".to_owned()),
        errno: 0,
    }
}

/// What hooks are ordered by: the name in lower case, as Go's `strings.ToLower` makes it, then its own bytes.
fn order_of(name: &[u8]) -> (String, Vec<u8>) {
    let lower = crate::json::text_of(name).chars().map(to_lower).collect();
    (lower, name.to_owned())
}
