//! The command `oci-hooks`: checks, lists, explains, injects and runs OCI hooks.

// A module may use the modules above it.

// Floor 0: the terminal, output, messages and the command line.
mod color;

mod stdout;

mod terminal;

mod layout;

mod report;

mod table;

mod engine;

mod hook_sets;

mod arguments;

// Floor 1: files and signals.
mod files;

mod destination;

mod diff;

mod cancel;

// Floor 2: the commands.
mod commands;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use report::Failure;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(message) => {
            // --help and --version are messages too.
            return match report::usage(&message) {
                Ok(()) => ExitCode::from(if message.use_stderr() { 2 } else { 0 }),
                Err(failure) => failed(failure),
            };
        }
    };
    let done = match &arguments.command {
        Command::Inject(inject) => commands::inject::run(inject),
        Command::Explain(explain) => commands::explain::run(explain),
        Command::List(list) => commands::list::run(list),
        Command::Engines(engines) => commands::engines::run(engines),
        Command::Lint(lint) => commands::lint::run(lint),
        Command::Run(run) => commands::run::run(run),
        Command::Filter(filter) => commands::filter::run(filter),
        Command::Watch(watch) => commands::watch::run(watch),
        Command::Completion(completion) => commands::completion::run(completion),
        Command::Version => commands::version::run(),
        Command::Schema => commands::schema::run(),
        Command::Migrate(migrate) => commands::migrate::run(migrate),
    };
    done.unwrap_or_else(failed)
}

fn failed(failure: Failure) -> ExitCode {
    match failure {
        Failure::Error(message) => report::error(&message),
        Failure::Located(line) => report::say(&line),
        Failure::Loading(diagnostics) => report::loading_failed(&diagnostics),
        Failure::Hooks(error) => report::library_error(&error),
    }
    ExitCode::FAILURE
}
