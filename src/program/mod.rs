//! Whether the program of a hook can run, found by reading it and the files that it needs. Nothing
//! is executed (docs/spec.md, section 12).
//!
//! Something unknown is not a fault: a file that cannot be read, a directory that depends
//! on the environment of the runtime.

mod elf;
mod fault;
mod files;
mod libraries;
mod machine;
mod registered;
mod shebang;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::limits::{INTERPRETERS, SHEBANG};
use crate::sys::{MountFlags, Root, Status, has_capabilities, mount_point};
use elf::{ElfError, Source, needed_size};
pub(crate) use fault::{Fault, ShebangFlaw, Start};
use files::{Looked, look};
use machine::Machine;
pub(crate) use shebang::{Shebang, shebang};

/// The permission to execute, for anybody.
const EXECUTE: u32 = 0o111;
/// The permission of the group to execute. Without it, the setgid bit has another meaning.
const GROUP_EXECUTE: u32 = 0o010;

/// Returns the faults of the program at this path. `env` has the variables of the hook's
/// environment that matter (`NAME=VALUE`): PATH, LD_LIBRARY_PATH and LD_PRELOAD. Without PATH, it
/// is not known where `env` searches; without the others, they count as not set. A program that is
/// missing, not executable, or not readable has none.
pub(crate) fn faults(root: &Root, path: &Path, env: &[&str]) -> Vec<Fault> {
    let mut found = Vec::new();
    // The program, then its interpreter, then that of the interpreter.
    let mut interpreter: Option<PathBuf> = None;
    for depth in 0..=INTERPRETERS {
        let at = interpreter.as_deref().unwrap_or(path);
        let Looked::File(source, status) = look(root, at) else { break };
        if status.mode & EXECUTE == 0 {
            break;
        }
        let mut of_file = Vec::new();
        let next = format_of(root, at, &source, env, &mut of_file);
        let is_script = next.is_some() && depth == INTERPRETERS;
        if is_script {
            of_file.push(Fault::Shebang(ShebangFlaw::TooDeep));
        }
        let is_registered = !of_file.is_empty() && is_registered(root, at, &source);
        if is_registered {
            of_file.clear();
        }
        rights(root, &source, &status, &mut of_file);
        found.extend(of_file.into_iter().map(|fault| match &interpreter {
            Some(interpreter) => {
                Fault::OfInterpreter { interpreter: interpreter.clone(), fault: Box::new(fault) }
            }
            None => fault,
        }));
        match next {
            Some(next) if !is_registered && !is_script => interpreter = Some(next),
            _ => break,
        }
    }
    found
}

fn is_registered(root: &Root, path: &Path, source: &Source) -> bool {
    let start = source.start.get(..SHEBANG).unwrap_or(&source.start);
    registered::is_registered(root, path, start)
}

/// Finds the faults of the file system and the permissions of an executable file.
fn rights(root: &Root, source: &Source, status: &Status, found: &mut Vec<Fault>) {
    let Ok(flags) = MountFlags::of_file(source.file()) else { return };
    // (Another root is mounted elsewhere, or in another way, when its programs run.)
    if flags.noexec && root.is_host() {
        found.push(Fault::NoExec { mount_point: mount_point(source.file()) });
    }
    // (Those of a script have no effect: its interpreter runs.)
    if source.is_elf() && !(flags.nosuid && root.is_host()) {
        let setuid = status.mode & libc::S_ISUID != 0;
        let setgid = status.mode & libc::S_ISGID != 0 && status.mode & GROUP_EXECUTE != 0;
        let capabilities = has_capabilities(source.file());
        if setuid || setgid || capabilities {
            found.push(Fault::Privileged { setuid, setgid, capabilities });
        }
    }
}

/// Finds the faults of the content of an executable file. Returns its interpreter, if it is a
/// script and the interpreter is an executable file.
fn format_of(
    root: &Root,
    path: &Path,
    source: &Source,
    env: &[&str],
    found: &mut Vec<Fault>,
) -> Option<PathBuf> {
    if source.size == 0 {
        found.push(Fault::Truncated { size: 0, needed: 0 });
    } else if let Some(line) = shebang(&source.start) {
        return script(root, line, env, found);
    } else if source.is_elf() {
        of_elf(root, path, source, env, found);
    } else {
        found.push(Fault::NoShebang(start_of(&source.start)));
    }
    None
}

