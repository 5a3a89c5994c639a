//! `oci-hooks completion`

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::arguments::{Arguments, Completion, ShellName};
use crate::report::{self, Failure};

const NAME: &str = "oci-hooks";

pub fn run(arguments: &Completion) -> Result<ExitCode, Failure> {
    let script = match arguments.shell {
        ShellName::Bash => {
            // For bash, clap_complete completes nothing after the first word if the command's name
            // has a hyphen (clap-rs/clap#6421). So the script is generated for a name without
            // a hyphen, and registered for the real name.
            let name = NAME.replace('-', "_");
            script(Shell::Bash, &name).replace(&format!(" {name}\n"), &format!(" {NAME}\n"))
        }
        ShellName::Zsh => script(Shell::Zsh, NAME),
        ShellName::Fish => script(Shell::Fish, NAME),
    };
    report::deliver(&script)?;
    Ok(ExitCode::SUCCESS)
}

fn script(shell: Shell, name: &str) -> String {
    let mut script = Vec::new();
    generate(shell, &mut Arguments::command(), name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
