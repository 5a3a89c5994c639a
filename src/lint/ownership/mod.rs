//! Checks whether users other than root can change what runs as root: the hook files, their
//! directories, their programs and interpreters, and every directory and symlink on the path to
//! them (docs/spec.md, sections 12 and 15).
//!
//! This takes many system calls, so it is done only on request: by the strict policy, and by
//! [`Options::inspect`](crate::Options::inspect).

mod hint;
mod interpreter;
mod way;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::go::Errno;
use crate::permission::{Concern, Finding, Matter, Permissions, Relation, Subject, Trust};
use crate::problem::{Diagnostic, Warning};
use crate::sys::{Root, Status};
use hint::hint;
use interpreter::interpreter;
use way::Ways;

/// Returns the diagnostics that follow from mode and owner of the file or directory at the
/// subject's path, without further system calls.
pub(super) fn by_status(path: &Path, subject: &Subject, status: &Status) -> Vec<Diagnostic> {
    let found = Permissions::of_status(status).judge(&Trust::for_file(status));
    let found = found.into_iter().map(|finding| {
        let matter = Matter::Permission { finding, mode: status.mode };
        diagnostic(path, subject, &Concern::itself(subject.path(), matter))
    });
    found.collect()
}

/// Returns the diagnostic of a hook file or directory (`path`) about this subject.
fn diagnostic(path: &Path, subject: &Subject, concern: &Concern) -> Diagnostic {
    let warning = Warning::Access(Box::new((subject.clone(), concern.clone())));
    Diagnostic::new(path, warning).hint(hint(subject, concern))
}

/// Inspects hook files and the programs that they name. Within one load, it inspects each directory
/// and each program once.
pub(crate) struct Inspector {
    ways: Ways,
    programs: HashMap<String, Rc<Vec<(Subject, Concern)>>>,
    reported: HashSet<Once>,
}

/// A problem that is reported once in a load, since it is about many files.
#[derive(PartialEq, Eq, Hash)]
enum Once {
    FileSystem(u64),
    UnknownOwners,
}

impl Inspector {
    pub fn new(root: Root) -> Inspector {
        Inspector { ways: Ways::new(root), programs: HashMap::new(), reported: HashSet::new() }
    }

    /// Inspects a hook directory and the path to it. A user who can create files in it can add
    /// hooks, so a sticky directory is no protection. A default access control list counts too:
    /// hook files that are created later get it.
    pub fn directory(&mut self, path: &Path) -> Vec<Diagnostic> {
        let way = self.ways.way(path);
        let mut concerns = way.concerns.clone();
        let end = way.end.clone().and_then(|end| {
            Ok((self.ways.root.link_status(&end).map_err(|e| Errno::of(&e))?, end))
        });
        match end {
            Ok((status, end)) => {
                concerns.retain(|concern| concern.path != end);
                let permissions = Permissions::of_path(&self.ways.root, &end, &status)
                    .with_default_list(&self.ways.root, &end);
                self.judge(path, (&end, &status), &permissions, &mut concerns);
            }
            Err(errno) => concerns.push(Concern::itself(path, Matter::Unreachable(errno))),
        }
        let subject = Subject::Directory(path.to_owned());
        self.report(path, concerns.iter().map(|concern| (&subject, concern)))
    }

    /// Inspects a hook file and, if it is a symlink, the path to its target. If the file is
    /// `alone`, its directory was not inspected as a hook directory, so the path to the file is
    /// inspected too.
    pub fn hook_file(&mut self, path: &Path, alone: bool) -> Vec<Diagnostic> {
        let mut concerns = Vec::new();
        self.follow(path, !alone, &mut concerns);
        let subject = Subject::HookFile(path.to_owned());
        self.report(path, concerns.iter().map(|concern| (&subject, concern)))
    }

