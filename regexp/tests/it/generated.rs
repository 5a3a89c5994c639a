//! Checks that the generated tables are those of Go's package `unicode`.

use std::path::Path;
use std::process::Command;

#[test]
fn tables_are_up_to_date() {
    // Other releases of Go may have other tables.
    let version = Command::new("go").args(["env", "GOVERSION"]).output();
    let version = version.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    if !version.as_ref().is_ok_and(|version| version.starts_with("go1.26")) {
        println!(
            "SKIP: tables_are_up_to_date: the tables are those of Go 1.26; this is {version:?}"
        );
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new("go")
        .args(["run", "."])
        .current_dir(root.join("tools/tables"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let fresh = String::from_utf8(output.stdout).unwrap();
    let checked_in = std::fs::read_to_string(root.join("src/syntax/tables.rs")).unwrap();
    assert!(
        fresh == checked_in,
        "the tables are out of date; update them: (cd tools/tables && go run . > ../../src/syntax/tables.rs)"
    );
}
