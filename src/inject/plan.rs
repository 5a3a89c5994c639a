//! The hooks that match a container, sorted by stage (docs/spec.md, section 6).

use std::collections::BTreeMap;
use std::ptr;

use crate::go::json;
use crate::hook::{OciHook, Stage, Target};
use crate::limits;
use crate::loaded_hook::LoadedHook;
use crate::problem::{Cause, Error, ErrorKind, Result, text_of};

/// A config with hooks, made by [`Selection::inject`](crate::Selection::inject).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Injection {
    /// The config with the hooks that matched.
    pub config: String,
    /// The hooks that matched at extension stages. The caller runs them itself.
    pub extension_stage_hooks: ExtensionStageHooks,
}

/// Hooks by extension stage, in the order in which they must run.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct ExtensionStageHooks(pub BTreeMap<String, Vec<OciHook>>);

impl ExtensionStageHooks {
    /// Returns a JSON object: `{stage: [hook, …]}`.
    pub fn to_json(&self) -> String {
        json::to_string(self)
    }
}

/// The number of entries and bytes that may still be injected into a container.
#[derive(Debug)]
pub(crate) struct Allowance {
    entries: usize,
    bytes: usize,
}

impl Default for Allowance {
    fn default() -> Self {
        Allowance { entries: limits::ENTRIES, bytes: limits::INJECTION }
    }
}

impl Allowance {
    /// Subtracts a hook's entries, each with a comma.
    ///
    /// # Errors
    /// [`ErrorKind::HookFile`], with the path of the hook file, if there are too many entries or
    /// bytes.
    pub fn take(&mut self, loaded: &LoadedHook) -> Result<()> {
        let injected = loaded.injected();
        let entries = injected.targets.len();
        let bytes = entries.saturating_mul(injected.entry.len() + 1);
        match (self.entries.checked_sub(entries), self.bytes.checked_sub(bytes)) {
            (Some(entries), Some(bytes)) => {
                *self = Allowance { entries, bytes };
                Ok(())
            }
            (None, _) => Err(too_large(loaded, limits::ENTRIES, "entries")),
            (_, None) => Err(too_large(loaded, limits::INJECTION, "bytes")),
        }
    }
}

#[cold]
fn too_large(loaded: &LoadedHook, limit: usize, unit: &'static str) -> Error {
    let hook = text_of(loaded.name()).into_boxed_str();
    Error::new(ErrorKind::HookFile, Cause::InjectionTooLarge { hook, limit, unit })
        .with_hook(text_of(loaded.name()))
        .with_path(&*loaded.path)
}

/// Hooks, sorted by stage.
#[derive(Debug, Default)]
pub(crate) struct Plan<'a> {
    pub stages: [Vec<&'a LoadedHook>; Stage::ALL.len()],
    pub extension_stage_hooks: ExtensionStageHooks,
    /// Whether there is at least one hook.
    pub any: bool,
}

impl<'a> Plan<'a> {
    pub fn new(hooks: impl Iterator<Item = &'a LoadedHook>) -> Plan<'a> {
        let mut plan = Plan::default();
        for loaded in hooks {
            plan.any = true;
            for target in &loaded.injected().targets {
                match target {
                    Target::Stage(stage) => {
                        let slot = Stage::ALL.iter().position(|known| known == stage);
                        if let Some(hooks) = slot.and_then(|index| plan.stages.get_mut(index)) {
                            hooks.push(loaded);
                        }
                    }
                    Target::Extension(stage) => {
                        let hook = loaded.oci_hook().clone();
                        plan.extension_stage_hooks.0.entry(stage.clone()).or_default().push(hook);
                    }
                }
            }
        }
        plan
    }

    /// Removes hooks of these stages, which are in the order of the plan.
    pub fn remove(&mut self, removed: &[(Stage, &LoadedHook)]) {
        let mut removed = removed.iter().peekable();
        for (stage, hooks) in Stage::ALL.into_iter().zip(&mut self.stages) {
            hooks.retain(|hook| {
                let is_next =
                    |(of, next): &&(Stage, &LoadedHook)| *of == stage && ptr::eq(*next, *hook);
                removed.next_if(is_next).is_none()
            });
        }
    }
}
