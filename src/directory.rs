//! From directories to hooks: which files are looked at, how they are read, and what becomes of each (SPEC §1, §2).

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata, OpenOptions};
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use once_cell::race::OnceBox;

use crate::diagnostic::{Code, Diagnostic, Position, text_of};
use crate::error::{Error, ErrorKind, Result};
use crate::hook::{Decoded, Hook, Reader, Validator, decode, nil_hook, quote};
use crate::inject::Target;
use crate::json;
use crate::lint;
use crate::options::{LogLevel, Options};
use crate::stamp::Stamp;
use crate::sys::{errno_of, errno_text};
use crate::when::Conditions;

/// The system's directory, which packages install hooks to.
pub const DEFAULT_DIR: &str = "/usr/share/containers/oci/hooks.d";
/// The administrator's directory, which is preferred over [`DEFAULT_DIR`].
pub const OVERRIDE_DIR: &str = "/etc/containers/oci/hooks.d";

/// The largest hook file that is read.
const MAX_FILE_SIZE: u64 = 16 << 20;

/// A hook that was loaded from a file.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The file's name, by which files of later directories mask it.
    pub name: OsString,
    pub path: PathBuf,
    pub hook: Hook,
    entry: OnceBox<String>,
    pub conditions: Conditions,
    pub targets: Vec<Target>,
    /// What there was to say of it.
    pub warnings: Vec<Diagnostic>,
    /// The file when it was read, and the hook's executable.
    stamps: [Stamp; 2],
}

impl Loaded {
    /// What is injected: `hook.hook` as JSON. It is made when the hook first matches: an engine that injects once needs few.
    pub fn entry(&self) -> &str {
        self.entry.get_or_init(|| Box::new(json::to_string(&self.hook.hook)))
    }

    /// What a failed evaluation of this hook's conditions is to the caller.
    pub fn matching_error(&self, error: crate::Error) -> crate::Error {
        error
            .context(format_args!("matching hook {}", quote(self.name.as_bytes())))
            .with_hook(text_of(&self.name))
            .with_path(&self.path)
    }
}

/// What a directory came to.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub hooks: Vec<Arc<Loaded>>,
    /// The failures, in the order of the files' names.
    pub errors: Vec<Error>,
    /// The failures and what else there is to say.
    pub diagnostics: Vec<Diagnostic>,
    /// Files that were looked at and give no hook: those that fail, and links that lead nowhere.
    pub without_hook: Vec<(OsString, PathBuf)>,
    /// The hook files; `None` if the directory could not be listed.
    pub listed: Option<Arc<Listed>>,
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

    fn fail(&mut self, error: Error) {
        self.diagnostics.push(error.to_diagnostic(lint::hint(error.code())));
        self.errors.push(error);
    }
}

/// Reads directories, one after another.
pub(crate) struct Scanner<'a> {
    extension_stages: &'a [String],
    options: &'a Options,
    validator: Validator<'a>,
    before: Before<'a>,
}

/// What is known from when directories were read before.
#[derive(Default)]
pub(crate) struct Before<'a> {
    /// The hooks, by their files.
    pub hooks: HashMap<&'a Path, &'a Arc<Loaded>>,
    /// What the directories had, in their order.
    pub listed: &'a [Option<Arc<Listed>>],
    /// The names of the files to which something has happened since; `None` if that is not known. The others are not read
    /// where they look the same, and the directories are not listed.
    pub touched: Option<HashSet<OsString>>,
}

