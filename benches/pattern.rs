//! Reading a pattern, the first match, and later matches, in nanoseconds (medians); beside them the crate `regex`, whose
//! dialect is another one.
//!
//! `cargo bench -p libhooks --bench pattern`, and for Go's figures `(cd tests/go/bench && go run .)`.

use std::hint::black_box;
use std::time::Instant;

use libhooks::pattern::Pattern;
use regex::bytes::Regex;

const CASES: [(&str, &str); 11] = [
    (".*", "/usr/bin/bash"),
    ("^true$", "true"),
    (".*/init$", "/usr/sbin/init"),
    ("^/usr/bin/(sh|bash)$", "/usr/bin/bash"),
    ("^/usr/s?bin/.*$", "/usr/sbin/nginx"),
    ("org\\.systemd.*", "org.systemd.property.X"),
    ("^/(usr/)?bin/[a-z]+[0-9.]*$", "/usr/bin/python3.11"),
    ("(?i)nvidia.*gpu", "device: NVIDIA A100 GPU"),
    ("\\bfoo\\b", "a foo b"),
    ("(?:a{10}){20}b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    ("\\pL+-\\d+", "caf\u{e9}-42"),
];

fn median(rounds: usize, times: u32, mut f: impl FnMut()) -> f64 {
    let mut list: Vec<f64> = (0..rounds)
        .map(|_| {
            let begin = Instant::now();
            (0..times).for_each(|_| f());
            begin.elapsed().as_nanos() as f64 / f64::from(times)
        })
        .collect();
    list.sort_by(f64::total_cmp);
    list[list.len() / 2]
}

fn main() {
    println!(
        "{:32} {:>10} {:>19} {:>8} {:>26} {:>10}",
        "", "read", "read, first match", "hot", "regex: read, first match", "regex: hot"
    );
    for (text, input) in CASES {
        let input = input.as_bytes();
        let read = median(101, 100, || drop(black_box(Pattern::new(black_box(text)))));
        let cold = median(101, 100, || {
            black_box(Pattern::new(black_box(text)).is_ok_and(|pattern| pattern.matches(black_box(input))));
        });
        let pattern = Pattern::new(text).expect("the cases are patterns");
        let hot = median(101, 2000, || {
            black_box(black_box(&pattern).matches(black_box(input)));
        });
        let regex_cold = median(21, 5, || {
            black_box(Regex::new(black_box(text)).is_ok_and(|regex| regex.is_match(black_box(input))));
        });
        let regex = Regex::new(text).expect("the cases are patterns of this dialect too");
        let regex_hot = median(101, 2000, || {
            black_box(black_box(&regex).is_match(black_box(input)));
        });
        println!("{text:32} {read:10.0} {cold:19.0} {hot:8.1} {regex_cold:26.0} {regex_hot:10.1}");
    }
    // What must not depend on what a pattern says, in nanoseconds per byte of it.
    for part in [
        "a{0,1000}b",
        "\\pL",
        "[\\pL\\d_]",
        "(?i)[\\pL]",
        "(a|b)*",
        "x|",
        "ab",
        "[ac]|[eg]|",
        "a*|",
        "(?:ab|ac)",
    ] {
        let text = part.repeat(1600);
        let read = median(21, 1, || drop(black_box(Pattern::new(black_box(&text)))));
        println!("{part:>20} 1600 times: {:.0} ns a byte", read / text.len() as f64);
    }
}
