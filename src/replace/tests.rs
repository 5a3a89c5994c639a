//! Another process acts at each point between two system calls.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::step::Step;
use super::step::tests::with;
use super::*;

const USER: u32 = 12345;
const OLD: &str = "{\"old\": 1}";
const NEW: &str = "{\"new\": 1}";
const FOREIGN: &str = "{\"foreign\": 1}";
const SECRET: &str = "a secret of root's";

const STEPS: [Step; 9] = [
    Step::Component,
    Step::Walked,
    Step::Seen,
    Step::Opened,
    Step::Created,
    Step::Filled,
    Step::Compared,
    Step::Exchanged,
    Step::Conflicted,
];

/// A user's bundle, and root's files. The user can write the bundle's directory and the one above.
struct Fixture {
    root: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Rc<Fixture> {
        let fixture = Fixture { root: tempfile::tempdir().unwrap() };
        for directory in ["home", "home/bundle", "victim"] {
            fs::create_dir(fixture.path(directory)).unwrap();
        }
        fs::write(fixture.path("home/bundle/config.json"), OLD).unwrap();
        for name in ["secret", "config.json"] {
            fs::write(fixture.path("victim").join(name), SECRET).unwrap();
            fs::set_permissions(
                fixture.path("victim").join(name),
                PermissionsExt::from_mode(0o600),
            )
            .unwrap();
        }
        symlink(fixture.path("victim"), fixture.path("home/link")).unwrap();
        // If the tests run as an ordinary user, that user's directories do not belong to root
        // either.
        for path in ["home", "home/bundle", "home/bundle/config.json"] {
            let _ = chown(fixture.path(path), Some(USER), Some(USER));
        }
        Rc::new(fixture)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn config(&self) -> PathBuf {
        self.path("home/bundle/config.json")
    }

    /// Reads, changes and replaces the config, as root would.
    fn edit(&self) -> Result<Replaced, Error> {
        let mut target = Replacement::find_as(&self.config(), true)?;
        target.lock()?;
        target.read(1 << 20)?;
        target.replace(NEW.as_bytes(), Durability::Unsynced)
    }

    /// Makes the file, or replaces it without reading it.
    fn overwrite(&self) -> Result<Replaced, Error> {
        Replacement::find_as(&self.config(), true)?.replace(NEW.as_bytes(), Durability::Unsynced)
    }

    /// Checks that no file of root was read, written, or given away.
    fn check(&self, context: &str) {
        let names = |directory: &Path| {
            let mut names: Vec<_> =
                fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        assert_eq!(names(&self.path("victim")), ["config.json", "secret"], "{context}");
        for name in ["config.json", "secret"] {
            let path = self.path("victim").join(name);
            let metadata = fs::metadata(&path).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), SECRET, "{context}");
            assert_eq!(metadata.mode() & 0o777, 0o600, "{context}");
            assert_ne!(metadata.uid(), USER, "{context}");
        }
        let bundle = self.path("home").join("bundle");
        let bundle = if bundle.is_symlink() { self.path("home/link") } else { bundle };
        for name in names(&bundle) {
            let path = bundle.join(&name);
            if path.is_symlink() || !path.is_file() {
                continue;
            }
            let is_secret = fs::read_to_string(&path).unwrap() == SECRET;
            assert!(
                !is_secret || fs::metadata(&path).unwrap().uid() != USER,
                "{context}: {name:?}"
            );
        }
    }

    fn temporary_names(&self) -> Vec<PathBuf> {
        let entries =
            fs::read_dir(self.path("home/bundle")).unwrap().map(|entry| entry.unwrap().path());
        let is_ours =
            |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(".oci-hooks.");
        entries.filter(is_ours).collect()
    }
}

/// Replaces a path by another file in one step.
fn swap(path: &Path, make: impl FnOnce(&Path)) {
    let other = path.with_extension("other");
    let _ = fs::remove_file(&other);
    make(&other);
    fs::rename(&other, path).unwrap();
}

fn file_for_link(fixture: &Fixture) {
    swap(&fixture.config(), |other| symlink(fixture.path("victim/secret"), other).unwrap());
}

fn file_for_hard_link(fixture: &Fixture) {
    swap(&fixture.config(), |other| fs::hard_link(fixture.path("victim/secret"), other).unwrap());
}

