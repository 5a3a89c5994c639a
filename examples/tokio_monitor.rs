//! A daemon on Tokio that reloads hooks when their files change, and prints the changes. A monitor
//! has no thread: Tokio waits for its file descriptor, as for a socket.
//!
//!     cargo run --example tokio_monitor -- HOOKS.D

use std::error::Error;

use libhooks::{Manager, Policy};
use tokio::io::unix::AsyncFd;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1).ok_or("usage: tokio_monitor HOOKS.D")?;
    let manager = Manager::builder().directory(&directory).policy(Policy::LENIENT).load()?;
    // SAFETY: a monitor keeps the same file descriptor open as long as it lives.
    let mut monitor = unsafe { AsyncFd::register(manager.monitor()?)? };
    println!("watching {directory}: {} hooks", manager.snapshot().len());
    loop {
        let mut ready = monitor.readable_mut().await?;
        let monitor = ready.get_inner_mut();
        monitor.dispatch()?;
        for change in monitor.changes()? {
            println!("{change}");
        }
        ready.clear_ready();
    }
}
