//! `include/hooks.h` says what the sources say.

use std::fs;
use std::path::Path;

const REFRESH: &str = "UPDATE=1 cargo test -p libhooks-capi --test header";

/// What the header defines from elsewhere: the version from Cargo.toml, the directories from the
/// core.
fn definitions() -> String {
    let [major, minor, patch] = [
        env!("CARGO_PKG_VERSION_MAJOR"),
        env!("CARGO_PKG_VERSION_MINOR"),
        env!("CARGO_PKG_VERSION_PATCH"),
    ];
    format!(
        r#"
/* The version of this header; hooks_version() is that of the library that is loaded. */
#define HOOKS_VERSION "{major}.{minor}.{patch}"
#define HOOKS_VERSION_MAJOR {major}
#define HOOKS_VERSION_MINOR {minor}
#define HOOKS_VERSION_PATCH {patch}
#define HOOKS_MAKE_VERSION(major, minor, patch) ((major) * 65536 + (minor) * 256 + (patch))
#define HOOKS_VERSION_NUMBER HOOKS_MAKE_VERSION (HOOKS_VERSION_MAJOR, HOOKS_VERSION_MINOR, HOOKS_VERSION_PATCH)

/* The well-known directories (docs/spec.md, section 1), in increasing preference: the system's hooks, and the administrator's. */
#define HOOKS_DEFAULT_DIR "{default}"
#define HOOKS_OVERRIDE_DIR "{override}"

/* has_bind_mounts: look at the mounts of the config. A mount of type "bind", or with an option "bind" or "rbind", is one.
   This is a hint, since engines mount files of their own (docs/spec.md, section 6). */
#define HOOKS_BIND_MOUNTS_DETECT (-1)"#,
        default = libhooks::DEFAULT_DIR,
        override = libhooks::OVERRIDE_DIR,
    )
}

#[test]
fn the_header_is_fresh() {
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
        "include/hooks.h is not what the sources say from line {} on; refresh it: {REFRESH}",
        same + 1
    );
}
