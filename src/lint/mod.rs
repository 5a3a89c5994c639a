//! Likely mistakes in hook files, and hints for errors (docs/spec.md, section 8).

pub(crate) mod failed;
mod hint;
mod migrate;
mod names;
mod ownership;
mod patterns;
mod process;
mod program;
mod suggest;

use std::path::Path;

use crate::engines::{self, DEFAULT_DIR, OVERRIDE_DIR};
use crate::go::Errno;
use crate::hook::Target;
use crate::hook::{Decoded, Field, UnknownKey};
use crate::limits::ENOUGH;
use crate::permission::Subject;
use crate::position::Lines;
use crate::problem::{Cause, Diagnostic, Error, Never, ProcessFlaw, Warning};
use crate::sys::{Root, Status};
pub(crate) use hint::SWITCH_OFF;
use hint::{KEEP_ONE, WRITE_STAGES, hint, meant_by};
pub use migrate::NoEquivalent;
pub(crate) use names::names;
pub(crate) use ownership::Inspector;
use ownership::by_status;
pub(crate) use program::{Programs, diagnostics as of_program};
use suggest::for_condition;

/// Returns an error as a diagnostic of its file or directory, with a hint. `file` is the content
/// of the file, as far as it could be decoded.
#[cold]
pub(crate) fn error(error: &Error, file: &Decoded<'_>) -> Diagnostic {
    let diagnostic = error.to_diagnostic(hint(error, file));
    match error.cause() {
        // Whether the file exists depends on the working directory; the path is wrong anyway.
        Cause::Executable { path, errno: Errno(libc::ENOENT), .. } if !path.starts_with('/') => {
            diagnostic.because(Warning::from(ProcessFlaw::RelativePath {
                path: path.clone(),
                missing: true,
            }))
        }
        _ => diagnostic,
    }
}

/// Returns the warning about a program that is not an executable file, and its hint.
fn not_executable(path: &str, status: &Status) -> Option<(Warning, &'static str)> {
    let is_file = status.is_file();
    // (The hint is not a command with the path: a user would run it as root.)
    let hint = match is_file {
        true if status.mode & 0o111 != 0 => return None,
        true => "make it executable (chmod +x)",
        false => "write the path of an executable file",
    };
    Some((Warning::NotExecutable { path: path.into(), is_file }, hint))
}

/// Returns the diagnostics of the keys of a file that is not a hook.
#[cold]
pub(crate) fn keys(path: &Path, text: &[u8], file: &Decoded<'_>) -> Vec<Diagnostic> {
    let mut report = Report { path, text, lines: None, file, found: Vec::new() };
    report.keys();
    report.found
}

/// A hook file that is a hook, valid or not.
pub(crate) struct HookFacts<'a> {
    pub path: &'a Path,
    pub text: &'a [u8],
    pub file: &'a Decoded<'a>,
    pub is_valid: bool,
    pub status: &'a Status,
    /// The status of the hook's executable.
    pub executable: Option<&'a Status>,
    pub extension_stages: &'a [String],
    /// Whether owners and permissions are checked by other means. They are skipped then.
    pub inspected: bool,
}

/// Returns the diagnostics of a hook file that is a hook.
#[cold]
pub(crate) fn hook(facts: &HookFacts<'_>) -> Vec<Diagnostic> {
    let HookFacts { path, text, file, .. } = *facts;
    let mut report = Report { path, text, lines: None, file, found: Vec::new() };
    report.keys();
    report.conditions(facts.is_valid);
    report.stages(facts.extension_stages);
    report.timeout();
    process::mistakes(&file.hook, &mut |process, field, hint| {
        report.add(process.into(), file.place(&field), Some(hint));
    });
    if !facts.inspected {
        let subject = Subject::HookFile(path.to_owned());
        report.found.extend(by_status(path, &subject, facts.status));
    }
    if let Some(executable) = facts.executable {
        report.executable(executable, facts.inspected);
    }
    report.found
}

/// Returns the diagnostics of a directory.
pub(crate) fn directory(root: &Root, path: &Path) -> Vec<Diagnostic> {
    let subject = Subject::Directory(path.to_owned());
    root.status(path).map_or_else(|_| Vec::new(), |status| by_status(path, &subject, &status))
}

/// Returns the diagnostics of a hook file that does not exist. (If it is not a link, it has just
/// been removed.)
#[cold]
pub(crate) fn vanished(root: &Root, path: &Path) -> Vec<Diagnostic> {
    let Ok(target) = root.read_link(path) else { return Vec::new() };
    let hint = "correct or remove the link".to_owned();
    vec![Diagnostic::new(path, Warning::DanglingLink { target }).hint(Some(hint))]
}

