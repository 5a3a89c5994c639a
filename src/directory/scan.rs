//! The hook files of a directory, and the result of each (docs/spec.md, sections 1 and 2).

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::Arc;

use super::load::{FileLoader, ReadError};
use crate::entries::{Listed, list, name_of};
use crate::go::Errno;
use crate::go::goes_up;
use crate::hook::Decoded;
use crate::lint;
use crate::loaded_hook::LoadedHook;
use crate::log::LogLevel;
use crate::options::ReadOptions;
use crate::problem::{Diagnostic, Error, Result, text_of};

/// The result of reading a directory.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub hooks: Vec<Arc<LoadedHook>>,
    /// The failures, in the order of the files' names.
    pub errors: Vec<Error>,
    /// Diagnostics, and hooks that may have some, in the order of the files' names.
    pub notes: Vec<Note>,
    /// Hook files that did not load: those that fail, and dangling symlinks.
    pub without_hook: Vec<Arc<Path>>,
    /// The hook files; `None` if the directory could not be listed.
    pub listed: Option<Arc<Listed>>,
}

/// A diagnostic of a directory or a file in it, or a hook whose warnings are computed later.
#[derive(Debug, Clone)]
pub(crate) enum Note {
    Diagnostic(Box<Diagnostic>),
    /// The warnings of this hook, which it computes when they are requested.
    Hook(Arc<LoadedHook>),
}

impl Note {
    /// Returns the hook whose warnings this note stands for.
    pub fn loaded(&self) -> Option<&Arc<LoadedHook>> {
        match self {
            Note::Diagnostic(_) => None,
            Note::Hook(loaded) => Some(loaded),
        }
    }

    /// Does the same for a caller that replaces the hook.
    pub fn hook(&mut self) -> Option<&mut Arc<LoadedHook>> {
        match self {
            Note::Diagnostic(_) => None,
            Note::Hook(loaded) => Some(loaded),
        }
    }

    pub fn diagnostics(&self) -> &[Diagnostic] {
        match self {
            Note::Diagnostic(diagnostic) => std::slice::from_ref(diagnostic),
            Note::Hook(loaded) => loaded.warnings(),
        }
    }
}

impl Scan {
    /// Returns whether the reference continues: no file fails, or the first error is that an
    /// executable does not exist.
    pub fn is_tolerated(&self) -> bool {
        self.errors.first().is_none_or(|first| first.errno() == Some(Errno(libc::ENOENT)))
    }

    /// Joins all failures into one error with the words of the reference: the message starts with
    /// the last failure, and the error itself is the first one.
    pub fn error(&self) -> Option<Error> {
        let first = self.errors.first()?;
        let messages: Vec<&str> = self.errors.iter().rev().map(Error::message).collect();
        Some(first.clone().with_message(messages.join(": ")))
    }

    /// Returns all diagnostics.
    pub fn diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        self.notes.iter().flat_map(Note::diagnostics)
    }

    fn fail(&mut self, error: Error) {
        self.report(vec![lint::error(&error, &Decoded::default())]);
        self.errors.push(error);
    }

    fn report(&mut self, diagnostics: Vec<Diagnostic>) {
        for diagnostic in diagnostics {
            self.notes.push(Note::Diagnostic(Box::new(diagnostic)));
        }
    }

    fn add(&mut self, loaded: Arc<LoadedHook>) {
        self.notes.push(Note::Hook(Arc::clone(&loaded)));
        self.hooks.push(loaded);
    }
}

/// Reads directories, one after another.
pub(crate) struct Scanner<'a> {
    options: &'a ReadOptions,
    loader: FileLoader<'a>,
    before: Before<'a>,
}

/// The results of the previous scan.
#[derive(Default)]
pub(crate) struct Before<'a> {
    /// The hooks, by the paths of their files.
    pub hooks: HashMap<&'a Path, &'a Arc<LoadedHook>>,
    /// The hook files of the directories, in the order of the directories.
    pub listed: &'a [Option<Arc<Listed>>],
    /// The names of the files that changed since; `None` if they are not known. If they are known,
    /// the directories are not listed, and other files whose metadata is the same are not read.
    pub touched: Option<HashSet<OsString>>,
}

