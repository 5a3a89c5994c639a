//! Containers: their configs, and what conditions see of them.

mod config;
#[cfg(feature = "oci-spec")]
pub(crate) mod spec;
mod view;

pub(crate) use config::{Config, End, Hooks, StageEntries};
pub use view::Annotations;
pub(crate) use view::{Container, Process};
