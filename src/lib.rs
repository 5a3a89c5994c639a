//! OCI hooks from `hooks.d` directories, matched and injected as Podman, Buildah and CRI-O do.

#![forbid(unsafe_code)]

#[allow(dead_code)]
mod errno;
pub mod pattern;
