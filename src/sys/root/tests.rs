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

use rustix::fs::{CWD, RenameFlags, XattrFlags, inotify, renameat_with};

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

/// The ways to resolve paths.
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

/// Gives this thread its own `/` and working directory, for [`enter`].
fn own_root() -> bool {
    // SAFETY: unshare(2) takes a number, and CLONE_FS affects only this thread.
    unsafe { libc::unshare(libc::CLONE_FS) == 0 }
}

/// Makes a directory `/` and the working directory of this thread, which has its own. Returns false
/// if that needs more privileges.
fn enter(root: &Root) -> bool {
    let directory = root.0.as_ref().unwrap().as_raw_fd();
    // SAFETY: an open directory, and a NUL-terminated path.
    unsafe { libc::fchdir(directory) == 0 && libc::chroot(c".".as_ptr()) == 0 }
}

/// Returns whether this process may change `/` and mount.
fn is_privileged(test: &str) -> bool {
    let privileged = in_thread(|| own_mounts() && enter(&Root::open(Path::new("/")).unwrap()));
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
    identity(root.locate(path, follow).and_then(|located| Status::of_path(located.path())))
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

/// Makes a directory for a test, in memory if possible: a disk takes twice the time.
fn new_place() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// The names of the files. The first ones are chosen most often.
const NAMES: [&[u8]; 10] =
    [b"a", b"b", b"c", b"a", b"b", b"...", b"\xff\n", "\u{e9}".as_bytes(), b" ", b".a"];

impl RandomTree {
    fn new(seed: u64) -> RandomTree {
        let mut tree = RandomTree { random: fastrand::Rng::with_seed(seed), place: new_place() };
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

    /// Returns a path to look up, sometimes a strange one.
    fn wanted(&mut self) -> PathBuf {
        match self.random.u32(..40) {
            0 => ["", "/", "..", ".", "///", "/../..", "a\0", "nonexistent/a\0"]
                [self.random.usize(..8)]
            .into(),
            1 => "x".repeat(self.random.usize(255..257)).into(),
            2 => format!("{}a", "../".repeat(self.random.usize(5..10))).into(),
            _ => self.path(),
        }
    }
}

/// Paths around the longest one that the kernel takes. (It takes 4,095 bytes.)
fn long_paths() -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for count in [2046, 2047, 2048] {
        paths.push(format!("{}a", "./".repeat(count)).into());
    }
    for count in [4094, 4095, 4096, 4097, 10_000] {
        paths.push("/".repeat(count).into());
    }
    for count in [60, 1364, 1365] {
        paths.push(format!("{}a", "../".repeat(count)).into());
    }
    paths
}

/// Looks up paths in trees after chroot(2), and in each mode in a [`Root`], and requires the same
/// results, which are returned. `user`: the user for file accesses, if not root.
fn compare(trees: &[(PathBuf, Vec<PathBuf>)], user: Option<u32>, note: &str) -> Vec<Answers> {
    let trees: Vec<(Root, &[PathBuf])> =
        trees.iter().map(|(tree, paths)| (Root::open(tree).unwrap(), &**paths)).collect();
    let expected = in_thread(|| {
        assert!(own_root());
        user.into_iter().for_each(become_user);
        let mut expected = Vec::new();
        for (root, paths) in &trees {
            assert!(enter(root));
            expected.extend(paths.iter().map(|path| Answers::of(&Root::default(), path)));
        }
        expected
    });
    in_each_mode(|mode| {
        user.into_iter().for_each(become_user);
        let mut expected = expected.iter();
        for (index, (root, paths)) in trees.iter().enumerate() {
            for path in *paths {
                let found = Answers::of(root, path);
                let expected = expected.next().unwrap();
                assert_eq!(&found, expected, "{mode}, {note}, tree {index}: {path:?}");
            }
        }
    });
    expected
}

/// The number of random trees. The environment variable `LIBHOOKS_TREES` changes it.
const TREES: u64 = 2000;

#[test]
fn results_are_those_of_chroot() {
    if !is_privileged("results_are_those_of_chroot") {
        return;
    }
    let number = |name, normal| std::env::var(name).map_or(normal, |value| value.parse().unwrap());
    let (seed, count) = (number("LIBHOOKS_SEED", 20_261_129), number("LIBHOOKS_TREES", TREES));
    println!("LIBHOOKS_SEED={seed} LIBHOOKS_TREES={count}");
    // New threads, with their filters, take more time than the comparison of one tree.
    const TOGETHER: u64 = 50;
    let mut outcomes = BTreeMap::new();
    for first in (0..count).step_by(TOGETHER as usize) {
        let seeds = seed + first..seed + count.min(first + TOGETHER);
        let mut made: Vec<RandomTree> = seeds.map(RandomTree::new).collect();
        let trees: Vec<(PathBuf, Vec<PathBuf>)> = made
            .iter_mut()
            .map(|tree| (tree.root(), (0..10).map(|_| tree.wanted()).collect()))
            .collect();
        let user = if first / TOGETHER % 2 == 0 { None } else { Some(12345) };
        for answers in compare(&trees, user, &format!("seed {} + index", seed + first)) {
            *outcomes.entry(answers.status.err()).or_insert(0) += 1;
            *outcomes.entry(answers.file.err()).or_insert(0) += 1;
        }
    }
    println!("outcomes: {outcomes:?}");
    use libc::{EACCES, EINVAL, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR};
    for outcome in [0, EACCES, EINVAL, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR] {
        let outcome = Some(outcome).filter(|&errno| errno != 0);
        let seen = outcomes.get(&outcome).copied().unwrap_or_default();
        assert!(seen > 5 || count < TREES, "{outcome:?}");
    }
}

#[test]
fn long_paths_have_the_results_of_chroot() {
    if !is_privileged("long_paths_have_the_results_of_chroot") {
        return;
    }
    let place = new_place();
    fs::create_dir(place.path().join("a")).unwrap();
    let answers = compare(&[(place.path().into(), long_paths())], None, "long paths");
    let failed = answers.iter().filter(|answers| answers.status == Err(libc::ENAMETOOLONG));
    assert_eq!(failed.count(), 5);
}

/// Raises a flag when it is dropped, also by a panic.
struct RaiseAtEnd<'a>(&'a AtomicBool);

