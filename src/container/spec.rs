//! A container given as an `oci_spec::runtime::Spec` (docs/spec.md, section 6).

use oci_spec::runtime::Spec;

use super::config::is_bind;
use super::view::{Args, Container, Process};

impl<'a> Container<'a> {
    /// Returns the container that an `oci_spec::runtime::Spec` describes. The version of `oci-spec`
    /// is part of this crate's API.
    pub fn from_spec(spec: &'a Spec) -> Container<'a> {
        let args =
            spec.process().as_ref().map(|process| process.args().as_deref().unwrap_or_default());
        let process = match args {
            None => Process::Absent,
            Some([]) => Process::NoArgs,
            Some([command, ..]) => Process::from(command.as_str()),
        };
        let annotations = spec.annotations().iter().flatten();
        let container = Container::from_parts(process, annotations, has_bind_mount(spec));
        Container { args: args.map_or(Args::Unknown, Args::Strings), ..container }
    }
}

fn has_bind_mount(spec: &Spec) -> bool {
    spec.mounts().iter().flatten().any(|mount| {
        mount.typ().as_deref().is_some_and(|name| is_bind(name, false))
            || mount.options().iter().flatten().any(|option| is_bind(option, true))
    })
}
