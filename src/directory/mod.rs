//! From directories to hooks: which files are looked at, how they are read, and what becomes of each (SPEC §1, §2).

mod file;
mod listed;

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, text_of};
use crate::error::Error;
use crate::hook::{Decoded, Validator, Wanted, decode, nil_hook};
use crate::lint::{self, Inspector};
use crate::loaded::{Loaded, Source};
use crate::options::{LogLevel, Options};
use crate::snapshot::Known;
use crate::sys::{Status, errno_of, open_to_read};
use file::{Failure, read_file};
pub(crate) use file::{ReadError, system_error};
pub(crate) use listed::{Listed, is_hook_file, name_of, path_in};
use listed::{goes_up, list};

type Result<T, E = Error> = std::result::Result<T, E>;

/// The system's directory, which packages install hooks to.
pub const DEFAULT_DIR: &str = "/usr/share/containers/oci/hooks.d";
/// The administrator's directory, which is preferred over [`DEFAULT_DIR`].
pub const OVERRIDE_DIR: &str = "/etc/containers/oci/hooks.d";

/// What a directory came to.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub hooks: Vec<Arc<Loaded>>,
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
    Of(Arc<Loaded>),
}

impl Note {
    /// The hook that it is of.
    pub fn hook(&mut self) -> Option<&mut Arc<Loaded>> {
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
    /// Whether the reference goes on: nothing fails, or what fails first is an executable that does not exist.
    pub fn is_tolerated(&self) -> bool {
        self.errors.first().is_none_or(|first| first.errno() == libc::ENOENT)
    }

    /// All failures as one error, as the reference words it: the last comes first in the text, and the first is what it
    /// is about.
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

    fn add(&mut self, loaded: Arc<Loaded>) {
        self.notes.push(Note::Of(Arc::clone(&loaded)));
        self.hooks.push(loaded);
    }
}

/// Reads directories, one after another.
pub(crate) struct Scanner<'a> {
    extension_stages: &'a Arc<[String]>,
    options: &'a Options,
    validator: Validator<'a>,
    before: Before<'a>,
    /// Looks at who can write what. `None`: modes and owners are enough.
    inspector: Option<Inspector>,
}

/// What is known from when directories were read before.
#[derive(Default)]
pub(crate) struct Before<'a> {
    /// The hooks, by their files.
    pub hooks: HashMap<&'a Path, Known<'a>>,
    /// What the directories had, in their order.
    pub listed: &'a [Option<Arc<Listed>>],
    /// The names of the files to which something has happened since; `None` if that is not known. The others are not read
    /// where they look the same, and the directories are not listed.
    pub touched: Option<HashSet<OsString>>,
}

impl<'a> Scanner<'a> {
    pub fn new(extension_stages: &'a Arc<[String]>, options: &'a Options, before: Before<'a>) -> Scanner<'a> {
        let validator = Validator::new(extension_stages);
        let inspector = options.inspects().then(Inspector::new);
        Scanner { extension_stages, options, validator, before, inspector }
    }

    /// Reads all hook files of the directory of this number. One that does not exist is empty.
    pub fn scan(&mut self, number: usize, directory: &Path) -> Scan {
        let before = self.before.listed.get(number).cloned().flatten();
        match self.scan_existing(directory, before) {
            Ok(scan) => scan,
            Err(error) if error.errno() == libc::ENOENT => Scan::default(),
            Err(error) => {
                let mut scan = Scan::default();
                scan.fail(error);
                scan
            }
        }
    }

    /// The same; a directory that cannot be listed is an error.
    pub fn scan_existing(&mut self, directory: &Path, before: Option<Arc<Listed>>) -> Result<Scan> {
        self.options.log(LogLevel::Debug, |line| {
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
        scan.say(match &mut self.inspector {
            Some(inspector) => inspector.directory(directory),
            None => lint::directory(directory),
        });
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
            match self.load(file, path) {
                Ok(loaded) => {
                    self.options.log(LogLevel::Debug, |line| {
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
                        Some(good) => scan.hooks.push(Arc::clone(good.loaded)),
                        None => scan.without_hook.push(Arc::clone(path)),
                    }
                    let of_files = self.inspect_failed(path, &failure, false);
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
        self.validator.into_looked_at()
    }

    /// The hook of a file to which nothing has happened.
    fn unchanged(&mut self, name: &OsStr, path: &Path) -> Option<Arc<Loaded>> {
        self.before.touched.as_ref().filter(|touched| !touched.contains(name))?;
        let loaded = self.before.hooks.get(path)?.loaded;
        let file = Status::of_path(path).ok()?;
        let executable = self.validator.executable(&loaded.executable.path).ok()?;
        loaded.is_from(&file, &executable.status).then(|| Arc::clone(loaded))
    }

    /// Adds a hook, and what is said about who can write its files.
    fn add(&mut self, scan: &mut Scan, loaded: Arc<Loaded>) {
        scan.add(Arc::clone(&loaded));
        if self.inspector.is_some() {
            scan.say(self.inspect(&loaded, false));
        }
    }

    /// What is said about who can write the files of a hook, if that is looked at. The hook file is `alone` if its directory
    /// was not looked at.
    pub fn inspect(&mut self, loaded: &Loaded, alone: bool) -> Vec<Diagnostic> {
        let Some(inspector) = &mut self.inspector else { return Vec::new() };
        let mut found = inspector.hook_file(&loaded.path, alone);
        let of_program = inspector.program(&loaded.path, &loaded.executable.path);
        if !of_program.is_empty() && !loaded.decoded(Wanted::Hook).hook.runs_in_container() {
            found.extend(of_program);
        }
        found
    }

    /// The same about a file that gives no hook.
    pub fn inspect_failed(&mut self, path: &Path, failure: &Failure, alone: bool) -> Vec<Diagnostic> {
        let (Some(inspector), Some(hook)) = (&mut self.inspector, &failure.hook) else { return Vec::new() };
        let mut found = inspector.hook_file(path, alone);
        // (Why there is no such program is an error.)
        if !hook.runs_in_container() && self.validator.executable(&hook.hook.path).is_ok() {
            found.extend(inspector.program(path, &hook.hook.path));
        }
        found
    }

    /// Loads the file at a path.
    pub fn load_path(&mut self, path: &Path) -> Result<Arc<Loaded>, ReadError> {
        self.load(open_to_read(path), &Arc::from(path))
    }

    fn load(&mut self, file: std::io::Result<File>, path: &Arc<Path>) -> Result<Arc<Loaded>, ReadError> {
        let file = file.map_err(|error| match errno_of(&error) {
            libc::ENOENT => ReadError::Vanished,
            errno => system_error("open", path, errno).into(),
        })?;
        let (text, status) = read_file(&file, path)?;
        let decoded = decode(&text, self.options.reader.as_ref(), Wanted::Conditions)
            .map_err(|error| self.undecoded(error, path, &text))?;
        let decoded = decoded.ok_or_else(|| ReadError::from(nil_hook().with_path(&**path)))?;
        match self.validator.validate(&decoded.hook) {
            Ok(ready) => {
                let by_reader = decoded.by_reader.then(|| Box::new(decoded.hook.into()));
                let source = Source { text, by_reader };
                let stages = Arc::clone(self.extension_stages);
                let inspected = self.inspector.is_some();
                Ok(Arc::new(Loaded::new(Arc::clone(path), status, source, ready, stages, inspected)))
            }
            Err(invalid) => Err(self.invalid(invalid, path, &text, &status, decoded)),
        }
    }
}

pub(crate) fn owned(texts: &[&str]) -> Arc<[String]> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