impl Drop for RaiseAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Sees which of some files are opened or read. (It does not see O_PATH.)
struct Watch(OwnedFd);

impl Watch {
    fn new(paths: &[PathBuf]) -> Watch {
        let watch = Watch(inotify::init(inotify::CreateFlags::NONBLOCK).unwrap());
        for path in paths {
            let events = inotify::WatchFlags::OPEN | inotify::WatchFlags::ACCESS;
            inotify::add_watch(&watch.0, path, events).unwrap();
        }
        watch
    }

    fn has_seen_something(&self) -> bool {
        match rustix::io::read(&self.0, &mut [0_u8; 4096]) {
            Err(rustix::io::Errno::AGAIN) => false,
            read => read.unwrap() > 0,
        }
    }
}

#[test]
fn concurrent_changes_lead_nowhere_outside() {
    let place = new_place();
    let path = |name: &str| place.path().join(name);
    let outside = place.path().strip_prefix("/").unwrap();
    // Each path that could lead to the file outside leads to a file inside, too.
    let decoy = Path::new("root").join(outside).join("secret");
    for directory in [
        "secret",
        "root/secret",
        "root/d",
        "root/deep/y",
        "out/deep/y",
        "root/n/deep",
        "secret/deep",
    ] {
        fs::create_dir_all(path(directory)).unwrap();
    }
    fs::create_dir_all(place.path().join(&decoy)).unwrap();
    for directory in [
        Path::new("secret"),
        Path::new("root/secret"),
        &decoy,
        Path::new("root/d"),
        Path::new("root/n"),
    ] {
        fs::write(place.path().join(directory).join("file"), "").unwrap();
    }
    fs::write(path("root/d/e"), "").unwrap();
    symlink("d/file", path("root/x")).unwrap();
    for link in ["root/x2", "root/d/e2"] {
        symlink(path("secret/file"), path(link)).unwrap();
    }
    symlink("../secret", path("root/d2")).unwrap();
    let secret = identity(Status::of_path(path("secret/file")));
    let watch = Watch::new(&[path("secret"), path("secret/file")]);
    let root = Root::open(&path("root")).unwrap();
    let swaps = [
        ("root/x", "root/x2", "/x"),
        ("root/d", "root/d2", "/d/file"),
        ("root/d/e", "root/d/e2", "/d/e"),
        ("root/deep", "out/deep", "/deep/y/../../../secret/file"),
        ("root/deep", "out/deep", "/deep/../../secret/file"),
        ("root/n/deep", "secret/deep", "/n/deep/../file"),
    ];
    for (one, other, wanted) in swaps {
        let wanted = Path::new(wanted);
        let (parent, name) = (wanted.parent().unwrap(), wanted.file_name().unwrap());
        in_each_mode(|mode| {
            let (ended, stopped) = (AtomicBool::new(false), AtomicBool::new(false));
            thread::scope(|scope| {
                let _stop = RaiseAtEnd(&stopped);
                scope.spawn(|| {
                    let _end = RaiseAtEnd(&ended);
                    for _ in 0..10_000 {
                        renameat_with(CWD, path(one), CWD, path(other), RenameFlags::EXCHANGE)
                            .unwrap();
                        if stopped.load(Ordering::Relaxed) {
                            break;
                        }
                    }
                });
                while !ended.load(Ordering::Relaxed) {
                    for found in [
                        identity(root.open_to_read(wanted).and_then(Status::of_file)),
                        identity(root.status(wanted)),
                        identity(root.open_directory(parent).and_then(|directory| {
                            root.open_entry(&directory, name, wanted).and_then(Status::of_file)
                        })),
                    ] {
                        assert!(found.is_ok() && found != secret, "{mode}: {wanted:?}: {found:?}");
                    }
                }
            });
            assert!(!watch.has_seen_something(), "{mode}: {wanted:?}: a file outside was opened");
        });
    }
    // The watch works.
    drop(fs::File::open(path("secret/file")).unwrap());
    assert!(watch.has_seen_something());
}

