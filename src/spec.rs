//! The typed variant of injection: hooks into an `oci_spec::runtime::Spec` (SPEC §6).

use std::borrow::Cow;

use oci_spec::runtime::{Hook as SpecHook, Spec};

use crate::config::is_bind;
use crate::container::{Annotations, Container, Pairs, Process};
use crate::error::Result;
use crate::hook::{OciHook, Stage};
use crate::inject::Plan;

/// The container as conditions see it.
pub(crate) fn container<'a>(
    spec: &'a Spec,
    annotations: Option<&'a Annotations>,
    has_bind_mounts: Option<bool>,
) -> Result<Container<'a>> {
    let own = || -> Pairs<'a> {
        let pairs = spec.annotations().iter().flatten();
        pairs.map(|(key, value)| (Cow::Borrowed(key.as_bytes()), Cow::Borrowed(value.as_bytes()))).collect()
    };
    let process =
        match spec.process().as_ref().map(|process| process.args().as_deref().and_then(<[String]>::first)) {
            None => Process::Absent,
            Some(None) => Process::NoArgs,
            Some(Some(command)) => Process::Command(Cow::Borrowed(command.as_bytes())),
        };
    let annotations = annotations.map_or_else(own, Annotations::pairs);
    Container::new(process, annotations, has_bind_mounts.unwrap_or_else(|| has_bind_mount(spec)))
}

fn has_bind_mount(spec: &Spec) -> bool {
    spec.mounts().iter().flatten().any(|mount| {
        mount.typ().as_deref().is_some_and(|name| is_bind(name, false))
            || mount.options().iter().flatten().any(|option| is_bind(option, true))
    })
}

/// Appends the hooks of a plan.
pub(crate) fn inject(plan: &Plan<'_>, spec: &mut Spec) {
    if !plan.matched {
        return;
    }
    let mut hooks = spec.hooks().clone().unwrap_or_default();
    for (stage, added) in Stage::ALL.into_iter().zip(&plan.stages).filter(|(_, added)| !added.is_empty()) {
        let entries = match stage {
            Stage::CreateContainer => hooks.create_container_mut(),
            Stage::CreateRuntime => hooks.create_runtime_mut(),
            Stage::Poststart => hooks.poststart_mut(),
            Stage::Poststop => hooks.poststop_mut(),
            Stage::StartContainer => hooks.start_container_mut(),
        };
        entries.get_or_insert_default().extend(added.iter().map(|loaded| SpecHook::from(loaded.oci_hook())));
    }
    spec.set_hooks(Some(hooks));
}

impl From<&OciHook> for SpecHook {
    fn from(hook: &OciHook) -> SpecHook {
        let mut spec_hook = SpecHook::default();
        spec_hook.set_path((&hook.path).into());
        spec_hook.set_args((!hook.args.is_empty()).then(|| hook.args.clone()));
        spec_hook.set_env((!hook.env.is_empty()).then(|| hook.env.clone()));
        spec_hook.set_timeout(hook.timeout);
        spec_hook
    }
}
