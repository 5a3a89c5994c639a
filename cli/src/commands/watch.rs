//! `oci-hooks watch`

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use libhooks::{Change, ChangeKind, Code, ErrorKind, Policy};

use crate::arguments::{Watch, one_set};
use crate::cancel::Cancel;
use crate::report::{self, Failure, Shown};

pub fn run(arguments: &Watch) -> Result<ExitCode, Failure> {
    let engine = &arguments.source.engine;
    let hooks = arguments.source.load(&[], Policy::LENIENT)?;
    let manager = one_set(&hooks, engine)?;
    let mut monitor = manager.monitor()?;
    let cancel = Cancel::while_watching()?;
    let canceller = monitor.canceller();
    cancel.on_signal(move || canceller.cancel())?;
    report::refusal(engine.title(), arguments.source.refusal().as_deref());
    if !print(monitor.present(), arguments)? {
        return Ok(ExitCode::SUCCESS);
    }
    let directories = arguments.source.directories();
    let shown: Vec<String> =
        directories.iter().map(|directory| directory.display().to_string()).collect();
    let hooks = report::plural(manager.snapshot().len(), "hook");
    report::note("watching", &format!("{} ({hooks})", shown.join(", ")));
    loop {
        match monitor.wait(None) {
            Err(error) if error.kind() == ErrorKind::Cancelled => return Ok(cancel.exit_code()),
            Err(error) if error.code() == Code::WatchRefused => return Err(error.into()),
            // A reload that fails under the strict policy keeps the old hooks. Its diagnostics are
            // among the changes.
            Ok(_) | Err(_) => {}
        }
        if !print(monitor.changes()?, arguments)? {
            return Ok(ExitCode::SUCCESS);
        }
    }
}

/// Prints changes with the current time. Returns false if the pipe is closed.
fn print(mut changes: Vec<Change>, arguments: &Watch) -> Result<bool, Failure> {
    let engine = &arguments.source.engine;
    changes.retain(|change| change.diagnostic.iter().all(|found| engine.concerns(found)));
    engine.correct_hints(changes.iter_mut().filter_map(|change| change.diagnostic.as_mut()));
    let time = timestamp(SystemTime::now());
    for change in &changes {
        let is_read = if arguments.json {
            report::print_json(&object(change, &time))?
        } else {
            report::print_line(&lines(change, &time))?
        };
        if !is_read {
            return Ok(false);
        }
    }
    Ok(true)
}

fn object(change: &Change, time: &str) -> String {
    let json = serde_json::to_string(change).unwrap_or_default();
    format!("{{\"time\":\"{time}\",{}", json.strip_prefix('{').unwrap_or_default())
}

fn lines(change: &Change, time: &str) -> String {
    let kind = change.kind.as_str();
    let path = change.path.display();
    let subject = match (&change.diagnostic, &change.by) {
        (Some(diagnostic), _) => report::problem(diagnostic),
        (None, Some(by)) => format!("{path} by {}", by.display()),
        (None, None) => path.to_string(),
    };
    // A problem that is gone needs no hint.
    let problem = change.diagnostic.as_ref().filter(|_| change.kind == ChangeKind::Problem);
    let hint = problem.and_then(|diagnostic| diagnostic.hint.as_deref());
    let hint = hint
        .map_or(String::new(), |hint| format!("\n{:32}hint: {}", "", Shown(&report::short(hint))));
    format!("{time}  {kind:<8}  {}{hint}", Shown(&report::short(&subject)))
}

/// Returns a time in UTC in the format of RFC 3339, such as `2026-11-29T14:05:00Z`.
fn timestamp(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (day, second) = (seconds / 86_400, seconds % 86_400);
    // In the Gregorian calendar, 400 years have 146,097 days. A year starts in March here, so that
    // the leap day is its last day, and day 0 is 0000-03-01.
    let day = day + 719_468;
    let (era, day) = (day / 146_097, day % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // From March on, five months in a row have 153 days.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = (400 * era + year, if month < 10 { month + 3 } else { month - 9 });
    let year = if month <= 2 { year + 1 } else { year };
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// The expected values are from `date -u -d @SECONDS`.
    #[test]
    fn timestamps() {
        for (seconds, want) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (978_220_800, "2000-12-31T00:00:00Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(timestamp(UNIX_EPOCH + Duration::from_secs(seconds)), want);
        }
    }
}
