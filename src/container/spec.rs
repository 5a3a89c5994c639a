//! A container given as an `oci_spec::runtime::Spec` (SPEC §6).

use std::borrow::Cow;

use oci_spec::runtime::Spec;

use super::config::is_bind;
use super::view::{Annotations, Container, Pairs, Process};
use crate::problem::Result;

/// The container as conditions see it.
pub(crate) fn container<'a>(
    spec: &'a Spec,
    annotations: Option<&'a Annotations>,
    has_bind_mounts: Option<bool>,
) -> Result<Container<'a>> {
    let own = || -> Pairs<'a> {
        let pairs = spec.annotations().iter().flatten();
        pairs.map(|(key, value)| (Cow::Borrowed(key.as_bytes()), Cow::Borrowed(value.as_bytes()))).collect()
    };
    let process =
        match spec.process().as_ref().map(|process| process.args().as_deref().and_then(<[String]>::first)) {
            None => Process::Absent,
            Some(None) => Process::NoArgs,
            Some(Some(command)) => Process::Command(Cow::Borrowed(command.as_bytes())),
        };
    let annotations = annotations.map_or_else(own, Annotations::pairs);
    Container::new(process, annotations, has_bind_mounts.unwrap_or_else(|| has_bind_mount(spec)))
}

fn has_bind_mount(spec: &Spec) -> bool {
    spec.mounts().iter().flatten().any(|mount| {
        mount.typ().as_deref().is_some_and(|name| is_bind(name, false))
            || mount.options().iter().flatten().any(|option| is_bind(option, true))
    })
}
