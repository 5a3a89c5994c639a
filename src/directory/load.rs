//! One hook file: its hook, or the errors and warnings of a file that does not load (docs/spec.md,
//! sections 1 and 3).

use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use crate::go::Errno;
use crate::go::quote;
use crate::hook::{DecodeError, Decoded, Hook, Reader, Wanted, decode, decode_again};
use crate::limits::HOOK_FILE;
use crate::lint::{self, HookFacts, Inspector, Programs};
use crate::loaded_hook::{LoadedHook, Source};
use crate::options::ReadOptions;
use crate::position::Lines;
use crate::problem::{Cause, Diagnostic, Error, ErrorKind, Refusal, text_of};
use crate::sys::{Root, Status};
use crate::validate::{Invalid, Validator, nil_hook};

type Result<T, E = Error> = std::result::Result<T, E>;

/// The reason why a file does not load.
pub(crate) enum ReadError {
    /// The file no longer exists, or is a dangling symlink.
    Vanished,
    Failed(Box<Failure>),
}

/// The problems of a file that does not load.
pub(crate) struct Failure {
    pub error: Error,
    /// The diagnostics: first that of `error`, then those of other errors, then warnings.
    pub diagnostics: Vec<Diagnostic>,
    /// The hook, if the file decodes to one that is not valid.
    pub hook: Option<Hook>,
}

impl Failure {
    fn new(error: Error, file: &Decoded<'_>) -> Failure {
        Failure { diagnostics: vec![lint::error(&error, file)], hook: None, error }
    }

    fn add(&mut self, error: &Error, file: &Decoded<'_>) {
        // The reference stops at the first error.
        self.push(Diagnostic { reference: None, ..lint::error(error, file) });
    }

    /// Adds a diagnostic, unless the same problem of the same place was found by another check.
    fn push(&mut self, diagnostic: Diagnostic) {
        // (Without a position, as from the caller's reader, the message decides.)
        let is_same = |known: &Diagnostic| {
            (known.position, known.code) == (diagnostic.position, diagnostic.code)
                && (known.position.is_some() || known.message() == diagnostic.message())
        };
        if !self.diagnostics.iter().any(is_same) {
            self.diagnostics.push(diagnostic);
        }
    }
}

impl From<Error> for ReadError {
    fn from(error: Error) -> ReadError {
        ReadError::Failed(Box::new(Failure::new(error, &Decoded::default())))
    }
}

/// Reads a file. Only regular files are read: reading a FIFO could block.
fn read_file(file: &File, path: &Path) -> Result<(Vec<u8>, Status), ReadError> {
    let failed =
        |operation, error: std::io::Error| system_error(operation, path, Errno::of(&error));
    let status = Status::of_file(file).map_err(|error| failed("stat", error))?;
    if status.is_directory() {
        return Err(system_error("read", path, Errno(libc::EISDIR)).into());
    }
    if !status.is_file() {
        return Err(refused(path, Cause::NotRegularFile));
    }
    if status.size > HOOK_FILE as u64 {
        return Err(refused(path, Cause::FileTooLarge));
    }
    let text = read_to_limit(file, status.size).map_err(|error| failed("read", error))?;
    if text.len() > HOOK_FILE {
        return Err(refused(path, Cause::FileTooLarge));
    }
    Ok((text, status))
}

/// Reads to the end, or to one byte more than the limit. The file may have grown or shrunk.
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
    // The buffer had room for one more byte that was not needed. So this is the end, and another
    // read is unnecessary.
    if first != size || size == 0 {
        file.take((HOOK_FILE + 1).saturating_sub(first) as u64).read_to_end(&mut text)?;
        text.shrink_to_fit();
    }
    Ok(text)
}

fn refused(path: &Path, cause: Cause) -> ReadError {
    let step = format!("open {}", text_of(path.as_os_str()));
    Error::new(ErrorKind::HookFile, cause).context(step).with_path(path).into()
}

pub(crate) fn system_error(operation: &'static str, path: &Path, errno: Errno) -> Error {
    let refusal = Refusal { operation, path: path.to_owned(), errno };
    Error::new(ErrorKind::Io, Cause::File(refusal)).with_path(path)
}

