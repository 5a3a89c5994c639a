//! Gives the shared library its SONAME, and its own copy of the unwinder.

use std::path::PathBuf;
use std::process::Command;

/// The number of the ABI. It changes only when a symbol is removed or changes its meaning, so it is
/// not the crate's version.
const ABI: u32 = 0;

fn main() {
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libhooks.so.{ABI}");
    println!("cargo:rerun-if-changed=build.rs");
    link_unwinder();
}

/// Links GCC's static unwinder into the library, if the C compiler (`CC`, or `cc`) has one;
/// otherwise the library needs the shared one. Loading libgcc_s.so takes as long as loading
/// libhooks.so, and many processes need it for nothing else
/// (docs/decisions/0011-static-unwinder.md). Panics stop at the C boundary, so no other code
/// depends on the unwinder.
fn link_unwinder() {
    println!("cargo:rerun-if-env-changed=CC");
    let variable = |name| std::env::var(name).unwrap_or_default();
    // The unwinder of a new compiler needs a new glibc (GCC 12: 2.35), which the systems that get
    // the library may not have.
    println!("cargo:rerun-if-env-changed=LIBHOOKS_SHARED_UNWINDER");
    if !variable("LIBHOOKS_SHARED_UNWINDER").is_empty() {
        return;
    }
    // The compiler has the unwinder of its own system only. Without glibc, Rust links another one.
    if variable("HOST") != variable("TARGET") || variable("CARGO_CFG_TARGET_ENV") != "gnu" {
        return;
    }
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let Ok(found) = Command::new(compiler).arg("-print-file-name=libgcc_eh.a").output() else {
        return;
    };
    let path = PathBuf::from(String::from_utf8_lossy(&found.stdout).trim());
    // A compiler without a static unwinder prints the bare name.
    if let Some(directory) = path.parent().filter(|_| path.is_absolute() && path.is_file()) {
        println!("cargo:rustc-link-search=native={}", directory.display());
        println!("cargo:rustc-link-lib=static:-bundle=gcc_eh");
    }
}
