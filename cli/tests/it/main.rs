//! Runs the command as users do. Each module tests one command or one subject.

mod command;
mod engines;
mod explain;
mod filter;
mod hook_files;
mod inject;
mod inputs;
mod interrupted;
mod lint;
mod lint_formats;
mod output;
mod pty;
mod replace;
mod reports;
mod root;
mod run;
mod support;
mod terminal;
mod transcripts;
mod watch;
