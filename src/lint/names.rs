//! The names of the files in a hook directory: files that engines ignore or read against
//! expectation (docs/spec.md, section 12).

use std::ffi::OsStr;
use std::fs::{DirEntry, read_dir};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::limits::ENOUGH;
use crate::problem::{Diagnostic, Ignored, Warning};

/// The entries of a directory that are looked at.
const ENTRIES: usize = 100_000;
/// The entries of a subdirectory that are looked at.
const ENTRIES_BELOW: usize = 1000;

/// Returns the diagnostics of the names in a directory, in the order of the names, at most
/// [`ENOUGH`]. A directory that cannot be read has none.
pub(crate) fn names(directory: &Path) -> Vec<Diagnostic> {
    let Ok(entries) = read_dir(directory) else { return Vec::new() };
    let entries = entries.take(ENTRIES).filter_map(Result::ok);
    let mut found: Vec<Diagnostic> =
        entries.filter_map(|entry| name(&entry)).take(ENOUGH).collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn name(entry: &DirEntry) -> Option<Diagnostic> {
    let name = entry.file_name();
    if name.as_bytes().ends_with(b".json") {
        let hint = "give it a name without .json at its end, if the hook should be off";
        return name.as_bytes().starts_with(b".").then(|| {
            Diagnostic::new(entry.path(), Warning::HiddenFile).hint(Some(hint.to_owned()))
        });
    }
    let ignored = if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
        let mut below = read_dir(entry.path()).ok()?.take(ENTRIES_BELOW).filter_map(Result::ok);
        below.any(|entry| entry.file_name().as_bytes().ends_with(b".json")).then_some((
            Ignored::Directory,
            "move its files up, or pass the directory with --hooks-dir",
        ))?
    } else if is_yaml(&name) {
        (Ignored::Name, "convert it to JSON, and rename it, if the hook should run")
    } else if looks_like_hook_file(&name) {
        (Ignored::Name, "rename it to end in .json, if the hook should run")
    } else {
        return None;
    };
    let (ignored, hint) = ignored;
    let diagnostic = Diagnostic::new(entry.path(), Warning::IgnoredFile(ignored));
    Some(diagnostic.hint(Some(hint.to_owned())))
}

/// Returns whether a name that does not end in `.json` nearly does: in other letter case, or with
/// the suffix of a backup or of a package manager.
fn looks_like_hook_file(name: &OsStr) -> bool {
    const JSON: &[u8] = b".json";
    name.as_bytes().windows(JSON.len()).any(|part| part.eq_ignore_ascii_case(JSON))
}

fn is_yaml(name: &OsStr) -> bool {
    let name = name.as_bytes().to_ascii_lowercase();
    name.ends_with(b".yaml") || name.ends_with(b".yml")
}
