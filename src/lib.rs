//! OCI hooks from `hooks.d` directories, matched and injected as Podman, Buildah and CRI-O do.
//!
//! Container engines inject hooks into containers from JSON files in directories. This crate reads those files, tells which
//! of them are for a container, and splices them into its OCI config:
//!
//! ```
//! use libhooks::{Manager, Options};
//!
//! let directory = std::env::temp_dir().join("libhooks-doctest.d");
//! std::fs::create_dir_all(&directory)?;
//! let hook = r#"{"version": "1.0.0", "hook": {"path": "/bin/true"}, "when": {"commands": ["sh$"]}, "stages": ["poststop"]}"#;
//! std::fs::write(directory.join("example.json"), hook)?;
//!
//! let manager = Manager::new(&[&directory], &["precreate"], Options::default())?;
//! let injection = manager.hooks(r#"{"process": {"args": ["/bin/sh"]}}"#, None, None)?;
//! let want = r#"{"process": {"args": ["/bin/sh"]},"hooks":{"poststop":[{"path":"/bin/true"}]}}"#;
//! assert_eq!(injection.config, want);
//! # std::fs::remove_dir_all(&directory)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Data flows one way: `hooks.d` files → [`Hook`] → [`Snapshot`] → conditions, asked about one container → [`Injection`].
//! Every problem on the way is a [`Diagnostic`], with its place; every verdict can be had as an [`Explanation`]. A [`Monitor`]
//! makes a new snapshot when the files change.
//!
//! A hook file behaves as under the Go package `hooks` of Podman and CRI-O; where it does not, docs/parity.md says so. The
//! paragraphs marked "SPEC" refer to that contract.

#![deny(unsafe_code)]

mod config;
mod container;
mod diagnostic;
mod directory;
mod errno;
mod error;
pub mod exec;
mod explain;
mod hook;
mod inject;
mod json;
pub mod limits;
mod lint;
mod list;
mod loaded;
mod manager;
mod monitor;
mod near_miss;
mod options;
mod order;
mod packed;
pub mod pattern;
mod permission;
#[cfg(test)]
#[path = "../tests/random/mod.rs"]
mod random;
mod read;
pub mod replace;
mod sieve;
mod snapshot;
#[cfg(feature = "oci-spec")]
mod spec;
mod stamp;
#[allow(unsafe_code)]
mod sys;
pub mod terminal;
mod when;

pub use container::Annotations;
pub use diagnostic::{Code, Diagnostic, Place, Position, Severity, diagnostics_to_json};
pub use directory::{DEFAULT_DIR, OVERRIDE_DIR};
pub use error::{Error, ErrorKind, Result};
pub use explain::{Annotation, Condition, ConditionVerdict, Explanation, HookVerdict};
pub use hook::{Hook, OciHook, Reader, Reading, Stage, VERSION as HOOK_VERSION, When, validate};
pub use inject::{ExtensionStageHooks, Injection};
pub use lint::{NoEquivalent, migrate};
pub use list::{ListedHook, Listing, MaskedHook};
pub use manager::Manager;
pub use monitor::{Canceller, Change, ChangeKind, Monitor, changes_to_json};
pub use near_miss::{NearMiss, Obstacle};
pub use options::{Log, LogLevel, Options, Policy};
pub use read::{HookMap, check, read, read_dir, read_dir_with, read_with};
pub use snapshot::Snapshot;
pub use when::{when_match, when_match_request};

/// The version of this library.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The README's example, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
