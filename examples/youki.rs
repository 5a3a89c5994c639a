//! Injects hooks into an `oci_spec::runtime::Spec`, as a runtime in Rust such as youki would before
//! it creates the container.
//!
//!     cargo run --example youki -- HOOKS.D BUNDLE

use std::error::Error;

use libhooks::{Container, Manager, Target};
use oci_spec::runtime::{Hook, Spec};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, bundle] = &arguments[..] else {
        return Err("usage: youki HOOKS.D BUNDLE".into());
    };
    let config = format!("{bundle}/config.json");
    let mut spec = Spec::load(&config)?;

    let manager = Manager::builder().directory(directory).extension_stages(["precreate"]).load()?;
    for problem in manager.diagnostics() {
        eprintln!("{}: {problem}", problem.severity);
    }
    let selection = manager.select(&Container::from_spec(&spec))?;
    selection.inject_into_spec(&mut spec);
    spec.save(&config)?;

    // The hooks of extension stages are not in the config: the engine runs them itself.
    for selected in selection.hooks() {
        if let Target::Extension(stage) = selected.stage() {
            let hook = Hook::from(selected.hook());
            println!("{stage}: {} ({})", hook.path().display(), selected.file().display());
        }
    }
    Ok(())
}
