//! The manager: a set of hooks from directories, asked about one container after another.

use std::path::Path;
use std::sync::Arc;

use crate::active::Shared;
use crate::container::Config;
use crate::container::{Annotations, Container};
use crate::directory::owned;
use crate::explain::Explanation;
use crate::hook::Stage;
use crate::inject::{Injection, Plan, already_there};
use crate::list::Listing;
use crate::loaded_hook::LoadedHook;
use crate::log::LogLevel;
use crate::monitor::Monitor;
use crate::options::{Options, Policy};
use crate::problem::{Diagnostic, Error, Result, Warning, text_of};
use crate::snapshot::Snapshot;
use crate::validate::check_extension_stages;

/// Hooks from directories, for one container after another.
///
/// It may be used from many threads at once: what reads sees a whole set of hooks, takes no lock, and never waits for a
/// reload.
#[derive(Debug)]
pub struct Manager(pub(crate) Arc<Shared>);

impl Manager {
    /// Loads the hooks of `directories`, which come in increasing preference: a file that loads masks one of the same
    /// name in an earlier directory. A directory that does not exist is empty. `extension_stages` are the stages, beside
    /// OCI's, that the caller runs itself.
    ///
    /// # Errors
    /// As [`Options::policy`] says. The error is about the first file that fails, its text names all that fail in that
    /// directory, and [`Error::diagnostics`] are those of all directories. [`ErrorKind::InvalidArgument`] if
    /// `keep_last_good` is asked for without [`Policy::Lenient`], or there are more extension stages than
    /// [`limits`](crate::limits) allows.
    pub fn new(
        directories: &[impl AsRef<Path>],
        extension_stages: &[&str],
        options: Options,
    ) -> Result<Manager> {
        if options.keep_last_good && options.policy != Policy::Lenient {
            return Err(Error::invalid_argument("keep_last_good needs the lenient policy"));
        }
        check_extension_stages(extension_stages)?;
        let directories = directories.iter().map(|directory| directory.as_ref().to_owned()).collect();
        let shared = Shared::new(directories, owned(extension_stages), options);
        shared.load()?;
        Ok(Manager(Arc::new(shared)))
    }

    /// Injects into `config` the hooks that are for it (SPEC §5, §6). All of the config but `hooks` comes out byte for byte
    /// as it went in.
    ///
    /// Without `annotations` the config's own are used; without `has_bind_mounts` the config's mounts are looked at.
    ///
    /// # Errors
    /// [`ErrorKind::Json`] if the config is not one; [`ErrorKind::Match`] if a hook asks for a command and `process.args`
    /// is empty; [`ErrorKind::InvalidArgument`] if the container is larger than [`limits`](crate::limits) allows, and
    /// [`ErrorKind::HookFile`] if the entries are that are to be injected. Nothing is injected then.
    pub fn hooks(
        &self,
        config: &str,
        annotations: Option<&Annotations>,
        has_bind_mounts: Option<bool>,
    ) -> Result<Injection> {
        let config = Config::parse(config)?;
        let snapshot = self.0.current();
        let plan = self.plan(&snapshot, &config.container(annotations, has_bind_mounts)?)?;
        Ok(Injection { config: plan.splice(&config), extension_stage_hooks: plan.extension_stage_hooks })
    }

    /// The same for a config in memory. Annotations and mounts are the config's own, unless the caller knows better.
    ///
    /// # Errors
    /// [`ErrorKind::Match`], as [`Manager::hooks`]. The config is not changed then.
    #[cfg(feature = "oci-spec")]
    pub fn hooks_for_spec(
        &self,
        spec: &mut oci_spec::runtime::Spec,
        annotations: Option<&Annotations>,
        has_bind_mounts: Option<bool>,
    ) -> Result<crate::ExtensionStageHooks> {
        let snapshot = self.0.current();
        let plan =
            self.plan(&snapshot, &crate::container::spec::container(spec, annotations, has_bind_mounts)?)?;
        crate::inject::spec::inject(&plan, spec);
        Ok(plan.extension_stage_hooks)
    }

    /// The warnings (`already-injected`) about hooks that [`Manager::hooks`] would add to this config although it holds the
    /// very same entries: injecting twice runs them twice.
    ///
    /// # Errors
    /// As [`Manager::hooks`].
    pub fn already_injected(
        &self,
        config: &str,
        annotations: Option<&Annotations>,
        has_bind_mounts: Option<bool>,
    ) -> Result<Vec<Diagnostic>> {
        let config = Config::parse(config)?;
        let snapshot = self.0.current();
        let plan = Plan::new(&snapshot, &config.container(annotations, has_bind_mounts)?, |_, _| ())?;
        let found = already_there(&config, &plan);
        Ok(found.into_iter().map(|(stage, hook)| already_injected(stage, hook)).collect())
    }

    /// Each hook's verdict on this container, and why (SPEC §8). It agrees with what [`Manager::hooks`] does.
    ///
    /// # Errors
    /// [`ErrorKind::Json`] if the config is not one.
    pub fn explain(
        &self,
        config: &str,
        annotations: Option<&Annotations>,
        has_bind_mounts: Option<bool>,
    ) -> Result<Explanation> {
        let config = Config::parse(config)?;
        let container = config.container(annotations, has_bind_mounts)?;
        Ok(Explanation::new(&self.0.current(), &container))
    }

