//! The option root: all paths are resolved inside a directory (docs/spec.md, section 13).

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use libhooks::{
    Code, DEFAULT_DIR, ErrorKind, Hook, HookDir, HookFile, Manager, OVERRIDE_DIR, Policy,
    ReadOptions, Root,
};

/// A root with the usual directories.
struct Image(tempfile::TempDir);

impl Image {
    fn new() -> Image {
        let image = Image(tempfile::tempdir().unwrap());
        let own = fs::Permissions::from_mode(0o755);
        fs::set_permissions(image.0.path(), own).unwrap();
        for directory in [DEFAULT_DIR, OVERRIDE_DIR] {
            fs::create_dir_all(image.outside(directory)).unwrap();
        }
        image.program("/opt/only-here", b"#!/opt/interpreter\n");
        image.program("/opt/interpreter", &elf());
        image
    }

    /// Returns the path of a file of the image, as the host has it.
    fn outside(&self, path: &str) -> PathBuf {
        self.0.path().join(path.trim_start_matches('/'))
    }

    fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.outside(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn program(&self, path: &str, content: &[u8]) {
        self.write(path, content);
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(self.outside(path), mode).unwrap();
    }

    fn link(&self, target: impl AsRef<Path>, path: &str) {
        symlink(target, self.outside(path)).unwrap();
    }

    fn options(&self) -> ReadOptions {
        ReadOptions::new().root(Root::open(self.0.path()).unwrap())
    }

    fn manager(&self, directories: &[&str]) -> Manager {
        let builder = Manager::builder().policy(Policy::LENIENT).directories(directories);
        builder.read_options(self.options().inspect(true)).load().unwrap()
    }
}

/// Returns a program for this machine that needs no other file: an ELF file with one segment.
fn elf() -> Vec<u8> {
    let mut elf = fs::read("/proc/self/exe").unwrap();
    elf.truncate(64);
    elf[16..18].copy_from_slice(&2u16.to_ne_bytes()); // an executable file
    elf[32..40].copy_from_slice(&64u64.to_ne_bytes()); // where the program headers are
    elf[40..48].fill(0);
    elf[56..58].copy_from_slice(&1u16.to_ne_bytes()); // their number
    elf[60..64].fill(0);
    // PT_LOAD, and R+X.
    elf.extend([1u32.to_ne_bytes(), 5u32.to_ne_bytes()].concat());
    // offset, addresses, sizes, alignment
    elf.extend([0u64, 1 << 22, 1 << 22, 120, 120, 1 << 12].map(u64::to_ne_bytes).concat());
    elf
}

fn hook(program: &str) -> String {
    format!(
        r#"{{"version": "1.0.0", "hook": {{"path": "{program}", "env": ["A=b"]}}, "when": {{"always": true}}, "stages": ["poststop"]}}"#
    )
}

fn file(directory: &str, name: &str) -> String {
    format!("{directory}/{name}")
}

/// Returns the file names of the hooks, and the path and code of each problem.
fn results(manager: &Manager) -> (Vec<String>, Vec<(String, Code)>) {
    let names = manager.list().hooks.iter().map(|hook| hook.name.to_string()).collect();
    let found = manager.diagnostics().into_iter();
    let problems = found.map(|found| (found.path.display().to_string(), found.code));
    (names, problems.collect())
}

#[test]
fn links_lead_to_files_inside_the_root() {
    let image = Image::new();
    let outside = tempfile::NamedTempFile::with_suffix(".json").unwrap();
    fs::write(outside.path(), hook("/opt/only-here")).unwrap();
    image.write("/srv/real.txt", hook("/opt/only-here"));
    for (target, name) in [
        (Path::new("/srv/real.txt"), "absolute.json"),
        (Path::new("../../../../srv/real.txt"), "relative.json"),
        (Path::new("../../../../../../../../../../srv/real.txt"), "up.json"),
        (outside.path(), "out.json"),
        (Path::new("/proc/self/root/srv/real.txt"), "magic.json"),
    ] {
        image.link(target, &file(OVERRIDE_DIR, name));
    }
    let (names, problems) = results(&image.manager(&[OVERRIDE_DIR]));
    assert_eq!(names, ["absolute.json", "relative.json", "up.json"]);
    let dangling: Vec<&String> = problems
        .iter()
        .filter(|(_, code)| *code == Code::DanglingLink)
        .map(|(path, _)| path)
        .collect();
    assert_eq!(dangling, [&file(OVERRIDE_DIR, "magic.json"), &file(OVERRIDE_DIR, "out.json")]);
    assert!(problems.iter().all(|(path, _)| path.starts_with(OVERRIDE_DIR)), "{problems:?}");
}

#[test]
fn programs_are_those_of_the_root() {
    let image = Image::new();
    // /bin/true is only on the host.
    image.write(&file(OVERRIDE_DIR, "host.json"), hook("/bin/true"));
    image.write(&file(OVERRIDE_DIR, "root.json"), hook("/opt/only-here"));
    image.link("/opt/only-here", "/opt/link");
    image.link("/bin/true", "/opt/dangling");
    image.write(&file(OVERRIDE_DIR, "link.json"), hook("/opt/link"));
    image.write(&file(OVERRIDE_DIR, "leads-out.json"), hook("/opt/dangling"));
    let manager = image.manager(&[OVERRIDE_DIR]);
    let (names, problems) = results(&manager);
    assert_eq!(names, ["link.json", "root.json"]);
    let missing = |name: &str| (file(OVERRIDE_DIR, name), Code::MissingExecutable);
    assert!(problems.contains(&missing("host.json")), "{problems:?}");
    assert!(problems.contains(&missing("leads-out.json")), "{problems:?}");
    let found = manager.diagnostics();
    let dangling = found.iter().find(|found| found.path.ends_with("leads-out.json")).unwrap();
    assert!(dangling.message().contains("link"), "{}", dangling.message());
    assert!(!found.iter().any(|it| it.message().contains(image.0.path().to_str().unwrap())));
}

#[test]
fn directories_are_those_of_the_root() {
    let image = Image::new();
    image.write(&file(DEFAULT_DIR, "a.json"), hook("/opt/only-here"));
    image.write(&file(OVERRIDE_DIR, "a.json"), hook("/opt/only-here"));
    image.write("/srv/d/b.json", hook("/opt/only-here"));
    image.link("/srv/d", "/srv/link");
    image.write(&file(OVERRIDE_DIR, "x.json.bak"), "");
    // A relative directory starts at the root, and `..` does not leave it.
    let manager = image.manager(&[DEFAULT_DIR, &OVERRIDE_DIR[1..], "/../srv/link"]);
    let (names, problems) = results(&manager);
    assert_eq!(names, ["a.json", "b.json"]);
    assert!(problems.contains(&(file(&OVERRIDE_DIR[1..], "x.json.bak"), Code::IgnoredFile)));
    let listing = manager.list();
    assert_eq!(listing.masked[0].path, Path::new(&file(DEFAULT_DIR, "a.json")));
    assert_eq!(listing.hooks[1].path, Path::new("/srv/link/b.json"));
    let names = HookDir::check_names(OVERRIDE_DIR, &image.options());
    assert_eq!(names[0].path, Path::new(&file(OVERRIDE_DIR, "x.json.bak")));
}

#[test]
fn owners_and_permissions_are_those_of_the_root() {
    let image = Image::new();
    image.program("/srv/shared/hook", b"#!/opt/interpreter\n");
    image.write(&file(OVERRIDE_DIR, "a.json"), hook("/srv/link/hook"));
    image.link("/srv/shared", "/srv/link");
    let mode = |path: &str, mode| {
        fs::set_permissions(image.outside(path), fs::Permissions::from_mode(mode)).unwrap();
    };
    mode("/srv/shared", 0o777);
    mode("/opt/interpreter", 0o757);
    let found = image.manager(&[OVERRIDE_DIR]).diagnostics();
    let messages: Vec<String> = found.iter().map(|found| found.message()).collect();
    assert_eq!(found.len(), 2, "{messages:?}");
    assert_eq!(found[0].code, Code::ParentWritable);
    assert!(messages[0].contains(" /srv/shared,"), "{messages:?}");
    assert_eq!(found[1].code, Code::WritableByOthers);
    assert!(messages[1].contains(" /opt/interpreter "), "{messages:?}");
    let builder = Manager::builder().policy(Policy::Strict).directory(OVERRIDE_DIR);
    let error = builder.root(Root::open(image.0.path()).unwrap()).load().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Strict);
}

