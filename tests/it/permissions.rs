//! Tests of write permissions on files that run as root: the diagnostics of each policy and of lint
//! for the rows of a table.

use std::path::Path;

use libhooks::{Code, ErrorKind, HookFile, Manager, Policy, ReadOptions};

use crate::table::{Tree, UNKNOWN, trees};

/// Returns the codes that a load reports, each once.
fn codes(directory: &Path, policy: Policy, inspect: bool) -> Vec<Code> {
    let found = match Manager::builder().directory(directory).policy(policy).inspect(inspect).load()
    {
        Ok(manager) => manager.diagnostics(),
        Err(error) => error.diagnostics().to_vec(),
    };
    let mut codes: Vec<Code> = found.into_iter().map(|diagnostic| diagnostic.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[test]
fn each_policy_reports_the_expected_permissions() {
    for ((name, _, thorough, compatible), tree) in trees() {
        let directory = tree.hooks();
        assert_eq!(codes(&directory, Policy::Compatible, false), *compatible, "{name}: compatible");
        assert_eq!(codes(&directory, Policy::LENIENT, true), *thorough, "{name}: lint");
        assert_eq!(codes(&directory, Policy::Strict, false), *thorough, "{name}: strict");
        let refused =
            Manager::builder().directories([&directory]).policy(Policy::Strict).load().err();
        // (Unknown permissions are not a reason to refuse.)
        assert_eq!(
            refused.is_some(),
            thorough.iter().any(|code| !UNKNOWN.contains(code)),
            "{name}"
        );
        if let Some(error) = refused {
            assert_eq!((error.kind(), error.code()), (ErrorKind::Strict, thorough[0]), "{name}");
        }
        // For a single file, its directory counts as a parent directory.
        let alone = !HookFile::check(directory.join("a.json"), &ReadOptions::new()).is_empty();
        let only_default = name.starts_with("directory: default");
        let sticky = name.starts_with("directory: sticky");
        assert_eq!(alone, !thorough.is_empty() && !only_default && !sticky, "{name}: alone");
    }
}

/// Unknown permissions are reported, but are not a reason to refuse. Here, the user namespace does
/// not map the owners.
#[test]
fn unmapped_owners_are_reported_as_unknown() {
    // In the namespace, this program runs the test again, with the directory.
    if let Some(directory) = std::env::var_os("PERMISSIONS_DIRECTORY") {
        return assert_owners_are_unknown(Path::new(&directory));
    }
    let tree = Tree::new(&[]).unwrap();
    let run = || {
        std::process::Command::new("unshare")
            .args(["-U", "--"])
            .arg(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "permissions::unmapped_owners_are_reported_as_unknown",
                "--nocapture",
            ])
            .env("PERMISSIONS_DIRECTORY", tree.hooks())
            .output()
    };
    let output = match run() {
        Ok(output) => output,
        Err(error) => return println!("SKIP: permissions: unshare: {error}"),
    };
    let [stdout, stderr] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    if !output.status.success() && stderr.contains("unshare failed") {
        return println!("SKIP: permissions: the system refuses user namespaces: {stderr}");
    }
    // (Without checking the count, a test that is not found would pass.)
    assert!(output.status.success() && stdout.contains("1 passed"), "{stdout}{stderr}");
}

fn assert_owners_are_unknown(directory: &Path) {
    let manager =
        Manager::builder().directories([directory]).policy(Policy::Strict).load().unwrap();
    assert!(
        manager.diagnostics().iter().all(|diagnostic| diagnostic.code == Code::PermissionsUnknown)
    );
    assert_eq!(codes(directory, Policy::Strict, false), UNKNOWN);
}
