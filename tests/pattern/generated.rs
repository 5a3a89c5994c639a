//! What was generated from Go's packages is what Go's packages say.

use std::path::Path;
use std::process::Command;

#[test]
fn generated_files_are_fresh() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // Another Go has other tables, or other words.
    let version = Command::new("go").args(["env", "GOVERSION"]).output();
    let version = version.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    if !version.as_ref().is_ok_and(|version| version.starts_with("go1.26")) {
        println!("SKIP: pattern_generated: the tables are those of Go 1.26; here is {version:?}");
        return;
    }
    for (what, file) in [("pattern", "src/pattern/tables.rs"), ("errno", "src/go/errno_texts.rs")] {
        let generator = root.join("tools/go-tables");
        let output = match Command::new("go").args(["run", ".", what]).current_dir(generator).output() {
            Ok(output) => output,
            Err(error) => {
                println!("SKIP: no go: {error}");
                return;
            }
        };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let fresh = String::from_utf8(output.stdout).unwrap();
        let checked_in = std::fs::read_to_string(root.join(file)).unwrap();
        let place = Path::new("../..").join(file);
        assert!(
            fresh == checked_in,
            "{file} is stale; refresh it: (cd tools/go-tables && go run . {what} > {})",
            place.display()
        );
    }
}
