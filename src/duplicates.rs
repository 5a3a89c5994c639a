//! Hooks that two files of a set repeat (docs/spec.md, section 12).

use std::collections::HashMap;
use std::sync::Arc;

use crate::go::json::to_raw_string;
use crate::hook::{Hook, Target, When};
use crate::loaded_hook::LoadedHook;
use crate::problem::{Diagnostic, Warning};

/// Returns a diagnostic of each file that repeats the program, arguments and a stage of an earlier
/// file. `hooks` are in the order of injection.
///
/// It decodes only files that share their program with another file.
#[cold]
pub(crate) fn duplicates(hooks: &[Arc<LoadedHook>]) -> Vec<Diagnostic> {
    let mut of_program: HashMap<&str, usize> = HashMap::new();
    for loaded in hooks {
        *of_program.entry(&*loaded.executable.path).or_default() += 1;
    }
    let mut found = Vec::new();
    let mut known: HashMap<Process, Known<'_>> = HashMap::new();
    for loaded in hooks {
        if of_program.get(&*loaded.executable.path).is_none_or(|count| *count < 2) {
            continue;
        }
        let hook = loaded.hook();
        if !may_match(&hook.when) {
            continue;
        }
        let conditions = to_raw_string(&hook.when);
        let mut repeated: Option<(&LoadedHook, &Target, bool)> = None;
        let targets = &loaded.injected().targets;
        for target in targets {
            let Some(known) = known.get(&Process::of(&hook, target)) else { continue };
            let (other, differ) = known.repeated_by(&conditions, is_always(&hook.when));
            if repeated.is_none_or(|(_, _, known)| known && !differ) {
                repeated = Some((other, target, differ));
            }
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
        for target in targets {
            let known = known.entry(Process::of(&hook, target)).or_insert_with(|| Known {
                first: loaded,
                always: None,
                by_conditions: HashMap::new(),
            });
            if is_always(&hook.when) {
                known.always.get_or_insert(loaded);
            }
            known.by_conditions.entry(conditions.clone()).or_insert(loaded);
        }
    }
    found
}

/// A program with its arguments, at a stage.
#[derive(PartialEq, Eq, Hash)]
struct Process {
    path: String,
    args: Vec<String>,
    target: Target,
}

impl Process {
    fn of(hook: &Hook, target: &Target) -> Process {
        let (path, args) = (hook.hook.path.clone(), hook.hook.args.clone());
        Process { path, args, target: target.clone() }
    }
}

/// The hooks of one [`Process`].
struct Known<'h> {
    first: &'h LoadedHook,
    /// The first one that runs for every container.
    always: Option<&'h LoadedHook>,
    by_conditions: HashMap<String, &'h LoadedHook>,
}

impl<'h> Known<'h> {
    /// Returns the hook that a hook with these conditions repeats, and whether the two can have
    /// different containers.
    fn repeated_by(&self, conditions: &str, is_always: bool) -> (&'h LoadedHook, bool) {
        match self.by_conditions.get(conditions).copied().or(self.always) {
            Some(same) => (same, false),
            None => (self.first, !is_always),
        }
    }
}

/// Returns whether some container can fulfil the conditions.
fn may_match(when: &When) -> bool {
    let has_some = when.always == Some(true)
        || when.has_bind_mounts == Some(true)
        || !when.annotations.is_empty()
        || !when.commands.is_empty();
    has_some && (when.any_of || (when.always != Some(false) && when.has_bind_mounts != Some(false)))
}

/// Returns whether the conditions hold for every container.
fn is_always(when: &When) -> bool {
    let other =
        when.has_bind_mounts.is_some() || !when.annotations.is_empty() || !when.commands.is_empty();
    when.always == Some(true) && (when.any_of || !other)
}
