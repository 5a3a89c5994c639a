//! A terminal of our own: what a command prints there.

use std::fs::File;
use std::io::Read;
use std::os::fd::FromRawFd;
use std::process::{Child, Command, Stdio};
use std::ptr;

/// The end of a terminal that a person has.
pub struct Screen(File);

/// Starts a command whose standard output and standard error are a terminal that changes none of
/// what it prints.
pub fn start(command: &mut Command) -> (Child, Screen) {
    let (mut master, mut slave) = (0, 0);
    // SAFETY: memory for two descriptors; the other arguments may be NULL.
    let opened =
        unsafe { libc::openpty(&mut master, &mut slave, ptr::null_mut(), ptr::null_mut(), ptr::null_mut()) };
    assert_eq!(opened, 0, "openpty: {}", std::io::Error::last_os_error());
    // SAFETY: two new descriptors, which nobody else has.
    let (master, slave) = unsafe { (File::from_raw_fd(master), File::from_raw_fd(slave)) };
    // SAFETY: a terminal's descriptor, and memory for its attributes, which are plain numbers.
    let set = unsafe {
        use std::os::fd::AsRawFd;
        let mut attributes: libc::termios = std::mem::zeroed();
        libc::tcgetattr(slave.as_raw_fd(), &mut attributes);
        libc::cfmakeraw(&mut attributes);
        libc::tcsetattr(slave.as_raw_fd(), libc::TCSANOW, &attributes)
    };
    assert_eq!(set, 0);
    command.stdin(Stdio::null()).stdout(slave.try_clone().unwrap()).stderr(slave);
    let child = command.spawn().unwrap();
    // The command has copies of the terminal's descriptors, which would keep it open.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    (child, Screen(master))
}

impl Screen {
    /// What is printed until it is enough, or until nobody can print any more.
    pub fn read_until(&mut self, is_enough: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let (mut printed, mut buffer) = (Vec::new(), [0; 4096]);
        while !is_enough(&printed) {
            match self.0.read(&mut buffer) {
                // EIO: the last one who could print has gone.
                Ok(0) | Err(_) => break,
                Ok(count) => printed.extend_from_slice(&buffer[..count]),
            }
        }
        printed
    }
}
