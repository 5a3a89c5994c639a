//! The manager: hooks from directories, and queries about containers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::active::Shared;
use crate::container::Container;
use crate::explain::Explanation;
use crate::hook::Reading;
use crate::inject::Selection;
use crate::list::Listing;
use crate::log::LogLevel;
use crate::monitor::Monitor;
use crate::options::{Policy, ReadOptions};
use crate::problem::{Diagnostic, Result, text_of};
use crate::root::Root;
use crate::snapshot::Snapshot;

/// The hooks of some directories, which it selects for containers and reloads.
///
/// It may be used from many threads at once. A query sees one snapshot of the hooks, takes no lock,
/// and never waits for a reload.
///
/// ```
/// use libhooks::{Config, DEFAULT_DIR, Manager, OVERRIDE_DIR};
///
/// let manager = Manager::builder()
///     .directories([DEFAULT_DIR, OVERRIDE_DIR])
///     .extension_stages(["precreate"])
///     .load()?;
/// let config = Config::parse(r#"{"process": {"args": ["/bin/sh"]}}"#)?;
/// let injection = manager.select(&config.container())?.inject(&config);
/// println!("{}", injection.config);
/// # Ok::<(), libhooks::Error>(())
/// ```
#[derive(Debug)]
pub struct Manager(pub(crate) Arc<Shared>);

/// The directories and options of a [`Manager`]. Made by [`Manager::builder`].
#[derive(Debug, Clone, Default)]
#[must_use = "load() makes the manager"]
pub struct ManagerBuilder {
    directories: Vec<PathBuf>,
    policy: Policy,
    options: ReadOptions,
}

impl ManagerBuilder {
    /// Adds a directory. A file that loads masks a file of the same name in an earlier directory. A
    /// directory that does not exist is empty.
    pub fn directory(mut self, directory: impl AsRef<Path>) -> ManagerBuilder {
        self.directories.push(directory.as_ref().to_owned());
        self
    }

    /// Adds several directories, like [`directory`](ManagerBuilder::directory).
    pub fn directories<P: AsRef<Path>>(
        self,
        directories: impl IntoIterator<Item = P>,
    ) -> ManagerBuilder {
        directories.into_iter().fold(self, ManagerBuilder::directory)
    }

    /// Sets which problems make loading fail. The default is [`Policy::Compatible`].
    pub fn policy(self, policy: Policy) -> ManagerBuilder {
        ManagerBuilder { policy, ..self }
    }

    /// See [`ReadOptions::extension_stages`].
    pub fn extension_stages<S: Into<String>>(
        self,
        stages: impl IntoIterator<Item = S>,
    ) -> ManagerBuilder {
        let options = self.options.extension_stages(stages);
        ManagerBuilder { options, ..self }
    }

    /// See [`ReadOptions::log`].
    pub fn log(
        self,
        level: LogLevel,
        log: impl Fn(LogLevel, &str, &str) + Send + Sync + 'static,
    ) -> ManagerBuilder {
        let options = self.options.log(level, log);
        ManagerBuilder { options, ..self }
    }

    /// See [`ReadOptions::reader`].
    pub fn reader(
        self,
        reader: impl Fn(&str, &[u8]) -> Reading + Send + Sync + 'static,
    ) -> ManagerBuilder {
        let options = self.options.reader(reader);
        ManagerBuilder { options, ..self }
    }

    /// See [`ReadOptions::inspect`].
    pub fn inspect(self, inspect: bool) -> ManagerBuilder {
        let options = self.options.inspect(inspect);
        ManagerBuilder { options, ..self }
    }

    /// See [`ReadOptions::root`].
    pub fn root(self, root: Root) -> ManagerBuilder {
        let options = self.options.root(root);
        ManagerBuilder { options, ..self }
    }

    /// Replaces all read options at once.
    pub fn read_options(self, options: ReadOptions) -> ManagerBuilder {
        ManagerBuilder { options, ..self }
    }

    /// Loads the hooks.
    ///
    /// # Errors
    /// The first problem that the policy does not tolerate. Its message names all files of that
    /// directory that fail, and [`Error::diagnostics`](crate::Error::diagnostics) are those of all
    /// directories. [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument) if there are
    /// more extension stages than [`limits`](crate::limits) allows.
    pub fn load(self) -> Result<Manager> {
        let ManagerBuilder { directories, policy, mut options } = self;
        options.check()?;
        options.is_strict = policy == Policy::Strict;
        options.keep_last_good = policy == Policy::Lenient { keep_last_good: true };
        let shared = Shared::new(directories, options, policy);
        shared.load()?;
        Ok(Manager(Arc::new(shared)))
    }
}

impl Manager {
    /// Returns a builder without directories, under [`Policy::Compatible`].
    pub fn builder() -> ManagerBuilder {
        ManagerBuilder::default()
    }

