//! Checks that `include/hooks.h` is generated from the current sources.

use std::fs;
use std::path::Path;

const REFRESH: &str = "make header";

/// Returns the definitions that are not in `capi/src`: the version from Cargo.toml, and the
/// directories from the core.
fn definitions() -> String {
    let [major, minor, patch] = [
        env!("CARGO_PKG_VERSION_MAJOR"),
        env!("CARGO_PKG_VERSION_MINOR"),
        env!("CARGO_PKG_VERSION_PATCH"),
    ];
    format!(
        r#"
/* The version of this header. hooks_version() returns the version of the loaded library. */
#define HOOKS_VERSION "{major}.{minor}.{patch}"
#define HOOKS_VERSION_MAJOR {major}
#define HOOKS_VERSION_MINOR {minor}
#define HOOKS_VERSION_PATCH {patch}
#define HOOKS_MAKE_VERSION(major, minor, patch) ((major) * 65536 + (minor) * 256 + (patch))
#define HOOKS_VERSION_NUMBER \
  HOOKS_MAKE_VERSION (HOOKS_VERSION_MAJOR, HOOKS_VERSION_MINOR, HOOKS_VERSION_PATCH)

/* The well-known directories (docs/spec.md, section 1), from the lower to the higher precedence:
   the hooks of the system, and the hooks of the administrator. */
#define HOOKS_DEFAULT_DIR "{default}"
#define HOOKS_OVERRIDE_DIR "{override}"

/* For has_bind_mounts: detects bind mounts in the config. A mount is a bind mount if its type is
   "bind" or it has the option "bind" or "rbind". The result is only an estimate, because engines
   add mounts of their own (docs/spec.md, section 6). */
#define HOOKS_BIND_MOUNTS_DETECT (-1)"#,
        default = libhooks::DEFAULT_DIR,
        override = libhooks::OVERRIDE_DIR,
    )
}

#[test]
fn the_header_is_current() {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = crate_dir.parent().expect("capi/ is in the repository");
    let mut config =
        cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml");
    config.header = Some(include_str!("../preamble.txt").to_owned());
    config.after_includes = Some(definitions());
    let mut generated = Vec::new();
    cbindgen::Builder::new()
        .with_crate(crate_dir)
        .with_config(config)
        .generate()
        .expect("cbindgen reads capi/src")
        .write(&mut generated);
    let generated = String::from_utf8(generated).expect("the header is UTF-8");

    let path = root.join("include/hooks.h");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &generated).expect("include/hooks.h can be written");
    }
    let checked_in = fs::read_to_string(&path).unwrap_or_default();
    let same =
        generated.lines().zip(checked_in.lines()).take_while(|(new, old)| new == old).count();
    assert!(
        generated == checked_in,
        "include/hooks.h differs from the sources from line {} on; to update it, run: {REFRESH}",
        same + 1
    );
}
