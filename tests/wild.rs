//! Hook files that people have written, mistakes included: what lint says of each. They are other people's, so they are read
//! from beside the repository, where they are; tests/mistakes.rs has small files of ours with the same mistakes.

use std::path::Path;

use libhooks::{Code, Diagnostic, Hook, check};

/// A file, and each problem with line and column (0: it has no place), but for executables that are not on this machine.
type Said = (&'static str, &'static [(Code, u32, u32)]);

const SAID: &[Said] = &[
    ("archive-overlay-debug.json", &[]),
    ("archive-overlay.json", &[]),
    ("colophon-01-rlimit-as.json", &[]),
    ("container-firewall-with-js-comment.json", &[(Code::JsonSyntax, 1, 1)]),
    ("crio-doc-invalid-missing-comma.json", &[(Code::JsonSyntax, 5, 5)]),
    ("cx-firewall.json", &[]),
    ("ftrace-syscall-analyzer-posthook.json", &[]),
    ("issue-buildah-4068-unknown-stage.json", &[(Code::UnknownStage, 11, 14)]),
    ("issue-crun-1945-poststop.json", &[]),
    ("issue-podman-27646-createContainer.json", &[]),
    ("issue-podman-29347-precreate.json", &[]),
    (
        "issue-podman-8909-systemd-stage-spelling.json",
        &[(Code::EmptyArgsBlocks, 2, 14), (Code::DeprecatedStage, 4, 17)],
    ),
    ("klangk-netfilter-old-always-1.json", &[(Code::JsonType, 7, 15), (Code::UnknownKey, 12, 3)]),
    ("klangk-netfilter.json", &[(Code::UnknownKey, 12, 3)]),
    ("kubearmor-lfx-apparmor-precreate.json", &[]),
    ("kubearmor-lfx-precreate.json", &[]),
    ("nri-always-inject.json", &[(Code::DeprecatedStage, 13, 16)]),
    ("nri-busybox-inject.json", &[(Code::EmptyArgsBlocks, 13, 13), (Code::DeprecatedStage, 16, 16)]),
    ("nvidia-010-annotations-sandbox.json", &[(Code::DeprecatedStage, 5, 15)]),
    ("nvidia-010-bare-no-conditions.json", &[(Code::NeverMatches, 1, 1), (Code::DeprecatedStage, 3, 15)]),
    ("nvidia-010-hasbindmounts.json", &[(Code::DeprecatedStage, 4, 16)]),
    ("nvidia-100-sandbox-annotation.json", &[(Code::JsonType, 2, 15)]),
    ("oci-nvidia-hook.json", &[(Code::EmptyArgsBlocks, 10, 18), (Code::DeprecatedStage, 12, 14)]),
    ("oci-register-machine.json", &[(Code::EmptyArgsBlocks, 2, 13), (Code::DeprecatedStage, 4, 17)]),
    ("oci-seccomp-bpf-hook-run.json", &[(Code::DeprecatedStage, 16, 9)]),
    ("oci-seccomp-bpf-hook-stop.json", &[]),
    ("oci-seccomp-bpf-hook.json", &[(Code::DeprecatedStage, 16, 9)]),
    ("oci-systemd-hook.json", &[(Code::EmptyArgsBlocks, 2, 13), (Code::DeprecatedStage, 4, 17)]),
    ("oci-umount.json", &[(Code::DeprecatedStage, 4, 17)]),
    ("oci-xpu-hook.json", &[(Code::EmptyArgsBlocks, 12, 15), (Code::DeprecatedStage, 14, 16)]),
    ("podman-caddy-poststart.json", &[]),
    ("podman-caddy-poststop-relative-path.json", &[]),
    ("podman-hpc-02-hook_tool.json", &[(Code::DeprecatedStage, 11, 16)]),
    ("sarus-mount-hook.json", &[]),
    ("sarus-mpi-hook.json", &[]),
    ("sarus-pc-injection-env.json", &[]),
    ("sarus-pc-injection-no-when.json", &[(Code::NeverMatches, 1, 1)]),
    ("sarus-pce.json", &[]),
    ("sarus-pmix-precreate.json", &[]),
    ("sarus-sethomevar-precreate.json", &[]),
    ("sarus-ssh-precreate.json", &[]),
    ("sgx-epchook-cleanup.json", &[]),
    ("undc-hook.json", &[]),
];

