//! From directories to hooks: which files are looked at, how they are read, and what becomes of each (SPEC §1, §2).

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Lines, text_of};
use crate::error::{Error, ErrorKind};
use crate::hook::{
    DecodeError, Decoded, Hook, Invalid, Validator, Wanted, decode, decode_again, nil_hook, quote,
};
use crate::lint;
use crate::loaded::{Loaded, Source};
use crate::options::{LogLevel, Options};
use crate::order::sorted;
use crate::snapshot::Known;
use crate::sys::{Directory, Status, errno_of, errno_text, open_to_read};

type Result<T, E = Error> = std::result::Result<T, E>;

/// The system's directory, which packages install hooks to.
pub const DEFAULT_DIR: &str = "/usr/share/containers/oci/hooks.d";
/// The administrator's directory, which is preferred over [`DEFAULT_DIR`].
pub const OVERRIDE_DIR: &str = "/etc/containers/oci/hooks.d";

/// The largest hook file that is read.
const MAX_FILE_SIZE: u64 = 16 << 20;

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
        let (listed, opened) = match (before, &self.before.touched) {
            (Some(before), Some(touched)) => (before.with(directory, touched), None),
            _ => list(directory).map(|(listed, opened)| (Arc::new(listed), Some(opened)))?,
        };
        let opened = opened.filter(|_| !goes_up(directory));
        let mut scan = Scan { listed: Some(Arc::clone(&listed)), ..Scan::default() };
        scan.hooks.reserve_exact(listed.paths.len());
        scan.notes.reserve_exact(listed.paths.len());
        scan.say(lint::directory(directory));
        for path in &listed.paths {
            let name = name_of(path);
            if let Some(loaded) = self.unchanged(name, path) {
                scan.add(loaded);
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
                    scan.add(loaded);
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
                    scan.errors.push(failure.error);
                    scan.say(failure.diagnostics);
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
                Ok(Arc::new(Loaded::new(Arc::clone(path), status, source, ready, stages)))
            }
            Err(invalid) => Err(self.invalid(invalid, path, &text, &status, decoded)),
        }
    }

    /// What there is to say about a file that is no hook. Whoever mends it wants to know all that is wrong.
    #[cold]
    fn undecoded(&mut self, error: DecodeError, path: &Path, text: &[u8]) -> ReadError {
        let lines = Lines::new(text);
        let as_error = |error: DecodeError| {
            let message = format!("parsing hook {}: {}", quote(path.as_os_str().as_bytes()), error.message);
            let position = error.offset.map(|offset| lines.position(offset));
            Error::new(ErrorKind::HookFile, error.code, message).with_path(path).with_position(position)
        };
        // What the caller's reader refuses is its own matter. (Without one, a file of no version has no mistakes to note.)
        let is_ours = !matches!(error.code, Code::ReaderFailed | Code::UnrecognizedVersion);
        let mut decoded = if is_ours { decode_again(text, Wanted::Mistakes) } else { Decoded::default() };
        let mistakes = std::mem::take(&mut decoded.notes.mistakes);
        let mut failure = Failure::new(as_error(error), &decoded);
        // Where there are none, it is not even JSON. Of a file that is meant to be of another version nothing else is true.
        let is_other = decoded.version.is_empty() && mistakes.first().is_some_and(DecodeError::is_of_1_0_0);
        if !mistakes.is_empty() && !is_other {
            for mistake in mistakes.into_iter().skip(1) {
                failure.add(&as_error(mistake.context(&decoded.version)), &decoded);
            }
            let mut tell = |invalid| failure.add(&placed(invalid, path, &decoded, &lines), &decoded);
            self.validator.each(&decoded.hook, &mut tell);
            failure.diagnostics.extend(lint::keys(path, text, &decoded));
        }
        ReadError::Failed(Box::new(failure))
    }

    /// The same about a hook that is not valid.
    #[cold]
    fn invalid(
        &mut self,
        invalid: Invalid,
        path: &Path,
        text: &[u8],
        status: &Status,
        decoded: Decoded<'_>,
    ) -> ReadError {
        let decoded = if decoded.by_reader { decoded } else { decode_again(text, Wanted::Notes) };
        let executable = self.validator.executable(&decoded.hook.entry.path).ok();
        let executable = executable.as_ref().map(|executable| &executable.status);
        let lines = Lines::new(text);
        let mut failure = Failure::new(placed(invalid.clone(), path, &decoded, &lines), &decoded);
        self.validator.each(&decoded.hook, &mut |other| {
            if other != invalid {
                failure.add(&placed(other, path, &decoded, &lines), &decoded);
            }
        });
        let warnings = lint::hook(path, text, &decoded, status, executable, self.extension_stages);
        failure.diagnostics.extend(warnings);
        failure.hook = Some(decoded.hook.into());
        ReadError::Failed(Box::new(failure))
    }
}

