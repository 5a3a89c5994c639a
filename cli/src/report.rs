//! What is printed: results to standard output, everything else to standard error.

use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use libhooks::{Diagnostic, Error, OciHook};

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

/// Text from a file or an argument: what could steer a terminal is escaped.
pub struct Shown<'a>(pub &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            // Beside the controls, what reorders or breaks the text around it, or is not seen.
            let steers = character.is_control()
                || matches!(
                    character,
                    '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
                );
            if steers {
                write!(f, "{}", character.escape_default())?;
            } else {
                f.write_char(character)?;
            }
        }
        Ok(())
    }
}

/// Prints something to read to standard output. Whoever stops reading has seen enough.
pub fn print(text: &str) -> Result<(), Failure> {
    match write_stdout(text) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| Failure::Error(format!("standard output: {error}"))),
    }
}

/// Prints a line to standard output. Returns whether somebody reads it.
pub fn print_line(line: &str) -> Result<bool, Failure> {
    match write_stdout(&format!("{line}\n")) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        written => {
            written.map(|()| true).map_err(|error| Failure::Error(format!("standard output: {error}")))
        }
    }
}

/// Prints a result that must arrive.
pub fn deliver(text: &str) -> Result<(), Failure> {
    write_stdout(text).map_err(|error| Failure::Error(format!("standard output: {error}")))
}

fn write_stdout(text: &str) -> io::Result<()> {
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
        let prefix = match &place.path {
            Some(path) => located(path, place.position.map(|p| (p.line, p.column))),
            None => {
                place.position.map_or(String::new(), |p| format!("line {}, column {}: ", p.line, p.column))
            }
        };
        return note("error", &format!("{prefix}{} [{}]", error.message(), error.code().as_str()));
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
    let place = located(&diagnostic.path, diagnostic.position.map(|p| (p.line, p.column)));
    format!("{place}{} [{}]", diagnostic.message, diagnostic.code.as_str())
}

/// The message without the file's path, where that stands before it.
pub fn without_path(diagnostic: &Diagnostic) -> &str {
    let prefix = format!("parsing hook \"{}\": ", diagnostic.path.display());
    let message = diagnostic.message.strip_prefix(&prefix).unwrap_or(&diagnostic.message);
    // (A file without a version has an empty one before its errors.)
    let message = message.strip_prefix(": ").unwrap_or(message);
    // (What is no JSON at all is found where the reference looks for the version.)
    message.strip_prefix("version check: ").unwrap_or(message)
}

/// Prints that engines load nothing from these directories.
pub fn refusal(refusal: Option<&str>) {
    if let Some(message) = refusal {
        note("error", &format!("engines that read these directories load no hook from them: {message}"));
    }
}

/// Prints which of several directories that were asked for are not there. (Of a single one it is said that it has no hooks.)
pub fn missing(directories: &[PathBuf]) {
    for directory in directories.iter().filter(|directory| directories.len() > 1 && !directory.exists()) {
        note("info", &format!("{} does not exist", directory.display()));
    }
}

/// Prints that there is nothing.
pub fn no_hooks(directories: &[PathBuf]) {
    let shown = |directory: &PathBuf| {
        let missing = if directory.exists() { "" } else { " (does not exist)" };
        format!("{}{missing}", directory.display())
    };
    note("info", &format!("no hooks in {}", directories.iter().map(shown).collect::<Vec<_>>().join(", ")));
}

/// A text as far as somebody reads it: its begin and its end.
pub fn short(text: &str) -> String {
    const MOST: usize = 400;
    let count = text.chars().count();
    if count <= 2 * MOST {
        return text.to_owned();
    }
    let begin: String = text.chars().take(MOST).collect();
    let end: String = text.chars().skip(count - MOST).collect();
    format!("{begin}…{end}")
}

/// Prints what clap says of the arguments.
pub fn usage(message: &clap::Error) {
    let text = message.render().to_string();
    if message.use_stderr() {
        // It repeats what was given.
        text.lines().for_each(say);
    } else {
        // Whoever closed the pipe does not want it.
        let _ = print(&text);
    }
}

/// Prints a sentence that is not the result.
pub fn say(sentence: &str) {
    let _ = writeln!(io::stderr(), "{}", Shown(sentence));
}

/// Prints something that is not the result.
pub fn note(label: &str, message: &str) {
    // There is nowhere to tell that standard error is closed.
    let _ = writeln!(io::stderr(), "{label}: {}", Shown(message));
}

/// Where something is, as compilers write it: with a colon and a blank behind.
pub fn located(path: &Path, position: Option<(u32, u32)>) -> String {
    match position {
        Some((line, column)) => format!("{}:{line}:{column}: ", path.display()),
        None => format!("{}: ", path.display()),
    }
}

/// What is run: the executable, and its arguments where they say more; then environment and timeout.
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
