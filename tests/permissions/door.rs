//! door POLICIES COMMAND...: tests another interface of the library. Makes the trees of the table,
//! runs the command with their hook directories, and checks its output: for each directory and
//! policy a line "POLICY DIRECTORY ANSWER CODE...". The answer is `loaded` or `refused`; codes may
//! come in any order and more than once.

mod table;

use std::collections::BTreeSet;
use std::process::{Command, ExitCode};

use table::{Tree, UNKNOWN, trees};

/// The maximum number of wrong answers to print.
const ENOUGH: usize = 12;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let policies = arguments.next().expect("policies");
    let [program, rest @ ..] = &*arguments.collect::<Vec<String>>() else { panic!("a command") };
    let (mut made, mut wanted) = (Vec::new(), Vec::new());
    for ((name, _, thorough, compatible), tree) in trees() {
        for policy in policies.split(',') {
            let codes = if policy == "strict" { thorough } else { compatible };
            let is_refused = policy == "strict" && codes.iter().any(|code| !UNKNOWN.contains(code));
            let answer = if is_refused { "refused" } else { "loaded" };
            let codes: BTreeSet<&str> = codes.iter().map(|code| code.as_str()).collect();
            wanted.push((name, policy, tree.hooks(), answer, codes));
        }
        made.push(tree);
    }
    if made.is_empty() {
        return ExitCode::SUCCESS;
    }
    let output = Command::new(program)
        .args(rest)
        .args(made.iter().map(Tree::hooks))
        .output()
        .expect(program);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let mut bad = 0;
    for (name, policy, directory, answer, codes) in wanted {
        let start = format!("{policy} {} ", directory.display());
        let answered = text.lines().find_map(|line| line.strip_prefix(&start));
        let got = answered.and_then(|answered| {
            let mut words = answered.split_whitespace();
            Some((words.next()?, words.collect::<BTreeSet<&str>>()))
        });
        if got.as_ref() != Some(&(answer, codes.clone())) {
            bad += 1;
            if bad <= ENOUGH {
                println!("{name}: {policy}: wanted {answer} {codes:?}, got {got:?}");
            }
        }
    }
    let failed = bad > 0 || !output.status.success();
    if failed {
        println!("{}{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    ExitCode::from(u8::from(failed))
}
