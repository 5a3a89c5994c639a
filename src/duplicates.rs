//! Hooks that two files of a set repeat (docs/spec.md, section 12).

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use crate::hook::Target;
use crate::loaded_hook::LoadedHook;
use crate::problem::{Diagnostic, Warning};
use crate::when::{Compiled, Conditions};

/// Returns a diagnostic of each file that repeats the program, arguments and a stage of an earlier
/// file. `hooks` are in the order of injection.
///
/// It decodes only files that share their program with another file, and each of them once, even if
/// it is called for several snapshots.
#[cold]
pub(crate) fn duplicates(hooks: &[Arc<LoadedHook>]) -> Vec<Diagnostic> {
    let mut of_program: HashMap<&str, usize> = HashMap::new();
    for loaded in hooks {
        *of_program.entry(&*loaded.executable.path).or_default() += 1;
    }
    let is_alone = |loaded: &LoadedHook| of_program.get(&*loaded.executable.path) == Some(&1);
    let mut found = Vec::new();
    let mut all: HashMap<Process<'_>, Known<'_>> = HashMap::new();
    for loaded in hooks.iter().filter(|loaded| !is_alone(loaded) && may_match(&loaded.conditions)) {
        let conditions = patterns(&loaded.conditions);
        let is_always = is_always(&loaded.conditions);
        let mut repeated: Option<(&LoadedHook, &Target, bool)> = None;
        for target in &loaded.injected().targets {
            let process =
                Process { path: &loaded.executable.path, args: &loaded.oci_hook().args, target };
            let known = match all.entry(process) {
                Entry::Vacant(free) => free.insert(Known::new(loaded)),
                Entry::Occupied(known) => {
                    let known = known.into_mut();
                    let (other, differ) = known.repeated_by(&conditions, is_always);
                    // (A stage that is listed twice is another problem.)
                    if other.path != loaded.path
                        && repeated.is_none_or(|(_, _, differs)| differs && !differ)
                    {
                        repeated = Some((other, target, differ));
                    }
                    known
                }
            };
            if is_always {
                known.always.get_or_insert(loaded);
            }
            known.by_conditions.entry(conditions.clone()).or_insert(loaded);
        }
        if let Some((other, target, differ)) = repeated {
            let warning = Warning::DuplicateHook {
                other: other.path.to_path_buf(),
                stage: target.as_str().into(),
                differ,
            };
            let hint = (!differ).then(|| "remove one of the two files".to_owned());
            found.push(Diagnostic::new(&*loaded.path, warning).hint(hint));
        }
    }
    found
}

/// A program with its arguments, at a stage.
#[derive(PartialEq, Eq, Hash)]
struct Process<'h> {
    path: &'h str,
    args: &'h [String],
    target: &'h Target,
}

/// The hooks of one [`Process`].
struct Known<'h> {
    first: &'h LoadedHook,
    /// The first one that runs for every container.
    always: Option<&'h LoadedHook>,
    by_conditions: HashMap<Patterns<'h>, &'h LoadedHook>,
}

impl<'h> Known<'h> {
    fn new(first: &'h LoadedHook) -> Known<'h> {
        Known { first, always: None, by_conditions: HashMap::new() }
    }

    /// Returns the hook that a hook with these conditions repeats, and whether the two can have
    /// different containers.
    fn repeated_by(&self, conditions: &Patterns<'h>, is_always: bool) -> (&'h LoadedHook, bool) {
        match self.by_conditions.get(conditions).copied().or(self.always) {
            Some(same) => (same, false),
            None => (self.first, !is_always),
        }
    }
}

/// Conditions, to compare them: the flags, and the patterns in their order.
type Patterns<'h> = ([Option<bool>; 3], Vec<(&'h str, &'h str)>, Vec<&'h str>);

fn patterns(conditions: &Conditions) -> Patterns<'_> {
    let Conditions { always, has_bind_mounts, annotations, commands, any_of } = conditions;
    let annotations = annotations.iter().map(|pair| (pair.key.as_str(), pair.value.as_str()));
    (
        [*always, *has_bind_mounts, Some(*any_of)],
        annotations.collect(),
        commands.iter().map(Compiled::as_str).collect(),
    )
}

/// Returns whether some container can fulfil the conditions.
fn may_match(when: &Conditions) -> bool {
    let has_some = when.always == Some(true)
        || when.has_bind_mounts == Some(true)
        || !when.annotations.is_empty()
        || !when.commands.is_empty();
    has_some && (when.any_of || (when.always != Some(false) && when.has_bind_mounts != Some(false)))
}

/// Returns whether the conditions hold for every container.
fn is_always(when: &Conditions) -> bool {
    let other =
        when.has_bind_mounts.is_some() || !when.annotations.is_empty() || !when.commands.is_empty();
    when.always == Some(true) && (when.any_of || !other)
}
