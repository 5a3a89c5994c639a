//! Tests that the generated error messages are those of Go's package `syscall`.

use std::path::Path;
use std::process::Command;

#[test]
fn error_messages_are_up_to_date() {
    // Another version of Go may have other messages.
    let version = Command::new("go").args(["env", "GOVERSION"]).output();
    let version = version.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    if !version.as_ref().is_ok_and(|version| version.starts_with("go1.26")) {
        println!(
            "SKIP: error_messages_are_up_to_date: the messages are those of Go 1.26; this is {version:?}"
        );
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let generator = root.join("tools/go-errno");
    let output = Command::new("go").args(["run", "."]).current_dir(generator).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let checked_in = std::fs::read_to_string(root.join("src/go/errno_texts.rs")).unwrap();
    assert!(
        String::from_utf8(output.stdout).unwrap() == checked_in,
        "the messages are out of date; to update them: (cd tools/go-errno && go run . > ../../src/go/errno_texts.rs)"
    );
}
