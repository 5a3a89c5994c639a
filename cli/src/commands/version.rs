//! `oci-hooks version`

use std::process::ExitCode;

use clap::CommandFactory;

use crate::arguments::Arguments;
use crate::report::{self, Failure};

pub fn run() -> Result<ExitCode, Failure> {
    report::deliver(&Arguments::command().render_version())?;
    Ok(ExitCode::SUCCESS)
}
