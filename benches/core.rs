//! A row of `make bench`, from Rust: core DIRECTORY CONFIG COUNT
//!
//! Prints the average nanoseconds of one injection over COUNT calls. As in Go's packages, the input
//! and the output are structures.

use std::error::Error;
use std::time::Instant;

use libhooks::{Config, Container, Manager};
use oci_spec::runtime::Spec;

fn average(directory: &str, config: &str, count: u32) -> Result<u128, Box<dyn Error>> {
    let manager = Manager::builder().directories([directory]).load()?;
    let text = std::fs::read_to_string(config)?;
    let annotations = Config::parse(&text)?.annotations();
    let mut spec: Spec = serde_json::from_str(&text)?;
    let mut call = || -> libhooks::Result<()> {
        spec.set_hooks(None);
        let container = Container::from_spec(&spec).annotations(&annotations).bind_mounts(false);
        let selection = manager.select(&container)?;
        selection.inject_into_spec(&mut spec);
        Ok(())
    };
    // Warm up: the first match builds caches that later matches reuse.
    call()?;
    let start = Instant::now();
    for _ in 0..count {
        call()?;
    }
    Ok(start.elapsed().as_nanos() / u128::from(count))
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [directory, config, count] => println!("{}", average(directory, config, count.parse()?)?),
        // `cargo bench` runs all benchmarks.
        _ => eprintln!("for `make bench`: core DIRECTORY CONFIG COUNT"),
    }
    Ok(())
}