    /// The hooks in the order of injection, and what masks what.
    pub fn list(&self) -> Listing {
        self.0.current().list()
    }

    /// All problems of the last load, tolerated or not.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        self.0.current().diagnostics().cloned().collect()
    }

    /// Why files and directories give no hook (of each its first error), and what they do not mask for that: of the
    /// [diagnostics](Manager::diagnostics) those that whoever injects has to know. To have them costs little, while the
    /// warnings of hooks take another look at each of their files.
    pub fn without_hook(&self) -> Vec<Diagnostic> {
        self.0.current().without_hook().cloned().collect()
    }

    /// Reads the directories again and swaps in what is there now.
    ///
    /// When several threads reload at once, the set whose scan started last stays.
    ///
    /// # Errors
    /// Under [`Policy::Strict`], if there is a problem: the old hooks stay then. Otherwise only if the process or the
    /// system has no descriptors or no memory left, which says nothing about hook files: the old hooks stay, too.
    pub fn reload(&self) -> Result<()> {
        self.0.reload(None).outcome
    }

    /// Watches the directories from now on, and reloads the hooks when they change (SPEC §7).
    ///
    /// # Errors
    /// [`ErrorKind::Io`] if there are no descriptors left.
    pub fn monitor(&self) -> Result<Monitor> {
        Monitor::new(Arc::clone(&self.0))
    }

    /// The number of the set that is in use; it grows with each set swapped in.
    pub fn generation(&self) -> u64 {
        self.0.current().generation()
    }

    /// The set that is in use. It does not change any more.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.0.snapshot()
    }

    fn plan<'s>(&self, snapshot: &'s Snapshot, container: &Container<'_>) -> Result<Plan<'s>> {
        Plan::new(snapshot, container, |loaded, matched| {
            self.0.options.log(LogLevel::Debug, |line| {
                let name = text_of(loaded.name());
                let what = if matched { "matched" } else { "did not match" };
                line.write(&format!("hook {name} {what}"), &[("hook", &name)]);
            });
        })
    }
}

fn already_injected(stage: Stage, hook: &LoadedHook) -> Diagnostic {
    Diagnostic::new(hook.path.to_path_buf(), Warning::AlreadyInjected { stage: stage.as_str() })
        .hint(Some("inject into the config as it was before".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn a_reload_shares_what_has_not_changed() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, command: &str| {
            let hook = format!(
                r#"{{"version": "1.0.0", "hook": {{"path": "/bin/sh"}}, "when": {{"commands": ["{command}"]}}, "stages": []}}"#
            );
            std::fs::write(directory.path().join(name), hook).unwrap();
        };
        write("a.json", "x");
        write("b.json", "x");
        let manager = Manager::new(&[directory.path()], &[], Options::default()).unwrap();
        let before = manager.snapshot();
        write("b.json", "y");
        manager.reload().unwrap();
        let after = manager.snapshot();
        assert!(before.generation() < after.generation());
        assert!(Arc::ptr_eq(&before.hooks[0], &after.hooks[0]));
        assert!(!Arc::ptr_eq(&before.hooks[1], &after.hooks[1]));
        assert_eq!(after.hooks[1].hook().when.commands, ["y"]);
        // What is said of it shares it, too: nothing else is held.
        drop(before);
        assert_eq!(Arc::strong_count(&after.hooks[0]), 2);
    }

    /// Whoever has reloaded has what there was before: a monitor that knows of other files only, and overtakes, takes
    /// none of it away.
    #[test]
    fn a_scan_of_some_files_does_not_hide_what_another_finds() {
        let directory = tempfile::tempdir().unwrap();
        let (found, finds) = std::sync::mpsc::channel();
        let go_on = Arc::new(std::sync::Barrier::new(2));
        let (waits, calls) = (Arc::clone(&go_on), AtomicU64::new(0));
        let reader: crate::Reader = Arc::new(move |_: &str, _: &[u8]| {
            if calls.fetch_add(1, Ordering::Relaxed) == 0 {
                found.send(()).unwrap();
                waits.wait();
            }
            crate::Reading::Failed("ours".to_owned())
        });
        let options = Options { policy: Policy::Lenient, reader: Some(reader), ..Options::default() };
        let manager = Manager::new(&[directory.path()], &[], options).unwrap();
        std::fs::write(directory.path().join("new.json"), r#"{"version": "ours"}"#).unwrap();
        std::thread::scope(|threads| {
            let reload = threads.spawn(|| manager.reload());
            finds.recv().unwrap();
            let overtakes = manager.0.reload(Some(HashSet::from(["other.json".into()])));
            go_on.wait();
            reload.join().unwrap().unwrap();
            assert!(overtakes.outcome.is_ok());
        });
        let seen: Vec<_> = manager.snapshot().diagnostics().map(|found| found.path.clone()).collect();
        assert_eq!(seen.len(), 1, "{seen:?}");
    }
}
