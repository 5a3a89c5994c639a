//! Writes the lines of GCC, which editors and scripts read.

use libhooks::{Diagnostic, Severity};

use crate::report::{self, Shown};

/// Returns one line per diagnostic: `PATH:LINE:COLUMN: error: message [code]`. A diagnostic without
/// a position gets the start of the file, because readers of this format require a line.
pub fn lines(diagnostics: &[Diagnostic]) -> String {
    let line = |diagnostic: &Diagnostic| {
        let position = diagnostic.position.map_or((1, 1), |p| (p.line, p.column));
        let message = diagnostic.message();
        let line = report::line(
            &diagnostic.path,
            Some(position),
            severity(diagnostic.severity),
            &report::short(&message),
            diagnostic.code,
        );
        format!("{}\n", Shown(&line))
    };
    diagnostics.iter().map(line).collect()
}

/// Returns GCC's word for a severity.
fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        _ => "note",
    }
}
