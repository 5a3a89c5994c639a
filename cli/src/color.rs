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
        let parameter = match style {
            Style::Bold => "1",
            Style::Faint => "2",
            Style::Red => "31",
            Style::Yellow => "33",
            Style::Green => "32",
            Style::Blue => "34",
        };
        if self.0 && !text.is_empty() {
            format!("\u{1b}[{parameter}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}
