//! Paths and symlinks, as path_resolution(7) describes them, for code that follows a path itself.

use std::ffi::OsString;
use std::path::{Component, Path};

/// How many symlinks a path may lead through: the kernel's limit.
pub(crate) const MAX_LINKS: usize = 40;

/// Returns the components of a path that lead somewhere, including `..`.
pub(crate) fn names(path: &Path) -> impl DoubleEndedIterator<Item = OsString> {
    path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
    })
}