/// How to write what a container's config says in hook files.
const WRITE_ONE_HOOK: &str = "write one hook in each file: {\"version\": \"1.0.0\", \
                              \"hook\": {\"path\": \"/…\"}, \"when\": {…}, \
                              \"stages\": [\"createContainer\"]}";

struct Report<'a> {
    path: &'a Path,
    text: &'a [u8],
    /// Built when the first position is needed.
    lines: Option<Lines>,
    file: &'a Decoded<'a>,
    found: Vec<Diagnostic>,
}

impl Report<'_> {
    fn add(&mut self, warning: Warning, offset: Option<usize>, hint: Option<&str>) {
        let position = offset
            .map(|offset| self.lines.get_or_insert_with(|| Lines::new(self.text)).position(offset));
        self.found.push(
            Diagnostic::new(self.path, warning).at(position).hint(hint.map(ToOwned::to_owned)),
        );
    }

    fn keys(&mut self) {
        // (`$schema` is for editors.)
        let is_schema =
            |unknown: &&UnknownKey| unknown.key == "$schema" && unknown.object.is_empty();
        let config = self.file.notes.config;
        if config.is_some() {
            self.add(Warning::ConfigForm, config, Some(WRITE_ONE_HOOK));
        }
        let version = &self.file.version;
        for unknown in self.file.notes.unknown.iter().filter(|unknown| !is_schema(unknown)) {
            let key = (*unknown.key).into();
            let (warning, hint) = match unknown.object {
                // (One diagnostic stands for all of them.)
                "" if config.is_some() => continue,
                "when" => {
                    (Warning::UnknownCondition { key }, Some(suggest::condition(version, unknown)))
                }
                object => (Warning::UnknownKey { key, object }, suggest::key(version, unknown)),
            };
            self.add(warning, Some(unknown.offset), hint.as_deref());
        }
        for (field, offset) in self.file.notes.repeated().take(ENOUGH) {
            let is_old = self.file.hook.when.any_of;
            let key = match field {
                Field::Path if is_old => "hook",
                Field::HasBindMounts if is_old => "hasbindmounts",
                field => field.key().unwrap_or_default(),
            };
            let merged = match field {
                Field::Hook | Field::When => true,
                Field::List("annotations") => !is_old,
                _ => false,
            };
            let hint = if merged { "merge them into one object" } else { KEEP_ONE };
            let warning = Warning::RepeatedKey { key: key.into(), merged };
            self.add(warning, Some(*offset), Some(hint));
        }
    }

    fn conditions(&mut self, is_valid: bool) {
        let hook = &self.file.hook;
        let when = &hook.when;
        patterns::mistakes(hook, &mut |warning, field, hint| {
            self.add(warning, self.file.place(&field), hint);
        });
        let conditions = when.annotations.len() + usize::from(!when.commands.is_empty());
        let bind_mounts = if when.any_of { "hasbindmounts" } else { "hasBindMounts" };
        // In version 0.1.0, one of several conditions is enough; otherwise, a single condition
        // that is false decides.
        if when.always == Some(false) && !when.any_of {
            if is_valid {
                self.add(Warning::SwitchedOff, self.file.place(&Field::Always), None);
            }
            return;
        }
        let never = if when.has_bind_mounts == Some(false) && (!when.any_of || conditions == 0) {
            Some((Field::HasBindMounts, Never::BindMountsFalse { key: bind_mounts }))
        } else if when.always.is_none() && when.has_bind_mounts.is_none() && conditions == 0 {
            Some((Field::When, Never::NoCondition))
        } else if hook.stages.as_ref().is_some_and(|stages| stages.is_empty()) {
            Some((Field::Stages, Never::NoStage))
        } else {
            None
        };
        // (No hint suggests a hook for every container if the file means fewer.)
        let given = |key| self.file.place(&Field::List(key)).is_some();
        let is_narrower = !self.file.notes.unknown.iter().all(|unknown| unknown.key == "$schema")
            || given("annotations")
            || given("commands")
            || self.file.place(&Field::Always).is_some();
        if let Some((field, never)) = never {
            let hint = match never {
                Never::BindMountsFalse { .. } => {
                    "no condition selects containers without bind mounts: the program must check"
                }
                Never::NoStage => WRITE_STAGES,
                Never::NoCondition if when.any_of => {
                    "add \"cmds\", \"annotations\" or \"hasbindmounts\""
                }
                Never::NoCondition if is_narrower => {
                    "write one of the conditions \"annotations\", \"commands\" and \"hasBindMounts\""
                }
                Never::NoCondition => {
                    "add \"commands\", \"annotations\", \"hasBindMounts\" or \"always\" to \"when\""
                }
            };
            let meant = if never == Never::NoCondition { for_condition(self.file) } else { None };
            let meant = meant.map(|unknown| meant_by(unknown, "a condition"));
            let hint = meant.as_deref().or(Some(hint));
            self.add(Warning::NeverMatches(never), self.file.place(&field), hint);
        } else if !when.commands.is_empty() {
            let hint = "they do not fail if an earlier condition, such as an annotation, \
                        has already decided the result";
            self.add(Warning::EmptyArgsBlock, self.file.place(&Field::Command(0)), Some(hint));
        }
    }

    fn stages(&mut self, extension_stages: &[String]) {
        let stages = self.file.hook.stages.iter().flatten().map(|stage| &**stage).enumerate();
        // The first name of each target, and the names that have a diagnostic. Both are short: the
        // number of stages is limited. A stage has one diagnostic, however often it is listed.
        let mut seen: Vec<(Target, &str)> = Vec::new();
        let mut reported: Vec<&str> = Vec::new();
        for (index, stage) in stages.clone() {
            let Some(target) = Target::of(stage, extension_stages) else { continue };
            let Some((_, first)) = seen.iter().find(|(known, _)| *known == target) else {
                seen.push((target, stage));
                continue;
            };
            if reported.contains(&stage) {
                continue;
            }
            let warning = if stage == *first {
                Warning::RepeatedStage { stage: stage.into() }
            } else {
                Warning::PrestartAndCreateRuntime
            };
            self.add(warning, self.file.place(&Field::Stage(index)), Some(KEEP_ONE));
            reported.push(stage);
        }
        let precreate = Target::of("precreate", extension_stages);
        let first = stages.clone().find(|(_, stage)| *stage == "precreate");
        let directory = self.path.parent().unwrap_or(Path::new(""));
        let refused = [DEFAULT_DIR, OVERRIDE_DIR].into_iter().find(|path| {
            Path::new(path) == directory && engines::refusing(path, "precreate").next().is_some()
        });
        if let (Some((index, _)), Some(_), Some(directory)) = (first, precreate, refused) {
            let warning = Warning::EngineSpecific { stage: "precreate", directory };
            let hint = "move the file to a directory that only Podman reads (--hooks-dir)";
            self.add(warning, self.file.place(&Field::Stage(index)), Some(hint));
        }
        let prestart = Target::of("prestart", extension_stages);
        let first = stages.clone().find(|(_, stage)| *stage == "prestart");
        if let (Some((index, _)), Some(Target::Stage(_))) = (first, prestart) {
            let place = self.file.place(&Field::Stage(index));
            let is_there = stages.clone().any(|(_, stage)| stage == "createRuntime");
            let hint = if is_there {
                "remove it: \"createRuntime\" is already listed"
            } else {
                "write \"createRuntime\""
            };
            self.add(Warning::Prestart, place, Some(hint));
        }
    }

    fn timeout(&mut self) {
        if let Some(seconds @ ..=0) = self.file.hook.entry.timeout {
            let hint = "write at least 1 (second), or remove \"timeout\"";
            self.add(Warning::Timeout { seconds }, self.file.place(&Field::Timeout), Some(hint));
        }
    }

    fn executable(&mut self, status: &Status, inspected: bool) {
        let path = &*self.file.hook.entry.path;
        let is_file = status.is_file();
        if let Some((warning, hint)) = not_executable(path, status) {
            self.add(warning, self.file.place(&Field::Path), Some(hint));
        }
        if is_file && !inspected && !self.file.hook.runs_in_container() {
            self.found.extend(by_status(self.path, &Subject::Program(path.into()), status));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hook::{Wanted, decode_again};
    use crate::problem::Code;

    #[test]
    fn some_engines_refuse_directories_with_precreate_hooks() {
        let text = br#"{"version":"1.0.0","hook":{"path":"/bin/true"},"stages":["precreate"]}"#;
        let file = decode_again(text, Wanted::Notes);
        let status = Status::of_path(Path::new("/")).unwrap();
        for (path, want) in [
            ("/usr/share/containers/oci/hooks.d/x.json", Some("CRI-O and Buildah refuse every")),
            ("/etc/containers/oci/hooks.d/x.json", Some("Buildah refuses every")),
            ("/etc/podman/hooks.d/x.json", None),
        ] {
            let found = hook(&HookFacts {
                path: Path::new(path),
                text,
                file: &file,
                is_valid: true,
                status: &status,
                executable: None,
                extension_stages: &["precreate".to_owned()],
                inspected: true,
            });
            let message = found.iter().find(|found| found.code == Code::EngineSpecific);
            let message = message.map(Diagnostic::message);
            let want = want.map(|start| {
                format!("{start} hook of this directory because of the stage precreate")
            });
            assert_eq!(message, want, "{path}");
        }
    }
}
