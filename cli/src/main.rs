//! The command `oci-hooks`: which hooks a container gets, why, and the config with them.

mod arguments;
mod cancel;
mod color;
mod completion;
mod destination;
mod diff;
mod explain;
mod files;
mod filter;
mod inject;
mod lint;
mod list;
mod migrate;
mod report;
mod run;
mod schema;
mod stdout;
mod terminal;
mod watch;

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
        Command::Inject(inject) => inject::run(inject),
        Command::Explain(explain) => explain::run(explain),
        Command::List(list) => list::run(list),
        Command::Lint(lint) => lint::run(lint),
        Command::Run(run) => run::run(run),
        Command::Filter(filter) => filter::run(filter),
        Command::Watch(watch) => watch::run(watch),
        Command::Completion(completion) => completion::run(completion),
        Command::Schema => schema::run(),
        Command::Migrate(migrate) => migrate::run(migrate),
    };
    done.unwrap_or_else(failed)
}

fn failed(failure: Failure) -> ExitCode {
    match failure {
        Failure::Error(message) => report::error(&message),
        Failure::Hooks(error) => report::library_error(&error),
    }
    ExitCode::FAILURE
}
