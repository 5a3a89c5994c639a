//! Hook files by themselves: one, or those of one directory, without a manager (SPEC §3).

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use crate::container::{Annotations, Config, Container};
use crate::directory::{Before, FileLoader, ReadError, Scanner, owned, system_error};
use crate::entries::is_hook_file;
use crate::hook::{Decoded, Hook, decode_when};
use crate::limits;
use crate::lint;
use crate::list::Listing;
use crate::options::Options;
use crate::problem::{Cause, Diagnostic, Error, ErrorKind, Result, check_limit, text_of};
use crate::snapshot::Snapshot;
use crate::validate::check_extension_stages;
use crate::when::{Compiled, Conditions, NoTrace};

/// Reads and validates one hook file (SPEC §3).
///
/// # Errors
/// [`ErrorKind::NoJsonSuffix`] if its name does not end in `.json`; [`ErrorKind::Io`] with the system's number if it (or
/// the hook's executable) cannot be looked at; [`ErrorKind::Stage`] for an unknown stage; else [`ErrorKind::HookFile`].
pub fn read(path: impl AsRef<Path>, extension_stages: &[&str]) -> Result<Hook> {
    match read_with(path, extension_stages, &Options::default()) {
        (_, Some(error)) => Err(error),
        (hook, None) => Ok(hook.unwrap_or_default()),
    }
}

/// The same, with options: of them the reader counts. A hook that is not valid is given too, as by the reference's `Read`.
pub fn read_with(
    path: impl AsRef<Path>,
    extension_stages: &[&str],
    options: &Options,
) -> (Option<Hook>, Option<Error>) {
    let path = path.as_ref();
    if !is_hook_file(path.as_os_str()) {
        return (None, Some(no_json_suffix(path)));
    }
    if let Err(error) = check_extension_stages(extension_stages) {
        return (None, Some(error));
    }
    let stages = owned(extension_stages);
    match FileLoader::new(&stages, options).load_path(path) {
        Ok(loaded) => (Some(loaded.hook()), None),
        Err(ReadError::Failed(failure)) => (failure.hook, Some(failure.error)),
        Err(ReadError::Vanished) => (None, Some(system_error("open", path, libc::ENOENT))),
    }
}

/// Everything about one hook file: why it gives no hook, and what is probably not as it was meant (SPEC §8). It also looks at
/// who can write the file and its program, as [`Options::inspect`] does.
pub fn check(path: impl AsRef<Path>, extension_stages: &[&str]) -> Vec<Diagnostic> {
    let path = path.as_ref();
    if let Err(error) = check_extension_stages(extension_stages) {
        return vec![lint::error(&error.with_path(path), &Decoded::default())];
    }
    let stages = owned(extension_stages);
    let options = Options { inspect: true, ..Options::default() };
    let mut loader = FileLoader::new(&stages, &options);
    let mut found = match loader.load_path(path) {
        Ok(loaded) => [loaded.warnings(), &loader.inspect(&loaded, true)].concat(),
        Err(ReadError::Failed(failure)) => {
            let of_files = loader.inspect_failed(path, &failure, true);
            [failure.diagnostics, of_files].concat()
        }
        Err(ReadError::Vanished) => match lint::vanished(path) {
            found if found.is_empty() => {
                return vec![lint::error(&system_error("open", path, libc::ENOENT), &Decoded::default())];
            }
            found => found,
        },
    };
    if !is_hook_file(path.as_os_str()) {
        found.insert(0, lint::error(&no_json_suffix(path), &Decoded::default()));
    }
    found
}

fn no_json_suffix(path: &Path) -> Error {
    Error::new(ErrorKind::NoJsonSuffix, Cause::NoJsonSuffix).with_path(path)
}

/// The hooks of one directory, by the names of their files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HookMap(pub BTreeMap<OsString, Hook>);

impl HookMap {
    /// A JSON object `{file name: hook}`.
    pub fn to_json(&self) -> String {
        let mut by_text = BTreeMap::new();
        for (name, hook) in &self.0 {
            by_text.insert(text_of(name), hook);
        }
        crate::go::json::to_string(&by_text)
    }
}

/// Reads all hook files of one directory: the good ones, and what is wrong with the others as one error.
/// A directory that does not exist is an error here, as in the reference.
pub fn read_dir(path: impl AsRef<Path>, extension_stages: &[&str]) -> (HookMap, Option<Error>) {
    let (snapshot, error) = scan_one(path.as_ref(), extension_stages, &Options::default());
    let mut hooks = BTreeMap::new();
    for loaded in &snapshot.hooks {
        hooks.insert(loaded.name().to_owned(), loaded.hook());
    }
    (HookMap(hooks), error)
}

/// The same, with options: of them the reader and the log count. The hooks come as a list, with their paths.
pub fn read_dir_with(
    path: impl AsRef<Path>,
    extension_stages: &[&str],
    options: &Options,
) -> (Listing, Option<Error>) {
    let (snapshot, error) = scan_one(path.as_ref(), extension_stages, options);
    (snapshot.list(), error)
}

fn scan_one(path: &Path, extension_stages: &[&str], options: &Options) -> (Snapshot, Option<Error>) {
    if let Err(error) = check_extension_stages(extension_stages) {
        return (Snapshot::empty(), Some(error));
    }
    let stages = owned(extension_stages);
    match Scanner::new(&stages, options, Before::default()).scan_existing(path, None) {
        Ok(scan) => {
            let error =
                scan.error().map(|error| error.with_diagnostics(scan.diagnostics().cloned().collect()));
            (Snapshot::new(0, vec![scan], Vec::new(), &Snapshot::empty()), error)
        }
        Err(error) => (Snapshot::empty(), Some(error)),
    }
}

/// Whether conditions (`when` of a 1.0.0 hook, as JSON; `"or": true` in it means that one is enough) hold for a
/// container. They need not be valid: a pattern that is none is an error when it is reached.
///
/// Without `annotations` the config's own are used; without `has_bind_mounts` the config's mounts are looked at.
///
/// # Errors
/// [`ErrorKind::Json`] if `when` or the config is not what it should be; [`ErrorKind::HookFile`] if a pattern is none;
/// [`ErrorKind::Match`] if commands are asked for and `process.args` is empty.
pub fn when_match(
    when: &str,
    config: &str,
    annotations: Option<&Annotations>,
    has_bind_mounts: Option<bool>,
) -> Result<bool> {
    let conditions = conditions_of(when)?;
    let config = Config::parse(config)?;
    conditions.evaluate(&config.container(annotations, has_bind_mounts)?, &mut NoTrace)
}

/// The same for the container that a flat request describes, as in
/// [`Snapshot::match_request`](crate::Snapshot::match_request).
///
/// # Errors
/// As [`when_match`], and [`ErrorKind::InvalidArgument`] if the request is malformed.
pub fn when_match_request(when: &str, request: &[u8], has_bind_mounts: bool) -> Result<bool> {
    let conditions = conditions_of(when)?;
    conditions.evaluate(&Container::from_request(request, has_bind_mounts)?, &mut NoTrace)
}

fn conditions_of(when: &str) -> Result<Conditions> {
    let text = when.as_bytes();
    check_limit("bytes of the conditions", text.len(), limits::HOOK_FILE)?;
    let when = decode_when(text).map_err(|error| error.in_argument(text).context("when"))?;
    Ok(Conditions::compile(&when, Compiled::read))
}
