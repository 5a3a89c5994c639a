//! OCI hooks from `hooks.d` directories, matched and injected as Podman, Buildah and CRI-O do.
//!
//! Container engines inject hooks into containers from JSON files in directories. This crate reads
//! those files, tells which of them are for a container, and splices them into its OCI config:
//!
//! ```
//! use libhooks::{Config, Manager};
//!
//! let directory = std::env::temp_dir().join("libhooks-doctest.d");
//! std::fs::create_dir_all(&directory)?;
//! let hook = r#"{"version": "1.0.0", "hook": {"path": "/bin/true"}, "when": {"commands": ["sh$"]}, "stages": ["poststop"]}"#;
//! std::fs::write(directory.join("example.json"), hook)?;
//!
//! let manager = Manager::builder().directory(&directory).extension_stages(["precreate"]).load()?;
//! let config = Config::parse(r#"{"process": {"args": ["/bin/sh"]}}"#)?;
//! let injection = manager.select(&config.container())?.inject(&config);
//! let want = r#"{"process": {"args": ["/bin/sh"]},"hooks":{"poststop":[{"path":"/bin/true"}]}}"#;
//! assert_eq!(injection.config, want);
//! # std::fs::remove_dir_all(&directory)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Data flows one way: `hooks.d` files → [`Hook`] → [`Snapshot`] → conditions, asked about one
//! container → [`Injection`]. Every problem on the way is a [`Diagnostic`], with its place; every
//! verdict can be had as an [`Explanation`]. A [`Monitor`] makes a new snapshot when the files
//! change.
//!
//! The feature `oci-spec` (on by default) takes and gives `oci_spec::runtime::Spec`, for engines in
//! Rust; its version is part of this API. The feature `tracing` makes log lines events of the crate
//! `tracing`.
//!
//! The directory `examples` of the sources has programs to begin from: `youki` (a typed config in
//! and out), `sarus` (hooks that change a config) and `tokio_monitor` (hooks that are reloaded when
//! their files change).
//!
//! A hook file behaves as under the Go package `hooks` of Podman and CRI-O; where it does not,
//! docs/parity.md says so. docs/spec.md in the sources is the specification.

#![deny(unsafe_code)]

// A module may use the modules on lower floors, and the modules before it on its own floor
// (ARCHITECTURE.md). The suite `tests/suites/architecture.sh` checks this. The empty lines keep
// rustfmt from sorting the modules.

// Floor 0 knows nothing about hooks: strings, the operating system, and Go's behaviour.
pub mod limits;

mod edit_distance;

mod position;

pub mod terminal;

mod go;

#[allow(unsafe_code)]
mod sys;

// Floor 1: errors and diagnostics, who can write a file, and replacing a file.
mod permission;

mod log;

mod problem;

pub mod replace;

// Floor 2, the input: hooks, containers and conditions.
mod hook;

mod options;

mod container;

mod when;

// Floor 3, one hook: validation, the prefilter, warnings, running it.
mod validate;

mod prefilter;

mod lint;

pub mod exec;

// Floor 4: hook files and their directories.
mod entries;

mod loaded_hook;

mod directory;

// Floor 5: a set of hooks, and the questions it answers.
mod snapshot;

mod list;

mod inject;

mod explain;

// Floor 6: the set in use, and hook files without a set.
mod active;

mod hook_file;

// Floor 7: what callers hold.
mod monitor;

mod manager;

#[doc(hidden)]
pub mod ffi;

pub use container::{Annotations, Config, Container, Process};
pub use directory::{DEFAULT_DIR, OVERRIDE_DIR};
pub use explain::{
    Annotation, Condition, ConditionVerdict, Explanation, HookVerdict, NearMiss, Obstacle,
};
pub use go::Errno;
pub use hook::{
    Hook, OciHook, Reading, Stage, Target, UnknownStage, VERSION as HOOK_VERSION, When,
};
pub use hook_file::{HookDir, HookFile};
pub use inject::{ExtensionStageHooks, Injection, SelectedHook, Selection};
pub use lint::NoEquivalent;
pub use list::{ListedHook, Listing, MaskedHook};
pub use log::LogLevel;
pub use manager::{Manager, ManagerBuilder};
pub use monitor::{Canceller, Change, ChangeKind, Monitor, changes_to_json};
pub use options::{Policy, ReadOptions, UnknownPolicy};
pub use position::Position;
pub use problem::{
    Code, Diagnostic, Error, ErrorKind, Place, Result, Severity, UnknownCode, diagnostics_to_json,
};
pub use snapshot::Snapshot;
pub use when::Outcome;

/// The version of this library.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The examples of the project's README and of the crate's, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[doc = include_str!("README.md")]
struct Readme;
