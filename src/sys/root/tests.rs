//! A directory as the root, compared with chroot(2), and while its files are replaced.
//!
//! chroot(2), mounts, users for file accesses and seccomp filters belong to one thread here, so no
//! other process is needed.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::*;

/// Runs code in a new thread.
fn in_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| match scope.spawn(work).join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

/// Makes openat2(2) fail in this thread.
fn refuse_openat2(errno: i32) {
    let statement =
        |code: u32, k: u32, jump: u8| libc::sock_filter { code: code as u16, jt: 0, jf: jump, k };
    let mut code = [
        // The number of the system call is the first field.
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0),
        statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, libc::SYS_openat2 as u32, 1),
        statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ERRNO | errno as u32, 0),
        statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW, 0),
    ];
    let program = libc::sock_fprog { len: code.len() as u16, filter: code.as_mut_ptr() };
    // SAFETY: prctl(2) with these takes numbers, and a program that lives until the call returns.
    // openat2(2) fails before it reads memory.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        assert_eq!(
            libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program),
            0
        );
        assert_eq!(libc::syscall(libc::SYS_openat2, 0, 0, 0, 0), -1);
    }
    assert_eq!(io::Error::last_os_error().raw_os_error(), Some(errno));
}

/// Who resolves the paths.
const MODES: [(&str, Option<i32>); 3] = [
    ("openat2", None),
    ("openat2 refused with ENOSYS", Some(libc::ENOSYS)),
    ("openat2 refused with EPERM", Some(libc::EPERM)),
];

/// Runs code in a thread for each mode.
fn in_each_mode(work: impl Fn(&str) + Sync) {
    for (name, refused) in MODES {
        in_thread(|| {
            if let Some(errno) = refused {
                refuse_openat2(errno);
            }
            work(name);
        });
    }
}

/// Makes a directory `/` of this thread. Returns false if that needs more privileges.
fn enter(directory: &Path) -> bool {
    // SAFETY: unshare(2) takes a number, and CLONE_FS affects only this thread.
    let unshared = unsafe { libc::unshare(libc::CLONE_FS) } == 0;
    unshared
        && match std::os::unix::fs::chroot(directory) {
            Ok(()) => std::env::set_current_dir("/").map(|()| true).unwrap(),
            Err(_) => false,
        }
}

/// Returns whether this process may change `/` and mount.
fn is_privileged(test: &str) -> bool {
    let privileged = in_thread(|| own_mounts() && enter(Path::new("/")));
    if !privileged {
        println!("SKIP: {test}: only root can change the root of a thread");
    }
    privileged
}

/// Gives this thread its own mount namespace.
fn own_mounts() -> bool {
    // SAFETY: unshare(2) takes a number, and CLONE_NEWNS affects only this thread.
    let unshared = unsafe { libc::unshare(libc::CLONE_NEWNS) } == 0;
    unshared && mount("none", Path::new("/"), "", libc::MS_REC | libc::MS_PRIVATE)
}

fn mount(source: &str, target: &Path, kind: &str, flags: libc::c_ulong) -> bool {
    let [source, target, kind] =
        [source.as_bytes(), target.as_os_str().as_bytes(), kind.as_bytes()]
            .map(|string| CString::new(string).unwrap());
    let (source, target, kind) = (source.as_ptr(), target.as_ptr(), kind.as_ptr());
    // SAFETY: strings that live until the call returns, and no data.
    unsafe { libc::mount(source, target, kind, flags, std::ptr::null()) == 0 }
}

/// Uses another user for the file accesses of this thread.
fn become_user(user: u32) {
    // SAFETY: the system calls take numbers, and affect only this thread.
    unsafe {
        libc::syscall(libc::SYS_setgroups, 0, 0);
        libc::syscall(libc::SYS_setfsgid, user);
        libc::syscall(libc::SYS_setfsuid, user);
    }
}

/// The result of a call: the device and inode of a file, or another value; or the error number.
type Answer<T = (u64, u64)> = Result<T, i32>;

fn errno<T>(result: io::Result<T>) -> Answer<T> {
    result.map_err(|error| Errno::of(&error).0)
}

fn identity(status: io::Result<Status>) -> Answer {
    errno(status).map(|status| (status.device, status.inode))
}

