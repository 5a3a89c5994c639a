//! A snapshot: an immutable set of hooks, the result of a scan of the directories (docs/spec.md,
//! section 1).

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use once_cell::race::OnceBox;

use crate::container::Container;
use crate::directory::{Note, Scan};
use crate::duplicates::duplicates;
use crate::entries::{Listed, name_of};
use crate::go::{text_of_bytes, to_lower};
use crate::lint::SWITCH_OFF;
use crate::loaded_hook::LoadedHook;
use crate::prefilter::{Prefilter, RequiredBigrams};
use crate::problem::{Code, Diagnostic, Result, Severity, Warning};
use crate::sys::Root;
use crate::when::NoTrace;

/// Evaluating fewer hooks than this is faster than prefiltering them.
const PREFILTER_MIN: usize = 8;

/// An immutable, consistent set of hooks, in the order of injection. It is shared and
/// reference-counted.
#[derive(Debug)]
pub struct Snapshot {
    generation: u64,
    root: Root,
    pub(crate) hooks: Vec<Arc<LoadedHook>>,
    /// The bigrams that each hook requires, in one array.
    required: Vec<RequiredBigrams>,
    pub(crate) masked: Vec<Masked>,
    notes: Vec<Note>,
    /// The files that repeat a hook of another file, once they are requested.
    duplicates: OnceBox<Vec<Diagnostic>>,
    pub(crate) depends_on: DependsOn,
}

/// The files that a snapshot depends on.
#[derive(Debug, Default)]
pub(crate) struct DependsOn {
    /// The hook files of the directories.
    pub listed: Vec<Option<Arc<Listed>>>,
    /// The hooks' executables, including those of invalid hooks.
    pub executables: Vec<Arc<str>>,
}

impl DependsOn {
    /// Returns the hook files that are symlinks.
    pub fn links(&self) -> impl Iterator<Item = &PathBuf> {
        self.listed.iter().flatten().flat_map(|listed| &listed.links)
    }

    /// Returns whether both depend on the same executables and symlinks.
    pub fn leads_as(&self, other: &DependsOn) -> bool {
        self.executables == other.executables && self.links().eq(other.links())
    }
}

/// A hook that another file masks.
#[derive(Debug, Clone)]
pub(crate) struct Masked {
    pub loaded: Arc<LoadedHook>,
    /// The file whose hook is used.
    pub by: Arc<Path>,
}

/// A hook of a snapshot, and the file that masks it.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    pub loaded: &'a Arc<LoadedHook>,
    pub by: Option<&'a Arc<Path>>,
}

impl Snapshot {
    /// Returns the empty snapshot, which comes before all others.
    pub(crate) fn empty() -> Snapshot {
        Snapshot {
            generation: 0,
            root: Root::default(),
            hooks: Vec::new(),
            required: Vec::new(),
            masked: Vec::new(),
            notes: Vec::new(),
            duplicates: OnceBox::new(),
            depends_on: DependsOn::default(),
        }
    }

