//! Hints about programs that cannot run.

use crate::program::{Fault, ShebangFlaw, Start};

/// Returns the hint for a fault.
#[allow(dead_code)]
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
        Fault::Shebang(ShebangFlaw::NotExecutable { .. }) => {
            "correct the first line, or make the interpreter executable"
        }
        Fault::Shebang(ShebangFlaw::TooDeep) => "name an interpreter that is not a script",
        Fault::NoShebang(Start::Text) => {
            "write the interpreter in the first line, such as #!/bin/sh: runc and Podman cannot \
             run the program without it; crun may"
        }
        Fault::NoShebang(Start::ByteOrderMark) => "save the file without a byte order mark (BOM)",
        Fault::NoShebang(Start::Blank) => "write #! at the start of the file, before anything else",
        Fault::NoShebang(Start::Binary) => "correct the hook's path, or install the program again",
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
        Fault::Privileged { .. } => "remove them: an engine that runs as root needs none of them",
        Fault::OfInterpreter { fault, .. } => return hint(fault),
    };
    Some(plain.to_owned())
}

/// How to convert the ends of lines.
const WINDOWS: &str = "the file has Windows line endings (CR LF): convert it, for example with sed -i 's/\\r$//' FILE";
