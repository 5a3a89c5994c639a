//! The generated error texts are those of Go's package `syscall`.

use std::path::Path;
use std::process::Command;

#[test]
fn error_texts_are_fresh() {
    // Another Go may have other words.
    let version = Command::new("go").args(["env", "GOVERSION"]).output();
    let version = version.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    if !version.as_ref().is_ok_and(|version| version.starts_with("go1.26")) {
        println!(
            "SKIP: error_texts_are_fresh: the words are those of Go 1.26; here is {version:?}"
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
        "the texts are stale; refresh them: (cd tools/go-errno && go run . > ../../src/go/errno_texts.rs)"
    );
}
