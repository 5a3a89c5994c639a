//! Programs that cannot run: their diagnostics and hints (docs/spec.md, section 12).

use std::path::Path;
use std::rc::Rc;

use crate::container::RootFilesystem;
use crate::hook::{Decoded, Field, HookRef};
use crate::position::Lines;
use crate::problem::{Diagnostic, Warning};
use crate::program::{Fault, ShebangFlaw, Start, faults};
use crate::sys::Root;

/// Judges the programs of hooks. It judges each program once: this takes many system calls, so it
/// is done only on request.
pub(crate) struct Programs<'a> {
    root: Root,
    /// Where the programs of hooks that run inside the container are, if it is known.
    container: Option<&'a RootFilesystem>,
    /// Programs with what matters of their environment, in order, and the faults.
    known: Vec<(String, Rc<[Fault]>)>,
}

impl<'a> Programs<'a> {
    /// Judges programs inside this directory, and inside this container.
    pub fn new(root: Root, container: Option<&'a RootFilesystem>) -> Programs<'a> {
        Programs { root, container, known: Vec::new() }
    }

    /// Returns the diagnostics about the program of a hook. `path` and `text` are those of the hook
    /// file.
    pub fn find(&mut self, path: &Path, text: &[u8], file: &Decoded<'_>) -> Vec<Diagnostic> {
        let faults = self.faults(&file.hook);
        diagnostics(&faults, path, text, file)
    }

    /// Returns the faults of the program of a hook. The program of a hook that runs inside the
    /// container is only looked for there.
    pub fn faults(&mut self, hook: &HookRef<'_>) -> Rc<[Fault]> {
        if !hook.runs_in_container() {
            return self.on_host(hook);
        }
        let program = Path::new(&*hook.entry.path);
        let is_missing = self.container.is_some_and(|container| container.lacks(program));
        let fault = || Fault::NotInContainer { program: program.to_owned() };
        is_missing.then(fault).into_iter().collect()
    }

    fn on_host(&mut self, hook: &HookRef<'_>) -> Rc<[Fault]> {
        let entry = &hook.entry;
        let program = &*entry.path;
        let matters = |entry: &&str| {
            ["PATH=", "LD_LIBRARY_PATH=", "LD_PRELOAD="].iter().any(|name| entry.starts_with(name))
        };
        let env: Vec<&str> = entry.env.iter().map(|entry| &**entry).filter(matters).collect();
        let key = [program, &env.join("\0")].join("\0");
        let place = self.known.binary_search_by(|(known, _)| known.cmp(&key));
        if let Some((_, found)) = place.ok().and_then(|place| self.known.get(place)) {
            return Rc::clone(found);
        }
        let found: Rc<[Fault]> = faults(&self.root, Path::new(program), &env).into();
        let (Ok(place) | Err(place)) = place;
        self.known.insert(place, (key, Rc::clone(&found)));
        found
    }
}

/// Makes the diagnostics of faults. `file` is the hook file with its notes.
pub(crate) fn diagnostics(
    faults: &[Fault],
    path: &Path,
    text: &[u8],
    file: &Decoded<'_>,
) -> Vec<Diagnostic> {
    if faults.is_empty() {
        return Vec::new();
    }
    let position = file.place(&Field::Path).map(|offset| Lines::new(text).position(offset));
    let diagnostic = |fault: &Fault| {
        let warning = Warning::from(fault.clone());
        Diagnostic::new(path, warning).at(position).hint(hint(fault))
    };
    faults.iter().map(diagnostic).collect()
}

/// Returns the hint for a fault.
pub(crate) fn hint(fault: &Fault) -> Option<String> {
    let plain = match fault {
        Fault::MissingInterpreter { interpreter }
            if interpreter.as_os_str().as_encoded_bytes().ends_with(b"\r") =>
        {
            WINDOWS
        }
        Fault::MissingInterpreter { .. } => "install the interpreter, or correct the first line",
        Fault::NotInPath { name } if name.as_encoded_bytes().ends_with(b"\r") => WINDOWS,
        Fault::NotInPath { .. } => {
            "install it, correct PATH in \"env\", or write its path after #!"
        }
        Fault::Shebang(ShebangFlaw::Empty) => "write the path of the interpreter after #!",
        Fault::Shebang(ShebangFlaw::Relative { .. }) => {
            "write its absolute path, or #!/usr/bin/env NAME"
        }
        Fault::Shebang(ShebangFlaw::TooLong | ShebangFlaw::CutArgument { .. }) => {
            "write a shorter first line"
        }
        Fault::Shebang(ShebangFlaw::EnvWords { words }) => {
            return Some(format!(
                "write #!/usr/bin/env -S {}",
                words.to_string_lossy().trim_end().escape_debug()
            ));
        }
        Fault::Shebang(ShebangFlaw::CarriageReturn { .. }) => WINDOWS,
        Fault::Shebang(ShebangFlaw::NotExecutable { .. }) => {
            "correct the first line, or make the interpreter executable"
        }
        Fault::Shebang(ShebangFlaw::TooDeep) => "name an interpreter that is not a script",
        Fault::NoShebang(Start::Text) => {
            "write the interpreter in the first line, such as #!/bin/sh: runc and Podman cannot \
             run the program without it; crun may"
        }
        Fault::NoShebang(Start::ByteOrderMark) => {
            "save the file as UTF-8 without a byte order mark (BOM)"
        }
        Fault::NoShebang(Start::Whitespace) => {
            "write #! at the start of the file, before anything else"
        }
        Fault::NoShebang(Start::OtherElf | Start::Binary) => {
            "correct the hook's path, or install the program again"
        }
        Fault::OtherMachine { ours, .. } => {
            return Some(format!("install the program for {ours}"));
        }
        Fault::MissingLoader { .. } => {
            "install the C library that the program was built for (glibc or musl), or a program \
             that is linked statically"
        }
        Fault::MissingLibrary { .. } => "install the library, or correct the program",
        Fault::Truncated { .. } => "install the program again",
        Fault::NoExec { .. } => "move the program to a file system that is mounted without noexec",
        Fault::Privileged { .. } => {
            "remove the setuid and setgid bits and the capabilities: an engine that runs as root needs \
             none of them"
        }
        Fault::NotInContainer { .. } => {
            "write the path of a program that is in the container's image, or mount one there"
        }
        Fault::OfInterpreter { fault, .. } => return hint(fault),
    };
    Some(plain.to_owned())
}

/// How to convert the ends of lines.
const WINDOWS: &str = "the file has Windows line endings (CR LF): convert it, for example with sed -i 's/\\r$//' FILE";