impl<'a> Scanner<'a> {
    pub fn new(options: &'a ReadOptions, before: Before<'a>) -> Scanner<'a> {
        Scanner { options, loader: FileLoader::new(options), before }
    }

    /// Reads all hook files of the directory with this number. A directory that does not exist is
    /// empty.
    pub fn scan(&mut self, number: usize, directory: &Path) -> Scan {
        let before = self.before.listed.get(number).cloned().flatten();
        match self.scan_existing(directory, before) {
            Ok(scan) => scan,
            Err(error) if error.errno() == Some(Errno(libc::ENOENT)) => Scan::default(),
            Err(error) => {
                let mut scan = Scan::default();
                scan.fail(error);
                scan
            }
        }
    }

    /// Does the same, but fails if the directory cannot be listed.
    pub fn scan_existing(&mut self, directory: &Path, before: Option<Arc<Listed>>) -> Result<Scan> {
        self.options.write_log(LogLevel::Debug, |line| {
            let directory = text_of(directory.as_os_str());
            line.write(&format!("reading hooks from {directory}"), &[("directory", &directory)]);
        });
        let (listed, opened) = match (before, &self.before.touched) {
            (Some(before), Some(touched)) => {
                (before.with(&self.options.root, directory, touched), None)
            }
            _ => list(&self.options.root, directory)
                .map(|(listed, opened)| (Arc::new(listed), Some(opened)))?,
        };
        let opened = opened.filter(|_| !goes_up(directory));
        let mut scan = Scan { listed: Some(Arc::clone(&listed)), ..Scan::default() };
        scan.hooks.reserve_exact(listed.paths.len());
        scan.notes.reserve_exact(listed.paths.len());
        scan.report(self.loader.inspect_directory(directory));
        for path in &listed.paths {
            let name = name_of(path);
            if let Some(loaded) = self.unchanged(name, path) {
                self.add(&mut scan, loaded);
                continue;
            }
            // Like the reference, does not open a file whose path is too long.
            let is_path = path.as_os_str().len() < libc::PATH_MAX as usize;
            let file = match opened.as_ref().filter(|_| is_path) {
                Some(opened) => self.options.root.open_entry(opened, name, path),
                None => self.options.root.open_to_read(path),
            };
            match self.loader.load(file, path) {
                Ok(loaded) => {
                    self.options.write_log(LogLevel::Debug, |line| {
                        let path = text_of(path.as_os_str());
                        line.write(&format!("added hook {path}"), &[("path", &path)]);
                    });
                    self.add(&mut scan, loaded);
                }
                Err(ReadError::Vanished) => {
                    scan.without_hook.push(Arc::clone(path));
                    scan.report(lint::vanished(&self.options.root, path));
                }
                Err(ReadError::Failed(failure)) => {
                    match self.before.hooks.get(&**path).filter(|_| self.options.keep_last_good) {
                        Some(good) => scan.hooks.push(Arc::clone(good)),
                        None => scan.without_hook.push(Arc::clone(path)),
                    }
                    let inspected = self.loader.inspect_failed(path, &failure, false);
                    scan.report(failure.diagnostics);
                    scan.report(inspected);
                    scan.errors.push(failure.error);
                }
            }
        }
        Ok(scan)
    }

    /// Returns the executables that were checked, in this order.
    pub fn into_executables(self) -> Vec<Arc<str>> {
        self.loader.into_executables()
    }

    /// Returns the hook of a file that has not changed.
    fn unchanged(&mut self, name: &OsStr, path: &Path) -> Option<Arc<LoadedHook>> {
        self.before.touched.as_ref().filter(|touched| !touched.contains(name))?;
        let loaded = self.before.hooks.get(path)?;
        self.loader.is_unchanged(loaded).then(|| Arc::clone(loaded))
    }

    /// Adds a hook, and the diagnostics about who can write its files.
    fn add(&mut self, scan: &mut Scan, loaded: Arc<LoadedHook>) {
        scan.add(Arc::clone(&loaded));
        scan.report(self.loader.inspect(&loaded, false));
    }
}
