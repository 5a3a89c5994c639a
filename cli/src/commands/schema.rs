//! `oci-hooks schema`

use std::process::ExitCode;

use crate::report::{self, Failure};

/// A JSON Schema of hook files.
const SCHEMA: &str = include_str!("../../hook.schema.json");

pub fn run() -> Result<ExitCode, Failure> {
    report::deliver(SCHEMA)?;
    Ok(ExitCode::SUCCESS)
}
