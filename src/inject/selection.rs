//! The hooks that match a container, and their injection.

use std::path::Path;
use std::sync::Arc;

use super::plan::{Allowance, ExtensionStageHooks, Injection, Plan};
use super::splice::already_present;
use crate::container::{Config, Container};
use crate::hook::{OciHook, Stage, Target};
use crate::loaded_hook::LoadedHook;
use crate::problem::{Diagnostic, Error, Result, Warning, text_of};
use crate::snapshot::Snapshot;

/// The hooks of a snapshot that match a container.
///
/// It holds the snapshot, so it may live longer than the manager, and a reload does not change it.
/// It borrows nothing from the container.
///
/// ```
/// use libhooks::{Config, Manager};
///
/// # let directory = std::env::temp_dir().join("libhooks-selection-doctest.d");
/// # std::fs::create_dir_all(&directory)?;
/// # let hook = r#"{"version": "1.0.0", "hook": {"path": "/bin/true"},
/// #     "when": {"always": true}, "stages": ["poststop"]}"#;
/// # std::fs::write(directory.join("example.json"), hook)?;
/// let manager = Manager::builder().directory(&directory).load()?;
/// let config = Config::parse(r#"{"process": {"args": ["/bin/sh"]}}"#)?;
/// let selection = manager.select(&config.container())?;
/// for hook in selection.hooks() {
///     println!("{} at {}", hook.file().display(), hook.stage());
/// }
/// println!("{}", selection.inject(&config).config);
/// # std::fs::remove_dir_all(&directory)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Selection {
    snapshot: Arc<Snapshot>,
    /// The indices of the hooks in the snapshot.
    matched: Vec<u32>,
}

impl Snapshot {
    /// Selects the hooks that match a container (docs/spec.md, section 5).
    ///
    /// # Errors
    /// - [`ErrorKind::Match`](crate::ErrorKind::Match) if a hook has a condition on the command and
    ///   the process has no args.
    /// - [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument) if the container is
    ///   larger than [`limits`](crate::limits) allows.
    /// - [`ErrorKind::HookFile`](crate::ErrorKind::HookFile) if the entries to inject are larger
    ///   than allowed.
    pub fn select(self: &Arc<Self>, container: &Container<'_>) -> Result<Selection> {
        self.select_with(container, |_, _| ())
    }

    /// Does the same, and calls `report` for each hook with whether it matched.
    pub(crate) fn select_with(
        self: &Arc<Self>,
        container: &Container<'_>,
        mut report: impl FnMut(&LoadedHook, bool),
    ) -> Result<Selection> {
        container.check()?;
        let mut allowance = Allowance::default();
        // (More hooks rarely match one container.)
        let mut matched = Vec::with_capacity(self.hooks.len().min(64));
        // (A `for` loop would call the iterator's `next` for each hook.)
        self.verdicts(container).enumerate().try_for_each(|(index, (loaded, verdict))| {
            let is_match = verdict?;
            report(loaded, is_match);
            if is_match {
                allowance.take(loaded)?;
                matched.push(u32::try_from(index).unwrap_or(u32::MAX));
            }
            Ok::<(), Error>(())
        })?;
        Ok(Selection { snapshot: Arc::clone(self), matched })
    }
}

impl Selection {
    /// Returns the snapshot that contains the hooks.
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    /// Returns whether no hook matches the container.
    pub fn is_empty(&self) -> bool {
        self.matched.is_empty()
    }

    /// Returns the hooks in the order of injection. A hook with several stages is returned once for
    /// each stage.
    pub fn hooks(&self) -> impl Iterator<Item = SelectedHook<'_>> {
        self.loaded().flat_map(|loaded| {
            loaded.injected().targets.iter().map(move |target| SelectedHook { loaded, target })
        })
    }

    /// Returns the hooks of one stage. The caller runs the hooks of an extension stage itself.
    pub fn at<'s>(&'s self, stage: &'s str) -> impl Iterator<Item = SelectedHook<'s>> {
        self.hooks().filter(move |hook| hook.stage().as_str() == stage)
    }

    /// Returns the hooks of extension stages, which the caller runs itself.
    pub fn extension_stage_hooks(&self) -> ExtensionStageHooks {
        Plan::new(self.loaded()).extension_stage_hooks
    }

    /// Injects the hooks into a config (docs/spec.md, section 6). Except for `hooks`, every byte of
    /// the config stays the same.
    pub fn inject(&self, config: &Config<'_>) -> Injection {
        let plan = Plan::new(self.loaded());
        Injection { config: plan.splice(config), extension_stage_hooks: plan.extension_stage_hooks }
    }

    /// Injects the hooks into a config, except those whose entry (path, args, env and timeout) the
    /// config already has at that stage. `prestart` and `createRuntime` are the same stage. A
    /// second call with the config of the first changes nothing.
    pub fn inject_absent(&self, config: &Config<'_>) -> Injection {
        self.inject_absent_from(config, config)
    }

    /// Injects the hooks into a config, except those whose entry `original` already has: the config
    /// before hooks of other selections were injected into it. These hooks do not count, because an
    /// engine that reads several sets of directories runs a hook of each set.
    pub fn inject_absent_from(&self, original: &Config<'_>, config: &Config<'_>) -> Injection {
        let mut plan = Plan::new(self.loaded());
        let present = already_present(original, &plan);
        plan.remove(&present);
        Injection { config: plan.splice(config), extension_stage_hooks: plan.extension_stage_hooks }
    }

    /// Injects the hooks into a config in memory, and returns the hooks of extension stages. (The
    /// version of `oci-spec` is part of this crate's API.)
    #[cfg(feature = "oci-spec")]
    pub fn inject_into_spec(&self, spec: &mut oci_spec::runtime::Spec) -> ExtensionStageHooks {
        let plan = Plan::new(self.loaded());
        super::spec::inject(&plan, spec);
        plan.extension_stage_hooks
    }

    /// Returns the warnings (`already-injected`) about hooks whose entry the config already has.
    /// Such a hook runs twice if it is injected again.
    pub fn already_present(&self, config: &Config<'_>) -> Vec<Diagnostic> {
        let found = already_present(config, &Plan::new(self.loaded()));
        found.into_iter().map(|(stage, hook)| already_injected(stage, hook)).collect()
    }

    fn loaded(&self) -> impl Iterator<Item = &LoadedHook> {
        self.matched
            .iter()
            .filter_map(|index| self.snapshot.hooks.get(*index as usize))
            .map(Arc::as_ref)
    }
}

/// A hook that matches a container, at one of its stages.
#[derive(Debug, Clone, Copy)]
pub struct SelectedHook<'s> {
    loaded: &'s LoadedHook,
    target: &'s Target,
}

impl<'s> SelectedHook<'s> {
    /// Returns the path of the hook file.
    pub fn file(&self) -> &'s Path {
        &self.loaded.path
    }

    /// Returns the name of the hook file, as a string.
    pub fn name(&self) -> String {
        text_of(self.loaded.name())
    }

    /// Returns the stage.
    pub fn stage(&self) -> &'s Target {
        self.target
    }

    /// Returns the entry of `config.hooks`, as JSON.
    pub fn entry_json(&self) -> &'s str {
        &self.loaded.injected().entry
    }

    /// Returns the entry of `config.hooks`.
    pub fn hook(&self) -> &'s OciHook {
        self.loaded.oci_hook()
    }
}

fn already_injected(stage: Stage, hook: &LoadedHook) -> Diagnostic {
    Diagnostic::new(hook.path.to_path_buf(), Warning::AlreadyInjected { stage: stage.as_str() })
        .hint(Some("inject into the config as it was before".to_owned()))
}