/// As an error of the file, at the place of what it is about.
fn placed(invalid: Invalid, path: &Path, decoded: &Decoded<'_>, lines: &Lines) -> Error {
    let offset = invalid.field.as_ref().and_then(|field| decoded.place(field));
    let position = offset.map(|offset| lines.position(offset));
    Error::from(invalid).with_path(path).with_position(position)
}

pub(crate) fn owned(texts: &[&str]) -> Arc<[String]> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Why a file gives no hook.
pub(crate) enum ReadError {
    /// The file is not there any more, or is a link that leads nowhere.
    Vanished,
    Failed(Box<Failure>),
}

pub(crate) struct Failure {
    pub error: Error,
    /// What there is to say: the error first, then others, then warnings.
    pub diagnostics: Vec<Diagnostic>,
    /// It is a hook, but not a valid one.
    pub hook: Option<Hook>,
}

impl Failure {
    fn new(error: Error, file: &Decoded<'_>) -> Failure {
        let mut failure = Failure { diagnostics: Vec::new(), hook: None, error };
        failure.diagnostics.push(lint::error(&failure.error, file));
        failure
    }

    fn add(&mut self, error: &Error, file: &Decoded<'_>) {
        self.diagnostics.push(lint::error(error, file));
    }
}

impl From<Error> for ReadError {
    fn from(error: Error) -> ReadError {
        ReadError::Failed(Box::new(Failure::new(error, &Decoded::default())))
    }
}

/// Reads a file. What is no regular file is not read, since it might be waited for.
fn read_file(file: &File, path: &Path) -> Result<(Vec<u8>, Status), ReadError> {
    let failed = |operation, error: std::io::Error| system_error(operation, path, errno_of(&error));
    let status = Status::of_file(file).map_err(|error| failed("stat", error))?;
    if status.is_directory() {
        return Err(system_error("read", path, libc::EISDIR).into());
    }
    if !status.is_file() {
        return Err(refused(path, Code::NotRegularFile, "not a regular file"));
    }
    if status.size > MAX_FILE_SIZE {
        return Err(refused(path, Code::FileTooLarge, "file too large (the limit is 16 MiB)"));
    }
    let text = read_to_limit(file, status.size).map_err(|error| failed("read", error))?;
    if text.len() as u64 > MAX_FILE_SIZE {
        return Err(refused(path, Code::FileTooLarge, "file too large (the limit is 16 MiB)"));
    }
    Ok((text, status))
}

/// Reads to the end, or to one byte more than the limit: the file may have grown, or shrunk.
fn read_to_limit(mut file: &File, size: u64) -> std::io::Result<Vec<u8>> {
    let size = usize::try_from(size).unwrap_or(0);
    let mut text = vec![0; size + 1];
    let first = loop {
        match file.read(&mut text) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            read => break read?,
        }
    };
    text.truncate(first);
    // There was room for one byte more, and it was not needed: this is the end, which need not be asked for.
    if first != size || size == 0 {
        file.take(MAX_FILE_SIZE + 1 - first as u64).read_to_end(&mut text)?;
        text.shrink_to_fit();
    }
    Ok(text)
}

fn refused(path: &Path, code: Code, what: &str) -> ReadError {
    let message = format!("open {}: {what}", text_of(path.as_os_str()));
    Error::new(ErrorKind::HookFile, code, message).with_path(path).into()
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
    /// Their paths, in the order of the bytes of their names.
    paths: Vec<Arc<Path>>,
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
        let begin = join(directory).len();
        let untouched = self.paths.iter().filter(|path| !touched.contains(name_of(path))).cloned();
        let mut files: Vec<Keyed> = untouched.map(|path| Keyed::new(path, begin)).collect();
        let mut links: Vec<PathBuf> =
            self.links.iter().filter(|link| !touched.contains(name_of(link))).cloned().collect();
        for name in touched {
            let path = path_in(directory, name);
            // One that is gone is told as such, unless it comes and goes all the time.
            if let Ok(found) = path.symlink_metadata() {
                links.extend(found.is_symlink().then(|| path.clone()));
                files.push(Keyed::new(path.into(), begin));
            }
        }
        Arc::new(Listed { paths: by_name(files), links })
    }
}

