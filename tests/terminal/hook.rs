//! Runs a shell script as a hook: hook SCRIPT [TIMEOUT]. Prints the result.

use std::io;
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::Duration;

use libhooks::OciHook;
use libhooks::exec::{RunOptions, run};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let script = arguments.next().expect("a script");
    let hook = OciHook {
        path: "/bin/sh".into(),
        args: vec!["sh".into(), "-c".into(), script],
        env: vec!["PATH=/usr/bin:/bin".into()],
        ..OciHook::default()
    };
    let timeout =
        arguments.next().map(|seconds| Duration::from_secs(seconds.parse().expect("seconds")));
    let (stdout, stderr) = (io::stdout(), io::stderr());
    let options = RunOptions::new().timeout(timeout).stdout(stdout.as_fd()).stderr(stderr.as_fd());
    let ran = run(&hook, b"", options).expect("it starts");
    println!("ended: {}", ran.error.as_deref().unwrap_or("well"));
    ExitCode::from(u8::from(ran.error.is_some()))
}
