//! Containers: their configs, and the properties that conditions evaluate.

mod config;
#[cfg(feature = "oci-spec")]
mod spec;
mod view;

pub use config::Config;
pub(crate) use config::{End, Hooks, StageEntries};
pub use view::{Annotations, Container, Process};
