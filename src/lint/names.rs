//! The names of the files in a hook directory: files that engines ignore or read against
//! expectation (docs/spec.md, section 12).

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::limits::ENOUGH;
use crate::problem::{Diagnostic, Ignored, Warning};
use crate::sys::Root;

/// The entries of a directory that are looked at.
const ENTRIES: usize = 100_000;
/// The entries of a subdirectory that are looked at.
const ENTRIES_BELOW: usize = 1000;

/// Returns the diagnostics of the names in a directory, in the order of the names, at most
/// [`ENOUGH`]. A directory that cannot be read has none.
pub(crate) fn names(root: &Root, directory: &Path) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    each_name(root, directory, ENTRIES, &mut |name, is_link| {
        if let Some((warning, hint)) = warning(root, directory, name, is_link) {
            let path = directory.join(name);
            // (There are few.)
            let at = found.partition_point(|other| other.path.as_os_str() < path.as_os_str());
            found.insert(at, Diagnostic::new(path, warning).hint(Some(hint.to_owned())));
            found.truncate(ENOUGH);
        }
        false
    });
    found
}

/// Calls `stop` with up to `most` names in a directory until it returns true, and with whether each
/// is a symlink, if the listing says so.
fn each_name(
    root: &Root,
    directory: &Path,
    most: usize,
    stop: &mut dyn FnMut(&OsStr, Option<bool>) -> bool,
) {
    let Ok(mut opened) = root.open_directory(directory) else { return };
    let mut count = 0;
    // (The rest of a directory that cannot be read has no diagnostics.)
    let _ = opened.next(|name, is_link| {
        count += 1;
        (stop(name, is_link) || count == most).then_some(())
    });
}

/// Returns the warning of the name of an entry, and the hint.
fn warning(
    root: &Root,
    directory: &Path,
    name: &OsStr,
    is_link: Option<bool>,
) -> Option<(Warning, &'static str)> {
    let bytes = name.as_bytes();
    if bytes.ends_with(b".json") {
        let hint = "give it a name without .json at its end, if the hook should be off";
        return bytes.starts_with(b".").then_some((Warning::HiddenFile, hint));
    }
    let (ignored, hint) = if bytes.ends_with(b".yaml") || bytes.ends_with(b".yml") {
        (Ignored::Name, "convert it to JSON, and rename it, if the hook should run")
    } else if looks_like_hook_file(bytes) {
        (Ignored::Name, "rename it to end in .json, if the hook should run")
    } else if bytes != b"."
        && bytes != b".."
        && has_hook_files(root, &directory.join(name), is_link)
    {
        (Ignored::Directory, "move its files up, or pass the directory with --hooks-dir")
    } else {
        return None;
    };
    Some((Warning::IgnoredFile(ignored), hint))
}

/// Returns whether this is a directory with hook files, and no symlink.
fn has_hook_files(root: &Root, path: &Path, is_link: Option<bool>) -> bool {
    let mut has_some = false;
    if is_link.unwrap_or_else(|| root.link_status(path).is_ok_and(|status| status.is_link())) {
        return false;
    }
    each_name(root, path, ENTRIES_BELOW, &mut |name, _| {
        has_some = name.as_bytes().ends_with(b".json");
        has_some
    });
    has_some
}

/// Returns whether a name that does not end in `.json` nearly does: in other letter case, or with
/// the suffix of a backup or of a package manager.
fn looks_like_hook_file(name: &[u8]) -> bool {
    const JSON: &[u8] = b".json";
    name.windows(JSON.len()).any(|part| part.eq_ignore_ascii_case(JSON))
}