fn list(directory: &Path) -> Result<(Listed, Directory)> {
    let failed = |operation, error: std::io::Error| {
        let message =
            format!("{operation} {}: {}", text_of(directory.as_os_str()), errno_text(errno_of(&error)));
        Error::new(ErrorKind::Io, Code::UnreadableDirectory, message)
            .with_system(errno_of(&error), operation, directory)
            .with_path(directory)
    };
    let mut listed = Listed::default();
    let mut opened = Directory::open(directory).map_err(|error| failed("open", error))?;
    let mut path = join(directory);
    let prefix = path.len();
    let mut hook_file = |name: &OsStr, is_link: Option<bool>| {
        path.truncate(prefix);
        path.extend_from_slice(name.as_bytes());
        is_hook_file(name).then(|| (Arc::<Path>::from(Path::new(OsStr::from_bytes(&path))), is_link))
    };
    let mut files = Vec::new();
    while let Some((path, is_link)) =
        opened.next(&mut hook_file).map_err(|error| failed("readdirent", error))?
    {
        // Where the listing does not tell, the file that will be read is asked; if it has gone meanwhile, it is no link.
        if is_link.unwrap_or_else(|| path.symlink_metadata().is_ok_and(|found| found.is_symlink())) {
            listed.links.push(path.to_path_buf());
        }
        files.push(Keyed::new(path, prefix));
    }
    listed.paths = by_name(files);
    Ok((listed, opened))
}

/// A file by its name, which begins somewhere in its path.
struct Keyed {
    /// The first bytes of the name, as a number: most names differ in them.
    key: u64,
    path: Arc<Path>,
    begin: usize,
}

impl Keyed {
    fn new(path: Arc<Path>, begin: usize) -> Keyed {
        let mut first = [0; 8];
        let name = path.as_os_str().as_bytes().iter().skip(begin);
        first.iter_mut().zip(name).for_each(|(slot, byte)| *slot = *byte);
        Keyed { key: u64::from_be_bytes(first), path, begin }
    }

    fn name(&self) -> Option<&[u8]> {
        self.path.as_os_str().as_bytes().get(self.begin..)
    }
}

/// The files in the order of the bytes of their names.
fn by_name(files: Vec<Keyed>) -> Vec<Arc<Path>> {
    let files = sorted(files, |a, b| a.key.cmp(&b.key).then_with(|| a.name().cmp(&b.name())));
    files.into_iter().map(|file| file.path).collect()
}

/// The name of a file, which has one.
pub(crate) fn name_of(path: &Path) -> &OsStr {
    let path = path.as_os_str().as_bytes();
    let mut begin = path.len();
    while begin > 0 && path.get(begin - 1) != Some(&b'/') {
        begin -= 1;
    }
    OsStr::from_bytes(path.get(begin..).unwrap_or_default())
}

/// The path of a file in a directory, as Go's `filepath.Join` makes it: without what is empty, `.` or `..` behind a name.
/// (That is what messages show, and where links are involved it is another file.)
pub(crate) fn path_in(directory: &Path, name: &OsStr) -> PathBuf {
    let mut path = join(directory);
    path.extend_from_slice(name.as_bytes());
    PathBuf::from(OsString::from_vec(path))
}

/// What stands before a name in such a path.
fn join(directory: &Path) -> Vec<u8> {
    let directory = directory.as_os_str().as_bytes();
    let absolute = directory.starts_with(b"/");
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in directory.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|last| *last != b"..") => drop(parts.pop()),
            b".." if absolute => {}
            part => parts.push(part),
        }
    }
    let mut prefix = if absolute { vec![b'/'] } else { Vec::new() };
    for part in parts {
        prefix.extend_from_slice(part);
        prefix.push(b'/');
    }
    prefix
}

/// Whether such a path may lead elsewhere than to the directory.
fn goes_up(directory: &Path) -> bool {
    directory.as_os_str().as_bytes().split(|&byte| byte == b'/').any(|part| part == b"..")
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
            assert_eq!(path_in(Path::new(directory), OsStr::new("x.json")), Path::new(want), "{directory}");
        }
    }
}