/// What some of them are told to do.
const HINTS: &[(&str, Code, &str)] = &[
    (
        "container-firewall-with-js-comment.json",
        Code::JsonSyntax,
        "JSON has no comments, and texts stand in double quotes",
    ),
    ("crio-doc-invalid-missing-comma.json", Code::JsonSyntax, "a comma is missing before it"),
    ("klangk-netfilter-old-always-1.json", Code::JsonType, "write true or false"),
    ("klangk-netfilter.json", Code::UnknownKey, "\"annotations\" belongs inside \"when\""),
    (
        "nvidia-100-sandbox-annotation.json",
        Code::JsonType,
        "add \"version\": \"1.0.0\" to the file: without it, it is read as version 0.1.0",
    ),
    ("oci-nvidia-hook.json", Code::DeprecatedStage, "write \"createRuntime\""),
    (
        "podman-caddy-poststop-relative-path.json",
        Code::MissingExecutable,
        "write the executable's whole path, from / on",
    ),
];

#[test]
fn what_lint_says_of_real_files() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/wild");
    if !source.exists() {
        println!("SKIP: what_lint_says_of_real_files: no {} here", source.display());
        return;
    }
    let root = tempfile::tempdir().unwrap();
    let mut names: Vec<String> = std::fs::read_dir(&source)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".json"))
        .collect();
    names.sort();
    assert_eq!(names, SAID.iter().map(|said| said.0).collect::<Vec<_>>(), "each file is in the table");

    let mut clean = Vec::new();
    for (name, want) in SAID {
        // A copy that is ours and that nobody else may write, whatever the modes there are.
        let (text, path) = (std::fs::read(source.join(name)).unwrap(), root.path().join(name));
        std::fs::write(&path, &text).unwrap();
        let found = check(&path, &["precreate"]);
        let (missing, others): (Vec<&Diagnostic>, Vec<&Diagnostic>) =
            found.iter().partition(|diagnostic| diagnostic.code == Code::MissingExecutable);
        let place = |d: &&Diagnostic| d.position.map_or((0, 0), |position| (position.line, position.column));
        let mut places: Vec<_> = others.iter().map(|d| (d.code, place(d).0, place(d).1)).collect();
        places.sort_by_key(|(_, line, column)| (*line, *column));
        assert_eq!(places, *want, "{name}: {found:#?}");

        let executable = Hook::decode(&text, None).ok().flatten().map(|hook| hook.hook.path);
        let is_missing = executable.is_some_and(|path| !Path::new(&path).exists());
        assert_eq!(missing.len(), usize::from(is_missing), "{name}: {found:#?}");
        assert!(missing.iter().all(|missing| missing.position.is_some()), "{name}: {found:#?}");

        for (_, code, hint) in HINTS.iter().filter(|(of, _, _)| of == name) {
            let told = found.iter().find(|diagnostic| diagnostic.code == *code);
            if is_missing || *code != Code::MissingExecutable {
                assert_eq!(told.unwrap().hint.as_deref(), Some(*hint), "{name}");
            }
        }
        for diagnostic in &found {
            let (line, column) = place(&diagnostic);
            println!(
                "{name}:{line}:{column}: {} {}",
                diagnostic.code.as_str(),
                diagnostic.hint.as_deref().unwrap_or_default()
            );
        }
        if others.is_empty() {
            clean.push(*name);
        }
    }
    println!("nothing is wrong with {} of {} files: {}", clean.len(), names.len(), clean.join(" "));
}