/// Runs code with a new directory, in a thread that has its own mounts, `/` and working directory.
fn with_own_mounts(test: &str, work: impl FnOnce(&Path) + Send) {
    if !is_privileged(test) {
        return;
    }
    let place = new_place();
    in_thread(|| {
        assert!(own_mounts());
        work(place.path());
    });
}

#[test]
fn magic_links_are_refused() {
    with_own_mounts("magic_links_are_refused", |place| {
        // /proc itself, and another mount of it.
        for (name, kind, flags) in [("proc", "proc", 0), ("bound", "", libc::MS_BIND)] {
            fs::create_dir(place.join(name)).unwrap();
            if !mount("/proc", &place.join(name), kind, flags) {
                println!("SKIP: magic_links_are_refused: cannot mount /proc ({kind:?})");
                continue;
            }
            let root = Root::open(place).unwrap();
            let opened = fs::File::open("/").unwrap();
            let number = format!("fd/{}", opened.as_raw_fd());
            let process = std::process::id().to_string();
            in_each_mode(|mode| {
                for link in ["root", "cwd", "exe", "ns/mnt", &number] {
                    for process in ["self", &process] {
                        for after in ["", "/", "/.", "/..", "/etc"] {
                            let path = format!("/{name}/{process}/{link}{after}");
                            let answers = Answers::of(&root, Path::new(&path));
                            let refused = Err(libc::ELOOP);
                            let note = format!("{mode}: {path}");
                            assert_eq!(answers.status, refused, "{note}");
                            assert_eq!(answers.file, refused, "{note}");
                            assert_eq!(answers.directory, refused, "{note}");
                            if !after.is_empty() {
                                assert_eq!(answers.link_status, refused, "{note}");
                                assert_eq!(answers.target, Err(libc::ELOOP), "{note}");
                            }
                        }
                    }
                    // The link itself is a file inside.
                    let path = format!("/{name}/{process}/{link}");
                    let status = root.link_status(Path::new(&path)).unwrap();
                    assert!(status.is_link(), "{mode}: {path}");
                    assert!(root.read_link(Path::new(&path)).is_ok(), "{mode}: {path}");
                }
                let path = format!("/{name}/{process}/status");
                assert!(root.open_to_read(Path::new(&path)).is_ok(), "{mode}: {path}");
            });
        }
    });
}

#[test]
fn parents_of_a_mount_end_at_the_root() {
    with_own_mounts("parents_of_a_mount_end_at_the_root", |place| {
        let tree = place.join("tree");
        fs::create_dir_all(tree.join("host/deep")).unwrap();
        assert!(mount("/", &tree.join("host"), "", libc::MS_BIND));
        let wanted = ["/host/../..", "/host/..", "host/../../..", "/host/proc/../../../..", "/.."];
        let root = Root::open(&tree).unwrap();
        let expected = identity(Status::of_path(&tree));
        in_each_mode(|mode| {
            for path in wanted {
                let found = Answers::of(&root, Path::new(path));
                assert_eq!(found.status, expected, "{mode}: {path}");
                assert_eq!(found.directory, expected, "{mode}: {path}");
            }
        });
        compare(&[(tree, wanted.map(PathBuf::from).into())], None, "a mount of /");
    });
}