/// Finds the faults of a script, and returns its interpreter.
fn script(root: &Root, line: Shebang<'_>, env: &[&str], found: &mut Vec<Fault>) -> Option<PathBuf> {
    let mut add = |flaw| found.push(Fault::Shebang(flaw));
    let (interpreter, argument, is_cut) = match line {
        Shebang::Empty | Shebang::Line { interpreter: b"", .. } => {
            add(ShebangFlaw::Empty);
            return None;
        }
        Shebang::TooLong => {
            add(ShebangFlaw::TooLong);
            return None;
        }
        Shebang::Line { interpreter, argument, is_cut } => (interpreter, argument, is_cut),
    };
    let interpreter = PathBuf::from(OsStr::from_bytes(interpreter));
    if interpreter.is_relative() {
        add(ShebangFlaw::Relative { interpreter });
        return None;
    }
    match root.status(&interpreter) {
        Err(error) if files::is_missing(&error) => {
            found.push(Fault::MissingInterpreter { interpreter });
            return None;
        }
        Err(_) => return None,
        Ok(status) if !status.is_file() || status.mode & EXECUTE == 0 => {
            add(ShebangFlaw::NotExecutable { interpreter, is_file: status.is_file() });
            return None;
        }
        Ok(_) => {}
    }
    let name = interpreter.file_name().unwrap_or_default().as_bytes();
    if let Some(argument) = argument {
        let owned = || OsStr::from_bytes(argument).to_owned();
        if name == b"env" {
            of_env(root, argument, env, found);
        } else if argument.ends_with(b"\r") {
            add(ShebangFlaw::CarriageReturn { argument: owned() });
        } else if is_cut && !name.windows(4).any(|part| part == b"perl") {
            // (Perl reads the line again, to its end.)
            add(ShebangFlaw::CutArgument { argument: owned() });
        }
    }
    Some(interpreter)
}

/// Finds the faults of the argument that a script passes to `env`.
fn of_env(root: &Root, argument: &[u8], env: &[&str], found: &mut Vec<Fault>) {
    let is_space_or_tab = |byte: &u8| matches!(byte, b' ' | b'\t');
    let first = argument.split(is_space_or_tab).next().unwrap_or_default();
    let splits = match first.strip_prefix(b"-") {
        // `--split-string`
        Some(long) if long.starts_with(b"-") => long.starts_with(b"-s"),
        Some(short) => short.contains(&b'S'),
        None => false,
    };
    if splits {
        return;
    }
    let owned = || OsStr::from_bytes(argument).to_owned();
    if first.len() < argument.trim_ascii_end().len() {
        found.push(Fault::Shebang(ShebangFlaw::EnvWords { words: owned() }));
    } else if first.starts_with(b"-") || first.contains(&b'=') {
        if argument.ends_with(b"\r") {
            found.push(Fault::Shebang(ShebangFlaw::CarriageReturn { argument: owned() }));
        }
    } else if argument.ends_with(b"\r") || is_not_in_path(root, argument, env) {
        found.push(Fault::NotInPath { name: owned() });
    }
}

/// Returns whether it is certain that no directory of PATH has a program.
fn is_not_in_path(root: &Root, name: &[u8], env: &[&str]) -> bool {
    if name.contains(&b'/') {
        return false;
    }
    let Some(path) = env.iter().find_map(|entry| entry.strip_prefix("PATH=")) else { return false };
    path.split(':').all(|directory| {
        let directory = Path::new(directory);
        let found = root.status(&directory.join(OsStr::from_bytes(name)));
        // (The working directory is not known.)
        directory.is_absolute()
            && match found {
                Ok(status) => !status.is_file() || status.mode & EXECUTE == 0,
                Err(error) => files::is_missing(&error),
            }
    })
}

/// Returns the machine of the system in this root. In a root that is not the host's, which may be
/// the image of another machine, it is that of the shell. `None`: it is not known.
fn machine_of(root: &Root) -> Option<Machine> {
    if root.is_host() {
        return Machine::here();
    }
    match look(root, Path::new("/bin/sh")) {
        Looked::File(shell, _) => shell.elf().ok().map(|elf| elf.machine),
        _ => None,
    }
}

