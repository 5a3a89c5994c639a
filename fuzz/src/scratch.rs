//! Directories for hook files; they are in memory if `TMPDIR` is.

use std::path::{Path, PathBuf};

/// Makes an empty directory for this process. tools/fuzz removes it with the `TMPDIR` that it made.
pub fn directory(name: &str) -> PathBuf {
    let path =
        std::env::temp_dir().join(format!("libhooks-fuzz-{}", std::process::id())).join(name);
    clear(&path);
    path
}

/// Empties a directory, or makes it.
pub fn clear(path: &Path) {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            panic!("{}: {error}", path.display())
        }
        _ => std::fs::create_dir_all(path).unwrap(),
    }
}