#[test]
fn single_files_and_directories_are_read_in_the_root() {
    let image = Image::new();
    image.write("/srv/a.json", hook("/opt/only-here"));
    image.write("/srv/bad.json", "{");
    let options = image.options();
    assert_eq!(Hook::read("srv/a.json", &options).unwrap().hook.path, "/opt/only-here");
    assert_eq!(HookFile::check("/srv/a.json", &options), []);
    assert_eq!(HookFile::check("/srv/bad.json", &options)[0].path, Path::new("/srv/bad.json"));
    let read = HookDir::read("/srv", &options);
    assert_eq!(read.listing.hooks[0].path, Path::new("/srv/a.json"));
    let error = Hook::read("/srv/none.json", &options).unwrap_err();
    assert_eq!(error.message(), "open /srv/none.json: no such file or directory");
    let text = hook("/opt/only-here");
    assert_eq!(HookFile::check_text("x.json", text.as_bytes(), &options), []);
    let text = hook("/bin/true");
    let found = HookFile::check_text("x.json", text.as_bytes(), &options);
    assert_eq!(found[0].code, Code::MissingExecutable);
}

#[test]
fn the_root_is_opened_once() {
    let image = Image::new();
    image.write(&file(OVERRIDE_DIR, "a.json"), hook("/opt/only-here"));
    let manager = image.manager(&[OVERRIDE_DIR]);
    let elsewhere = tempfile::tempdir().unwrap();
    let moved = elsewhere.path().join("moved");
    fs::rename(image.0.path(), &moved).unwrap();
    fs::remove_file(moved.join(&file(OVERRIDE_DIR, "a.json")[1..])).unwrap();
    fs::write(moved.join(&file(OVERRIDE_DIR, "b.json")[1..]), hook("/opt/only-here")).unwrap();
    manager.reload().unwrap();
    assert_eq!(results(&manager).0, ["b.json"]);
}

#[test]
fn a_root_that_cannot_be_opened_is_an_error() {
    let error = Root::open("/nonexistent/root").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert_eq!(error.message(), "open /nonexistent/root: no such file or directory");
    assert_eq!(error.place().path.as_deref(), Some(Path::new("/nonexistent/root")));
    assert!(Root::open("/dev/null").is_err());
}