/// Finds the faults of an ELF file.
fn of_elf(root: &Root, path: &Path, source: &Source, env: &[&str], found: &mut Vec<Fault>) {
    let other = Fault::NoShebang(Start::OtherElf);
    let Ok(elf) = source.elf() else { return };
    if !elf.is_program() {
        // (The header itself may be incomplete.)
        found.push(match elf.header_end() > source.size {
            true => Fault::Truncated { size: source.size, needed: elf.header_end() },
            false => other,
        });
        return;
    }
    if let Some(ours) = machine_of(root).filter(|ours| !ours.runs(elf.machine)) {
        let (machine, ours) = (elf.machine.name(), ours.name());
        return found.push(Fault::OtherMachine { machine, ours, is_host: root.is_host() });
    }
    let segments = match source.segments(&elf) {
        Ok(segments) => segments,
        Err(ElfError::NotAProgram) => return found.push(other),
        Err(ElfError::Truncated(needed)) => {
            return found.push(Fault::Truncated { size: source.size, needed });
        }
        Err(ElfError::Other | ElfError::Unreadable) => return,
    };
    let needed = needed_size(&segments);
    if needed > source.size {
        return found.push(Fault::Truncated { size: source.size, needed });
    }
    let Ok(Some(loader)) = source.loader(&segments) else { return };
    let loader = PathBuf::from(loader);
    if loader.is_relative() {
        return;
    }
    match look(root, &loader) {
        Looked::Missing => found.push(Fault::MissingLoader { loader, unfit: false }),
        Looked::Other | Looked::Unknown => {}
        Looked::File(of_loader, _) => {
            if of_loader.elf().is_ok_and(|of_loader| of_loader.machine != elf.machine) {
                found.push(Fault::MissingLoader { loader, unfit: true });
                return;
            }
            let decides = |entry: &str| {
                ["LD_LIBRARY_PATH=", "LD_PRELOAD="].iter().any(|name| entry.starts_with(name))
            };
            if env.iter().any(|entry| decides(entry))
                || !libraries::is_of_glibc(&loader, &of_loader)
            {
                return;
            }
            if let Some(dynamic) = source.dynamic(&elf, &segments) {
                found.extend(libraries::missing(root, path, &loader, (elf.machine, dynamic)));
            }
        }
    }
}

/// Returns how a file starts that is neither an ELF file nor a script.
fn start_of(start: &[u8]) -> Start {
    let after_bom = [&b"\xef\xbb\xbf#!"[..], b"\xff\xfe#\0!\0", b"\xfe\xff\0#\0!"];
    if after_bom.iter().any(|known| start.starts_with(known)) {
        return Start::ByteOrderMark;
    }
    if start.trim_ascii_start().starts_with(b"#!") {
        return Start::Whitespace;
    }
    let start = start.get(..SHEBANG).unwrap_or(start);
    let is_of_text = |byte: &u8| *byte >= b' ' && *byte != 0x7f || matches!(byte, 7..=13 | 27);
    // (A character may be cut at the end.)
    let is_utf8 =
        std::str::from_utf8(start).map_or_else(|error| error.error_len().is_none(), |_| true);
    if is_utf8 && start.iter().all(is_of_text) { Start::Text } else { Start::Binary }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_told_from_other_files() {
        for (start, want) in [
            (&b"echo\n"[..], Start::Text),
            (b"\xc3\xa4\xc3", Start::Text),
            (b"\xe4\xf6\xfc", Start::Binary),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", Start::Binary),
            (b"MZ\x90\0", Start::Binary),
            (b"\xef\xbb\xbf#!/bin/sh\n", Start::ByteOrderMark),
            (b"\xff\xfe#\0!\0/\0", Start::ByteOrderMark),
            (b"\xef\xbb\xbfecho", Start::Text),
            (b"\n\n#!/bin/sh\n", Start::Whitespace),
            (b" #!/bin/sh\n", Start::Whitespace),
        ] {
            assert_eq!(start_of(start), want, "{start:?}");
        }
    }
}
