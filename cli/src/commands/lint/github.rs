//! Writes workflow commands of GitHub Actions, which annotate the lines of a pull request.
//!
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>

use libhooks::{Diagnostic, Severity};

use super::source::Sources;
use crate::report::{self, Shown};

/// Returns one command per diagnostic. The hint is on a second line of the annotation.
pub fn commands(diagnostics: &[Diagnostic], sources: &mut Sources) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        let mut place = format!("file={}", property(&diagnostic.path.display().to_string()));
        if let Some(position) = diagnostic.position {
            let column = sources.column(&diagnostic.path, position);
            place += &format!(",line={},col={column}", position.line);
        }
        let title = property(diagnostic.code.as_str());
        let mut message = data(&report::short(&diagnostic.message()));
        if let Some(hint) = &diagnostic.hint {
            message += &format!("%0Ahint: {}", data(&report::short(hint)));
        }
        let name = command(diagnostic.severity);
        text += &format!("::{name} {place},title={title}::{message}\n");
    }
    text
}

fn command(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        _ => "notice",
    }
}

/// Escapes the message of a command, then what a terminal must not get.
fn data(text: &str) -> String {
    let text = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    Shown(&text).to_string()
}

/// Escapes the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_separates_is_escaped() {
        assert_eq!(data("100 %0A: a,b\r\n\u{1b}"), "100 %250A: a,b%0D%0A\\u{1b}");
        assert_eq!(property("a:b,c%\n"), "a%3Ab%2Cc%25%0A");
    }
}