    /// Selects the hooks that match a container (docs/spec.md, section 5), and logs for each hook
    /// whether it matched.
    ///
    /// # Errors
    /// Those of [`Snapshot::select`].
    pub fn select(&self, container: &Container<'_>) -> Result<Selection> {
        self.0.current().select_with(container, |loaded, matched| {
            self.0.options.write_log(LogLevel::Debug, |line| {
                let name = text_of(loaded.name());
                let verdict = if matched { "matched" } else { "did not match" };
                line.write(&format!("hook {name} {verdict}"), &[("hook", &name)]);
            });
        })
    }

    /// Returns for each hook whether it matches this container, and why (docs/spec.md, section 8).
    /// It agrees with [`Manager::select`].
    pub fn explain(&self, container: &Container<'_>) -> Explanation {
        self.0.current().explain(container)
    }

    /// Returns the hooks in the order of injection, and the masked hooks.
    pub fn list(&self) -> Listing {
        self.0.current().list()
    }

    /// Returns all diagnostics of the last load, including those that the policy tolerates.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        self.0.current().diagnostics().into_iter().cloned().collect()
    }

    /// Returns the subset of the [diagnostics](Manager::diagnostics) that matters for injection:
    /// files and directories that failed to load (the first error of each), and overrides that
    /// therefore have no effect. This costs little, while the warnings of hooks require decoding
    /// each of their files again.
    pub fn without_hook(&self) -> Vec<Diagnostic> {
        self.0.current().without_hook().cloned().collect()
    }

    /// Reads the directories again and replaces the snapshot in use.
    ///
    /// When several threads reload at once, the snapshot whose scan started last stays.
    ///
    /// # Errors
    /// Under [`Policy::Strict`], the first problem. Under other policies, only running out of file
    /// descriptors or memory, which says nothing about the hook files. After an error, the old
    /// hooks stay.
    pub fn reload(&self) -> Result<()> {
        self.0.reload(None).outcome
    }

    /// Returns a monitor, which watches the directories and reloads the hooks when they change
    /// (docs/spec.md, section 7).
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) if there are no file descriptors left.
    pub fn monitor(&self) -> Result<Monitor> {
        Monitor::new(Arc::clone(&self.0))
    }

    /// Returns the generation of the snapshot in use. It grows with each snapshot that is swapped
    /// in.
    pub fn generation(&self) -> u64 {
        self.0.current().generation()
    }

    /// Returns the snapshot in use.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.0.snapshot()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn a_reload_shares_unchanged_hooks() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, command: &str| {
            let hook = format!(
                r#"{{"version": "1.0.0", "hook": {{"path": "/bin/sh"}}, "when": {{"commands": ["{command}"]}}, "stages": []}}"#
            );
            std::fs::write(directory.path().join(name), hook).unwrap();
        };
        write("a.json", "x");
        write("b.json", "x");
        let manager = Manager::builder().directory(directory.path()).load().unwrap();
        let before = manager.snapshot();
        write("b.json", "y");
        manager.reload().unwrap();
        let after = manager.snapshot();
        assert!(before.generation() < after.generation());
        assert!(Arc::ptr_eq(&before.hooks[0], &after.hooks[0]));
        assert!(!Arc::ptr_eq(&before.hooks[1], &after.hooks[1]));
        assert_eq!(after.hooks[1].hook().when.commands, ["y"]);
        // Its notes share it, too: nothing else holds a reference.
        drop(before);
        assert_eq!(Arc::strong_count(&after.hooks[0]), 2);
    }

    /// After a reload, a caller sees all changes from before it. A monitor that overtakes the
    /// reload, and knows only of other files, must not hide them.
    #[test]
    fn a_scan_of_some_files_does_not_hide_what_another_finds() {
        let directory = tempfile::tempdir().unwrap();
        let (found, finds) = std::sync::mpsc::channel();
        let go_on = Arc::new(std::sync::Barrier::new(2));
        let (waits, calls) = (Arc::clone(&go_on), AtomicU64::new(0));
        let reader = move |_: &str, _: &[u8]| {
            if calls.fetch_add(1, Ordering::Relaxed) == 0 {
                found.send(()).unwrap();
                waits.wait();
            }
            Reading::Failed("ours".to_owned())
        };
        let builder = Manager::builder().directory(directory.path()).policy(Policy::LENIENT);
        let manager = builder.reader(reader).load().unwrap();
        std::fs::write(directory.path().join("new.json"), r#"{"version": "ours"}"#).unwrap();
        std::thread::scope(|threads| {
            let reload = threads.spawn(|| manager.reload());
            finds.recv().unwrap();
            let overtakes = manager.0.reload(Some(HashSet::from(["other.json".into()])));
            go_on.wait();
            reload.join().unwrap().unwrap();
            assert!(overtakes.outcome.is_ok());
        });
        let seen: Vec<_> =
            manager.snapshot().diagnostics().into_iter().map(|found| found.path.clone()).collect();
        assert_eq!(seen.len(), 1, "{seen:?}");
    }
}