impl<'a> Scanner<'a> {
    pub fn new(extension_stages: &'a [String], options: &'a Options, before: Before<'a>) -> Scanner<'a> {
        Scanner { extension_stages, options, validator: Validator::new(extension_stages), before }
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
        let listed = match (before, &self.before.touched) {
            (Some(before), Some(touched)) => before.with(directory, touched),
            _ => Arc::new(list(directory)?),
        };
        let mut scan = Scan { listed: Some(Arc::clone(&listed)), ..Scan::default() };
        scan.diagnostics.extend(lint::directory(directory));
        for name in &listed.names {
            let path = join(directory, name);
            if let Some(loaded) = self.unchanged(name, &path) {
                scan.diagnostics.extend(loaded.warnings.iter().cloned());
                scan.hooks.push(loaded);
                continue;
            }
            let mut warnings = Vec::new();
            match self.load(name.clone(), &path, &mut warnings) {
                Ok(loaded) => {
                    warnings.clone_from(&loaded.warnings);
                    scan.hooks.push(Arc::new(loaded));
                    self.options.log(LogLevel::Debug, |line| {
                        let path = text_of(path.as_os_str());
                        line.write(&format!("added hook {path}"), &[("path", &path)]);
                    });
                }
                Err(ReadError::Vanished) => scan.without_hook.push((name.clone(), path)),
                Err(ReadError::Failed(error) | ReadError::Invalid(error, _)) => {
                    match self.before.hooks.get(path.as_path()).filter(|_| self.options.keep_last_good) {
                        Some(loaded) => scan.hooks.push(Arc::clone(loaded)),
                        None => scan.without_hook.push((name.clone(), path)),
                    }
                    scan.fail(error);
                }
            }
            scan.diagnostics.extend(warnings);
        }
        Ok(scan)
    }

    /// The executables that were looked at, in this order.
    pub fn into_executables(self) -> Vec<String> {
        self.validator.into_looked_at()
    }

    /// The hook of a file to which nothing has happened.
    fn unchanged(&mut self, name: &OsStr, path: &Path) -> Option<Arc<Loaded>> {
        self.before.touched.as_ref().filter(|touched| !touched.contains(name))?;
        let loaded = *self.before.hooks.get(path)?;
        let file = Stamp::of(&std::fs::metadata(path).ok()?);
        let executable = Stamp::of(self.validator.executable(&loaded.hook.hook.path).as_ref().ok()?);
        (loaded.stamps == [file, executable]).then(|| Arc::clone(loaded))
    }

    /// Loads a file. `warnings` receives what there is to say beside a failure, also of a hook that is not valid.
    pub fn load(
        &mut self,
        name: OsString,
        path: &Path,
        warnings: &mut Vec<Diagnostic>,
    ) -> std::result::Result<Loaded, ReadError> {
        let (text, metadata) = read_file(path)?;
        let parsed = parse(path, &text, self.options.reader.as_ref())?;
        let validated = self.validator.validate(&parsed.hook);
        let executable = self.validator.executable(&parsed.hook.hook.path).as_ref().ok();
        let found = lint::hook(path, &text, &parsed, &metadata, executable, self.extension_stages);
        let stamps = [Stamp::of(&metadata), executable.map_or(Stamp::of(&metadata), Stamp::of)];
        let conditions = match validated {
            Ok(conditions) => conditions,
            Err(invalid) => {
                let offset = invalid.field.as_ref().and_then(|field| parsed.place(field));
                let position = offset.map(|offset| Position::of(&text, offset));
                let error = Error::from(invalid).with_path(path).with_position(position);
                warnings.extend(found);
                return Err(ReadError::Invalid(error, Box::new(parsed.hook)));
            }
        };
        let hook = parsed.hook;
        let stages = hook.stages.iter().flatten();
        let targets = stages.filter_map(|stage| Target::of(stage, self.extension_stages)).collect();
        let (path, entry) = (path.to_owned(), OnceBox::new());
        Ok(Loaded { name, path, hook, entry, conditions, targets, warnings: found, stamps })
    }
}

pub(crate) fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn parse(path: &Path, text: &[u8], reader: Option<&Reader>) -> std::result::Result<Decoded, ReadError> {
    let decoded = decode(text, reader).map_err(|error| {
        let position = error.offset.map(|offset| Position::of(text, offset));
        let message = format!("parsing hook {}: {}", quote(path.as_os_str().as_bytes()), error.message);
        let error = Error::new(ErrorKind::HookFile, error.code, message);
        ReadError::Failed(error.with_path(path).with_position(position))
    })?;
    decoded.ok_or_else(|| ReadError::Failed(nil_hook().with_path(path)))
}

/// Why a file gives no hook.
pub(crate) enum ReadError {
    /// The file is not there any more, or is a link that leads nowhere.
    Vanished,
    Failed(Error),
    /// It is a hook, but not a valid one.
    Invalid(Error, Box<Hook>),
}

/// Reads a file, whatever it is: nothing that is no regular file is waited for.
fn read_file(path: &Path) -> std::result::Result<(Vec<u8>, Metadata), ReadError> {
    let failed =
        |operation, error: std::io::Error| ReadError::Failed(system_error(operation, path, errno_of(&error)));
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => return Err(ReadError::Vanished),
        opened => opened.map_err(|error| failed("open", error))?,
    };
    let metadata = file.metadata().map_err(|error| failed("stat", error))?;
    if metadata.is_dir() {
        return Err(ReadError::Failed(system_error("read", path, libc::EISDIR)));
    }
    if !metadata.is_file() {
        return Err(refused(path, Code::NotRegularFile, "not a regular file"));
    }
    if metadata.len() > MAX_FILE_SIZE {
        return Err(refused(path, Code::FileTooLarge, "file too large (the limit is 16 MiB)"));
    }
    let text = read_to_limit(&file, metadata.len()).map_err(|error| failed("read", error))?;
    if text.len() as u64 > MAX_FILE_SIZE {
        return Err(refused(path, Code::FileTooLarge, "file too large (the limit is 16 MiB)"));
    }
    Ok((text, metadata))
}

