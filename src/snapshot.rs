//! A set of hooks that does not change any more: what a scan of the directories came to (SPEC §1).

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::container::Container;
use crate::diagnostic::{Code, Diagnostic, Severity, text_of};
use crate::directory::{Listed, Loaded, Scan};
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
    pub(crate) diagnostics: Arc<Vec<Diagnostic>>,
    pub(crate) depends_on: DependsOn,
}

/// What a set depends on.
#[derive(Debug, Default)]
pub(crate) struct DependsOn {
    /// The hook files of the directories.
    pub listed: Vec<Option<Arc<Listed>>>,
    /// The hooks' executables, also of hooks that are not valid.
    pub executables: Vec<String>,
}

impl DependsOn {
    /// Hook files that are symlinks.
    pub fn links(&self) -> impl Iterator<Item = &PathBuf> {
        self.listed.iter().flatten().flat_map(|listed| &listed.links)
    }

    /// Whether the two lead to the same places beside the directories.
    pub fn leads_as(&self, other: &DependsOn) -> bool {
        self.executables == other.executables && self.links().eq(other.links())
    }
}

/// A hook that another file hides.
#[derive(Debug, Clone)]
pub(crate) struct Masked {
    pub loaded: Arc<Loaded>,
    /// The file whose hook is used.
    pub by: PathBuf,
}

impl Snapshot {
    /// The set of hooks that comes before all others.
    pub(crate) fn empty() -> Snapshot {
        Snapshot {
            generation: 0,
            hooks: Vec::new(),
            masked: Vec::new(),
            diagnostics: Arc::default(),
            depends_on: DependsOn::default(),
        }
    }

    /// Merges the scans of directories, which come in increasing preference. What is as it was in the set `before` is
    /// shared with it, compiled patterns included: a manager that is reloaded again and again costs no more for it.
    pub(crate) fn new(
        generation: u64,
        scans: Vec<Scan>,
        executables: Vec<String>,
        before: &Snapshot,
    ) -> Snapshot {
        let known = before.by_path();
        let share = |loaded: Arc<Loaded>| match known.get(loaded.path.as_path()) {
            Some(old) if old.hook == loaded.hook && old.warnings == loaded.warnings => Arc::clone(old),
            _ => loaded,
        };
        let mut by_name: BTreeMap<OsString, Vec<Arc<Loaded>>> = BTreeMap::new();
        let mut diagnostics = Vec::new();
        let mut without_hook: Vec<(OsString, PathBuf)> = Vec::new();
        let mut depends_on = DependsOn { listed: Vec::new(), executables };
        for scan in scans {
            depends_on.listed.push(scan.listed);
            diagnostics.extend(scan.diagnostics);
            without_hook.extend(scan.without_hook);
            for loaded in scan.hooks.into_iter().map(share) {
                by_name.entry(loaded.name.clone()).or_default().push(loaded);
            }
        }
        let mut masked = Vec::new();
        let mut hooks: BTreeMap<OsString, Arc<Loaded>> = BTreeMap::new();
        for (name, mut loaded) in by_name {
            let Some(used) = loaded.pop() else { continue };
            // A directory may be given twice.
            loaded.retain(|lower| lower.path != used.path);
            masked.extend(loaded.into_iter().map(|loaded| Masked { loaded, by: used.path.clone() }));
            hooks.insert(name, used);
        }
        diagnostics.extend(masked.iter().map(Masked::diagnostic));
        diagnostics.extend(without_hook.iter().filter_map(|(name, path)| {
            let runs = hooks.get(name).filter(|loaded| loaded.path != *path)?;
            Some(override_ineffective(path, runs))
        }));
        let mut ordered: Vec<(String, Arc<Loaded>)> =
            hooks.into_values().map(|loaded| (lower_case(loaded.name.as_bytes()), loaded)).collect();
        ordered.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| x.name.cmp(&y.name)));
        diagnostics.extend(ordered.windows(2).filter_map(|pair| match pair {
            [(a, first), (b, second)] if a == b => Some(case_collision(first, second)),
            _ => None,
        }));
        let hooks = ordered.into_iter().map(|(_, loaded)| loaded).collect();
        let diagnostics = if diagnostics == *before.diagnostics {
            Arc::clone(&before.diagnostics)
        } else {
            Arc::new(diagnostics)
        };
        Snapshot { generation, hooks, masked, diagnostics, depends_on }
    }

    /// Whether the two have the same hooks, from the same files, and the same problems.
    pub(crate) fn says_the_same(&self, other: &Snapshot) -> bool {
        let same =
            |a: &Arc<Loaded>, b: &Arc<Loaded>| Arc::ptr_eq(a, b) || (a.path == b.path && a.hook == b.hook);
        let same_masked = |(a, b): (&Masked, &Masked)| a.by == b.by && same(&a.loaded, &b.loaded);
        self.hooks.len() == other.hooks.len()
            && self.masked.len() == other.masked.len()
            && self.hooks.iter().zip(&other.hooks).all(|(a, b)| same(a, b))
            && self.masked.iter().zip(&other.masked).all(same_masked)
            && self.diagnostics == other.diagnostics
    }

    /// Every hook that was loaded: those that are used in order, then those that are masked.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Loaded>> {
        self.hooks.iter().chain(self.masked.iter().map(|masked| &masked.loaded))
    }

    /// The same, by their files.
    pub(crate) fn by_path(&self) -> HashMap<&Path, &Arc<Loaded>> {
        self.all().map(|loaded| (loaded.path.as_path(), loaded)).collect()
    }

    /// Which set of its manager this is; later ones have greater numbers.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// How many hooks there are.
    pub fn len(&self) -> usize {
        self.hooks.len()
    }

    /// Whether there are no hooks.
    pub fn is_empty(&self) -> bool {
        self.hooks.is_empty()
    }

    /// Which hooks are for the container that the flat request describes: their indexes in the order of
    /// [`Snapshot::list`] are added to `matched`. The request's layout is in the C header, at `hooks_snapshot_match`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument) if the request is malformed;
    /// [`ErrorKind::Match`](crate::ErrorKind::Match) if a hook asks for a command and the process has no args. Nothing is
    /// added then.
    pub fn match_request(&self, request: &[u8], has_bind_mounts: bool, matched: &mut Vec<u32>) -> Result<()> {
        let container = Container::from_request(request, has_bind_mounts)?;
        let before = matched.len();
        for (index, (_, verdict)) in self.verdicts(&container).enumerate() {
            match verdict {
                Ok(true) => matched.push(u32::try_from(index).unwrap_or(u32::MAX)),
                Ok(false) => {}
                Err(error) => {
                    matched.truncate(before);
                    return Err(error);
                }
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
                plan.add(loaded);
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
            message: format!("masks {}", text_of(self.loaded.path.as_os_str())),
            hint: None,
            errno: 0,
        }
    }
}

fn override_ineffective(path: &Path, runs: &Loaded) -> Diagnostic {
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

fn case_collision(first: &Loaded, second: &Loaded) -> Diagnostic {
    let (earlier, path) = (text_of(first.path.as_os_str()), second.path.clone());
    Diagnostic {
        severity: Severity::Warning,
        code: Code::CaseCollision,
        path,
        position: None,
        message: format!(
            "its name differs from that of {earlier} only in case: engines run these two in any order"
        ),
        hint: Some("rename one of them".to_owned()),
        errno: 0,
    }
}

/// What hooks are ordered by, and then by the bytes of their names: the name as Go's `strings.ToLower` makes it.
fn lower_case(name: &[u8]) -> String {
    crate::json::text_of(name).chars().map(to_lower).collect()
}
