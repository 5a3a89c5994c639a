//! Reading one hook file, or the hook files of one directory, without a manager (docs/spec.md,
//! section 3).

use std::path::{Path, PathBuf};

use crate::directory::{Before, FileLoader, ReadError, Scanner, system_error};
use crate::entries::is_hook_file;
use crate::go::Errno;
use crate::hook::{Decoded, Hook};
use crate::lint;
use crate::list::Listing;
use crate::options::ReadOptions;
use crate::problem::{Cause, Diagnostic, Error, ErrorKind, Result};
use crate::snapshot::Snapshot;

impl Hook {
    /// Reads and validates one hook file (docs/spec.md, section 3).
    ///
    /// ```
    /// use libhooks::{ErrorKind, Hook, ReadOptions};
    ///
    /// let error = Hook::read("/etc/hosts", &ReadOptions::new()).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::NoJsonSuffix);
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NoJsonSuffix`] if its name does not end in `.json`; [`ErrorKind::Io`] with the
    /// system's error number if the file cannot be read or stat(2) fails for the hook's executable;
    /// [`ErrorKind::Stage`] for an unknown stage; otherwise [`ErrorKind::HookFile`].
    pub fn read(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Hook> {
        let HookFile { hook, error, .. } = HookFile::read(path, options);
        error.map_or_else(|| Ok(hook.unwrap_or_default()), Err)
    }
}

/// The result of reading one hook file: its hook, its error, or both.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HookFile {
    /// Its path.
    pub path: PathBuf,
    /// The hook. An invalid hook is here in addition to its error, as `Read` of the reference
    /// returns both.
    pub hook: Option<Hook>,
    /// The error that [`Hook::read`] returns, if the file has no valid hook.
    pub error: Option<Error>,
}

impl HookFile {
    /// Reads a hook file.
    pub fn read(path: impl AsRef<Path>, options: &ReadOptions) -> HookFile {
        let path = path.as_ref();
        let (hook, error) = read(path, options);
        HookFile { path: path.to_owned(), hook, error }
    }

    /// Returns all diagnostics of one hook file: its errors, and warnings about likely mistakes
    /// (docs/spec.md, section 8). It also checks which users can write the file and its program,
    /// whatever the value of [`ReadOptions::inspect`].
    pub fn check(path: impl AsRef<Path>, options: &ReadOptions) -> Vec<Diagnostic> {
        let path = path.as_ref();
        if let Err(error) = options.check() {
            return vec![lint::error(&error.with_path(path), &Decoded::default())];
        }
        let options = options.clone().inspect(true);
        let mut loader = FileLoader::new(&options);
        let mut found = match loader.load_path(path) {
            Ok(loaded) => [loaded.warnings(), &loader.inspect(&loaded, true)].concat(),
            Err(ReadError::Failed(failure)) => {
                let of_files = loader.inspect_failed(path, &failure, true);
                [failure.diagnostics, of_files].concat()
            }
            Err(ReadError::Vanished) => match lint::vanished(&options.root, path) {
                found if found.is_empty() => {
                    return vec![lint::error(
                        &system_error("open", path, Errno(libc::ENOENT)),
                        &Decoded::default(),
                    )];
                }
                found => found,
            },
        };
        if !is_hook_file(path.as_os_str()) {
            found.insert(0, lint::error(&no_json_suffix(path), &Decoded::default()));
        }
        found
    }

    /// Returns the diagnostics of the text of a hook file that is not on disk yet, such as the text
    /// in an editor. The path is only a name in the diagnostics: no file is read there, and the
    /// name need not end in `.json`. Owners and permissions are not checked.
    ///
    /// ```
    /// use libhooks::{Code, HookFile, ReadOptions};
    ///
    /// let found = HookFile::check_text("new.json", b"{", &ReadOptions::new());
    /// assert_eq!(found[0].code, Code::JsonUnexpectedEnd);
    /// ```
    pub fn check_text(
        path: impl AsRef<Path>,
        text: &[u8],
        options: &ReadOptions,
    ) -> Vec<Diagnostic> {
        let path = path.as_ref();
        match options.check() {
            Ok(()) => FileLoader::new(options).check_text(path, text),
            Err(error) => vec![lint::error(&error.with_path(path), &Decoded::default())],
        }
    }
}

fn read(path: &Path, options: &ReadOptions) -> (Option<Hook>, Option<Error>) {
    if !is_hook_file(path.as_os_str()) {
        return (None, Some(no_json_suffix(path)));
    }
    if let Err(error) = options.check() {
        return (None, Some(error));
    }
    match FileLoader::new(options).load_path(path) {
        Ok(loaded) => (Some(loaded.hook()), None),
        Err(ReadError::Failed(failure)) => (failure.hook, Some(failure.error)),
        Err(ReadError::Vanished) => (None, Some(system_error("open", path, Errno(libc::ENOENT)))),
    }
}

fn no_json_suffix(path: &Path) -> Error {
    Error::new(ErrorKind::NoJsonSuffix, Cause::NoJsonSuffix).with_path(path)
}

/// The result of reading the hook files of one directory.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HookDir {
    /// The valid hooks.
    pub listing: Listing,
    /// One error for all files without a valid hook, or for the directory itself.
    pub error: Option<Error>,
}

impl HookDir {
    /// Reads all hook files of one directory. A directory that does not exist is an error here, as
    /// in the reference.
    pub fn read(path: impl AsRef<Path>, options: &ReadOptions) -> HookDir {
        let (snapshot, error) = scan(path.as_ref(), options);
        HookDir { listing: snapshot.list(), error }
    }

    /// Returns the files of a directory that engines ignore although their names nearly end in
    /// `.json`, the subdirectories that contain hook files, and the hook files whose names start
    /// with a dot: `ignored-file` and `hidden-file`, at most 100 (docs/spec.md, section 12.2). A
    /// directory that cannot be read has none.
    pub fn check_names(path: impl AsRef<Path>, options: &ReadOptions) -> Vec<Diagnostic> {
        lint::names(&options.root, path.as_ref())
    }
}

fn scan(path: &Path, options: &ReadOptions) -> (Snapshot, Option<Error>) {
    let scanned = options
        .check()
        .and_then(|()| Scanner::new(options, Before::default()).scan_existing(path, None));
    match scanned {
        Ok(scan) => {
            let error = scan
                .error()
                .map(|error| error.with_diagnostics(scan.diagnostics().cloned().collect()));
            (
                Snapshot::new(0, options.root.clone(), vec![scan], Vec::new(), &Snapshot::empty()),
                error,
            )
        }
        Err(error) => (Snapshot::empty(), Some(error)),
    }
}