/// Reads to the end, or to one byte more than the limit: the file may grow meanwhile.
fn read_to_limit(file: &File, size: u64) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
    file.take(MAX_FILE_SIZE + 1).read_to_end(&mut text)?;
    Ok(text)
}

fn refused(path: &Path, code: Code, what: &str) -> ReadError {
    let message = format!("open {}: {what}", text_of(path.as_os_str()));
    ReadError::Failed(Error::new(ErrorKind::HookFile, code, message).with_path(path))
}

pub(crate) fn system_error(operation: &'static str, path: &Path, number: i32) -> Error {
    let message = format!("{operation} {}: {}", text_of(path.as_os_str()), errno_text(number));
    Error::new(ErrorKind::Io, Code::UnreadableFile, message)
        .with_system(number, operation, path)
        .with_path(path)
}

/// Whether a file of this name is a hook file.
pub(crate) fn is_hook_file(name: &OsStr) -> bool {
    name.as_bytes().ends_with(b".json")
}

/// The hook files of a directory.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    /// In the order of their bytes.
    names: Vec<OsString>,
    /// The paths of those of them that are symlinks, in any order.
    pub links: Vec<PathBuf>,
}

impl Listed {
    /// What there is after something has happened to these files and to no others. To list a directory would be to wait for
    /// those who write to it.
    fn with(self: Arc<Listed>, directory: &Path, touched: &HashSet<OsString>) -> Arc<Listed> {
        if touched.is_empty() {
            return self;
        }
        let is_touched = |name: &OsStr| touched.contains(name);
        let mut names: Vec<OsString> = self.names.iter().filter(|name| !is_touched(name)).cloned().collect();
        let mut links: Vec<PathBuf> =
            self.links.iter().filter(|link| !link.file_name().is_some_and(is_touched)).cloned().collect();
        for name in touched {
            let path = join(directory, name);
            // One that is gone is told as such, unless it comes and goes all the time.
            if let Ok(found) = path.symlink_metadata() {
                names.push(name.clone());
                links.extend(found.is_symlink().then_some(path));
            }
        }
        names.sort();
        Arc::new(Listed { names, links })
    }
}

fn list(directory: &Path) -> Result<Listed> {
    let failed = |operation, error: std::io::Error| {
        let message =
            format!("{operation} {}: {}", text_of(directory.as_os_str()), errno_text(errno_of(&error)));
        Error::new(ErrorKind::Io, Code::UnreadableDirectory, message)
            .with_system(errno_of(&error), operation, directory)
            .with_path(directory)
    };
    let mut listed = Listed::default();
    for entry in std::fs::read_dir(directory).map_err(|error| failed("open", error))? {
        let entry = entry.map_err(|error| failed("readdirent", error))?;
        let name = entry.file_name();
        if is_hook_file(&name) {
            // The listing mostly tells the type. Where it does not, and the file has gone meanwhile, it is no link.
            if entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
                listed.links.push(join(directory, &name));
            }
            listed.names.push(name);
        }
    }
    listed.names.sort();
    Ok(listed)
}

/// The path of a file in a directory, as Go's `filepath.Join` makes it: without what is empty, `.` or `..` behind a name.
/// (That is what messages show, and where links are involved it is another file.)
pub(crate) fn join(directory: &Path, name: &OsStr) -> PathBuf {
    let directory = directory.as_os_str().as_bytes();
    let absolute = directory.starts_with(b"/");
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in directory.split(|&byte| byte == b'/').chain([name.as_bytes()]) {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|last| *last != b"..") => drop(parts.pop()),
            b".." if absolute => {}
            part => parts.push(part),
        }
    }
    let mut path = if absolute { vec![b'/'] } else { Vec::new() };
    path.extend(parts.join(&b'/'));
    PathBuf::from(OsString::from_vec(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_as_go() {
        for (directory, want) in [
            ("/a//b/", "/a/b/x.json"),
            ("a/./b", "a/b/x.json"),
            (".", "x.json"),
            ("/a/b/..", "/a/x.json"),
            ("/../..", "/x.json"),
            ("../..", "../../x.json"),
            ("a/../../b", "../b/x.json"),
            ("/", "/x.json"),
        ] {
            assert_eq!(join(Path::new(directory), OsStr::new("x.json")), Path::new(want), "{directory}");
        }
    }
}
