//! Prints results to standard output and everything else to standard error. All output of the
//! command goes through this module or [`terminal::Live`], so that no string from a file, an
//! argument or a hook reaches a terminal unescaped.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use libhooks::terminal::{Escaped, escape_json};
use libhooks::{Code, Diagnostic, Errno, Error, HookDir, ReadOptions, Root, Severity};

use crate::{color, layout, stdout, terminal};

/// A string from a file or an argument, displayed with unsafe characters escaped.
pub use libhooks::terminal::Escaped as Shown;

/// The number of characters printed from the start, and from the end, of a long message. A message
/// may quote megabytes; `--json` prints all of it.
const MESSAGE: usize = 2000;

/// The same for a part of a message: a diagnostic, a condition, the cell of a table.
const PART: usize = 400;

/// Why the command ends early.
#[derive(Debug)]
pub enum Failure {
    /// An error of the command.
    Error(String),
    /// An error in a file: a line as [`line()`] returns it.
    Located(String),
    /// The diagnostics because of which the hooks cannot be loaded.
    Loading(Vec<Diagnostic>),
    /// Another error of the library.
    Hooks(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Hooks(error)
    }
}

/// Prints text for people to standard output. A closed pipe is not an error.
pub fn print(text: &str) -> Result<(), Failure> {
    reach(&for_people(text)).map(|_| ())
}

/// Prints a line for people to standard output. Returns false if the pipe is closed.
pub fn print_line(line: &str) -> Result<bool, Failure> {
    reach(&format!("{}\n", for_people(line)))
}

/// Escapes unsafe characters, and removes colours if standard output does not show them.
fn for_people(text: &str) -> String {
    color::shown(&terminal::screen(text)).into_owned()
}

/// Prints a line of JSON to standard output. Returns false if the pipe is closed.
pub fn print_json(json: &str) -> Result<bool, Failure> {
    reach(&format!("{}\n", escape_json(json)))
}

/// Prints the parts of a JSON line to standard output. A closed pipe is an error.
pub fn deliver_json(parts: &[&str]) -> Result<(), Failure> {
    for part in parts {
        written(write_stdout(&escape_json(part)))?;
    }
    written(write_stdout("\n"))
}

/// Prints a config, a hook file or a script to standard output. A closed pipe is an error.
pub fn deliver(text: &str) -> Result<(), Failure> {
    written(write_stdout(&terminal::file(text)))
}

/// Prints to standard output. Returns false if the pipe is closed.
fn reach(text: &str) -> Result<bool, Failure> {
    match write_stdout(text) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        result => written(result).map(|()| true),
    }
}

fn written(result: io::Result<()>) -> Result<(), Failure> {
    result.map_err(|error| Failure::Error(format!("standard output: {}", reason(&error))))
}

/// Returns the reason for an error of the system, in the words that the library uses.
pub fn reason(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => Errno::from_raw_os_error(number).to_string(),
        None => error.to_string(),
    }
}

fn write_stdout(text: &str) -> io::Result<()> {
    if !text.is_empty() && stdout::was_closed() {
        return Err(io::Error::from_raw_os_error(libc::EBADF));
    }
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Appends a member to a JSON object of the library.
pub fn with_member(mut object: String, name: &str, value: &str) -> String {
    object.truncate(object.len().saturating_sub(1));
    object + &format!(",\"{name}\":{value}}}")
}

/// Prints an error.
pub fn error(message: &str) {
    note("error", message);
}

/// Prints an error of the library, or the diagnostics that caused it.
pub fn library_error(error: &Error) {
    let place = error.place();
    if error.diagnostics().is_empty() {
        let code = error.code();
        return match (&place.path, place.position) {
            (Some(path), position) => {
                let position = position.map(|p| (p.line, p.column));
                let severity = Severity::Error.as_str();
                say(&line(path, position, severity, &error.plain_message(), code));
            }
            (None, Some(p)) => {
                note(
                    "error",
                    &format!("line {}, column {}: {} [{code}]", p.line, p.column, error.message()),
                );
            }
            (None, None) => note("error", &format!("{} [{code}]", error.message())),
        };
    }
    loading_failed(error.diagnostics());
}

/// Prints the diagnostics because of which the hooks cannot be loaded.
pub fn loading_failed(found: &[Diagnostic]) {
    note("error", "cannot load the hooks:");
    let is_problem = |found: &&Diagnostic| found.severity != Severity::Info;
    let problems: Vec<Diagnostic> = found.iter().filter(is_problem).cloned().collect();
    diagnostics(&problems);
}

/// Prints each diagnostic on a line, followed by its hint.
pub fn diagnostics(diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        say(&problem(diagnostic));
        if let Some(hint) = &diagnostic.hint {
            note("  hint", hint);
        }
    }
}