fn found(root: &Root, path: &Path, follow: bool) -> Answer {
    identity(root.locate(path, follow).and_then(|located| {
        let opened = Status::of_file(located.descriptor().unwrap())?;
        let status = Status::of_path(located.path())?;
        assert_eq!(status, opened);
        Ok(status)
    }))
}

/// The results of all calls for a path.
#[derive(Debug, PartialEq)]
struct Answers {
    status: Answer,
    link_status: Answer,
    target: Answer<PathBuf>,
    file: Answer,
    directory: Answer,
}

impl Answers {
    fn of(root: &Root, path: &Path) -> Answers {
        let answers = Answers {
            status: identity(root.status(path)),
            link_status: identity(root.link_status(path)),
            target: errno(root.read_link(path)),
            file: identity(root.open_to_read(path).and_then(Status::of_file)),
            directory: identity(
                root.open_directory(path).and_then(|opened| Status::of_file(opened.descriptor())),
            ),
        };
        if !root.is_host() {
            assert_eq!(found(root, path, true), answers.status);
            assert_eq!(found(root, path, false), answers.link_status);
            let on = errno(root.file_system(path)).map(|_| answers.status.unwrap());
            assert_eq!(on, answers.status);
        }
        answers
    }
}

/// A random tree of files, with random paths.
struct RandomTree {
    random: fastrand::Rng,
    /// The tree is `root` in it. Beside it are files with the same names.
    place: tempfile::TempDir,
}

/// The names of the files. The first ones are chosen most often.
const NAMES: [&[u8]; 10] =
    [b"a", b"b", b"c", b"a", b"b", b"...", b"\xff\n", "\u{e9}".as_bytes(), b" ", b".a"];

impl RandomTree {
    fn new(seed: u64) -> RandomTree {
        let mut tree = RandomTree {
            random: fastrand::Rng::with_seed(seed),
            place: tempfile::tempdir().unwrap(),
        };
        let root = tree.root();
        fs::create_dir(&root).unwrap();
        for directory in ["a", "b"] {
            fs::create_dir(tree.place.path().join(directory)).unwrap();
            fs::write(tree.place.path().join(directory).join("c"), "outside").unwrap();
        }
        let mut directories = vec![root];
        for _ in 0..tree.random.usize(5..25) {
            let parent = directories[tree.random.usize(..directories.len())].clone();
            let path = parent.join(tree.name());
            // (The name may exist.)
            match tree.random.u32(..20) {
                0..5 => directories.extend(fs::create_dir(&path).ok().map(|()| path)),
                5..9 => drop(fs::File::create_new(&path)),
                9..10 => drop(rustix::fs::mkfifoat(CWD, &path, 0o666.into())),
                _ => drop(symlink(tree.path(), &path)),
            }
        }
        // (If the root itself must not be searched, nothing is found.)
        for directory in directories.into_iter().skip(1) {
            let mode = [0o755, 0o755, 0o755, 0o711, 0o744, 0o700][tree.random.usize(..6)];
            fs::set_permissions(directory, fs::Permissions::from_mode(mode)).unwrap();
        }
        tree
    }

    fn root(&self) -> PathBuf {
        self.place.path().join("root")
    }

    fn name(&mut self) -> &'static OsStr {
        OsStr::from_bytes(NAMES[self.random.usize(..NAMES.len())])
    }

    /// Returns a path of a few components.
    fn path(&mut self) -> PathBuf {
        let mut path = Vec::new();
        if self.random.u32(..3) == 0 {
            path.extend(&b"///"[self.random.usize(..3)..]);
        }
        for index in 0..self.random.usize(1..5) {
            if index > 0 {
                path.extend(&b"//"[self.random.usize(..2)..]);
            }
            match self.random.u32(..10) {
                0..2 => path.extend(b".."),
                2 => path.extend(b"."),
                _ => path.extend(self.name().as_bytes()),
            }
        }
        path.extend(&b"////"[self.random.usize(..4).max(1)..].repeat(self.random.usize(..2)));
        OsString::from_vec(path).into()
    }

    /// Returns a path to look up, often a strange one.
    fn wanted(&mut self) -> PathBuf {
        match self.random.u32(..40) {
            0 => ["", "/", "..", ".", "///", "/../..", "a\0", "nonexistent/a\0"]
                [self.random.usize(..8)]
            .into(),
            1 => "x".repeat(self.random.usize(255..257)).into(),
            2 if self.random.u32(..20) == 0 => {
                format!("{}a", "./".repeat(self.random.usize(2046..2048))).into()
            }
            3 => format!("{}a", "../".repeat(self.random.usize(20..60))).into(),
            4 => format!("{}/", "/".repeat(self.random.usize(4092..4097))).into(),
            _ => self.path(),
        }
    }
}

