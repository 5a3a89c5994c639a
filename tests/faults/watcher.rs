//! watcher DIRECTORY...: watches directories, and prints a line with the hooks in use whenever they
//! may have changed: the second argument of each, by which `tests/faults/watch.py` identifies it.
//! It exits when that argument of a hook is "end".

use std::path::PathBuf;

use libhooks::{Manager, Policy};

fn main() {
    let directories: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    println!("started {}", std::process::id());
    let manager = Manager::builder()
        .directories(&directories)
        .policy(Policy::LENIENT)
        .load()
        .expect("lenient");
    let mut monitor = loop {
        match manager.monitor() {
            Ok(monitor) => break monitor,
            Err(error) => println!("error: {error}"),
        }
    };
    loop {
        let listed = manager.list().hooks;
        let marks: Vec<&str> = listed
            .iter()
            .filter_map(|listed| listed.hook.hook.args.get(1))
            .map(String::as_str)
            .collect();
        println!("hooks: {}", marks.join(" "));
        if marks.contains(&"end") {
            return;
        }
        if let Err(error) = monitor.wait(None) {
            println!("error: {error}");
        }
        for change in monitor.changes().expect("the process is the same") {
            println!("change: {} {}", change.kind.as_str(), change.path.display());
        }
    }
}
