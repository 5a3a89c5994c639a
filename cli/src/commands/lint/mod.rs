//! `oci-hooks lint`

mod excerpt;
mod gcc;
mod github;
mod sarif;
mod source;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libhooks::{
    Code, Diagnostic, HookFile, Manager, Policy, ReadOptions, Root, Severity, diagnostics_to_json,
};

use crate::arguments::{ACCEPTED_STAGES, Format, Lint};
use crate::color;
use crate::files::HOOK_FILE_LIMIT;
use crate::layout;
use crate::report::{self, Failure, Shown};
use excerpt::Line;
use source::Sources;

pub fn run(arguments: &Lint) -> Result<ExitCode, Failure> {
    if arguments.stdin_filename.is_some() && !arguments.paths.iter().any(|path| is_input(path)) {
        report::error("--stdin-filename requires the path -, which is standard input");
        return Ok(ExitCode::from(2));
    }
    let Checked { mut diagnostics, files, directories, refusal, input } = gather(arguments)?;
    arguments.engine.correct(&mut diagnostics);
    let mut sources = Sources::new(arguments.root.clone().unwrap_or_default(), input);
    if arguments.portable {
        keep_portable(&mut diagnostics);
    }
    let selected = |code: Code| {
        (arguments.select.is_empty() || arguments.select.contains(&code))
            && !arguments.ignore.contains(&code)
    };
    diagnostics.retain(|diagnostic| selected(diagnostic.code));
    diagnostics.sort_by(|a, b| (&a.path, a.position).cmp(&(&b.path, b.position)));
    let format = if arguments.json { Format::Json } else { arguments.format };
    let is_shown =
        |diagnostic: &&Diagnostic| arguments.info || diagnostic.severity != Severity::Info;
    let shown = || diagnostics.iter().filter(is_shown).cloned().collect::<Vec<Diagnostic>>();
    match format {
        Format::Text => {
            color::choose(arguments.color);
            report::print(&text(&shown(), &mut sources))?;
        }
        Format::Gcc => report::print(&gcc::lines(&shown()))?,
        Format::Github => report::print(&github::commands(&shown(), &mut sources))?,
        Format::Json => {
            let diagnostics = diagnostics_to_json(&diagnostics);
            report::print_json(&format!(
                "{{\"files\":{},\"diagnostics\":{diagnostics}}}",
                files.len()
            ))?;
        }
        Format::Sarif => {
            report::print_json(&sarif::log(&diagnostics, &mut sources))?;
        }
    }
    match format {
        Format::Json | Format::Sarif => {}
        // Readers of GCC's lines read standard error too, and expect nothing else.
        Format::Gcc => {}
        _ if files.is_empty() => {
            report::no_hooks(&arguments.root.clone().unwrap_or_default(), &directories);
            // (They say which files engines ignore.)
            if !arguments.info {
                report::diagnostics(&diagnostics);
            }
        }
        Format::Text | Format::Github => {
            report::say(&summary(&diagnostics, files.len(), arguments.info));
            report::refusal(arguments.engine.title(), refusal.as_deref());
        }
    }
    let worst = diagnostics.iter().map(|diagnostic| diagnostic.severity).max();
    let fails = match worst {
        Some(Severity::Error) => true,
        Some(Severity::Warning) => arguments.strict,
        _ => false,
    };
    Ok(if fails { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The diagnostics, the checked files and their directories.
#[derive(Default)]
struct Checked {
    diagnostics: Vec<Diagnostic>,
    files: BTreeSet<PathBuf>,
    directories: Vec<PathBuf>,
    /// The error with which the engine of `--engine` would reject the directories.
    refusal: Option<String>,
    /// The name and the text of standard input, if it was checked.
    input: Option<(PathBuf, Vec<u8>)>,
}

/// Returns whether this argument means standard input.
fn is_input(path: &Path) -> bool {
    path == Path::new("-")
}

/// Keeps the problems of the files' texts. A file whose only errors are those of this machine
/// counts as a valid hook.
fn keep_portable(diagnostics: &mut Vec<Diagnostic>) {
    // (A relative path is an error only where the working directory lacks the file.)
    for found in diagnostics.iter_mut().filter(|found| found.code == Code::RelativePath) {
        found.severity = Severity::Warning;
    }
    let errors = || diagnostics.iter().filter(|found| found.severity == Severity::Error);
    let of_text = errors().filter(|error| !error.code.depends_on_machine());
    let invalid: BTreeSet<&PathBuf> = of_text.map(|error| &error.path).collect();
    let valid: BTreeSet<PathBuf> =
        errors().map(|error| &error.path).filter(|path| !invalid.contains(path)).cloned().collect();
    diagnostics.retain(|found| {
        !found.code.depends_on_machine()
            && (found.code != Code::OverrideIneffective || !valid.contains(&found.path))
    });
}

/// Checks the directories as one set, in which later ones take precedence, and each file alone.
fn gather(arguments: &Lint) -> Result<Checked, Failure> {
    let root = arguments.root.clone().unwrap_or_default();
    let stages = arguments.engine.stages(&ACCEPTED_STAGES, &arguments.extension_stage);
    let options = ReadOptions::new().root(root.clone()).extension_stages(&stages);
    // A path that cannot be read counts as a file, and is reported as an error.
    let (in_paths, files): (Vec<_>, Vec<_>) = arguments
        .paths
        .iter()
        .filter(|path| !is_input(path))
        .partition(|path| root.is_directory(path));
    let mut checked = Checked::default();
    for directories in sets(&root, arguments, in_paths) {
        let builder = || Manager::builder().directories(&directories);
        let manager =
            builder().policy(Policy::LENIENT).read_options(options.clone().inspect(true)).load()?;
        if arguments.engine.reader.is_some() && checked.refusal.is_none() {
            let loaded = builder().read_options(options.clone()).load();
            checked.refusal = loaded.err().map(|error| report::placed(&error));
        }
        let (listing, without_hook) = (manager.list(), manager.without_hook());
        checked.files.extend(listing.hooks.into_iter().map(|hook| hook.path));
        checked.files.extend(listing.masked.into_iter().map(|masked| masked.path));
        let failed = without_hook.into_iter().map(|diagnostic| diagnostic.path);
        checked.files.extend(failed.filter(|path| !directories.contains(path)));
        checked.diagnostics.extend(manager.diagnostics());
        checked.directories.extend(directories);
    }
    // A file in a checked directory is not checked again.
    let in_directories: BTreeSet<PathBuf> = match files.first() {
        Some(_) => checked.files.iter().map(|path| place(&root, path)).collect(),
        None => BTreeSet::new(),
    };
    let files = files.into_iter().filter(|file| !in_directories.contains(&place(&root, file)));
    for file in distinct(&root, files) {
        let mut found = HookFile::check(&file, &options);
        if let Some(inside) = arguments.root.as_ref().and_then(|root| inside(root, &file)) {
            let hint = format!("PATH is resolved inside --root: write {}", inside.display());
            found.iter_mut().for_each(|found| found.hint = Some(hint.clone()));
        }
        checked.diagnostics.extend(found);
        checked.files.insert(file);
    }
    if arguments.paths.iter().any(|path| is_input(path)) {
        let name = arguments.stdin_filename.clone().unwrap_or_else(|| "<stdin>".into());
        let text = read_input()?;
        checked.diagnostics.extend(HookFile::check_text(&name, &text, &options));
        checked.files.insert(name.clone());
        checked.input = Some((name, text));
    }
    Ok(checked)
}

/// Reads standard input, but not much more than the limit of a hook file.
fn read_input() -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    let read = io::stdin().take(HOOK_FILE_LIMIT + 1).read_to_end(&mut text);
    let failed = |error| Failure::Error(format!("standard input: {}", report::reason(&error)));
    read.map(|_| text).map_err(failed)
}

/// Returns the sets of directories to check; `in_paths` are the directories among the paths.
fn sets(root: &Root, arguments: &Lint, in_paths: Vec<&PathBuf>) -> Vec<Vec<PathBuf>> {
    if arguments.hooks_dir.is_empty() && arguments.paths.is_empty() {
        return arguments.engine.sets(&[]);
    }
    let given = distinct(root, arguments.hooks_dir.iter().chain(in_paths));
    if given.is_empty() { Vec::new() } else { vec![given] }
}

/// Removes duplicate paths. If several paths lead to the same place, the last one counts, as in
/// engines.
fn distinct<'p>(root: &Root, paths: impl DoubleEndedIterator<Item = &'p PathBuf>) -> Vec<PathBuf> {
    let mut known = BTreeSet::new();
    let mut distinct: Vec<PathBuf> =
        paths.rev().filter(|path| known.insert(place(root, path))).cloned().collect();
    distinct.reverse();
    distinct
}

/// Returns the resolved path. If the last component is a link to a file, it is not followed: the
/// link counts as a file of its own.
fn place(root: &Root, path: &Path) -> PathBuf {
    let resolved = match (path.parent(), path.file_name()) {
        _ if root.is_directory(path) => root.canonicalize(path),
        (Some(parent), Some(name)) if parent.as_os_str().is_empty() => {
            root.canonicalize(".").map(|parent| parent.join(name))
        }
        (Some(parent), Some(name)) => root.canonicalize(parent).map(|parent| parent.join(name)),
        _ => root.canonicalize(path),
    };
    resolved.unwrap_or_else(|_| path.to_owned())
}

/// Returns the path inside a root that a user meant with a path of the host. `None` if the root has
/// the path, or if the host has no such file below the root.
fn inside(root: &Root, path: &Path) -> Option<PathBuf> {
    if root.exists(path) || path.symlink_metadata().is_err() {
        return None;
    }
    let directory = root.canonicalize("/").ok()?;
    let inside = place(&Root::default(), path).strip_prefix(directory).ok()?.to_owned();
    Some(Path::new("/").join(inside))
}

/// Formats diagnostics for people: position, severity, message and code in a line, an excerpt, the
/// hint. On a terminal, lines that are too long are broken.
fn text(diagnostics: &[Diagnostic], sources: &mut Sources) -> String {
    let mut text = String::new();
    let width = layout::terminal();
    for diagnostic in diagnostics {
        let severity = match diagnostic.severity {
            Severity::Error => color::RED,
            Severity::Warning => color::YELLOW,
            _ => color::BLUE,
        };
        let place =
            report::located(&diagnostic.path, diagnostic.position.map(|p| (p.line, p.column)));
        let line = format!(
            "{} {}: {} {}",
            color::paint(color::BOLD, &Shown(place.trim_end()).to_string()),
            color::paint(severity, diagnostic.severity.as_str()),
            Shown(&report::short(&diagnostic.message())),
            color::paint(color::FAINT, &format!("[{}]", diagnostic.code)),
        );
        let _ = writeln!(text, "{}", layout::wrapped(&line, width, 4));
        let line = diagnostic.position.and_then(|position| {
            let (before, after) = sources.line(&diagnostic.path, position)?;
            Some(Line { number: position.line, before, after })
        });
        text += &excerpt::render(diagnostic.severity, line, diagnostic.hint.as_deref());
        text.push('\n');
    }
    text
}

fn summary(diagnostics: &[Diagnostic], files: usize, infos_are_shown: bool) -> String {
    let counted = |severity, noun: &str| {
        let count = diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count();
        (count > 0).then(|| report::plural(count, noun))
    };
    let files = report::plural(files, "hook file");
    let found = [
        counted(Severity::Error, "error"),
        counted(Severity::Warning, "warning"),
        counted(Severity::Info, "note")
            .map(|notes| if infos_are_shown { notes } else { notes + " (shown with --info)" }),
    ];
    match &found.into_iter().flatten().collect::<Vec<String>>()[..] {
        [] => format!("No problems in {files}."),
        [one] => format!("Found {one} in {files}."),
        [first @ .., last] => format!("Found {} and {last} in {files}.", first.join(", ")),
    }
}
