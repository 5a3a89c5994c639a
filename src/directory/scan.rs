//! The hook files of a directory, and what becomes of each (docs/spec.md, section 1, §2).

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
use crate::sys::open_to_read;

/// What a directory came to.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub hooks: Vec<Arc<LoadedHook>>,
    /// The failures, in the order of the files' names.
    pub errors: Vec<Error>,
    /// What there is to say, in the order of the files' names.
    pub notes: Vec<Note>,
    /// Files that were looked at and give no hook: those that fail, and links that lead nowhere.
    pub without_hook: Vec<Arc<Path>>,
    /// The hook files; `None` if the directory could not be listed.
    pub listed: Option<Arc<Listed>>,
}

/// What there is to say about a directory or a file of it.
#[derive(Debug, Clone)]
pub(crate) enum Note {
    Said(Box<Diagnostic>),
    /// What a hook says of itself, if it is asked.
    Of(Arc<LoadedHook>),
}

impl Note {
    /// The hook that it is of.
    pub fn hook(&mut self) -> Option<&mut Arc<LoadedHook>> {
        match self {
            Note::Said(_) => None,
            Note::Of(loaded) => Some(loaded),
        }
    }

    pub fn diagnostics(&self) -> &[Diagnostic] {
        match self {
            Note::Said(diagnostic) => std::slice::from_ref(diagnostic),
            Note::Of(loaded) => loaded.warnings(),
        }
    }
}

impl Scan {
    /// Whether the reference goes on: nothing fails, or what fails first is an executable that does
    /// not exist.
    pub fn is_tolerated(&self) -> bool {
        self.errors.first().is_none_or(|first| first.errno() == Some(Errno(libc::ENOENT)))
    }

    /// All failures as one error, as the reference words it: the last comes first in the text, and
    /// the first is what it is about.
    pub fn error(&self) -> Option<Error> {
        let first = self.errors.first()?;
        let messages: Vec<&str> = self.errors.iter().rev().map(Error::message).collect();
        Some(first.clone().with_message(messages.join(": ")))
    }

    /// What there is to say.
    pub fn diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        self.notes.iter().flat_map(Note::diagnostics)
    }

    fn fail(&mut self, error: Error) {
        self.say(vec![lint::error(&error, &Decoded::default())]);
        self.errors.push(error);
    }

    fn say(&mut self, diagnostics: Vec<Diagnostic>) {
        for diagnostic in diagnostics {
            self.notes.push(Note::Said(Box::new(diagnostic)));
        }
    }

    fn add(&mut self, loaded: Arc<LoadedHook>) {
        self.notes.push(Note::Of(Arc::clone(&loaded)));
        self.hooks.push(loaded);
    }
}

/// Reads directories, one after another.
pub(crate) struct Scanner<'a> {
    options: &'a ReadOptions,
    loader: FileLoader<'a>,
    before: Before<'a>,
}

/// What is known from when directories were read before.
#[derive(Default)]
pub(crate) struct Before<'a> {
    /// The hooks, by their files.
    pub hooks: HashMap<&'a Path, &'a Arc<LoadedHook>>,
    /// What the directories had, in their order.
    pub listed: &'a [Option<Arc<Listed>>],
    /// The names of the files to which something has happened since; `None` if that is not known.
    /// The others are not read where they look the same, and the directories are not listed.
    pub touched: Option<HashSet<OsString>>,
}

impl<'a> Scanner<'a> {
    pub fn new(options: &'a ReadOptions, before: Before<'a>) -> Scanner<'a> {
        Scanner { options, loader: FileLoader::new(options), before }
    }

    /// Reads all hook files of the directory of this number. One that does not exist is empty.
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

    /// The same; a directory that cannot be listed is an error.
    pub fn scan_existing(&mut self, directory: &Path, before: Option<Arc<Listed>>) -> Result<Scan> {
        self.options.tell(LogLevel::Debug, |line| {
            let directory = text_of(directory.as_os_str());
            line.write(&format!("reading hooks from {directory}"), &[("directory", &directory)]);
        });
        let (listed, opened) = match (before, &self.before.touched) {
            (Some(before), Some(touched)) => (before.with(directory, touched), None),
            _ => list(directory).map(|(listed, opened)| (Arc::new(listed), Some(opened)))?,
        };
        let opened = opened.filter(|_| !goes_up(directory));
        let mut scan = Scan { listed: Some(Arc::clone(&listed)), ..Scan::default() };
        scan.hooks.reserve_exact(listed.paths.len());
        scan.notes.reserve_exact(listed.paths.len());
        scan.say(self.loader.inspect_directory(directory));
        for path in &listed.paths {
            let name = name_of(path);
            if let Some(loaded) = self.unchanged(name, path) {
                self.add(&mut scan, loaded);
                continue;
            }
            // What cannot be opened by its path is not opened, as by the reference.
            let is_path = path.as_os_str().len() < libc::PATH_MAX as usize;
            let file = match opened.as_ref().filter(|_| is_path) {
                Some(opened) => opened.open_to_read(name),
                None => open_to_read(path),
            };
            match self.loader.load(file, path) {
                Ok(loaded) => {
                    self.options.tell(LogLevel::Debug, |line| {
                        let path = text_of(path.as_os_str());
                        line.write(&format!("added hook {path}"), &[("path", &path)]);
                    });
                    self.add(&mut scan, loaded);
                }
                Err(ReadError::Vanished) => {
                    scan.without_hook.push(Arc::clone(path));
                    scan.say(lint::vanished(path));
                }
                Err(ReadError::Failed(failure)) => {
                    match self.before.hooks.get(&**path).filter(|_| self.options.keep_last_good) {
                        Some(good) => scan.hooks.push(Arc::clone(good)),
                        None => scan.without_hook.push(Arc::clone(path)),
                    }
                    let of_files = self.loader.inspect_failed(path, &failure, false);
                    scan.say(failure.diagnostics);
                    scan.say(of_files);
                    scan.errors.push(failure.error);
                }
            }
        }
        Ok(scan)
    }

    /// The executables that were looked at, in this order.
    pub fn into_executables(self) -> Vec<Arc<str>> {
        self.loader.into_executables()
    }

    /// The hook of a file to which nothing has happened.
    fn unchanged(&mut self, name: &OsStr, path: &Path) -> Option<Arc<LoadedHook>> {
        self.before.touched.as_ref().filter(|touched| !touched.contains(name))?;
        let loaded = self.before.hooks.get(path)?;
        self.loader.is_unchanged(loaded).then(|| Arc::clone(loaded))
    }

    /// Adds a hook, and what is said about who can write its files.
    fn add(&mut self, scan: &mut Scan, loaded: Arc<LoadedHook>) {
        scan.add(Arc::clone(&loaded));
        scan.say(self.loader.inspect(&loaded, false));
    }
}
