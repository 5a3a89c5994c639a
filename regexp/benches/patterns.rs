//! Patterns: reading them, the first match, and later matches; patterns.json has the cases.
//!
//! `cargo bench -p go-regexp` prints tables, compared with the crate `regex`, which has another
//! dialect; `go -C benches/go run . ../patterns.json` prints Go's. `make bench` runs it with
//! arguments, and then it prints only numbers:
//!
//! - `typical`: for each case, the nanoseconds of a first match and of a later match
//! - `adversarial BYTES`: for each case, the nanoseconds per byte of an input of that size
//! - `acceptance`: for each pattern, its size in bytes, the nanoseconds to read it, and the most
//!   memory that this takes, in bytes
//! - `first NUMBER`: the nanoseconds of the first match of one case; `first none` does nothing

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use go_regexp::Regexp;
use regex::bytes::Regex;
use serde::Deserialize;

#[derive(Deserialize)]
struct Cases {
    typical: Vec<Case>,
    adversarial: Vec<Case>,
    acceptance: Vec<Repeated>,
    first: Vec<Large>,
}

#[derive(Deserialize)]
struct Case {
    pattern: String,
    input: String,
}

#[derive(Deserialize)]
struct Large {
    pattern: Repeated,
    input: Repeated,
}

#[derive(Deserialize)]
#[serde(default)]
struct Repeated {
    before: String,
    part: String,
    times: usize,
    after: String,
}

impl Default for Repeated {
    fn default() -> Repeated {
        Repeated { before: String::new(), part: String::new(), times: 1, after: String::new() }
    }
}

impl Repeated {
    fn text(&self) -> String {
        format!("{}{}{}", self.before, self.part.repeat(self.times), self.after)
    }
}

/// An allocator that counts bytes. There is only one thread, so relaxed order is enough.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST_HELD: AtomicUsize = AtomicUsize::new(0);

fn hold(bytes: usize) {
    let held = HELD.load(Relaxed) + bytes;
    HELD.store(held, Relaxed);
    if held > MOST_HELD.load(Relaxed) {
        MOST_HELD.store(held, Relaxed);
    }
}

fn release(bytes: usize) {
    HELD.store(HELD.load(Relaxed) - bytes, Relaxed);
}

// SAFETY: passes each call unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        hold(layout.size());
        // SAFETY: the caller promises it.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        release(layout.size());
        // SAFETY: the caller promises it.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // The system may hold both blocks for a moment, which is not counted.
        release(layout.size());
        hold(size);
        // SAFETY: the caller promises it.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn nanoseconds(times: usize, mut f: impl FnMut()) -> f64 {
    let start = Instant::now();
    (0..times).for_each(|_| f());
    start.elapsed().as_nanos() as f64 / times as f64
}

fn median(rounds: usize, times: usize, mut f: impl FnMut()) -> f64 {
    let mut list: Vec<f64> = (0..rounds).map(|_| nanoseconds(times, &mut f)).collect();
    list.sort_by(f64::total_cmp);
    list[list.len() / 2]
}

fn compile(text: &str) -> Regexp {
    Regexp::new(text).expect("the cases are valid patterns")
}

fn first_match(text: &str, input: &[u8]) {
    black_box(compile(black_box(text)).is_match(black_box(input)));
}

fn hot(pattern: &Regexp, input: &[u8]) {
    black_box(black_box(pattern).is_match(black_box(input)));
}

fn typical(cases: &[Case], rounds: usize) -> Vec<(f64, f64)> {
    let measure = |case: &Case| {
        let input = case.input.as_bytes();
        let first = median(rounds, 100, || first_match(&case.pattern, input));
        let pattern = compile(&case.pattern);
        (first, median(rounds, 2000, || hot(&pattern, input)))
    };
    cases.iter().map(measure).collect()
}

