//! Compares this engine with Go on 60,000 generated patterns, and checks that the comparison finds
//! planted faults.
//!
//! `GO_REGEXP_SEED` sets the seed, and `GO_REGEXP_COUNT` the number of patterns.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use go_regexp::{Error, Fault, Regexp};
use serde_json::{Value, json};

use crate::generator::{Case, Generator, PRODUCTIONS};

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Builds the Go program. Fails with the reason if there is no Go.
fn build() -> Result<std::path::PathBuf, String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle");
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go-regexp");
    let result = Command::new("go")
        .arg("build")
        .arg("-o")
        .arg(&program)
        .arg(".")
        .current_dir(source)
        .output();
    match result {
        Err(error) => Err(format!("no go: {error}")),
        Ok(output) => {
            assert!(
                output.status.success(),
                "go build: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            Ok(program)
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns Go's answer to every case.
fn ask(program: &Path, cases: &[Case]) -> Vec<Value> {
    let mut go =
        Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = BufWriter::new(go.stdin.take().unwrap());
    let stdout = BufReader::new(go.stdout.take().unwrap());
    let answers = std::thread::scope(|scope| {
        scope.spawn(move || {
            for case in cases {
                let inputs: Vec<String> = case.inputs.iter().map(|input| hex(input)).collect();
                writeln!(stdin, "{}", json!({"pattern": case.pattern, "inputs": inputs})).unwrap();
            }
        });
        stdout
            .lines()
            .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
            .collect::<Vec<Value>>()
    });
    assert!(go.wait().unwrap().success());
    assert_eq!(answers.len(), cases.len());
    answers
}

/// Lists the differences between an engine and Go.
fn differences(
    cases: &[Case],
    answers: &[Value],
    engine: impl Fn(&str) -> Result<Regexp, Error>,
) -> Vec<String> {
    let mut differences = Vec::new();
    for (Case { pattern: text, inputs }, answer) in cases.iter().zip(answers) {
        match (engine(text), answer.get("error").and_then(Value::as_str)) {
            (Err(error), Some(expected)) => {
                if error.to_string() != expected {
                    differences.push(format!("{text:?}: Go: {expected}; here: {error}"));
                }
                assert!(text.is_char_boundary(error.offset()), "{text:?}");
            }
            (Err(error), None) => {
                differences.push(format!("{text:?}: Go accepts it; here: {error}"))
            }
            (Ok(_), Some(expected)) => {
                differences.push(format!("{text:?}: accepted here; Go: {expected}"))
            }
            (Ok(pattern), None) => {
                for (input, expected) in inputs.iter().zip(answer["verdicts"].as_array().unwrap()) {
                    if expected != pattern.is_match(input) {
                        let input = input.escape_ascii();
                        differences.push(format!("{text:?} on b\"{input}\": Go: {expected}"));
                    }
                }
            }
        }
    }
    differences
}

/// Compares Go's limits exactly: for each kind of growing pattern, Go must reject the same size as
/// the first one that is too large.
#[test]
fn go_has_the_same_limits() {
    let program = match build() {
        Ok(program) => program,
        Err(reason) => {
            println!("SKIP: {reason}");
            return;
        }
    };
    let mut generator = Generator::new(setting("GO_REGEXP_SEED", 20_261_123) ^ 0x11717);
    let mut cases = Vec::new();
    let mut found = 0;
    while found < 120 {
        let pattern = generator.growing();
        let limited = |n: usize| {
            Regexp::new(&pattern(n)).is_err_and(|error| {
                let text = error.to_string();
                text.contains("too large") || text.contains("too deeply")
            })
        };
        let (mut fits, mut limit) = (1, 6000);
        if Regexp::new(&pattern(fits)).is_err() || !limited(limit) {
            continue;
        }
        found += 1;
        while limit - fits > 1 {
            let middle = (fits + limit) / 2;
            *if limited(middle) { &mut limit } else { &mut fits } = middle;
        }
        for n in [fits.max(2) - 1, fits, limit, limit + 1] {
            cases.push(Case { pattern: pattern(n), inputs: Vec::new() });
        }
    }
    let answers = ask(&program, &cases);
    let mut differences = Vec::new();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for (case, answer) in cases.iter().zip(&answers) {
        let here = Regexp::new(&case.pattern).err().map(|error| error.to_string());
        let expected = answer.get("error").and_then(Value::as_str);
        *kinds.entry(expected.unwrap_or("accepted").chars().take(50).collect()).or_default() += 1;
        if here.as_deref() != expected {
            let cut = |text: Option<&str>| {
                text.unwrap_or("accepted").chars().take(120).collect::<String>()
            };
            differences.push(format!(
                "{}: Go: {}; here: {}",
                case.pattern.len(),
                cut(expected),
                cut(here.as_deref())
            ));
        }
    }
    println!("{} patterns around limits: {kinds:?}", cases.len());
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

#[test]
fn go_agrees_and_planted_faults_are_found() {
    let program = match build() {
        Ok(program) => program,
        Err(reason) => {
            println!("SKIP: {reason}");
            return;
        }
    };
    let seed = setting("GO_REGEXP_SEED", 20_261_123);
    let count = setting("GO_REGEXP_COUNT", 60_000) as usize;
    let mut generator = Generator::new(seed);
    let cases: Vec<Case> = (0..count).map(|_| generator.case()).collect();
    let answers = ask(&program, &cases);

    // The comparison only means something if the cases are varied enough.
    let accepted = answers.iter().filter(|answer| answer.get("error").is_none()).count();
    let verdicts: Vec<bool> = answers
        .iter()
        .filter_map(|answer| answer.get("verdicts").and_then(Value::as_array))
        .flatten()
        .map(|verdict| verdict.as_bool().unwrap())
        .collect();
    let matches = verdicts.iter().filter(|verdict| **verdict).count();
    let not_utf8 = cases
        .iter()
        .flat_map(|case| &case.inputs)
        .filter(|input| std::str::from_utf8(input).is_err())
        .count();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for error in answers.iter().filter_map(|answer| answer.get("error").and_then(Value::as_str)) {
        let text = error.strip_prefix("error parsing regexp: ").unwrap();
        *kinds.entry(text.split(": `").next().unwrap()).or_default() += 1;
    }
    println!(
        "seed {seed}: {count} patterns, Go accepts {accepted}; {} verdicts, {matches} matches",
        verdicts.len()
    );
    println!("{not_utf8} inputs are not UTF-8; errors: {kinds:?}");
    println!("productions: {:?}", generator.hits);
    assert!(
        count < 50_000 || (accepted * 10 > count * 3 && accepted * 10 < count * 7),
        "{accepted} of {count}"
    );
    assert!(
        matches * 4 > verdicts.len() && matches * 4 < verdicts.len() * 3,
        "{matches} of {}",
        verdicts.len()
    );
    assert!(cases.iter().all(|case| case.inputs.len() >= 4));
    if count >= 50_000 {
        assert!(not_utf8 > 10_000 && kinds.len() == 13, "{kinds:?}");
        for production in PRODUCTIONS {
            let hits = generator.hits.get(production).copied().unwrap_or(0);
            assert!(hits >= 200, "{production}: only {hits}");
        }
        assert_eq!(generator.hits.len(), PRODUCTIONS.len());
    }

    let found = differences(&cases, &answers, Regexp::new);
    println!("{} differences", found.len());
    assert!(
        found.is_empty(),
        "{} differences:\n{}",
        found.len(),
        found[..found.len().min(50)].join("\n")
    );

    for fault in [
        Fault::VerticalTabInSpace,
        Fault::UnicodeDigits,
        Fault::NoKelvinSign,
        Fault::NoRepeatProduct,
        Fault::DollarBeforeFinalNewline,
    ] {
        let found = differences(&cases, &answers, |text| Regexp::with_fault(text, fault));
        println!(
            "{fault:?}: {} differences, such as {}",
            found.len(),
            found.first().map_or("none", String::as_str)
        );
        assert!(!found.is_empty(), "{fault:?} is not found");
    }
}