fn file_for_fifo(fixture: &Fixture) {
    swap(&fixture.config(), |other| {
        let status = std::process::Command::new("mkfifo").arg(other).status().unwrap();
        assert!(status.success());
    });
}

fn file_for_directory(fixture: &Fixture) {
    let (config, other) = (fixture.config(), fixture.path("home/bundle/directory"));
    fs::create_dir(&other).unwrap();
    renameat_with(CWD, &config, CWD, &other, RenameFlags::EXCHANGE).unwrap();
}

fn directory_for_link(fixture: &Fixture) {
    let (bundle, link) = (fixture.path("home/bundle"), fixture.path("home/link"));
    renameat_with(CWD, bundle, CWD, link, RenameFlags::EXCHANGE).unwrap();
}

fn temporary_for_link(fixture: &Fixture) {
    for name in fixture.temporary_names() {
        swap(&name, |other| symlink(fixture.path("victim/secret"), other).unwrap());
    }
}

fn temporary_for_hard_link(fixture: &Fixture) {
    for name in fixture.temporary_names() {
        swap(&name, |other| fs::hard_link(fixture.path("victim/secret"), other).unwrap());
    }
}

type Attack = (&'static str, fn(&Fixture));

const ATTACKS: [Attack; 7] = [
    ("the file for a link", file_for_link),
    ("the file for a hard link", file_for_hard_link),
    ("the file for a FIFO", file_for_fifo),
    ("the file for a directory", file_for_directory),
    ("the directory for a link", directory_for_link),
    ("the temporary name for a link", temporary_for_link),
    ("the temporary name for a hard link", temporary_for_hard_link),
];

/// Acts once as another process, after a step was reached `skip` times before.
fn act_at<T>(
    fixture: &Rc<Fixture>,
    (at, skip): (Step, usize),
    act: impl Fn(&Fixture) + 'static,
    during: impl FnOnce() -> T,
) -> (T, bool) {
    let acted = Rc::new(std::cell::Cell::new(false));
    let (acts, in_act) = (Rc::clone(&acted), Rc::clone(fixture));
    let mut left = skip;
    let other = move |step: Step| {
        if step != at {
        } else if left > 0 {
            left -= 1;
        } else if !acts.replace(true) {
            act(&in_act);
        }
    };
    let done = with(other, during);
    (done, acted.get())
}

#[test]
fn no_attack_wins_a_race() {
    let mut acted = 0;
    for (name, attack) in ATTACKS {
        for step in STEPS {
            // A path has several components.
            for skip in 0.. {
                let edit: fn(&Fixture) -> _ = Fixture::edit;
                let overwrite: fn(&Fixture) -> _ = Fixture::overwrite;
                let mut any = false;
                for change in [edit, overwrite] {
                    let fixture = Fixture::new();
                    let (result, has_acted) =
                        act_at(&fixture, (step, skip), attack, || change(&fixture));
                    fixture.check(&format!("{name} swapped at {step:?} ({skip}): {result:?}"));
                    any |= has_acted;
                }
                if !any {
                    break;
                }
                acted += 1;
            }
        }
    }
    assert!(acted > 7 * 8, "{acted}");
}

#[test]
fn a_new_file_is_made_in_the_directory_that_was_opened() {
    for (name, attack) in ATTACKS {
        if name.starts_with("the file") {
            continue;
        }
        for step in STEPS {
            let fixture = Fixture::new();
            fs::remove_file(fixture.config()).unwrap();
            let (result, _) = act_at(&fixture, (step, 0), attack, || fixture.overwrite());
            fixture.check(&format!("{name} swapped at {step:?}: {result:?}"));
        }
    }
}

#[test]
fn a_link_is_not_followed_after_the_walk() {
    // Each of the three ways to open something has O_NOFOLLOW.
    let swapped_at = |step, skip, attack: fn(&Fixture)| {
        let fixture = Fixture::new();
        let (result, acted) = act_at(&fixture, (step, skip), attack, || fixture.edit());
        assert!(acted);
        result.unwrap_err()
    };
    // Swap the directory after its parent was opened. The path to it has this many components.
    let components = Fixture::new().config().components().count() - 1;
    let error = swapped_at(Step::Component, components - 2, directory_for_link);
    assert!(
        matches!(error.reason(), Reason::Link(link) if link.ends_with("home/bundle")),
        "{error}"
    );
    let error = swapped_at(Step::Walked, 0, file_for_link);
    assert!(matches!(error.reason(), Reason::NotRegular), "{error}");
    let error = swapped_at(Step::Seen, 0, file_for_link);
    assert_eq!(error.errno(), Some(Errno::LOOP.raw_os_error()), "{error}");
}

/// Returns the content of the file after a conflict.
fn content(fixture: &Fixture) -> String {
    fs::read_to_string(fixture.config()).unwrap()
}

#[test]
fn a_change_by_another_process_stays() {
    let renames =
        |fixture: &Fixture| swap(&fixture.config(), |other| fs::write(other, FOREIGN).unwrap());
    let writes = |fixture: &Fixture| fs::write(fixture.config(), FOREIGN).unwrap();
    let removes = |fixture: &Fixture| fs::remove_file(fixture.config()).unwrap();
    let restricts = |fixture: &Fixture| {
        fs::set_permissions(fixture.config(), PermissionsExt::from_mode(0o600)).unwrap()
    };
    for step in [Step::Created, Step::Filled, Step::Compared] {
        for (name, act) in
            [("renames", renames as fn(&Fixture)), ("writes", writes), ("restricts", restricts)]
        {
            let fixture = Fixture::new();
            let (result, acted) = act_at(&fixture, (step, 0), act, || fixture.edit());
            let error = result.expect_err(&format!("{name} at {step:?}"));
            assert!(acted && matches!(error.reason(), Reason::Changed(None)), "{error}");
            let want = if name == "restricts" { OLD } else { FOREIGN };
            assert_eq!(content(&fixture), want, "{name} at {step:?}");
            assert_eq!(fixture.temporary_names(), [] as [PathBuf; 0]);
        }
        let fixture = Fixture::new();
        let (result, _) = act_at(&fixture, (step, 0), removes, || fixture.edit());
        assert!(matches!(result.unwrap_err().reason(), Reason::Changed(None)));
        assert!(!fixture.config().exists());
    }
}

#[test]
fn a_write_into_the_open_file_stays() {
    // The same length and time: only the content shows it.
    let fixture = Fixture::new();
    let file = fs::OpenOptions::new().write(true).open(fixture.config()).unwrap();
    let times = fs::FileTimes::new()
        .set_modified(fs::metadata(fixture.config()).unwrap().modified().unwrap());
    let other = OLD.replace('1', "2");
    let written = other.clone();
    let writes = move |_: &Fixture| {
        (&file).write_all(written.as_bytes()).unwrap();
        file.set_times(times).unwrap();
    };
    let (result, _) = act_at(&fixture, (Step::Compared, 0), writes, || fixture.edit());
    assert!(matches!(result.unwrap_err().reason(), Reason::Changed(None)));
    assert_eq!(content(&fixture), other);
}

#[test]
fn the_last_of_three_writers_wins() {
    // The third one writes while we hold the file of the second one.
    let fixture = Fixture::new();
    let first = Rc::clone(&fixture);
    let other = move |step| {
        let text = match step {
            Step::Compared => FOREIGN,
            Step::Conflicted => "{\"foreign\": 2}",
            _ => return,
        };
        swap(&first.config(), |other| fs::write(other, text).unwrap());
    };
    let error = with(other, || fixture.edit()).unwrap_err();
    assert!(matches!(error.reason(), Reason::Changed(None)), "{error}");
    assert_eq!(content(&fixture), "{\"foreign\": 2}");
    assert_eq!(fixture.temporary_names(), [] as [PathBuf; 0]);
}

#[test]
fn a_file_that_appears_is_not_replaced() {
    let fixture = Fixture::new();
    fs::remove_file(fixture.config()).unwrap();
    let appears = |fixture: &Fixture| fs::write(fixture.config(), FOREIGN).unwrap();
    let (result, _) = act_at(&fixture, (Step::Filled, 0), appears, || fixture.overwrite());
    assert!(matches!(result.unwrap_err().reason(), Reason::Changed(None)));
    assert_eq!(content(&fixture), FOREIGN);
}

#[test]
fn without_a_conflict_it_is_replaced() {
    let fixture = Fixture::new();
    let replaced = fixture.edit().unwrap();
    assert_eq!((content(&fixture).as_str(), replaced.left_out.len()), (NEW, 0));
    fixture.check("no attack");
    assert_eq!(fixture.temporary_names(), [] as [PathBuf; 0]);
}
