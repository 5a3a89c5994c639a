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
        let is_always = is_always(&loaded.conditions);
        // The first hooks with the same process, with its environment, and with the conditions,
        // too. They stand for these in the keys of stages.
        let [process, with_env, same] = [Kind::Process, Kind::Environment, Kind::Same]
            .map(|kind| *known.entry(Key::of(kind, loaded)).or_insert(loaded));
        let mut seen: Vec<&Target> = Vec::new();
        let mut repeated: Option<(&LoadedHook, &Target, bool)> = None;
        for target in &loaded.injected().targets {
            // (A stage that is listed twice is another problem. The number of stages is limited.)
            if seen.contains(&target) {
                continue;
            }
            seen.push(target);
            let at = |kind, first| Key::at(kind, first, target);
            let always = known.get(&at(Kind::Always, with_env));
            let any = known.get(&at(Kind::Environment, with_env)).filter(|_| is_always);
            let equal = known.get(&at(Kind::Same, same)).or(always).or(any);
            let other = equal.or_else(|| known.get(&at(Kind::Process, process)));
            let is_nearer = repeated.is_none_or(|(.., differs)| differs && equal.is_some());
            if let Some(other) = other.filter(|_| is_nearer) {
                repeated = Some((*other, target, equal.is_none()));
            }
            known.entry(at(Kind::Process, process)).or_insert(loaded);
            known.entry(at(Kind::Environment, with_env)).or_insert(loaded);
            known.entry(at(Kind::Same, same)).or_insert(loaded);
            if is_always {
                known.entry(at(Kind::Always, with_env)).or_insert(loaded);
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
    }
    found
}

/// The hooks that a key stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Those of a program.
    Program,
    /// Those of a program that several hooks have.
    SharedProgram,
    /// Those of a program with its arguments.
    Process,
    /// Those of a process with its environment.
    Environment,
    /// Those of a process with its environment, for every container.
    Always,
    /// Those of a process with its environment and conditions.
    Same,
}

/// The kind, then either strings, each with its length before it, or a hook and a stage.
#[derive(PartialEq, Eq, Hash)]
struct Key(Vec<u8>);

impl Key {
    /// Returns the key of the hooks that are of this kind as this hook is.
    fn of(kind: Kind, loaded: &LoadedHook) -> Key {
        let mut key = Key(vec![kind as u8, 0]);
        key.push(&loaded.executable.path);
        if kind >= Kind::Process {
            key.list(&loaded.oci_hook().args);
        }
        if kind >= Kind::Environment {
            key.list(&loaded.oci_hook().env);
        }
        if kind == Kind::Same {
            key.conditions(&loaded.conditions);
        }
        key
    }

    /// Returns the key of the hooks of this kind at a stage. `first` stands for the kind.
    fn at(kind: Kind, first: &LoadedHook, target: &Target) -> Key {
        let is_extension = matches!(target, Target::Extension(_));
        let mut key = Key(vec![kind as u8, 1 + u8::from(is_extension)]);
        key.0.extend_from_slice(&std::ptr::from_ref(first).addr().to_ne_bytes());
        key.push(target.as_str());
        key
    }

    fn push(&mut self, text: &str) {
        self.0.extend_from_slice(&text.len().to_ne_bytes());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn list(&mut self, texts: &[String]) {
        self.0.extend_from_slice(&texts.len().to_ne_bytes());
        texts.iter().for_each(|text| self.push(text));
    }

    fn conditions(&mut self, conditions: &Conditions) {
        let flags = [conditions.always, conditions.has_bind_mounts, Some(conditions.any_of)];
        self.0.extend(flags.map(|flag| flag.map_or(2, u8::from)));
        self.0.extend_from_slice(&conditions.annotations.len().to_ne_bytes());
        for pair in &conditions.annotations {
            self.push(pair.key.as_str());
            self.push(pair.value.as_str());
        }
        conditions.commands.iter().for_each(|command| self.push(command.as_str()));
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
