//! Injects hooks into an `oci_spec::runtime::Spec` (docs/spec.md, section 6).

use oci_spec::runtime::{Hook as SpecHook, Spec};

use super::plan::Plan;
use crate::hook::{OciHook, Stage};

/// Appends the hooks of a plan.
pub(crate) fn inject(plan: &Plan<'_>, spec: &mut Spec) {
    if !plan.any {
        return;
    }
    let hooks = spec.hooks_mut().get_or_insert_default();
    for (stage, added) in
        Stage::ALL.into_iter().zip(&plan.stages).filter(|(_, added)| !added.is_empty())
    {
        let entries = match stage {
            Stage::CreateContainer => hooks.create_container_mut(),
            Stage::CreateRuntime => hooks.create_runtime_mut(),
            Stage::Poststart => hooks.poststart_mut(),
            Stage::Poststop => hooks.poststop_mut(),
            Stage::StartContainer => hooks.start_container_mut(),
        };
        entries
            .get_or_insert_default()
            .extend(added.iter().map(|loaded| SpecHook::from(loaded.oci_hook())));
    }
}

impl From<&SpecHook> for OciHook {
    fn from(hook: &SpecHook) -> OciHook {
        OciHook {
            path: hook.path().to_string_lossy().into_owned(),
            args: hook.args().clone().unwrap_or_default(),
            env: hook.env().clone().unwrap_or_default(),
            timeout: hook.timeout(),
        }
    }
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
