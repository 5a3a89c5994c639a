//! Gives the shared library its SONAME, and its own copy of the unwinder.

use std::path::PathBuf;
use std::process::Command;

/// The number of the ABI, which changes only when a symbol is removed or changes its meaning. It is
/// not the crate's version: many releases share it.
const ABI: u32 = 0;

fn main() {
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libhooks.so.{ABI}");
    println!("cargo:rerun-if-changed=build.rs");
    link_unwinder();
}

/// Links GCC's unwinder in, where the C compiler (`CC`, or `cc`) has a static one; elsewhere the
/// shared one is needed. To load libgcc_s.so costs a process that has no other use for it as much
/// as to load libhooks.so (docs/decisions/0011-static-unwinder.md); panics end at the C boundary,
/// so it is nobody else's business whose unwinder it is.
fn link_unwinder() {
    println!("cargo:rerun-if-env-changed=CC");
    let of = |name| std::env::var(name).unwrap_or_default();
    // The unwinder of a new compiler needs a new glibc (GCC 12: 2.35), which those may not have who
    // are given the library.
    println!("cargo:rerun-if-env-changed=LIBHOOKS_SHARED_UNWINDER");
    if !of("LIBHOOKS_SHARED_UNWINDER").is_empty() {
        return;
    }
    // The compiler at hand has the unwinder of its own system; elsewhere than with glibc, Rust
    // links another one.
    if of("HOST") != of("TARGET") || of("CARGO_CFG_TARGET_ENV") != "gnu" {
        return;
    }
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let Ok(found) = Command::new(compiler).arg("-print-file-name=libgcc_eh.a").output() else {
        return;
    };
    let path = PathBuf::from(String::from_utf8_lossy(&found.stdout).trim());
    // A compiler that has none prints the bare name.
    if let Some(directory) = path.parent().filter(|_| path.is_absolute() && path.is_file()) {
        println!("cargo:rustc-link-search=native={}", directory.display());
        println!("cargo:rustc-link-lib=static:-bundle=gcc_eh");
    }
}
