//! Compares each pattern of `tests/data/cases.jsonl` with the recorded results of Go.

use go_regexp::{Regexp, Unmatchable};
use serde_json::Value;

/// Returns the input of a case: a string, or bytes in hexadecimal if it is not UTF-8.
fn input(case: &Value) -> Vec<u8> {
    match case.get("input") {
        Some(text) => text.as_str().unwrap().into(),
        None => {
            // One case has a newline after the digits, which belongs to the input.
            let text = case["input_hex"].as_str().unwrap();
            let digits = text.trim_end_matches('\n');
            let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
            let mut bytes: Vec<u8> = (0..digits.len()).step_by(2).map(byte).collect();
            bytes.extend(&text.as_bytes()[digits.len()..]);
            bytes
        }
    }
}

#[test]
fn go_agrees_on_every_case() {
    let text = include_str!("../data/cases.jsonl");
    let (mut accepted, mut rejected, mut matched, mut unmatched, mut bytes) = (0, 0, 0, 0, 0);
    let mut differences = Vec::new();
    // Not `lines()`: a pattern may end in a carriage return.
    for line in text.split('\n').filter(|line| !line.is_empty()) {
        let case: Value = serde_json::from_str(line).unwrap();
        let text = case["pattern"].as_str().unwrap();
        let pattern = match Regexp::new(text) {
            Ok(pattern) => pattern,
            Err(error) => {
                rejected += 1;
                if case["accept"] != false || case["error"] != error.to_string() {
                    differences.push(format!(
                        "{text:?}: Go: {}, {}; here: {error}",
                        case["accept"], case["error"]
                    ));
                }
                assert!(text.is_char_boundary(error.offset()), "{text:?}");
                continue;
            }
        };
        accepted += 1;
        assert_eq!(pattern.as_str(), text);
        if case["accept"] != true {
            differences.push(format!("{text:?}: Go: {}; here: accepted", case["error"]));
            continue;
        }
        let nothing = Unmatchable::of(text).unwrap();
        for case in case["cases"].as_array().unwrap() {
            let input = input(case);
            bytes += usize::from(case.get("input").is_none());
            let verdict = pattern.is_match(&input);
            *if verdict { &mut matched } else { &mut unmatched } += 1;
            assert!(nothing.is_none() || case["match"] == false, "{text:?}: {nothing:?}");
            if case["match"] != verdict {
                differences.push(format!(
                    "{text:?} on {:?}: here {verdict}",
                    input.escape_ascii().to_string()
                ));
            }
        }
    }
    println!(
        "{accepted} accepted, {rejected} rejected; {matched} matches, {unmatched} not; {bytes} inputs not UTF-8"
    );
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
    assert!(
        accepted > 3000 && rejected > 600 && matched > 10_000 && unmatched > 10_000 && bytes > 100
    );
}