/// Returns a diagnostic in one line: `PATH:LINE:COLUMN: error: message [code]`.
pub fn problem(diagnostic: &Diagnostic) -> String {
    diagnostic.to_string()
}

/// Returns a line of the same form as [`problem`].
pub fn line(
    path: &Path,
    position: Option<(u32, u32)>,
    severity: &str,
    message: &str,
    code: Code,
) -> String {
    format!("{}{severity}: {message} [{code}]", located(path, position))
}

/// Returns the message of an error with its path and position, each once.
pub fn placed(error: &Error) -> String {
    let place = error.place();
    match &place.path {
        Some(path) => {
            located(path, place.position.map(|p| (p.line, p.column))) + &error.plain_message()
        }
        None => error.message().to_owned(),
    }
}

/// Prints the error with which an engine would reject the directories.
pub fn refusal(engine: &str, refusal: Option<&str>) {
    if let Some(message) = refusal {
        note("error", &format!("{engine} would reject these directories: {message}"));
    }
}

/// Prints which of several directories do not exist. ([`no_hooks`] says it of a single one.)
pub fn missing(root: &Root, directories: &[PathBuf]) {
    for directory in
        directories.iter().filter(|directory| directories.len() > 1 && !root.exists(directory))
    {
        note("info", &format!("{} does not exist", directory.display()));
    }
}

/// Prints that the directories have no hooks.
pub fn no_hooks(root: &Root, directories: &[PathBuf]) {
    let shown = |directory: &PathBuf| {
        let missing = if root.exists(directory) { "" } else { " (does not exist)" };
        format!("{}{missing}", directory.display())
    };
    note(
        "info",
        &format!("no hooks in {}", directories.iter().map(shown).collect::<Vec<_>>().join(", ")),
    );
}

/// Prints which files of the directories engines ignore because of their names.
pub fn ignored_files(root: &Root, directories: &[PathBuf]) {
    let options = ReadOptions::new().root(root.clone());
    directories
        .iter()
        .for_each(|directory| diagnostics(&HookDir::check_names(directory, &options)));
}

/// Shortens a part of a message.
pub fn short(text: &str) -> Cow<'_, str> {
    shortened(text, PART)
}

/// Replaces the middle of a string that is longer than twice `most` characters.
fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    let start = text.char_indices().nth(most).map(|(at, _)| at);
    let end = text.char_indices().nth_back(most.saturating_sub(1)).map(|(at, _)| at);
    match (start, end) {
        (Some(start), Some(end)) if start < end => {
            let (start, end) =
                (text.get(..start).unwrap_or_default(), text.get(end..).unwrap_or_default());
            format!("{start}…{end}").into()
        }
        _ => text.into(),
    }
}

/// Prints a message of clap: wrong usage, `--help` or `--version`.
pub fn usage(message: &clap::Error) -> Result<(), Failure> {
    let text = message.render().to_string();
    if !message.use_stderr() {
        return print(&text);
    }
    // The message quotes the arguments.
    let lines = text.lines().map(|line| format!("{}\n", Escaped(&shortened(line, MESSAGE))));
    write_stderr(&lines.collect::<String>());
    Ok(())
}

/// Prints a sentence to standard error. On a terminal, a line that is too long is broken.
pub fn say(sentence: &str) {
    let text = Escaped(&shortened(sentence, MESSAGE)).to_string();
    write_stderr(&format!("{}\n", layout::wrapped(&text, layout::messages(), 4)));
}

/// Prints a message with a label to standard error.
pub fn note(label: &str, message: &str) {
    say(&format!("{label}: {message}"));
}

/// Writes a message with one call, so that messages of several processes to the same terminal or
/// file do not mix.
fn write_stderr(message: &str) {
    // An error on standard error cannot be reported.
    let _ = io::stderr().write_all(message.as_bytes());
}

/// Returns a position in the format of compilers, followed by a colon and a space.
pub fn located(path: &Path, position: Option<(u32, u32)>) -> String {
    match position {
        Some((line, column)) => format!("{}:{line}:{column}: ", path.display()),
        None => format!("{}: ", path.display()),
    }
}

/// Returns a count with a noun, in the plural if needed.
pub fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_strings_lose_their_middle() {
        for (text, want) in
            [("", ""), ("abcd", "abcd"), ("abcde", "ab…de"), ("éßabc漢字", "éß…漢字")]
        {
            assert_eq!(shortened(text, 2), want);
        }
    }
}
