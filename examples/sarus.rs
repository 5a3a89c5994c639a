//! Lets hooks change a config before the container is created, as Podman does at its stage
//! `precreate`. An engine such as Sarus would use the strict policy, and print the changes of each
//! hook.
//!
//!     cargo run --example sarus -- HOOKS.D CONFIG.JSON

use std::error::Error;
use std::time::Duration;

use libhooks::exec::{FilterOptions, RunOptions, filter, patch_to_json};
use libhooks::{Config, Manager, Policy};

const STAGE: &str = "precreate";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, path] = &arguments[..] else {
        return Err("usage: sarus HOOKS.D CONFIG.JSON".into());
    };
    let text = std::fs::read_to_string(path)?;
    let config = Config::parse(&text)?;

    let builder = Manager::builder().directory(directory).extension_stages([STAGE]);
    let manager = builder.policy(Policy::Strict).load()?;
    let selection = manager.select(&config.container())?;
    let hooks = selection.at(STAGE).map(|selected| selected.hook());
    let run = RunOptions::new().timeout(Duration::from_secs(10));
    let result = filter(hooks, &text, FilterOptions::new().run(run).patches(true))?;
    for (selected, patch) in selection.at(STAGE).zip(result.patches.iter().flatten()) {
        eprintln!("{}: {}", selected.name(), patch_to_json(patch));
    }
    if let Some(failure) = result.failure {
        return Err(failure.message().into());
    }
    // The hooks of OCI's stages are injected into the config that the filters returned.
    println!("{}", selection.inject(&Config::parse(&result.config)?).config);
    Ok(())
}