/// Loads hook files, one after another.
pub(crate) struct FileLoader<'a> {
    extension_stages: &'a Arc<[String]>,
    root: &'a Root,
    reader: Option<&'a Reader>,
    validator: Validator<'a>,
    /// Checks who can write the files. `None`: modes and owners are enough.
    inspector: Option<Inspector>,
    /// Whether the mode and owner of a hook file are checked with its text: not if the inspector
    /// checks them, or if there is no file.
    checks_status: bool,
    /// Judges whether programs can run. `None`: this is not checked.
    programs: Option<Programs<'a>>,
    /// Whether the names in directories are checked.
    checks_names: bool,
}

impl<'a> FileLoader<'a> {
    pub fn new(options: &'a ReadOptions) -> FileLoader<'a> {
        FileLoader {
            extension_stages: options.stages(),
            root: &options.root,
            reader: options.reader.as_ref(),
            validator: Validator::new(options.stages(), &options.root),
            inspector: options.checks_permissions().then(|| Inspector::new(options.root.clone())),
            checks_status: !options.checks_permissions(),
            programs: options.inspects().then(|| Programs::new(options.root.clone(), None)),
            checks_names: options.inspects(),
        }
    }

    /// Returns the executables that were checked, in this order.
    pub fn into_executables(self) -> Vec<Arc<str>> {
        self.validator.into_checked_executables()
    }

    /// Returns whether the hook's file and executable are unchanged since it was loaded.
    pub fn is_unchanged(&mut self, loaded: &LoadedHook) -> bool {
        let file = self.root.status(&loaded.path).ok();
        let executable = file.and_then(|_| self.validator.executable(&loaded.executable.path).ok());
        file.zip(executable)
            .is_some_and(|(file, executable)| loaded.is_from(&file, &executable.status))
    }

    /// Returns the diagnostics about who can write a directory, and about the names in it.
    pub fn inspect_directory(&mut self, directory: &Path) -> Vec<Diagnostic> {
        let mut found = match &mut self.inspector {
            Some(inspector) => inspector.directory(directory),
            None => lint::directory(self.root, directory),
        };
        if self.checks_names {
            found.extend(lint::names(self.root, directory));
        }
        found
    }

    /// Returns the diagnostics about who can write the files of a hook, and whether its program can
    /// run, if that is checked. `alone` says that the directory of the hook file was not checked.
    pub fn inspect(&mut self, loaded: &LoadedHook, alone: bool) -> Vec<Diagnostic> {
        let Some(inspector) = &mut self.inspector else { return Vec::new() };
        let mut found = inspector.hook_file(&loaded.path, alone);
        let is_judged = self.programs.is_some();
        let of_program = inspector.program(&loaded.path, &loaded.executable.path, is_judged);
        if of_program.is_empty() && self.programs.is_none() {
            return found;
        }
        // (Positions take longer to collect. Few files need them.)
        let hook = loaded.decoded(Wanted::Hook).hook;
        if !hook.runs_in_container() {
            found.extend(of_program);
        }
        let faults = self.programs.as_mut().map(|programs| programs.faults(&hook));
        if let Some(faults) = faults.filter(|faults| !faults.is_empty()) {
            let file = loaded.decoded(Wanted::Notes);
            found.extend(lint::of_program(&faults, &loaded.path, loaded.text(), &file));
        }
        found
    }

    /// Returns the diagnostics about who can write the files of a hook file that does not load.
    pub fn inspect_failed(
        &mut self,
        path: &Path,
        failure: &Failure,
        alone: bool,
    ) -> Vec<Diagnostic> {
        let (Some(inspector), Some(hook)) = (&mut self.inspector, &failure.hook) else {
            return Vec::new();
        };
        let mut found = inspector.hook_file(path, alone);
        // (A missing program is an error already.)
        if !hook.runs_in_container() && self.validator.executable(&hook.hook.path).is_ok() {
            found.extend(inspector.program(path, &hook.hook.path, false));
        }
        found
    }

    /// Loads the hook file at a path.
    pub fn load_path(&mut self, path: &Path) -> Result<Arc<LoadedHook>, ReadError> {
        self.load(self.root.open_to_read(path), &Arc::from(path))
    }

    pub fn load(
        &mut self,
        file: std::io::Result<File>,
        path: &Arc<Path>,
    ) -> Result<Arc<LoadedHook>, ReadError> {
        let file = file.map_err(|error| match Errno::of(&error) {
            Errno(libc::ENOENT) => ReadError::Vanished,
            errno => system_error("open", path, errno).into(),
        })?;
        let (text, status) = read_file(&file, path)?;
        self.load_text(text, status, path)
    }

    /// Returns the diagnostics of the text of a hook file that is not read from a file, except
    /// those about owners and permissions.
    pub fn check_text(&mut self, path: &Path, text: &[u8]) -> Vec<Diagnostic> {
        let loaded = if text.len() > HOOK_FILE {
            Err(refused(path, Cause::FileTooLarge))
        } else {
            self.checks_status = false;
            self.programs = None;
            self.load_text(text.to_vec(), Status::default(), &Arc::from(path))
        };
        match loaded {
            Ok(loaded) => loaded.warnings().to_vec(),
            Err(ReadError::Failed(failure)) => failure.diagnostics,
            Err(ReadError::Vanished) => Vec::new(),
        }
    }

    /// Loads the hook in the text of a file.
    fn load_text(
        &mut self,
        text: Vec<u8>,
        status: Status,
        path: &Arc<Path>,
    ) -> Result<Arc<LoadedHook>, ReadError> {
        let decoded = decode(&text, self.reader, Wanted::Conditions)
            .map_err(|error| self.undecoded(error, path, &text))?;
        let decoded = decoded.ok_or_else(|| ReadError::from(nil_hook().with_path(&**path)))?;
        match self.validator.validate(&decoded.hook) {
            Ok(ready) => {
                let by_reader = decoded.by_reader.then(|| Box::new(decoded.hook.into()));
                let source = Source { text, by_reader };
                let stages = Arc::clone(self.extension_stages);
                let inspected = !self.checks_status;
                Ok(Arc::new(LoadedHook::new(
                    Arc::clone(path),
                    status,
                    source,
                    ready,
                    stages,
                    inspected,
                )))
            }
            Err(invalid) => Err(self.invalid(invalid, path, &text, &status, decoded)),
        }
    }

    /// Collects all problems of a file that does not decode, so that the user can fix them at once.
    #[cold]
    fn undecoded(&self, error: DecodeError, path: &Path, text: &[u8]) -> ReadError {
        let lines = Lines::new(text);
        let as_error = |error: DecodeError| {
            let position = error.offset.map(|offset| lines.position(offset));
            let step = format!("parsing hook {}", quote(path.as_os_str().as_bytes()));
            error
                .into_error(ErrorKind::HookFile)
                .context(step)
                .with_path(path)
                .with_position(position)
        };
        // Only the caller's reader can explain its own errors. (Without a reader, a file of an
        // unknown version has no mistakes to note.)
        let is_ours = !matches!(error.cause, Cause::Reader(_) | Cause::UnrecognizedVersion { .. });
        let mut decoded =
            if is_ours { decode_again(text, Wanted::Mistakes) } else { Decoded::default() };
        let mistakes = std::mem::take(&mut decoded.notes.mistakes);
        let mut failure = Failure::new(as_error(error), &decoded);
        // A file without mistakes is not even JSON. If a file is intended for another version, its
        // other mistakes do not count.
        let is_other =
            decoded.version.is_empty() && mistakes.first().is_some_and(DecodeError::is_of_1_0_0);
        if !mistakes.is_empty() && !is_other {
            // (The first mistake is the error itself.)
            for mistake in mistakes.into_iter().skip(1) {
                failure.add(&as_error(mistake.in_step(&decoded.version)), &decoded);
            }
            let mut add = |invalid| failure.add(&placed(invalid, path, &decoded, &lines), &decoded);
            self.validator.each(&decoded.hook, &mut add);
            failure.diagnostics.extend(lint::keys(path, text, &decoded));
        }
        ReadError::Failed(Box::new(failure))
    }

    /// Collects all problems of a hook that is not valid.
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
        let warnings = lint::hook(&HookFacts {
            path,
            text,
            file: &decoded,
            is_valid: false,
            status,
            executable,
            extension_stages: self.extension_stages,
            inspected: !self.checks_status,
        });
        warnings.into_iter().for_each(|warning| failure.push(warning));
        // (A missing program is an error already.)
        if let (Some(programs), Some(_)) = (&mut self.programs, executable) {
            failure.diagnostics.extend(programs.find(path, text, &decoded));
        }
        failure.hook = Some(decoded.hook.into());
        ReadError::Failed(Box::new(failure))
    }
}

/// Makes an error of this file, at the position of the invalid field.
fn placed(invalid: Invalid, path: &Path, decoded: &Decoded<'_>, lines: &Lines) -> Error {
    let offset = invalid.field.as_ref().and_then(|field| decoded.place(field));
    let position = offset.map(|offset| lines.position(offset));
    Error::from(invalid).with_path(path).with_position(position)
}
