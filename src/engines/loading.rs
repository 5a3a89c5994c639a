//! The hook directories that engines read, and the stages that they accept.
//!
//! The C library contains these values, and not the table, so they have no sentences.

/// The system's directory, into which packages install hooks.
pub const DEFAULT_DIR: &str = "/usr/share/containers/oci/hooks.d";
/// The administrator's directory. Its files override those in [`DEFAULT_DIR`].
pub const OVERRIDE_DIR: &str = "/etc/containers/oci/hooks.d";

/// How an engine loads hook files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Loading {
    /// The directories that the engine reads without any configuration, in increasing precedence.
    pub directories: &'static [&'static str],
    /// Whether these directories are one set, in which a file masks the file of the same name in an
    /// earlier directory. Otherwise each directory is a set of its own. (Directories that a user
    /// configures are always one set.)
    pub one_set: bool,
    /// The stages that the engine runs itself.
    pub extension_stages: &'static [&'static str],
    /// The member of `config.hooks` to which the engine adds the hooks of the stage `prestart`.
    pub prestart: &'static str,
}

pub(super) const PODMAN_3: Loading = Loading { prestart: "prestart", ..PODMAN };
pub(super) const PODMAN: Loading = Loading {
    directories: &[DEFAULT_DIR],
    one_set: true,
    extension_stages: &["precreate", "poststop"],
    prestart: "createRuntime",
};
pub(super) const CRIO_1_18: Loading = Loading { prestart: "prestart", ..CRIO };
pub(super) const CRIO: Loading = Loading { extension_stages: &[], ..PODMAN };
pub(super) const BUILDAH_1_27: Loading = Loading { prestart: "prestart", ..BUILDAH };
pub(super) const BUILDAH: Loading =
    Loading { directories: &[DEFAULT_DIR, OVERRIDE_DIR], one_set: false, ..CRIO };

/// The newest versions of the engines that read hook directories.
pub(super) const NEWEST: [(&str, &Loading); 3] =
    [("Podman", &PODMAN), ("CRI-O", &CRIO), ("Buildah", &BUILDAH)];

/// Returns the engines that read this directory by default, and refuse a file with this stage,
/// which OCI does not have.
pub(crate) fn refusing(
    directory: &'static str,
    stage: &'static str,
) -> impl Iterator<Item = &'static str> {
    let refuses = move |loading: &Loading| {
        loading.directories.contains(&directory) && !loading.extension_stages.contains(&stage)
    };
    NEWEST.into_iter().filter(move |(_, loading)| refuses(loading)).map(|(title, _)| title)
}
