//! Checks that the transcripts in the documentation are correct.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Runs a command in the repository, with `oci-hooks` in its PATH. Returns whether it succeeded,
/// and its output, standard error last.
fn run(command: &mut Command) -> (bool, String) {
    let bin = Path::new(env!("CARGO_BIN_EXE_oci-hooks")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let output = command.current_dir(root()).env("PATH", path).output().unwrap();
    let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (output.status.success(), printed.concat())
}

/// Checks the `console` blocks, except those with comments.
#[test]
fn transcripts_are_correct() {
    let mut transcripts = 0;
    for page in ["README.md", "cli/README.md", "docs/json.md", "docs/my-hook-does-not-run.md"] {
        let text = fs::read_to_string(root().join(page)).unwrap();
        for block in text.split("```console\n$ ").skip(1) {
            let (command, rest) = block.split_once('\n').unwrap();
            let (want, _) = rest.split_once("```").unwrap();
            if command.contains('#') {
                continue;
            }
            transcripts += 1;
            let printed = run(Command::new("bash").args(["-c", command]));
            assert_eq!(printed, (true, want.to_owned()), "{page}: {command}");
        }
    }
    assert!(transcripts >= 7);
}

#[test]
fn the_session_is_the_output_of_its_script() {
    let (succeeded, printed) = run(&mut Command::new(root().join("docs/explain-session")));
    assert!(succeeded, "{printed}");
    let file = root().join("docs/explain-session.txt");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, &printed).unwrap();
    }
    assert_eq!(printed, fs::read_to_string(&file).unwrap());
}
