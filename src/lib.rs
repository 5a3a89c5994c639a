//! Reads OCI hooks from `hooks.d` directories, selects the hooks that match a container, and adds
//! them to its OCI config, as Podman, Buildah and CRI-O do.
//!
//! An engine or a runtime in Rust passes the config as an `oci_spec::runtime::Spec`:
//!
#![cfg_attr(feature = "oci-spec", doc = "```no_run")]
#![cfg_attr(not(feature = "oci-spec"), doc = "```ignore")]
//! use libhooks::{Container, DEFAULT_DIR, Manager, OVERRIDE_DIR};
//! use oci_spec::runtime::Spec;
//!
//! let mut spec = Spec::load("config.json")?;
//! let manager = Manager::builder().directories([DEFAULT_DIR, OVERRIDE_DIR]).load()?;
//! manager.select(&Container::from_spec(&spec))?.inject_into_spec(&mut spec);
//! spec.save("config.json")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With the config as a string, every byte outside the added hooks stays the same:
//!
//! ```
//! use libhooks::{Config, Manager};
//!
//! let directory = std::env::temp_dir().join("libhooks-doctest.d");
//! std::fs::create_dir_all(&directory)?;
//! let hook = r#"{
//!     "version": "1.0.0",
//!     "hook": {"path": "/bin/true"},
//!     "when": {"commands": ["sh$"]},
//!     "stages": ["poststop"]
//! }"#;
//! std::fs::write(directory.join("example.json"), hook)?;
//!
//! let manager = Manager::builder().directory(&directory).load()?;
//! let config = Config::parse(r#"{"process": {"args": ["/bin/sh"]}}"#)?;
//! let injection = manager.select(&config.container())?.inject(&config);
//! let want = r#"{"process": {"args": ["/bin/sh"]},"hooks":{"poststop":[{"path":"/bin/true"}]}}"#;
//! assert_eq!(injection.config, want);
//! # std::fs::remove_dir_all(&directory)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A [`Manager`] reads hook files into a [`Snapshot`] of [`Hook`]s. [`Manager::select`] evaluates
//! their conditions for a [`Container`] and returns a [`Selection`]. Each problem is a
//! [`Diagnostic`] with its position. [`Manager::explain`] reports why each hook does or does not
//! match. A [`Monitor`] reloads the hooks when their files change. The module [`exec`] runs hooks,
//! and the module [`engines`] has the directories and stages of each engine.
//!
//! The feature `oci-spec` (on by default) adds the functions with `oci_spec::runtime::Spec`. The
//! version of the crate `oci-spec` is part of this API. The feature `tracing` writes log lines as
//! events of the crate `tracing`.
//!
//! The directory `examples` of the source tree has programs to start from: `youki` (a config as a
//! `Spec`), `sarus` (hooks that change a config) and `tokio_monitor` (hooks that are reloaded when
//! their files change).
//!
//! A hook file behaves as under the Go package `hooks` of Podman and CRI-O. docs/parity.md in the
//! source tree lists the differences, and docs/spec.md is the specification.

#![deny(unsafe_code)]

#[cfg(not(target_os = "linux"))]
compile_error!("libhooks supports Linux only");

// A module may use the modules on lower floors, and the modules before it on its own floor
// (ARCHITECTURE.md). The suite `tests/suites/architecture.sh` checks this. The empty lines keep
// rustfmt from sorting the modules.

// Floor 0 knows nothing about hooks: strings, the operating system, and Go's behaviour.
pub mod limits;

mod edit_distance;

mod pattern_dots;

mod position;

pub mod terminal;

mod go;

#[allow(unsafe_code)]
mod sys;

// Floor 1: errors and diagnostics, the engines, write permissions of files, programs that cannot
// run, and replacing a file.
mod permission;

mod log;

mod program;

pub mod engines;

mod problem;

pub mod replace;

// Floor 2, the input: hooks, containers and conditions.
mod hook;

mod root;

mod options;

mod container;

mod when;

// Floor 3, one hook: validation, the prefilter, warnings, and running it.
mod validate;

mod prefilter;

mod lint;

pub mod exec;

// Floor 4: hook files and their directories.
mod entries;

mod loaded_hook;

mod duplicates;

mod directory;

// Floor 5: a set of hooks, and operations on it.
mod snapshot;

mod list;

mod inject;

mod explain;

// Floor 6: replacing one set of hooks by another, and single hook files.
mod active;

mod hook_file;

// Floor 7: the manager and its monitor, and functions for the C API.
mod monitor;

mod manager;

#[doc(hidden)]
pub mod ffi;

pub use container::{Annotations, Config, Container, Process, RootFilesystem};
pub use engines::{DEFAULT_DIR, OVERRIDE_DIR};
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
pub use root::Root;
pub use snapshot::Snapshot;
pub use when::Outcome;

/// The version of this library.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The examples in the README of the project, as doctests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ProjectReadme;

/// The examples in the README of this crate, as doctests.
#[cfg(all(doctest, feature = "oci-spec"))]
#[doc = include_str!("README.md")]
struct CrateReadme;