#[test]
fn links_on_a_mount_with_nosymfollow_are_refused() {
    with_own_mounts("links_on_a_mount_with_nosymfollow_are_refused", |place| {
        const MS_NOSYMFOLLOW: libc::c_ulong = 256;
        fs::create_dir(place.join("m")).unwrap();
        if !mount("tmpfs", &place.join("m"), "tmpfs", MS_NOSYMFOLLOW) {
            println!("SKIP: links_on_a_mount_with_nosymfollow_are_refused: cannot mount so");
            return;
        }
        fs::create_dir(place.join("m/d")).unwrap();
        fs::write(place.join("m/d/f"), "").unwrap();
        symlink("d", place.join("m/l")).unwrap();
        symlink("m/l", place.join("l")).unwrap();
        symlink("m/d", place.join("d")).unwrap();
        let paths = ["m/l", "m/l/", "m/l/f", "m/d/f", "l", "l/f", "d", "d/f", "m/l/..", "d/../l"];
        let answers =
            compare(&[(place.into(), paths.map(PathBuf::from).into())], None, "nosymfollow");
        let refused = answers.iter().filter(|answers| answers.status == Err(libc::ELOOP)).count();
        assert_eq!(refused, 7);
    });
}

#[test]
fn a_located_file_can_be_watched_and_its_attributes_read() {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir(place.path().join("d")).unwrap();
    fs::write(place.path().join("d/f"), "").unwrap();
    symlink("/d/f", place.path().join("link")).unwrap();
    let (attribute, value) = ("user.libhooks", b"inside");
    let has_attribute =
        rustix::fs::setxattr(place.path().join("d/f"), attribute, value, XattrFlags::empty())
            .is_ok();
    if !has_attribute {
        println!("SKIP: an attribute of a located file: this file system has no attributes");
    }
    let root = Root::open(place.path()).unwrap();
    in_each_mode(|mode| {
        for path in ["d/f", "/link", "/../d/./f"] {
            let located = root.locate(Path::new(path), true).unwrap();
            let status = Status::of_path(located.path()).unwrap();
            assert_eq!(status, Status::of_path(place.path().join("d/f")).unwrap(), "{mode}");
            let watch = Watch::new(&[located.path().into()]);
            drop(fs::File::open(place.path().join("d/f")).unwrap());
            assert!(watch.has_seen_something(), "{mode}: {path}");
            if has_attribute {
                let mut read = [0; 100];
                let length = rustix::fs::getxattr(located.path(), attribute, &mut read).unwrap();
                assert_eq!(&read[..length], value, "{mode}: {path}");
            }
        }
        let link = root.locate(Path::new("link"), false).unwrap();
        assert!(Status::of_path(link.path()).unwrap().is_link(), "{mode}");
    });
    // In the host's root, it is the path.
    let path = Path::new("/nonexistent");
    let host = Root::default();
    let located = host.locate(path, true).unwrap();
    assert!(located.path() == path);
}

#[test]
fn nothing_is_located_without_proc() {
    if !is_privileged("nothing_is_located_without_proc") {
        return;
    }
    let place = new_place();
    fs::write(place.path().join("f"), "").unwrap();
    let root = Root::open(place.path()).unwrap();
    let refused = || {
        in_each_mode(|mode| {
            let error = root.locate(Path::new("f"), true).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::ENOSYS), "{mode}");
            let acl = root.acl(Path::new("f"), AclKind::Access);
            let unknown = AclState::Unknown(AclUnknown::Unreadable(Errno(libc::ENOSYS)));
            assert_eq!(acl, unknown, "{mode}");
            // Calls that need no /proc work.
            assert!(root.status(Path::new("f")).is_ok(), "{mode}");
            let missing = root.locate(Path::new("missing"), true).unwrap_err();
            assert_eq!(missing.raw_os_error(), Some(libc::ENOENT), "{mode}");
        });
    };
    in_thread(|| {
        assert!(own_root() && enter(&root));
        refused();
    });
    // Files that look like /proc name other files.
    fs::create_dir_all(place.path().join("proc/thread-self/fd")).unwrap();
    for number in 0..1000 {
        fs::write(place.path().join(format!("proc/thread-self/fd/{number}")), "").unwrap();
    }
    in_thread(|| {
        assert!(own_root() && enter(&root));
        refused();
    });
}
