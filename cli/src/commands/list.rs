//! `oci-hooks list`

use std::path::Path;
use std::process::ExitCode;

use libhooks::{Policy, Severity, When, diagnostics_to_json};
use unicode_width::UnicodeWidthStr;

use crate::arguments::List;
use crate::layout::{self, wrapped};
use crate::report::{self, Failure, Shown};

pub fn run(arguments: &List) -> Result<ExitCode, Failure> {
    let manager = arguments.source.manager(Policy::LENIENT)?;
    let listing = manager.list();
    let diagnostics = manager.diagnostics();
    let failed = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    let done = if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    if arguments.json {
        // One object: the list and the diagnostics.
        let refusal = serde_json::Value::from(arguments.source.refusal());
        let text = report::with_member(listing.to_json(), "refusal", &refusal.to_string());
        report::print_json(&report::with_member(
            text,
            "diagnostics",
            &diagnostics_to_json(&diagnostics),
        ))?;
        return Ok(done);
    }
    let without_hook = manager.without_hook();
    report::diagnostics(&without_hook);
    let problems =
        diagnostics.iter().filter(|diagnostic| diagnostic.severity >= Severity::Warning).count();
    let more = problems.saturating_sub(without_hook.len());
    if more > 0 {
        let them = if more == 1 { "it" } else { "them" };
        let more = report::plural(more, "more problem");
        report::note("info", &format!("{more}; run `oci-hooks lint` to see {them}"));
    }
    report::missing(&arguments.source.root(), &arguments.source.hooks_dir);
    report::refusal(arguments.source.refusal().as_deref());
    let mut table = Table::new(["HOOK", "FROM", "STAGES", "RUNS", "WHEN"]);
    for listed in &listing.hooks {
        let stages: Vec<&str> = listed.hook.stages.iter().flatten().map(String::as_str).collect();
        let (runs, when) = (&listed.hook.hook.path, conditions(&listed.hook.when));
        table.add([&listed.name, &directory(&listed.path), &stages.join(","), runs, &when]);
        for masked in listing.masked.iter().filter(|masked| masked.by == listed.path) {
            let masked_by = format!("never (masked by {})", listed.path.display());
            table.add([&listed.name, &directory(&masked.path), "-", "-", &masked_by]);
        }
    }
    if listing.hooks.is_empty() {
        report::no_hooks(&arguments.source.root(), &arguments.source.directories());
        report::ignored_files(&arguments.source.root(), &arguments.source.directories());
    } else {
        report::print(&table.text(layout::terminal()))?;
    }
    Ok(done)
}

/// Returns the directory of a file.
fn directory(path: &Path) -> String {
    path.parent().map(|directory| directory.display().to_string()).unwrap_or_default()
}

/// The spaces between two columns of a table.
const GAP: usize = 2;

/// The last column is broken into lines if at least this many columns of the terminal are left for
/// it. Otherwise each row becomes a paragraph.
const LEAST: usize = 32;

/// A table. Each column is as wide as its widest cell, except the last one.
struct Table<const COLUMNS: usize> {
    head: [&'static str; COLUMNS],
    rows: Vec<[String; COLUMNS]>,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    fn new(head: [&'static str; COLUMNS]) -> Table<COLUMNS> {
        Table { head, rows: Vec::new() }
    }

    fn add(&mut self, row: [&str; COLUMNS]) {
        self.rows.push(row.map(|cell| Shown(&report::short(cell)).to_string()));
    }

    /// Returns the table for a terminal of this width, or for a file.
    fn text(&self, width: Option<usize>) -> String {
        let head = self.head.map(str::to_owned);
        let rows = || std::iter::once(&head).chain(&self.rows);
        let widest = |column: usize| {
            let cells = rows().filter_map(|row| row.get(column));
            cells.map(|cell| cell.width()).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (1..COLUMNS).map(|next| widest(next - 1) + GAP).collect();
        let start: usize = widths.iter().sum();
        let last = widest(COLUMNS.saturating_sub(1));
        if width.is_some_and(|width| start + last.min(LEAST) > width) {
            return self.paragraphs(width);
        }
        let left = width.map(|width| width.saturating_sub(start));
        let mut text = String::new();
        for row in rows() {
            for (column, cell) in row.iter().enumerate() {
                match widths.get(column) {
                    Some(width) => {
                        text += cell;
                        text.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width())));
                    }
                    None => {
                        let indent = format!("\n{}", " ".repeat(start));
                        text += &wrapped(cell, left, 0).replace('\n', &indent);
                    }
                }
            }
            text.push('\n');
        }
        text
    }

    /// Returns a paragraph for each row: the first cell, and below it the others with their names.
    fn paragraphs(&self, width: Option<usize>) -> String {
        let names = self.head.map(str::to_lowercase);
        let longest = names.iter().skip(1).map(String::len).max().unwrap_or_default();
        let indent = 2 + longest + GAP;
        let mut text = String::new();
        for row in &self.rows {
            for (column, (name, cell)) in names.iter().zip(row).enumerate() {
                if column == 0 {
                    text += &format!("{cell}\n");
                } else {
                    // A list without spaces could not be broken.
                    let cell = if name == "stages" { &cell.replace(',', ", ") } else { cell };
                    let line = format!("  {name:longest$}  {cell}");
                    text += &format!("{}\n", wrapped(&line, width, indent));
                }
            }
        }
        text
    }
}

/// Describes conditions in one line.
fn conditions(when: &When) -> String {
    let mut parts = Vec::new();
    parts.extend(
        when.always.map(|always| if always { "always".to_owned() } else { "never".to_owned() }),
    );
    parts.extend(when.has_bind_mounts.map(|wanted| {
        if wanted { "has bind mounts" } else { "never (hasBindMounts is false)" }.to_owned()
    }));
    parts.extend(
        when.annotations.iter().map(|(key, value)| format!("annotation /{key}/ is /{value}/")),
    );
    if !when.commands.is_empty() {
        let patterns: Vec<String> =
            when.commands.iter().map(|command| format!("/{command}/")).collect();
        parts.push(format!("command is {}", patterns.join(" or ")));
    }
    match (&parts[..], when.any_of) {
        ([], _) => "never (no conditions)".to_owned(),
        (_, true) => parts.join(" or "),
        (_, false) => parts.join(" and "),
    }
}
