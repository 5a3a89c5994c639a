//! Reads the files that the user names: configs, hook files, states.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use libhooks::replace::Reason;
use libhooks::{Code, Position, Severity, limits};
use rustix::fs::{CWD, Mode, OFlags, openat};

use crate::report::{self, Failure};

/// The largest config that is read, and the largest state of a container, in bytes.
pub const CONFIG_LIMIT: u64 = limits::CONFIG as u64;

/// The largest hook file that is read, in bytes.
pub const HOOK_FILE_LIMIT: u64 = limits::HOOK_FILE as u64;

/// A config that was read, or a hook file.
pub struct Config {
    /// Its path, or `standard input`.
    pub name: String,
    pub text: String,
}

impl Config {
    /// Makes a config from bytes, which must be UTF-8.
    pub fn new(name: String, bytes: Vec<u8>) -> Result<Config, Failure> {
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Config { name, text }),
            Err(error) => {
                let position = Position::of(error.as_bytes(), error.utf8_error().valid_up_to());
                Err(located(&name, Some(position), "invalid UTF-8", Code::NotUtf8))
            }
        }
    }

    /// Parses the config. JSON that is something else, such as a state, is an error.
    pub fn parse(&self) -> Result<libhooks::Config<'_>, Failure> {
        libhooks::Config::reject_other_json(&self.text)
            .and_then(|()| libhooks::Config::parse(&self.text))
            .map_err(|error| self.failure(error))
    }

    /// Converts an error of the library. An error about the config gets the config's name.
    pub fn failure(&self, error: libhooks::Error) -> Failure {
        match (&error.place().path, error.place().position) {
            (None, Some(position)) => {
                located(&self.name, Some(position), &error.plain_message(), error.code())
            }
            _ => Failure::Hooks(error),
        }
    }
}

/// Makes an error in a file.
pub fn located(name: &str, position: Option<Position>, message: &str, code: Code) -> Failure {
    let position = position.map(|position| (position.line, position.column));
    let severity = Severity::Error.as_str();
    Failure::Located(report::line(Path::new(name), position, severity, message, code))
}

/// Returns the path of the config file: for a bundle directory, its `config.json`.
pub fn config_file(config: &Path) -> PathBuf {
    if config.is_dir() { config.join("config.json") } else { config.to_owned() }
}

/// Reads a config; `-` is standard input. A FIFO, such as `<(command)`, is read to its end. The
/// `config.json` of a bundle directory must be a regular file: the user did not ask to wait for a
/// FIFO or to open a device that another user put there.
pub fn read_config(config: &Path) -> Result<Config, Failure> {
    if config == Path::new("-") || !config.is_dir() {
        return Config::new(name(config), read_bytes(config, CONFIG_LIMIT, Input::Config)?);
    }
    let path = config_file(config);
    let file = open_regular(&path).map_err(|error| read_error(&path, &error))?;
    Config::new(name(&path), read_to_limit(file, &path, CONFIG_LIMIT)?)
}

/// Opens a file only if it is a regular file.
fn open_regular(path: &Path) -> io::Result<File> {
    let seen = File::from(openat(CWD, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?);
    if !seen.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    // This opens the file that was checked, even if the path leads to another file by now.
    match File::open(format!("/proc/self/fd/{}", seen.as_raw_fd())) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // There is no /proc. NONBLOCK avoids waiting for the other end of a FIFO.
            let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
            Ok(File::from(openat(CWD, path, flags, Mode::empty())?))
        }
        opened => opened,
    }
}

/// Reads a hook file; `-` is standard input.
pub fn read_hook_file(file: &Path) -> Result<Config, Failure> {
    Config::new(name(file), read_bytes(file, HOOK_FILE_LIMIT, Input::HookFile)?)
}

/// The content of a file, for the note that the command waits for standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    Config,
    HookFile,
    State,
}

impl Input {
    /// Returns what the command reads, and what the user can do instead of typing it.
    fn note(self) -> &'static str {
        match self {
            Input::Config => {
                "reading the config from standard input; give a file or a bundle directory as \
                 argument, or end the input with Ctrl-D"
            }
            Input::HookFile => {
                "reading the hook file from standard input; give a file as argument, or end the \
                 input with Ctrl-D"
            }
            Input::State => {
                "reading the state from standard input; give a file to --state, or end the input \
                 with Ctrl-D"
            }
        }
    }
}

/// Reads all of a file of at most `limit` bytes; `-` is standard input. If that is a terminal, a
/// note says what the command waits for.
pub fn read_bytes(path: &Path, limit: u64, input: Input) -> Result<Vec<u8>, Failure> {
    if path == Path::new("-") {
        if io::stdin().is_terminal() {
            report::note("note", input.note());
        }
        return read_to_limit(io::stdin(), path, limit);
    }
    let file = File::open(path).map_err(|error| read_error(path, &error))?;
    read_to_limit(file, path, limit)
}

fn read_to_limit(input: impl Read, path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    // One more byte shows that the file is longer than the limit.
    input.take(limit + 1).read_to_end(&mut bytes).map_err(|error| read_error(path, &error))?;
    if bytes.len() as u64 > limit {
        return Err(Failure::Error(format!("{}: {}", name(path), Reason::TooLarge(limit))));
    }
    Ok(bytes)
}

fn read_error(path: &Path, error: &io::Error) -> Failure {
    Failure::Error(format!("{}: {}", name(path), report::reason(error)))
}

/// Returns the name of a file for messages.
pub fn name(file: &Path) -> String {
    if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() }
}
