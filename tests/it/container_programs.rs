//! Programs of hooks that run inside the container: what the container lacks.

use std::fs;
use std::os::unix::fs::symlink;

use libhooks::{
    Annotations, Code, Container, HookFile, Manager, Process, ReadOptions, Root, RootFilesystem,
    Severity,
};

use crate::elf;
use crate::programs::image;

/// The program of a hook that runs inside the container is looked for in the bundle.
#[test]
fn the_container_has_the_program_of_a_hook_inside_it() {
    let bundle = tempfile::tempdir().unwrap();
    let at = |path: &str| bundle.path().join(path);
    for directory in ["rootfs/opt", "rootfs/mounted", "empty", "hooks"] {
        fs::create_dir_all(at(directory)).unwrap();
    }
    fs::write(at("rootfs/opt/there"), "").unwrap();
    // Inside the container, this leads to a file. On the host, nothing is there.
    symlink("/opt/there", at("rootfs/link")).unwrap();
    symlink("/opt/not-there", at("rootfs/nowhere")).unwrap();
    symlink("/mounted/deep", at("rootfs/into")).unwrap();
    symlink("usr/bin", at("rootfs/bin")).unwrap();
    fs::create_dir_all(at("rootfs/usr/bin")).unwrap();
    // Inside the container, this does not lead out of it.
    symlink("../../../../../../bin/sh", at("rootfs/up")).unwrap();
    let stages = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let inside = || stages(&["startContainer"]);
    let full = Some("rootfs");
    for (kind, path, stages, root, want) in [
        ("there", "/opt/there", inside(), full, false),
        ("not there", "/opt/not-there", inside(), full, true),
        ("a directory that is not there", "/no/such", inside(), full, true),
        ("below a file", "/opt/there/x", inside(), full, true),
        ("link", "/link", inside(), full, false),
        ("link to nothing", "/nowhere", inside(), full, true),
        ("link that goes up", "/up", inside(), full, true),
        ("below a mount", "/mounted/x", inside(), full, false),
        ("link into a mount", "/into/x", inside(), full, false),
        ("below a mount that a link leads to", "/usr/bin/tool", inside(), full, false),
        ("a mount whose destination is relative", "/bin/tool", inside(), full, false),
        ("beside a mount", "/usr/bin/other", inside(), full, true),
        ("another stage too", "/x", stages(&["startContainer", "poststop"]), full, false),
        ("another stage", "/x", stages(&["poststop"]), full, false),
        ("empty root file system", "/x", inside(), Some("empty"), false),
        ("no root file system", "/x", inside(), Some("none"), false),
        ("no root", "/x", inside(), None, false),
    ] {
        // (A hook loads only if the host has its path, too.)
        let host = image(&[(path, elf::ours().bytes())]);
        let hook = serde_json::json!({
            "version": "1.0.0",
            "hook": {"path": path, "env": ["A=b"]},
            "when": {"always": true},
            "stages": stages,
        });
        fs::write(host.path().join("hook.json"), hook.to_string()).unwrap();
        let manager = Manager::builder()
            .directories(["/"])
            .root(Root::open(host.path()).unwrap())
            .load()
            .unwrap();
        let mut config = serde_json::json!({
            "mounts": [{"destination": "/mounted"}, {"destination": "bin/tool"}, {}, 1],
        });
        if let Some(root) = root {
            config["root"] = serde_json::json!({"path": root, "readonly": true});
        }
        let config = config.to_string();
        let files = RootFilesystem::of_bundle(&config, bundle.path());
        assert_eq!(files.is_some(), root == full, "{kind}");
        let annotations = Annotations::default();
        let container =
            Container::from_parts::<str, str>(Process::Absent, [], false).annotations(&annotations);
        let explain = |container: &Container<'_>| {
            let verdict = manager.explain(container).hooks.remove(0);
            let found = verdict.diagnostics.into_iter();
            found.filter(|found| found.code == Code::ContainerPathMissing).collect::<Vec<_>>()
        };
        assert!(explain(&container).is_empty(), "{kind}: without a root file system");
        let found = explain(&container.clone().root_filesystem(files.as_ref()));
        assert_eq!(found.len(), usize::from(want), "{kind}: {found:?}");
        if let Some(found) = found.first() {
            assert_eq!(found.severity, Severity::Warning);
            assert_eq!(
                found.message(),
                format!("the container, in which this hook runs, has no {path}")
            );
            assert!(found.position.is_some() && found.hint.is_some(), "{found:?}");
        }
    }
}

/// The host's path counts for a hook that runs inside the container, and the hint says why.
#[test]
fn the_hint_says_why_the_path_on_the_host_counts() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("hook.json");
    for (stages, want) in [
        (vec!["startContainer"], true),
        (vec!["startContainer", "poststop"], false),
        (vec!["poststop"], false),
    ] {
        let hook = serde_json::json!({
            "version": "1.0.0",
            "hook": {"path": "/no/such", "env": ["A=b"]},
            "when": {"always": true},
            "stages": stages,
        });
        fs::write(&path, hook.to_string()).unwrap();
        let found = HookFile::check(&path, &ReadOptions::new());
        let missing = found.iter().find(|found| found.code == Code::MissingExecutable).unwrap();
        let hint = missing.hint.as_deref().unwrap();
        assert_eq!(hint.contains("the hook runs inside the container"), want, "{hint}");
    }
}
