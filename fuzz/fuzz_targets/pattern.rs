//! Compares patterns and inputs with Go: a Go process (`LIBHOOKS_FUZZ_GO`) that lives as long as
//! the target.
#![no_main]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use go_regexp::{Error, Fault, Regexp};
use libfuzzer_sys::fuzz_target;
use libhooks_fuzz::{fields, planted_fault, timed};
use serde_json::{Value, json};

// The fields of an input: the pattern, then the inputs to match.
fuzz_target!(|data: &[u8]| {
    let mut fields = fields(data);
    let Ok(pattern) = str::from_utf8(fields.next().unwrap_or_default()) else { return };
    let mut inputs: Vec<&[u8]> = fields.take(8).collect();
    // There must be an input: without one Go would only parse the pattern.
    inputs.extend([&b""[..], b"\n", "k\u{212a}".as_bytes(), "\u{17f}".as_bytes()]);
    ask(pattern, &inputs);
});

fn ask(text: &str, inputs: &[&[u8]]) {
    let (own, verdicts) = timed(|| {
        let own = read(text);
        let verdicts = own
            .as_ref()
            .map(|pattern| inputs.iter().map(|input| pattern.is_match(input)).collect::<Vec<_>>());
        (own.as_ref().map(drop).map_err(|error| (error.to_string(), error.offset())), verdicts.ok())
    });
    let Some(answer) = Go::answer(text, inputs) else { return };
    match own {
        Err((error, offset)) => {
            assert_eq!(answer["error"].as_str(), Some(&*error), "{text:?}");
            assert!(text.is_char_boundary(offset), "{text:?} {offset}");
        }
        Ok(()) => {
            assert_eq!(answer["error"].as_str(), None, "{text:?}: only Go rejects it");
            let inputs: Vec<_> =
                inputs.iter().map(|input| input.escape_ascii().to_string()).collect();
            assert_eq!(json!(verdicts), answer["verdicts"], "{text:?} on {inputs:?}");
        }
    }
}

/// Compiles the pattern with the engine, which has the planted fault if there is one.
fn read(text: &str) -> Result<Regexp, Error> {
    let fault = match planted_fault() {
        None => return Regexp::new(text),
        Some("vertical-tab-in-space") => Fault::VerticalTabInSpace,
        Some("unicode-digits") => Fault::UnicodeDigits,
        Some("no-kelvin-sign") => Fault::NoKelvinSign,
        Some("no-repeat-product") => Fault::NoRepeatProduct,
        Some("dollar-before-final-newline") => Fault::DollarBeforeFinalNewline,
        Some(fault) => panic!("unknown fault {fault}"),
    };
    Regexp::with_fault(text, fault)
}

/// The Go program of regexp/tests/oracle.
struct Go {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

static GO: Mutex<Option<Go>> = Mutex::new(None);

impl Go {
    /// Returns Go's answer. If its process has died, starts another one; `None` if that dies, too.
    fn answer(pattern: &str, inputs: &[&[u8]]) -> Option<Value> {
        let inputs: Vec<String> = inputs.iter().map(|input| hex(input)).collect();
        let question = json!({"pattern": pattern, "inputs": inputs}).to_string() + "\n";
        let mut go = GO.lock().unwrap();
        for _ in 0..2 {
            let answer = go.get_or_insert_with(Go::start).ask(&question);
            if answer.is_some() {
                return answer;
            }
            if let Some(mut dead) = go.take() {
                // It may have exited already.
                let _ = dead.process.kill();
                dead.process.wait().unwrap();
            }
        }
        eprintln!("no answer from Go to {question}");
        None
    }

    fn start() -> Go {
        let program = std::env::var_os("LIBHOOKS_FUZZ_GO")
            .expect("LIBHOOKS_FUZZ_GO: the program of regexp/tests/oracle");
        let mut command = Command::new(program);
        let command = command.arg("-interactive").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let (questions, answers) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Go { process, questions, answers: BufReader::new(answers) }
    }

    fn ask(&mut self, question: &str) -> Option<Value> {
        self.questions.write_all(question.as_bytes()).ok()?;
        let mut line = String::new();
        self.answers.read_line(&mut line).ok()?;
        serde_json::from_str(&line).ok()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
