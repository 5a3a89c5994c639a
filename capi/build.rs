//! Gives the shared library its SONAME.

/// The number of the ABI, which changes only when a symbol is removed or changes its meaning. It is not the crate's
/// version: many releases share it.
const ABI: u32 = 0;

fn main() {
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libhooks.so.{ABI}");
    println!("cargo:rerun-if-changed=build.rs");
}
