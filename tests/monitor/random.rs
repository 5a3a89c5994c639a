//! Random changes: in the end, the hooks are those that a new manager loads.

use std::fs;
use std::os::unix::fs::symlink;

use fastrand::Rng;

use crate::place::{Place, marked};

const ROUNDS: u64 = 150;

/// Makes a random change to a file or a directory. It may fail.
fn act(place: &Place, random: &mut Rng, step: u64) {
    let mut pick = |strings: &[&str]| strings[random.usize(..strings.len())].to_owned();
    let directories = ["up/a", "up/b", "up/link", "store", "away"];
    let name = format!("{}/{}", pick(&directories), pick(&["x.json", "y.json", "z.json", "data"]));
    let other = format!("{}/{}", pick(&directories), pick(&["x.json", "y.json", "z.json", "data"]));
    let (from, to) = (place.path(&name), place.path(&other));
    let mark = step.to_string();
    let action = pick(&[
        "write",
        "write",
        "write",
        "half",
        "remove",
        "rename",
        "rename",
        "symlink",
        "symlink",
        "chain",
        "directory",
        "remove directory",
        "swap",
        "retarget",
        "executable",
        "no executable",
        "needs executable",
    ]);
    let done = match action.as_str() {
        "write" => fs::write(from, marked(&mark)),
        "half" => fs::write(from, &marked(&mark)[..40]),
        "remove" => fs::remove_file(from),
        "rename" => fs::rename(from, to),
        "symlink" => symlink(from, to),
        "chain" => symlink(pick(&["data", "../store/x.json", "../store/data", "nowhere"]), from),
        "directory" => fs::create_dir_all(place.path(&pick(&directories))),
        "remove directory" => fs::remove_dir_all(place.path(&pick(&directories))),
        "swap" => fs::rename(
            place.path(&pick(&["up", "up/a", "away"])),
            place.path(&pick(&["up", "up/a", "away"])),
        ),
        "retarget" => fs::remove_file(place.path("up/link")).and_then(|()| {
            symlink(pick(&["a", "../store", "nowhere", "../away"]), place.path("up/link"))
        }),
        "executable" => fs::write(place.path("store/hook"), ""),
        "no executable" => fs::remove_file(place.path("store/hook")),
        _ => {
            let hook =
                marked(&mark).replace("/bin/true", place.path("store/hook").to_str().unwrap());
            fs::write(from, hook)
        }
    };
    if std::env::var_os("LIBHOOKS_MONITOR_SHOW").is_some() {
        println!(
            "{step} {action} {name} {other} {}",
            done.map_or_else(|error| error.to_string(), |()| "done".into())
        );
    }
}

#[test]
fn random_changes() {
    let seed =
        std::env::var("LIBHOOKS_MONITOR_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let rounds =
        std::env::var("LIBHOOKS_MONITOR_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    let mut random = Rng::with_seed(seed);
    let mut place = Place::new(&["up/a", "up/b", "up/link"]);
    let _ = fs::remove_dir(place.path("up/link"));
    let _ = symlink("a", place.path("up/link"));
    let (mut step, mut reported) = (0, 0);
    for _ in 0..rounds.unwrap_or(ROUNDS) {
        for _ in 0..=random.usize(..6) {
            step += 1;
            act(&place, &mut random, step);
        }
        reported += place.settle().len();
    }
    println!("seed {seed}: {step} steps, {reported} changes reported");
    assert!(reported > 0);
}
