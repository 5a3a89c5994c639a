//! Colours, for terminals only.

use std::io::IsTerminal;

use clap::ValueEnum;

/// When to use colours: by itself if standard output is a terminal, NO_COLOR is not set, and TERM is not `dumb`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum When {
    #[default]
    Auto,
    Always,
    Never,
}

/// What text is painted with: the parameters of the terminal's "select graphic rendition".
#[derive(Debug, Clone, Copy)]
pub enum Style {
    Bold,
    Faint,
    Red,
    Yellow,
    Green,
    Blue,
}

impl Style {
    const ALL: [Style; 6] = [Style::Bold, Style::Faint, Style::Red, Style::Yellow, Style::Green, Style::Blue];

    fn sequence(self) -> &'static str {
        match self {
            Style::Bold => "\u{1b}[1m",
            Style::Faint => "\u{1b}[2m",
            Style::Red => "\u{1b}[31m",
            Style::Yellow => "\u{1b}[33m",
            Style::Green => "\u{1b}[32m",
            Style::Blue => "\u{1b}[34m",
        }
    }
}

/// Ends a style.
const PLAIN: &str = "\u{1b}[0m";

/// Returns the length of the style sequence that `text` starts with, or 0. These are the sequences that this command prints.
pub fn sequence_length(text: &str) -> usize {
    let mut sequences = Style::ALL.into_iter().map(Style::sequence).chain([PLAIN]);
    sequences.find(|sequence| text.starts_with(sequence)).map_or(0, str::len)
}

/// Paints, or does not.
#[derive(Debug, Clone, Copy)]
pub struct Colors(bool);

impl When {
    /// For what goes to standard output.
    pub fn for_stdout(self) -> Colors {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = || std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
        Colors(match self {
            When::Always => true,
            When::Never => false,
            When::Auto => !set("NO_COLOR") && !dumb() && std::io::stdout().is_terminal(),
        })
    }
}

impl Colors {
    /// The text, painted. It holds nothing that steers a terminal.
    pub fn paint(self, style: Style, text: &str) -> String {
        if self.0 && !text.is_empty() {
            format!("{}{text}{PLAIN}", style.sequence())
        } else {
            text.to_owned()
        }
    }
}
