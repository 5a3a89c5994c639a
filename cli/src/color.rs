//! The styles of the command's output.
//!
//! The command paints all output. [`shown`] removes the styles if standard output has no colours.

use std::borrow::Cow;
use std::env;
use std::io;
use std::sync::LazyLock;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Reset, Style};

pub const BOLD: Style = Style::new().bold();
pub const FAINT: Style = Style::new().dimmed();
pub const RED: Style = AnsiColor::Red.on_default();
pub const YELLOW: Style = AnsiColor::Yellow.on_default();
pub const GREEN: Style = AnsiColor::Green.on_default();
pub const BLUE: Style = AnsiColor::Blue.on_default();

/// The sequences that the command prints. [`crate::terminal::screen`] escapes all others.
static SEQUENCES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let styles = [BOLD, FAINT, RED, YELLOW, GREEN, BLUE].map(|style| style.render().to_string());
    styles.into_iter().chain([Reset.render().to_string()]).collect()
});

/// Returns the length of the command's own style sequence at the start of `text`, or 0.
pub fn sequence_length(text: &str) -> usize {
    let own = SEQUENCES.iter().find(|sequence| text.starts_with(sequence.as_str()));
    own.map_or(0, String::len)
}

/// Returns the string in a style. The string must not contain unsafe characters.
pub fn paint(style: Style, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{style}{text}{style:#}") }
}

/// Sets the value of `--color` for all output that follows.
pub fn choose(choice: clap::ColorChoice) {
    let is_forced = env::var_os("CLICOLOR_FORCE").is_some();
    let choice = match choice {
        clap::ColorChoice::Always => ColorChoice::Always,
        clap::ColorChoice::Never => ColorChoice::Never,
        // In a CI system, anstream also paints on terminals without colours. It also paints if TERM
        // is empty.
        clap::ColorChoice::Auto if is_dumb() && !is_forced => ColorChoice::Never,
        clap::ColorChoice::Auto => ColorChoice::Auto,
    };
    choice.write_global();
}

fn is_dumb() -> bool {
    env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}

/// Returns the text with its styles if standard output shows colours, and without them otherwise.
pub fn shown(text: &str) -> Cow<'_, str> {
    match AutoStream::choice(&io::stdout()) {
        ColorChoice::Never => anstream::adapter::strip_str(text).to_string().into(),
        _ => text.into(),
    }
}
