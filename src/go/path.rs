//! Paths, as Go joins them.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// Returns the path of a file in a directory, as Go's `filepath.Join` does: without empty
/// names, `.`, and a name that `..` follows. Messages show this path. If symlinks are involved, it
/// may lead to another file.
pub(crate) fn path_in(directory: &Path, name: &OsStr) -> PathBuf {
    let mut path = path_prefix(directory);
    path.extend_from_slice(name.as_bytes());
    PathBuf::from(OsString::from_vec(path))
}

/// Returns the part of such a path before the name of the file.
pub(crate) fn path_prefix(directory: &Path) -> Vec<u8> {
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

/// Returns whether such a path may lead to another directory than `directory`.
pub(crate) fn goes_up(directory: &Path) -> bool {
    directory.as_os_str().as_bytes().split(|&byte| byte == b'/').any(|part| part == b"..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_paths_as_go() {
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
            assert_eq!(
                path_in(Path::new(directory), OsStr::new("x.json")),
                Path::new(want),
                "{directory}"
            );
        }
    }
}
