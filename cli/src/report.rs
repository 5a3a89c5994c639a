//! Prints results to standard output and everything else to standard error. All output of the
//! command goes through this module or [`terminal::Live`], so that no string from a file, an
//! argument or a hook reaches a terminal unescaped.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use libhooks::terminal::{Escaped, escape_json};
use libhooks::{Diagnostic, Error, OciHook};

use crate::{color, stdout, terminal};

/// A string from a file or an argument, displayed with unsafe characters escaped.
pub use libhooks::terminal::Escaped as Shown;

/// How many characters of the start and of the end of a long message are printed. A message may
/// quote megabytes; `--json` prints all of it.
const MESSAGE: usize = 2000;

/// The same for a part of a longer text: a diagnostic, a condition, the cell of a table.
const PART: usize = 400;

/// Why the command ends early.
#[derive(Debug)]
pub enum Failure {
    /// What went wrong here.
    Error(String),
    /// What the library says.
    Hooks(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Hooks(error)
    }
}

/// Prints text for people to standard output. If its reader has gone, that is no error.
pub fn print(text: &str) -> Result<(), Failure> {
    reach(&for_people(text)).map(|_| ())
}

/// Prints a line for people to standard output. Returns whether somebody reads it.
pub fn print_line(line: &str) -> Result<bool, Failure> {
    reach(&format!("{}\n", for_people(line)))
}

/// Returns text for people as standard output shows it: harmless, and with colours or without.
fn for_people(text: &str) -> String {
    color::shown(&terminal::screen(text)).into_owned()
}

/// Prints a line of JSON to standard output. Returns whether somebody reads it.
pub fn print_json(json: &str) -> Result<bool, Failure> {
    reach(&format!("{}\n", escape_json(json)))
}

/// Prints JSON that must arrive: these parts, and the end of the line.
pub fn deliver_json(parts: &[&str]) -> Result<(), Failure> {
    for part in parts {
        written(write_stdout(&escape_json(part)))?;
    }
    written(write_stdout("\n"))
}

/// Prints a file that must arrive: a config, a hook file or a script.
pub fn deliver(text: &str) -> Result<(), Failure> {
    written(write_stdout(&terminal::file(text)))
}

/// Returns whether somebody reads it.
fn reach(text: &str) -> Result<bool, Failure> {
    match write_stdout(text) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        result => written(result).map(|()| true),
    }
}

fn written(result: io::Result<()>) -> Result<(), Failure> {
    result.map_err(|error| Failure::Error(format!("standard output: {error}")))
}

fn write_stdout(text: &str) -> io::Result<()> {
    if !text.is_empty() && stdout::was_closed() {
        return Err(io::Error::from_raw_os_error(libc::EBADF));
    }
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// A JSON object of the library's with one member more.
pub fn with_member(mut object: String, name: &str, value: &str) -> String {
    object.truncate(object.len().saturating_sub(1));
    object + &format!(",\"{name}\":{value}}}")
}

/// Prints an error of the command's own.
pub fn error(message: &str) {
    note("error", message);
}

/// Prints the library's error, and every problem behind it.
pub fn library_error(error: &Error) {
    let place = error.place();
    if error.diagnostics().is_empty() {
        let code = error.code().as_str();
        return match (&place.path, place.position) {
            (Some(path), position) => {
                let place = located(path, position.map(|p| (p.line, p.column)));
                note("error", &format!("{place}{} [{code}]", error.plain_message()));
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
    note("error", "the hooks cannot be loaded:");
    diagnostics(error.diagnostics());
}

/// Prints diagnostics, one a line, with their hints.
pub fn diagnostics(diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        note(diagnostic.severity.as_str(), &problem(diagnostic));
        if let Some(hint) = &diagnostic.hint {
            note("  hint", hint);
        }
    }
}

/// A diagnostic in a line: where, what, which.
pub fn problem(diagnostic: &Diagnostic) -> String {
    diagnostic.to_string()
}

/// Prints that engines load nothing from these directories.
pub fn refusal(refusal: Option<&str>) {
    if let Some(message) = refusal {
        note(
            "error",
            &format!("engines that read these directories load no hook from them: {message}"),
        );
    }
}

/// Prints which of several directories that were asked for are not there. (Of a single one it is
/// said that it has no hooks.)
pub fn missing(directories: &[PathBuf]) {
    for directory in
        directories.iter().filter(|directory| directories.len() > 1 && !directory.exists())
    {
        note("info", &format!("{} does not exist", directory.display()));
    }
}

/// Prints that there is nothing.
pub fn no_hooks(directories: &[PathBuf]) {
    let shown = |directory: &PathBuf| {
        let missing = if directory.exists() { "" } else { " (does not exist)" };
        format!("{}{missing}", directory.display())
    };
    note(
        "info",
        &format!("no hooks in {}", directories.iter().map(shown).collect::<Vec<_>>().join(", ")),
    );
}

/// A part of a text, as far as somebody reads it.
pub fn short(text: &str) -> Cow<'_, str> {
    shortened(text, PART)
}

/// A text without its middle where it is longer than twice `most` characters.
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

/// Prints what clap says of the arguments, `--help` and `--version`.
pub fn usage(message: &clap::Error) -> Result<(), Failure> {
    let text = message.render().to_string();
    if !message.use_stderr() {
        return print(&text);
    }
    // It repeats what was given.
    let lines = text.lines().map(|line| format!("{}\n", Escaped(&shortened(line, MESSAGE))));
    write_stderr(&lines.collect::<String>());
    Ok(())
}

/// Prints a sentence that is not the result.
pub fn say(sentence: &str) {
    write_stderr(&format!("{}\n", Escaped(&shortened(sentence, MESSAGE))));
}

/// Prints something that is not the result.
pub fn note(label: &str, message: &str) {
    say(&format!("{label}: {message}"));
}

/// Writes a message at once: those of several processes that share a terminal or a file stay whole.
fn write_stderr(message: &str) {
    // There is nowhere to report that standard error is closed.
    let _ = io::stderr().write_all(message.as_bytes());
}

/// Where something is, as compilers write it: with a colon and a blank behind.
pub fn located(path: &Path, position: Option<(u32, u32)>) -> String {
    match position {
        Some((line, column)) => format!("{}:{line}:{column}: ", path.display()),
        None => format!("{}: ", path.display()),
    }
}

/// What is run: the executable, and its arguments where they say more; then environment and
/// timeout.
pub fn command(hook: &OciHook) -> String {
    let mut text = hook.path.clone();
    if !hook.args.is_empty() && hook.args != [hook.path.as_str()] {
        text += &format!(" as {:?}", hook.args);
    }
    if !hook.env.is_empty() {
        text += &format!(" with {:?}", hook.env);
    }
    if let Some(timeout) = hook.timeout {
        text += &format!(" for at most {timeout} s");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_lose_their_middle() {
        for (text, want) in
            [("", ""), ("abcd", "abcd"), ("abcde", "ab…de"), ("éßabc漢字", "éß…漢字")]
        {
            assert_eq!(shortened(text, 2), want);
        }
    }
}