    /// Merges the scans of directories, which are in the order of increasing precedence. Unchanged
    /// hooks, with their compiled patterns, are shared with the snapshot `before`, so repeated
    /// reloads need no more memory.
    pub(crate) fn new(
        generation: u64,
        root: Root,
        scans: Vec<Scan>,
        executables: Vec<Arc<str>>,
        before: &Snapshot,
    ) -> Snapshot {
        let known = before.by_path();
        let share = |loaded: &mut Arc<LoadedHook>| {
            if let Some(old) = known.get(&*loaded.path).filter(|old| old.loaded.is_as(loaded)) {
                *loaded = Arc::clone(old.loaded);
            }
        };
        let mut all = Vec::with_capacity(scans.iter().map(|scan| scan.hooks.len()).sum());
        let mut notes = Vec::new();
        // Files that did not load, and the hook of the same name in an earlier directory.
        let mut without_hook = Vec::new();
        // The index in `all` at which the hooks of each directory start.
        let mut starts = Vec::new();
        let mut depends_on = DependsOn { listed: Vec::new(), executables };
        for mut scan in scans {
            for path in scan.without_hook {
                let below = of_name(&all, &starts, name_of(&path))
                    .filter(|below| below.path != path)
                    .cloned();
                without_hook.extend(below.map(|below| (path, below)));
            }
            starts.push(all.len());
            if !known.is_empty() {
                scan.hooks
                    .iter_mut()
                    .chain(scan.notes.iter_mut().filter_map(Note::hook))
                    .for_each(share);
            }
            all.extend(scan.hooks);
            if notes.is_empty() {
                notes = scan.notes;
            } else {
                notes.extend(scan.notes);
            }
            depends_on.listed.push(scan.listed);
        }
        let mut report = |diagnostic| notes.push(Note::Diagnostic(Box::new(diagnostic)));
        let Merged { hooks, masked, collisions } = if is_in_order(&all) {
            Merged { hooks: all, ..Merged::default() }
        } else {
            merge(&all)
        };
        masked.iter().map(Masked::diagnostic).for_each(&mut report);
        for (path, below) in &without_hook {
            let order = NameOrder::of(below.name());
            let found = hooks.binary_search_by(|loaded| NameOrder::of(loaded.name()).cmp(&order));
            // (Another hook of that name is from a later directory than the file's, and runs as
            // intended.)
            let runs = found.ok().and_then(|index| hooks.get(index));
            if runs.is_some_and(|runs| Arc::ptr_eq(runs, below)) {
                report(override_ineffective(path, below));
            }
        }
        collisions.into_iter().for_each(report);
        let required = hooks.iter().map(|loaded| loaded.required).collect();
        let duplicates = OnceBox::new();
        Snapshot { generation, root, hooks, required, masked, notes, duplicates, depends_on }
    }

    /// Returns whether both have the same hooks, from the same files, and the same diagnostics.
    pub(crate) fn says_the_same(&self, other: &Snapshot) -> bool {
        let same = |a: &Arc<LoadedHook>, b: &Arc<LoadedHook>| {
            Arc::ptr_eq(a, b) || (a.path == b.path && a.is_same_hook(b))
        };
        let same_masked = |(a, b): (&Masked, &Masked)| a.by == b.by && same(&a.loaded, &b.loaded);
        self.hooks.len() == other.hooks.len()
            && self.masked.len() == other.masked.len()
            && self.hooks.iter().zip(&other.hooks).all(|(a, b)| same(a, b))
            && self.masked.iter().zip(&other.masked).all(same_masked)
            && self.of_files().eq(other.of_files())
    }

    /// Returns all diagnostics of the load, including those that the policy tolerates.
    pub(crate) fn diagnostics(&self) -> Vec<&Diagnostic> {
        self.of_files().chain(self.duplicates()).collect()
    }

    /// Returns the diagnostics of files that repeat a hook of another file.
    pub(crate) fn duplicates(&self) -> &[Diagnostic] {
        self.duplicates.get_or_init(|| Box::new(duplicates(&self.hooks)))
    }

    /// Returns the same diagnostics without those that follow from the set of hooks alone.
    fn of_files(&self) -> impl Iterator<Item = &Diagnostic> {
        self.notes.iter().flat_map(Note::diagnostics)
    }

    /// Returns the diagnostics that another snapshot does not have.
    pub(crate) fn new_diagnostics(&self, other: &Snapshot) -> Vec<&Diagnostic> {
        let known = by_file(other.diagnostics_without(self));
        let is_known = |found: &&Diagnostic| {
            known.get(&*found.path).is_some_and(|of_file| of_file.contains(found))
        };
        let mut found = self.diagnostics_without(other);
        found.retain(|diagnostic| !is_known(diagnostic));
        found
    }

