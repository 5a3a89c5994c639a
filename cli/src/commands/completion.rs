//! `oci-hooks completion`
//!
//! clap_complete generates the scripts. It has neither lists with commas nor values that depend on
//! other words of the command line, so this module replaces its lines for these.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::{Shell, generate};
use libhooks::{Code, Manager, Policy, Root};

use crate::arguments::{ACCEPTED_STAGES, Arguments, Completion, ShellName};
use crate::engine::{self, Chosen};
use crate::report::{self, Failure};

const NAME: &str = "oci-hooks";

/// The options whose value is a list of codes.
const LISTS: [&str; 2] = ["select", "ignore"];

pub fn run(arguments: &Completion) -> Result<ExitCode, Failure> {
    let script = match arguments.shell {
        ShellName::Bash => {
            // For bash, clap_complete completes nothing after the first word if the command's name
            // has a hyphen (clap-rs/clap#6421). So the script is generated for a name without
            // a hyphen, and registered for the real name.
            let name = NAME.replace('-', "_");
            bash(&script(Shell::Bash, &name).replace(&format!(" {name}\n"), &format!(" {NAME}\n")))
        }
        ShellName::Zsh => zsh(&script(Shell::Zsh, NAME)),
        ShellName::Fish => fish(&script(Shell::Fish, NAME)),
        ShellName::HookNames => {
            report::print(&hook_names(&arguments.words)?)?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    report::deliver(&script)?;
    Ok(ExitCode::SUCCESS)
}

fn script(shell: Shell, name: &str) -> String {
    let mut script = Vec::new();
    generate(shell, &mut Arguments::command(), name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// Returns the names of the hook files in the directories that the words of a command line name,
/// one per line.
fn hook_names(words: &[String]) -> Result<String, Failure> {
    let directories: Vec<PathBuf> =
        values(words, "--hooks-dir").into_iter().map(PathBuf::from).collect();
    let engine = values(words, "--engine").pop().and_then(|name| engine::reader(name).ok());
    let directories = Chosen { reader: engine }.sets(&directories).concat();
    let root = values(words, "--root").pop().map(Root::open).transpose()?.unwrap_or_default();
    let builder = Manager::builder().root(root).directories(directories).policy(Policy::LENIENT);
    let manager = builder.extension_stages(ACCEPTED_STAGES).load()?;
    let mut names: Vec<String> =
        manager.list().hooks.into_iter().map(|hook| hook.name.to_string()).collect();
    let failed = manager.without_hook().into_iter();
    names.extend(failed.filter_map(|found| Some(found.path.file_name()?.to_str()?.to_owned())));
    names.retain(|name| name.ends_with(".json"));
    names.sort();
    names.dedup();
    Ok(names.iter().map(|name| format!("{name}\n")).collect())
}

/// Returns the values that a command line gives to an option.
fn values<'w>(words: &'w [String], option: &str) -> Vec<&'w str> {
    let mut values = Vec::new();
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        if word == option {
            // bash makes a word of its own of the equals sign.
            let value =
                words.next().and_then(|word| if word == "=" { words.next() } else { Some(word) });
            values.extend(value.filter(|word| !word.is_empty()));
        } else {
            values.extend(word.strip_prefix(option).and_then(|rest| rest.strip_prefix('=')));
        }
    }
    values
}

/// Returns the codes that diagnostics can have, in one line.
fn codes() -> String {
    let codes = Code::ALL.iter().filter(|code| code.severity().is_some());
    codes.map(|code| code.as_str()).collect::<Vec<&str>>().join(" ")
}

/// Completes the last code of a list, and the names of hooks.
fn bash(script: &str) -> String {
    let mut option = "";
    let mut done = String::new();
    for line in script.lines() {
        let word = line.trim();
        if let Some(name) = word.strip_prefix("--").and_then(|word| word.strip_suffix(')')) {
            option = name;
        }
        let offers = word.starts_with("COMPREPLY=($(compgen ");
        if offers && LISTS.contains(&option) {
            done += &line
                .replace("compgen -W", "compgen -P \"${cur%\"${cur##*,}\"}\" -W")
                .replace("\"${cur}\"", "\"${cur##*,}\"");
        } else if offers && option == "hook" {
            let indent = line.len() - line.trim_start().len();
            done += &" ".repeat(indent);
            // (Not `compgen -W`: it would run `$(…)` in the name of a file.)
            done += "local name; COMPREPLY=(); while IFS= read -r name; do \
                     [[ $name == \"$cur\"* ]] && COMPREPLY+=(\"$name\"); done \
                     < <(\"${COMP_WORDS[0]}\" completion hook-names -- \
                     \"${COMP_WORDS[@]:1}\" 2>/dev/null)";
        } else {
            done += line;
        }
        done.push('\n');
    }
    // clap_complete offers hidden values of arguments without a name.
    done.replace(" fish hook-names\"", " fish\"")
}

/// Does the same for zsh.
fn zsh(script: &str) -> String {
    let mut done = script.replace(
        ":NAME:_default' \\",
        ":NAME:{compadd -- ${(f)\"$(command oci-hooks completion hook-names -- \
         \"${(@Q)words}\" 2>/dev/null)\"}}' \\",
    );
    for name in LISTS {
        let offers = |done: &str| {
            let option = done.find(&format!("--{name}=["))?;
            let start = option + done.get(option..)?.find(":CODES:((")? + ":CODES:".len();
            Some(start..start + done.get(start..)?.find("))'")? + "))".len())
        };
        if let Some(range) = offers(&done) {
            done.replace_range(range, &format!("_sequence compadd - {}", codes()));
        }
    }
    done
}

/// Does the same for fish.
fn fish(script: &str) -> String {
    let mut done = String::new();
    for line in script.lines() {
        done += line;
        if line.contains(" explain\" -l hook -d ") {
            done += " -f -a \"(__fish_oci_hooks_hook_names)\"";
        }
        done.push('\n');
    }
    done += &format!(
        "\
function __fish_oci_hooks_hook_names
    set -l words (commandline -opc)
    command oci-hooks completion hook-names -- $words[2..-1] 2>/dev/null
end
function __fish_oci_hooks_in_list
    string match -q '*,*' -- (commandline -ct)
end
function __fish_oci_hooks_codes
    set -l before (string replace -r '^--[a-z]+=' '' -- (commandline -ct) | string match -r '.*,')
    printf \"$before%s\\n\" {}
end
",
        codes()
    );
    for option in LISTS {
        done += &format!(
            "complete -c {NAME} -n \"__fish_oci_hooks_using_subcommand lint; \
             and __fish_oci_hooks_in_list\" -l {option} -r -f -a \"(__fish_oci_hooks_codes)\"\n"
        );
    }
    done
}
