//! Runs a command on a pseudo-terminal, and reads its output.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command, Stdio};

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

/// The user's end of a terminal.
pub struct Screen(File);

/// Opens both ends of a pseudo-terminal that does not change the output. Programs that other tests
/// start in the meantime do not inherit them.
fn open() -> io::Result<(File, File)> {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&controller)?;
    unlockpt(&controller)?;
    let name = ptsname(&controller, Vec::new())?.into_string().expect("the name is ASCII");
    let no_controlling_terminal = OFlags::NOCTTY.bits() as i32;
    let terminal = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(no_controlling_terminal)
        .open(name)?;
    let mut attributes = tcgetattr(&terminal)?;
    attributes.make_raw();
    tcsetattr(&terminal, OptionalActions::Now, &attributes)?;
    Ok((controller.into(), terminal))
}

/// Returns whether a pseudo-terminal can be opened. If not, prints that the test skips the checks
/// that need one: a build environment may have no /dev/pts.
pub fn is_available(test: &str) -> bool {
    match open() {
        Ok(_) => true,
        Err(error) => {
            println!("SKIP: {test}: cannot open a pseudo-terminal: {error}");
            false
        }
    }
}

/// Starts a command whose standard output and standard error are a terminal.
pub fn start(command: &mut Command) -> (Child, Screen) {
    let (controller, terminal) = open().expect("a pseudo-terminal");
    command.stdin(Stdio::null()).stdout(terminal.try_clone().unwrap()).stderr(terminal);
    let child = command.spawn().unwrap();
    // The command has copies of the terminal's descriptors, which would keep it open.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    (child, Screen(controller))
}

/// Starts a command that also reads from the terminal. Its input ends when the screen is dropped.
pub fn start_reading(command: &mut Command) -> (Child, Screen) {
    let (controller, terminal) = open().expect("a pseudo-terminal");
    command.stdin(terminal.try_clone().unwrap());
    command.stdout(terminal.try_clone().unwrap()).stderr(terminal);
    let child = command.spawn().unwrap();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    (child, Screen(controller))
}

impl Screen {
    /// Returns the output until `is_enough` holds, or until the last writer has closed the
    /// terminal.
    pub fn read_until(&mut self, is_enough: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let (mut printed, mut buffer) = (Vec::new(), [0; 4096]);
        while !is_enough(&printed) {
            match self.0.read(&mut buffer) {
                // EIO: the last writer has closed the terminal.
                Ok(0) | Err(_) => break,
                Ok(count) => printed.extend_from_slice(&buffer[..count]),
            }
        }
        printed
    }
}

/// Runs a command, and returns what it prints to a terminal.
pub fn printed(command: &mut Command) -> String {
    let (mut child, mut screen) = start(command);
    let printed = screen.read_until(|_| false);
    child.wait().unwrap();
    String::from_utf8(printed).unwrap()
}

/// Runs a command, and returns what it prints to a terminal of this width.
pub fn printed_at(command: &mut Command, columns: u16) -> String {
    let (controller, terminal) = open().expect("a pseudo-terminal");
    let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&terminal, size).unwrap();
    command.stdin(Stdio::null()).stdout(terminal.try_clone().unwrap()).stderr(terminal);
    let mut child = command.spawn().unwrap();
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let printed = Screen(controller).read_until(|_| false);
    child.wait().unwrap();
    String::from_utf8(printed).unwrap()
}