    /// Inspects the program of a hook file, the program's interpreter, and the paths to both. If
    /// the program is also judged (`is_judged`), that says that the interpreter is relative.
    pub fn program(&mut self, hook_file: &Path, program: &str, is_judged: bool) -> Vec<Diagnostic> {
        let known = match self.programs.get(program) {
            Some(known) => Rc::clone(known),
            None => {
                let concerns = Rc::new(self.inspect_program(Path::new(program)));
                self.programs.insert(program.to_owned(), Rc::clone(&concerns));
                concerns
            }
        };
        let is_left_out =
            |concern: &Concern| is_judged && concern.matter == Matter::RelativeInterpreter;
        let known = known.iter().filter(|(_, concern)| !is_left_out(concern));
        self.report(hook_file, known.map(|(subject, concern)| (subject, concern)))
    }

    fn inspect_program(&mut self, path: &Path) -> Vec<(Subject, Concern)> {
        let mut concerns = Vec::new();
        let found = self.follow(path, false, &mut concerns).filter(|(_, status)| status.is_file());
        let named =
            found.and_then(|(real, status)| match interpreter(&self.ways.root, &real, &status) {
                Ok(named) => named,
                Err(error) => {
                    let matter = Matter::UnreadableProgram(Errno::of(&error));
                    concerns.push(Concern::itself(path, matter));
                    None
                }
            });
        let mut of_interpreter = Vec::new();
        if let Some(interpreter) = &named {
            if interpreter.is_absolute() {
                self.follow(interpreter, false, &mut of_interpreter);
                // A missing interpreter is not a matter of permissions.
                of_interpreter
                    .retain(|concern| concern.matter != Matter::Unreachable(Errno(libc::ENOENT)));
            } else {
                of_interpreter.push(Concern::itself(interpreter, Matter::RelativeInterpreter));
            }
        }
        let program = Subject::Program(path.to_owned());
        let mut all: Vec<(Subject, Concern)> =
            concerns.into_iter().map(|concern| (program.clone(), concern)).collect();
        if let Some(interpreter) = named {
            let subject = Subject::Interpreter { path: interpreter, program: path.to_owned() };
            all.extend(of_interpreter.into_iter().map(|concern| (subject.clone(), concern)));
        }
        all
    }

    /// Follows a path and inspects the regular file at its end.
    fn follow(
        &mut self,
        path: &Path,
        known: bool,
        concerns: &mut Vec<Concern>,
    ) -> Option<(PathBuf, Status)> {
        match self.ways.find(path, known, concerns) {
            Ok((end, status)) => {
                if status.is_file() {
                    let permissions = Permissions::of_path(&self.ways.root, &end, &status);
                    self.judge(path, (&end, &status), &permissions, concerns);
                }
                Some((end, status))
            }
            Err(errno) => {
                concerns.push(Concern::itself(path, Matter::Unreachable(errno)));
                None
            }
        }
    }

    /// Judges the file or directory to which `path` leads.
    fn judge(
        &mut self,
        path: &Path,
        (end, status): (&Path, &Status),
        permissions: &Permissions,
        concerns: &mut Vec<Concern>,
    ) {
        let findings = permissions.judge(&self.ways.trust).into_iter();
        concerns.extend(findings.map(|finding| {
            let matter = Matter::Permission { finding, mode: status.mode };
            Concern::itself(end, matter)
        }));
        concerns.extend(
            self.ways.file_system(end, status.device).map(|matter| Concern::itself(end, matter)),
        );
        // A link in /proc leads to another file than its target string.
        let identity = |status: &Status| (status.device, status.inode);
        if self.ways.root.status(path).map(|real| identity(&real)).ok() != Some(identity(status)) {
            concerns.push(Concern::itself(path, Matter::AnotherFile));
        }
    }

    fn report<'c>(
        &mut self,
        path: &Path,
        concerns: impl Iterator<Item = (&'c Subject, &'c Concern)>,
    ) -> Vec<Diagnostic> {
        let mut diagnostics = Vec::new();
        for (subject, concern) in concerns {
            let once = match (&concern.matter, concern.relation) {
                (Matter::Network { device, .. } | Matter::Program { device, .. }, _) => {
                    Some(Once::FileSystem(*device))
                }
                (Matter::Permission { finding: Finding::OwnerUnknown(_), .. }, Relation::Above) => {
                    Some(Once::UnknownOwners)
                }
                _ => None,
            };
            if once.is_none_or(|once| self.reported.insert(once)) {
                diagnostics.push(diagnostic(path, subject, concern));
            }
        }
        diagnostics
    }
}