#[test]
fn results_are_those_of_chroot() {
    if !is_privileged("results_are_those_of_chroot") {
        return;
    }
    let seed = std::env::var("LIBHOOKS_SEED").map_or(20_261_129, |seed| seed.parse().unwrap());
    println!("LIBHOOKS_SEED={seed}");
    let mut outcomes = BTreeMap::new();
    for number in 0..400 {
        let mut tree = RandomTree::new(seed + number);
        let directory = tree.root();
        let root = Root::open(&directory).unwrap();
        let paths: Vec<PathBuf> = (0..10).map(|_| tree.wanted()).collect();
        let user = if number % 2 == 0 { None } else { Some(12345) };
        let answers = |root: &Root| {
            user.into_iter().for_each(become_user);
            paths.iter().map(|path| Answers::of(root, path)).collect::<Vec<Answers>>()
        };
        let expected = in_thread(|| {
            assert!(enter(&directory));
            answers(&Root::default())
        });
        in_each_mode(|mode| {
            for ((path, found), expected) in paths.iter().zip(answers(&root)).zip(&expected) {
                let place = tree.place.path();
                assert_eq!(&found, expected, "{mode}, tree {number} ({place:?}): {path:?}");
            }
        });
        for answers in expected {
            *outcomes.entry(answers.status.err()).or_insert(0) += 1;
            *outcomes.entry(answers.file.err()).or_insert(0) += 1;
        }
    }
    println!("outcomes: {outcomes:?}");
    use libc::{EACCES, EINVAL, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR};
    for outcome in [0, EACCES, EINVAL, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR] {
        let outcome = Some(outcome).filter(|&errno| errno != 0);
        assert!(outcomes.get(&outcome).is_some_and(|&count| count > 5), "{outcome:?}");
    }
}

#[test]
fn concurrent_changes_lead_nowhere_outside() {
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name);
    let outside = place.path().strip_prefix("/").unwrap();
    // Each path that could lead to the file outside leads to a file inside, too.
    let decoy = Path::new("root").join(outside).join("secret");
    for directory in ["secret", "root/secret", "root/d", "root/deep/y", "out/deep/y"] {
        fs::create_dir_all(path(directory)).unwrap();
    }
    fs::create_dir_all(place.path().join(&decoy)).unwrap();
    for directory in [Path::new("secret"), Path::new("root/secret"), &decoy, Path::new("root/d")] {
        fs::write(place.path().join(directory).join("file"), "").unwrap();
    }
    symlink("d/file", path("root/x")).unwrap();
    symlink(path("secret/file"), path("root/x2")).unwrap();
    symlink("../secret", path("root/d2")).unwrap();
    let secret = identity(Status::of_path(path("secret/file")));
    let root = Root::open(&path("root")).unwrap();
    let swaps = [
        ("root/x", "root/x2", "x"),
        ("root/d", "root/d2", "d/file"),
        ("root/deep", "out/deep", "deep/y/../../../secret/file"),
        ("root/deep", "out/deep", "deep/../../secret/file"),
    ];
    for (one, other, wanted) in swaps {
        in_each_mode(|mode| {
            let ended = AtomicBool::new(false);
            thread::scope(|scope| {
                scope.spawn(|| {
                    for _ in 0..10_000 {
                        renameat_with(CWD, path(one), CWD, path(other), RenameFlags::EXCHANGE)
                            .unwrap();
                    }
                    ended.store(true, Ordering::Relaxed);
                });
                while !ended.load(Ordering::Relaxed) {
                    for found in [
                        identity(root.open_to_read(Path::new(wanted)).and_then(Status::of_file)),
                        identity(root.status(Path::new(wanted))),
                    ] {
                        assert!(found.is_ok() && found != secret, "{mode}: {wanted}: {found:?}");
                    }
                }
            });
        });
    }
}
