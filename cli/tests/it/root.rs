//! The option --root.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::{Place, outcome};

const DIRECTORY: &str = "etc/containers/oci/hooks.d";

fn hook(program: &str) -> String {
    format!(
        r#"{{"version": "1.0.0", "hook": {{"path": "{program}", "env": ["A=b"]}}, "when": {{"always": true}}, "stages": ["poststop"]}}"#
    )
}

/// Makes a root in a place, and returns its path.
fn root(place: &Place) -> String {
    let root = place.path("root");
    for directory in [DIRECTORY, "opt", "srv/more"] {
        fs::create_dir_all(root.join(directory)).unwrap();
    }
    let own = fs::Permissions::from_mode(0o755);
    fs::set_permissions(&root, own.clone()).unwrap();
    fs::write(root.join("opt/hook"), "#!/opt/interpreter\n").unwrap();
    fs::set_permissions(root.join("opt/hook"), own).unwrap();
    fs::write(root.join("opt/interpreter"), "").unwrap();
    let open = fs::Permissions::from_mode(0o777);
    fs::set_permissions(root.join("opt/interpreter"), open).unwrap();
    fs::write(root.join("srv/real"), hook("/opt/hook")).unwrap();
    fs::write(root.join("srv/more/z.json"), hook("/opt/hook")).unwrap();
    fs::write(root.join("srv/more/bad.json"), "{\n  \"version\": 1}").unwrap();
    symlink("/srv/real", root.join(DIRECTORY).join("a.json")).unwrap();
    symlink("../../../../../../srv/real", root.join(DIRECTORY).join("b.json")).unwrap();
    symlink("/etc/passwd", root.join(DIRECTORY).join("c.json")).unwrap();
    symlink("/srv/more", root.join("srv/link")).unwrap();
    fs::write(root.join(DIRECTORY).join("host.json"), hook("/bin/true")).unwrap();
    fs::write(root.join("config.json"), r#"{"process": {"args": ["x"]}}"#).unwrap();
    root.to_str().unwrap().to_owned()
}

/// Copies the command, with the libraries that it needs, into a root.
fn install(root: &Path) {
    let command = env!("CARGO_BIN_EXE_oci-hooks");
    let libraries = Command::new("ldd").arg(command).output().unwrap().stdout;
    let libraries = String::from_utf8(libraries).unwrap();
    for library in libraries.split_whitespace().filter(|word| word.starts_with('/')) {
        let inside = root.join(library.trim_start_matches('/'));
        fs::create_dir_all(inside.parent().unwrap()).unwrap();
        fs::copy(library, inside).unwrap();
    }
    fs::copy(command, root.join("oci-hooks")).unwrap();
}

fn inside(root: &str, arguments: &[&str]) -> Output {
    let mut chroot = Command::new("chroot");
    chroot.args([root, "/oci-hooks"]).args(arguments).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn results_are_those_of_the_command_inside_the_root() {
    let place = Place::new();
    let root = root(&place);
    install(Path::new(&root));
    if !inside(&root, &["version"]).status.success() {
        println!("SKIP: results_are_those_of_the_command_inside_the_root: chroot is not allowed");
        return;
    }
    let config = format!("{root}/config.json");
    for arguments in [
        &["list"][..],
        &["list", "--json"],
        &["list", "--hooks-dir", "srv/link", "--hooks-dir", "/nowhere"],
        &["list", "--hooks-dir", "../srv/more"],
        &["lint"],
        &["lint", "--json"],
        &["lint", "--format", "sarif", "/srv/more"],
        &["lint", "srv/link/bad.json", "/srv/more/bad.json", "/srv/link"],
        &["lint", "--info", "/nowhere"],
        &["explain", "--json"],
        &["explain"],
        &["inject", "--json", "--policy", "lenient"],
        &["inject"],
    ] {
        let reads_config = matches!(arguments[0], "explain" | "inject");
        let with = |config| if reads_config { Some(config) } else { None };
        let of_chroot = [arguments, with("/config.json").as_slice()].concat();
        let of_option = [arguments, &["--root", &root], with(&*config).as_slice()].concat();
        let want = outcome(&inside(&root, &of_chroot));
        assert_eq!(place.run(&of_option), want, "{arguments:?}");
        assert!(!want.1.is_empty() || !want.2.is_empty());
    }
}

#[test]
fn commands_that_run_hooks_refuse_a_root() {
    let place = Place::new();
    for arguments in [&["run", "--root", "/x", "hooks.d/a.json"][..], &["filter", "--root", "/x"]] {
        let (status, _, message) = place.run(arguments);
        assert_eq!(status, Some(2), "{arguments:?}");
        assert!(message.contains("this command runs hooks"), "{message}");
    }
    let (_, help, _) = place.run(&["filter", "--help"]);
    assert!(!help.contains("--root"), "{help}");
    let (_, help, _) = place.run(&["run", "--help"]);
    assert!(!help.contains("--root"), "{help}");
}

#[test]
fn a_root_that_cannot_be_opened_is_wrong_usage() {
    let (status, _, message) = Place::new().run(&["list", "--root", "/nonexistent"]);
    assert_eq!(status, Some(2));
    assert!(message.contains("open /nonexistent: no such file or directory"), "{message}");
}

/// A path of this system, with the path of the root, is not one inside the root.
#[test]
fn a_path_of_the_host_gets_a_hint() {
    let place = Place::new();
    let root = root(&place);
    for (path, want) in [
        (format!("{root}/{DIRECTORY}"), format!("/{DIRECTORY}")),
        (format!("root/{DIRECTORY}/b.json"), format!("/{DIRECTORY}/b.json")),
        (root.clone(), "/".to_owned()),
    ] {
        let (code, printed, _) = place.run(&["lint", "--root", &root, &path]);
        assert_eq!(code, Some(1), "{printed}");
        let hint = format!("hint: PATH is resolved inside --root: write {want}\n");
        assert!(printed.contains(&hint), "{printed}");
    }
    let missing = format!("{root}/missing");
    for path in [&*missing, "hooks.d", "/nowhere"] {
        let (code, printed, _) = place.run(&["lint", "--root", &root, path]);
        assert_eq!(code, Some(1), "{printed}");
        assert!(!printed.contains("inside --root"), "{printed}");
    }
}

#[test]
fn completion_offers_the_hooks_of_the_root() {
    let place = Place::new();
    let root = root(&place);
    for words in [&["--root", &root][..], &["--root", "=", &root], &[&format!("--root={root}")]] {
        let words = [&["completion", "hook-names", "--", "explain"], words].concat();
        assert_eq!(place.run(&words).1, "a.json\nb.json\nc.json\nhost.json\n");
    }
}

/// Returns the number of calls of each system call of a command.
fn calls(place: &Place, arguments: &[&str]) -> Option<Vec<(String, usize)>> {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o"]).arg(place.path("calls")).args(["-e", "trace=all"]);
    strace.arg(env!("CARGO_BIN_EXE_oci-hooks")).args(arguments).current_dir(place.path("."));
    strace.stdin(Stdio::null()).output().ok()?;
    let trace = fs::read_to_string(place.path("calls")).ok()?;
    let mut counts: Vec<(String, usize)> = Vec::new();
    for line in trace.lines() {
        let call = line.split_once(' ').map_or("", |(_, call)| call.trim_start());
        let name = call.split('(').next().unwrap_or_default().to_owned();
        match counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => counts.push((name, 1)),
        }
    }
    Some(counts)
}

/// Without a root, a hook file is opened by its name, and its program is looked at once.
#[test]
fn without_a_root_there_are_no_more_system_calls() {
    let place = Place::new();
    let count = |counts: &[(String, usize)], name: &str| {
        counts.iter().find(|(known, _)| known == name).map_or(0, |(_, count)| *count)
    };
    let list = ["list", "--policy", "lenient", "--hooks-dir", "hooks.d"];
    let Some(one) = calls(&place, &list).filter(|counts| count(counts, "read") > 0) else {
        println!("SKIP: without_a_root_there_are_no_more_system_calls: strace does not work");
        return;
    };
    for number in 0..20 {
        let name = format!("hooks.d/b{number}.json");
        fs::write(place.path(&name), hook("/bin/true")).unwrap();
    }
    let many = calls(&place, &list).unwrap();
    for name in ["openat", "read", "close", "fstat", "newfstatat", "statx", "openat2", "readlink"] {
        let per_file = match name {
            "openat" | "read" | "close" => 20,
            // (The name of fstat(2) depends on the C library.)
            "fstat" | "newfstatat" => continue,
            _ => 0,
        };
        assert_eq!(count(&many, name) - count(&one, name), per_file, "{name}: {many:?}");
    }
    let status = |counts: &[(String, usize)]| count(counts, "fstat") + count(counts, "newfstatat");
    assert_eq!(status(&many) - status(&one), 20, "{many:?}");
}
