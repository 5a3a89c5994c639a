//! Containers: their configs, and the properties that conditions evaluate.

mod config;
mod form;
mod root_filesystem;
#[cfg(feature = "oci-spec")]
mod spec;
mod view;

pub use config::Config;
pub(crate) use config::{End, Hooks, StageEntries};
pub use form::check_state;
pub(crate) use form::top_level;
pub use root_filesystem::RootFilesystem;
pub use view::{Annotations, Container, Process};
