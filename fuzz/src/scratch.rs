//! Directories for hook files, in memory if `TMPDIR` is.

use std::path::{Path, PathBuf};

/// An empty directory of this process. tools/fuzz removes it, together with the `TMPDIR` that it
/// makes.
pub fn directory(name: &str) -> PathBuf {
    let path =
        std::env::temp_dir().join(format!("libhooks-fuzz-{}", std::process::id())).join(name);
    clear(&path);
    path
}

/// Removes what is in a directory, or makes it.
pub fn clear(path: &Path) {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            panic!("{}: {error}", path.display())
        }
        _ => std::fs::create_dir_all(path).unwrap(),
    }
}