/// Returns the nanoseconds per byte for each case.
fn adversarial(cases: &[Case], size: usize) -> Vec<f64> {
    let measure = |case: &Case| {
        let input = case.input.repeat(size / case.input.len());
        let pattern = compile(&case.pattern);
        hot(&pattern, input.as_bytes());
        median(3, (100_000 / size).max(1), || hot(&pattern, input.as_bytes())) / input.len() as f64
    };
    cases.iter().map(measure).collect()
}

struct Accepted {
    length: usize,
    nanoseconds: f64,
    bytes: usize,
}

fn acceptance(patterns: &[Repeated]) -> Vec<Accepted> {
    let measure = |pattern: &Repeated| {
        let text = pattern.text();
        let before = HELD.load(Relaxed);
        MOST_HELD.store(before, Relaxed);
        drop(black_box(compile(&text)));
        let bytes = MOST_HELD.load(Relaxed) - before;
        Accepted {
            length: text.len(),
            nanoseconds: median(5, 1, || drop(black_box(compile(&text)))),
            bytes,
        }
    };
    patterns.iter().map(measure).collect()
}

fn tables(cases: &Cases) {
    println!(
        "{:32} {:>10} {:>19} {:>8} {:>26} {:>10}",
        "", "read", "read, first match", "hot", "regex: read, first match", "regex: hot"
    );
    for (Case { pattern: text, input }, (first, later)) in
        cases.typical.iter().zip(typical(&cases.typical, 101))
    {
        let input = input.as_bytes();
        let read = median(101, 100, || drop(black_box(compile(black_box(text)))));
        let regex_first = median(21, 5, || {
            black_box(
                Regex::new(black_box(text)).is_ok_and(|regex| regex.is_match(black_box(input))),
            );
        });
        let regex = Regex::new(text).expect("the cases are valid patterns for regex, too");
        let regex_later = median(101, 2000, || {
            black_box(black_box(&regex).is_match(black_box(input)));
        });
        println!(
            "{text:32} {read:10.0} {first:19.0} {later:8.1} {regex_first:26.0} {regex_later:10.1}"
        );
    }
    println!(
        "\n{:32} {:>10} {:>10} {:>10}",
        "nanoseconds per byte of input", "1 kB", "10 kB", "100 kB"
    );
    let [small, medium, large] =
        [1000, 10_000, 100_000].map(|size| adversarial(&cases.adversarial, size));
    for (number, case) in cases.adversarial.iter().enumerate() {
        let text = &case.pattern;
        println!("{text:32} {:10.1} {:10.1} {:10.1}", small[number], medium[number], large[number]);
    }
    println!("\n{:32} {:>10} {:>10}", "compile, per byte of pattern", "ns", "bytes");
    for (pattern, accepted) in cases.acceptance.iter().zip(acceptance(&cases.acceptance)) {
        let length = accepted.length as f64;
        let name = format!("{} × {}", pattern.part, pattern.times);
        println!(
            "{name:32} {:10.0} {:10.1}",
            accepted.nanoseconds / length,
            accepted.bytes as f64 / length
        );
    }
}

fn main() {
    let cases: Cases =
        serde_json::from_str(include_str!("patterns.json")).expect("patterns.json is valid");
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["typical"] => {
            typical(&cases.typical, 7)
                .iter()
                .for_each(|(first, later)| println!("{first:.1} {later:.2}"));
        }
        ["adversarial", size] => {
            let size = size.parse().expect("a number of bytes");
            adversarial(&cases.adversarial, size)
                .iter()
                .for_each(|nanoseconds| println!("{nanoseconds:.3}"));
        }
        ["acceptance"] => {
            for Accepted { length, nanoseconds, bytes } in acceptance(&cases.acceptance) {
                println!("{length} {nanoseconds:.0} {bytes}");
            }
        }
        ["first", "none"] => println!("0"),
        ["first", number] => {
            let case = &cases.first[number.parse::<usize>().expect("the number of a case")];
            let (pattern, input) = (case.pattern.text(), case.input.text());
            println!("{:.0}", nanoseconds(1, || first_match(&pattern, input.as_bytes())));
        }
        _ => tables(&cases),
    }
}
