//! Prints the public API of a crate, one item per line, from the rustdoc JSON of the crate.
//!
//! A derived trait has one line, such as `impl core::clone::Clone for libhooks::Hook`, without its
//! methods. Auto traits and blanket implementations are left out.

use std::collections::HashSet;
use std::path::Path;
use std::process::ExitCode;

use public_api::{Builder, PublicApi};

fn main() -> ExitCode {
    let Some(file) = std::env::args_os().nth(1) else {
        eprintln!("usage: rust-api FILE");
        return ExitCode::from(2);
    };
    match list(Path::new(&file)) {
        Ok(lines) => {
            println!("{}", lines.join("\n"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("rust-api: {error}");
            eprintln!(
                "Check that public-api in tools/rust-api/Cargo.toml supports this version of Rust."
            );
            ExitCode::FAILURE
        }
    }
}

fn list(file: &Path) -> public_api::Result<Vec<String>> {
    let builder =
        Builder::from_rustdoc_json(file).omit_blanket_impls(true).omit_auto_trait_impls(true);
    let without_derived: HashSet<String> =
        lines(&builder.clone().omit_auto_derived_impls(true).build()?).collect();
    // `StructuralPartialEq` comes with a derived `PartialEq`.
    let is_listed = |line: &String| {
        without_derived.contains(line)
            || line.starts_with("impl") && !line.contains("::StructuralPartialEq for ")
    };
    Ok(lines(&builder.build()?).filter(is_listed).collect())
}

fn lines(api: &PublicApi) -> impl Iterator<Item = String> {
    api.items().map(ToString::to_string)
}