    /// Returns all diagnostics except those of hooks that another snapshot has too. Most hooks are
    /// in both, with the same warnings.
    fn diagnostics_without(&self, other: &Snapshot) -> Vec<&Diagnostic> {
        let others = other.by_path();
        let is_other = |loaded: &Arc<LoadedHook>| {
            others.get(&*loaded.path).is_some_and(|other| Arc::ptr_eq(other.loaded, loaded))
        };
        let is_left = |note: &&Note| !note.loaded().is_some_and(is_other);
        let of_files = self.notes.iter().filter(is_left).flat_map(Note::diagnostics);
        of_files.chain(self.duplicates()).collect()
    }

    /// Returns all diagnostics except those that hooks compute themselves.
    pub(crate) fn noted_diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        self.notes.iter().filter_map(|note| match note {
            Note::Diagnostic(diagnostic) => Some(&**diagnostic),
            Note::Hook(_) => None,
        })
    }

    /// Returns the diagnostics that matter for injection: the first error of each file or directory
    /// that failed to load, dangling symlinks, and overrides that have no effect.
    pub(crate) fn without_hook(&self) -> impl Iterator<Item = &Diagnostic> {
        let mut reported = None;
        self.noted_diagnostics().filter(move |diagnostic| match diagnostic.severity {
            Severity::Error => reported.replace(&diagnostic.path) != Some(&diagnostic.path),
            _ => matches!(diagnostic.code, Code::DanglingLink | Code::OverrideIneffective),
        })
    }

    /// Returns every hook that was loaded, with the file that masks it: first the hooks in use, in
    /// the order of injection, then the masked ones.
    pub(crate) fn all(&self) -> impl Iterator<Item = Known<'_>> {
        let used = self.hooks.iter().map(|loaded| Known { loaded, by: None });
        let masked =
            self.masked.iter().map(|masked| Known { loaded: &masked.loaded, by: Some(&masked.by) });
        used.chain(masked)
    }

    /// Returns the same hooks by the paths of their files.
    pub(crate) fn by_path(&self) -> HashMap<&Path, Known<'_>> {
        self.all().map(|known| (&*known.loaded.path, known)).collect()
    }

    /// Returns the generation number of this snapshot. Later snapshots of a manager have greater
    /// numbers.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Returns the root in which the hooks' programs are found.
    pub(crate) fn root(&self) -> &Root {
        &self.root
    }

    /// Returns the number of hooks.
    pub fn len(&self) -> usize {
        self.hooks.len()
    }

    /// Returns whether there are no hooks.
    pub fn is_empty(&self) -> bool {
        self.hooks.is_empty()
    }

    /// Adds the indexes of the hooks that match a container to `matched`, in the order of
    /// [`Snapshot::list`]. [`Snapshot::select`] does the same for callers that then inject.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument) if the container is larger
    /// than [`limits`](crate::limits) allows; [`ErrorKind::Match`](crate::ErrorKind::Match) if a
    /// hook has a condition on the command and the process has no args. After an error, nothing is
    /// added.
    pub fn matching(&self, container: &Container<'_>, matched: &mut Vec<u32>) -> Result<()> {
        container.check()?;
        let before = matched.len();
        for (index, (_, verdict)) in self.verdicts(container).enumerate() {
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

    /// Returns each hook, in order, and whether it matches this container.
    pub(crate) fn verdicts<'s>(
        &'s self,
        container: &Container<'_>,
    ) -> impl Iterator<Item = (&'s LoadedHook, Result<bool>)> {
        let prefilter = (self.hooks.len() >= PREFILTER_MIN).then(|| Prefilter::new(container));
        self.hooks.iter().zip(&self.required).map(move |(loaded, required)| {
            if prefilter.as_ref().is_some_and(|prefilter| !prefilter.passes(required)) {
                return (&**loaded, Ok(false));
            }
            let verdict = loaded.conditions.evaluate(container, &mut NoTrace);
            (&**loaded, verdict.map_err(|error| loaded.matching_error(error)))
        })
    }
}

