//! Injection: the hooks that match a container, and the config with them (docs/spec.md, section 6).

mod plan;
mod selection;
#[cfg(feature = "oci-spec")]
mod spec;
mod splice;

pub(crate) use plan::Allowance;
pub use plan::{ExtensionStageHooks, Injection};
pub use selection::{SelectedHook, Selection};
