//! Hooks that two files of a set repeat (docs/spec.md, section 12).

use std::collections::HashMap;
use std::sync::Arc;

use crate::hook::Target;
use crate::loaded_hook::LoadedHook;
use crate::problem::{Diagnostic, Warning};
use crate::when::Conditions;

/// Returns a diagnostic of each file that repeats the program, arguments and a stage of an earlier
/// file. `hooks` are in the order of injection.
///
/// It decodes only files that share their program with another file, and each of them once, even if
/// it is called for several snapshots.
#[cold]
pub(crate) fn duplicates(hooks: &[Arc<LoadedHook>]) -> Vec<Diagnostic> {
    // The first hook of each key.
    let mut known: HashMap<Key, &LoadedHook> = HashMap::new();
    for loaded in hooks {
        if known.insert(Key::of(Kind::Program, loaded), loaded).is_some() {
            known.insert(Key::of(Kind::SharedProgram, loaded), loaded);
        }
    }
    let mut found = Vec::new();
    for loaded in hooks {
        let is_shared = known.contains_key(&Key::of(Kind::SharedProgram, loaded));
        if !is_shared || !may_match(&loaded.conditions) {
            continue;
        }
        let mut repeated: Option<(&LoadedHook, &Target, bool)> = None;
        for target in &loaded.injected().targets {
            let process = Key::of(Kind::Process, loaded).at(target, loaded);
            let always = Key::of(Kind::Always, loaded).at(target, loaded).with_env(loaded);
            let same = Key::of(Kind::Same, loaded).at(target, loaded).with_env(loaded);
            let same = same.with(&loaded.conditions);
            let is_always = is_always(&loaded.conditions);
            let equal = known.get(&same).or_else(|| known.get(&always)).copied();
            let first = *known.entry(process).or_insert(loaded);
            let (other, differ) = match equal {
                Some(equal) => (equal, false),
                None => (first, !is_always || first.oci_hook().env != loaded.oci_hook().env),
            };
            // (A stage that is listed twice is another problem.)
            if other.path != loaded.path && repeated.is_none_or(|(.., differs)| differs && !differ)
            {
                repeated = Some((other, target, differ));
            }
            if is_always {
                known.entry(always).or_insert(loaded);
            }
            known.entry(same).or_insert(loaded);
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

/// The hooks that a key stands for.
#[derive(Clone, Copy)]
enum Kind {
    /// Those of a program.
    Program,
    /// Those of a program that several hooks have.
    SharedProgram,
    /// Those of a program with its arguments, at a stage.
    Process,
    /// Those of a process with its environment, for every container.
    Always,
    /// Those of a process with its environment and conditions.
    Same,
}

/// The kind, then strings, each with its length before it.
#[derive(PartialEq, Eq, Hash)]
struct Key(Vec<u8>);

impl Key {
    fn of(kind: Kind, loaded: &LoadedHook) -> Key {
        let mut key = Key(vec![kind as u8]);
        key.push(&loaded.executable.path);
        key
    }

    fn push(&mut self, text: &str) {
        self.0.extend_from_slice(&text.len().to_ne_bytes());
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Adds the environment.
    fn with_env(mut self, loaded: &LoadedHook) -> Key {
        let env = &loaded.oci_hook().env;
        self.0.extend_from_slice(&env.len().to_ne_bytes());
        env.iter().for_each(|entry| self.push(entry));
        self
    }

    /// Adds the arguments and the stage.
    fn at(mut self, target: &Target, loaded: &LoadedHook) -> Key {
        let is_extension = matches!(target, Target::Extension(_));
        self.0.push(is_extension.into());
        self.push(target.as_str());
        let args = &loaded.oci_hook().args;
        self.0.extend_from_slice(&args.len().to_ne_bytes());
        args.iter().for_each(|arg| self.push(arg));
        self
    }

    /// Adds the conditions.
    fn with(mut self, conditions: &Conditions) -> Key {
        let flags = [conditions.always, conditions.has_bind_mounts, Some(conditions.any_of)];
        self.0.extend(flags.map(|flag| flag.map_or(2, u8::from)));
        self.0.extend_from_slice(&conditions.annotations.len().to_ne_bytes());
        for pair in &conditions.annotations {
            self.push(pair.key.as_str());
            self.push(pair.value.as_str());
        }
        conditions.commands.iter().for_each(|command| self.push(command.as_str()));
        self
    }
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