/// Returns diagnostics by their files.
pub(crate) fn by_file(diagnostics: Vec<&Diagnostic>) -> HashMap<&Path, Vec<&Diagnostic>> {
    let mut files: HashMap<&Path, Vec<&Diagnostic>> = HashMap::new();
    for diagnostic in diagnostics {
        files.entry(&diagnostic.path).or_default().push(diagnostic);
    }
    files
}

/// Returns the hook of this name in the last directory that has one. The hooks of each directory
/// are sorted by name.
fn of_name<'h>(
    all: &'h [Arc<LoadedHook>],
    starts: &[usize],
    name: &OsStr,
) -> Option<&'h Arc<LoadedHook>> {
    let mut end = all.len();
    for start in starts.iter().rev() {
        let hooks = all.get(*start..end).unwrap_or_default();
        if let Ok(index) = hooks.binary_search_by(|loaded| loaded.name().cmp(name)) {
            return hooks.get(index);
        }
        end = *start;
    }
    None
}

impl Masked {
    fn diagnostic(&self) -> Diagnostic {
        Diagnostic::new(
            self.by.to_path_buf(),
            Warning::Masks { lower: self.loaded.path.to_path_buf() },
        )
    }
}

fn override_ineffective(path: &Path, runs: &LoadedHook) -> Diagnostic {
    Diagnostic::new(path, Warning::OverrideIneffective { lower: runs.path.to_path_buf() })
        .hint(Some(SWITCH_OFF.to_owned()))
}

fn case_collision(first: &LoadedHook, second: &LoadedHook) -> Diagnostic {
    Diagnostic::new(&*second.path, Warning::CaseCollision { other: first.path.to_path_buf() })
        .hint(Some("rename one of them".to_owned()))
}

/// Hooks in the order of injection, the masked hooks, and diagnostics about collisions.
#[derive(Default)]
struct Merged {
    hooks: Vec<Arc<LoadedHook>>,
    masked: Vec<Masked>,
    collisions: Vec<Diagnostic>,
}

/// Returns whether there is nothing to merge: each name occurs once, and the hooks are in the order
/// of injection. (It also returns false if a name is not lower-case ASCII.)
fn is_in_order(all: &[Arc<LoadedHook>]) -> bool {
    let is_lower =
        |name: &[u8]| name.iter().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    let names = || all.iter().map(|loaded| loaded.name().as_bytes());
    names().all(is_lower) && names().zip(names().skip(1)).all(|(a, b)| a < b)
}

/// Sorts the hooks of several directories. The last hook of each name is used.
fn merge(all: &[Arc<LoadedHook>]) -> Merged {
    let mut orders: Vec<(NameOrder<'_>, &Arc<LoadedHook>)> =
        all.iter().map(|loaded| (NameOrder::of(loaded.name()), loaded)).collect();
    orders.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut merged = Merged::default();
    let mut before: Option<(&NameOrder<'_>, &Arc<LoadedHook>)> = None;
    for of_name in orders.chunk_by(|(a, _), (b, _)| a == b) {
        let Some(((order, used), lower)) = of_name.split_last() else { continue };
        // A directory may be given twice.
        let lower = lower.iter().filter(|(_, lower)| lower.path != used.path);
        let masked = |(_, lower): &(_, &Arc<LoadedHook>)| Masked {
            loaded: Arc::clone(lower),
            by: used.path.clone(),
        };
        merged.masked.extend(lower.map(masked));
        merged.hooks.push(Arc::clone(used));
        if let Some((_, first)) = before.filter(|(before, _)| before.lower == order.lower) {
            merged.collisions.push(case_collision(first, used));
        }
        before = Some((order, used));
    }
    merged
}

/// The sort key of a name in the order of injection: the result of Go's `strings.ToLower`, then the
/// bytes of the name.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct NameOrder<'n> {
    lower: Cow<'n, str>,
    name: &'n OsStr,
}

impl<'n> NameOrder<'n> {
    fn of(name: &'n OsStr) -> NameOrder<'n> {
        let lower = to_lower(text_of_bytes(name.as_bytes()));
        NameOrder { lower, name }
    }
}
