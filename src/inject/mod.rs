//! Injection: which hooks a container gets, and the config with them (SPEC §6).

mod plan;
#[cfg(feature = "oci-spec")]
pub(crate) mod spec;
mod splice;

pub(crate) use plan::{Allowance, Plan};
pub use plan::{ExtensionStageHooks, Injection};
pub(crate) use splice::already_there;
