//! Probable mistakes in the process of a hook: its path, args and environment (docs/spec.md,
//! sections 11 and 12).

use std::borrow::Cow;

use super::hint::{KEEP_ONE, WRITE_ABSOLUTE};
use super::suggest::is_among;
use crate::hook::{Field, HookRef};
use crate::limits::ENOUGH;
use crate::problem::{NoName, ProcessFlaw, VariableFlaw};

/// Receives a mistake, the field that has it, and a hint.
pub(super) type Found<'f> = &'f mut dyn FnMut(ProcessFlaw, Field, &str);

/// The kernel's limit for one environment variable, with the NUL at its end (`MAX_ARG_STRLEN`).
const MAX_VARIABLE: usize = 128 << 10;

/// The longest name that a message shows, in characters.
const MAX_NAME: usize = 60;

/// The longest corrected list of arguments that a hint shows, in bytes.
const MAX_SHOWN: usize = 120;

/// Interpreters, without versions: what they run is in their arguments.
const INTERPRETERS: &str = "env python perl ruby node nodejs php lua tclsh awk gawk mawk guile Rscript deno \
    bun";

/// Interpreters that are links to each other in many distributions.
const SHELLS: &str = "sh bash dash ash ksh mksh zsh fish busybox";

/// Variables that make the loader or an interpreter run other code. (So do those that start with
/// `LD_`.)
const LOADER_VARIABLES: &str = "BASH_ENV GCONV_PATH GLIBC_TUNABLES LUA_CPATH LUA_INIT LUA_PATH NODE_OPTIONS \
    NODE_PATH PERL5DB PERL5LIB PERL5OPT PERLLIB PHPRC PHP_INI_SCAN_DIR PYTHONHOME \
    PYTHONPATH PYTHONSTARTUP RUBYLIB RUBYOPT TCLLIBPATH ZDOTDIR";

/// Finds the mistakes in the path, `args` and `env`, in this order.
pub(super) fn mistakes(hook: &HookRef<'_>, found: Found<'_>) {
    let path = &*hook.entry.path;
    if !path.is_empty() && !path.starts_with('/') {
        let warning = ProcessFlaw::RelativePath { path: path.into(), missing: false };
        found(warning, Field::Path, WRITE_ABSOLUTE);
    }
    first_argument(path, &hook.entry.args, found);
    let has = |name: &str| hook.stages.iter().flatten().any(|stage| stage == name);
    if has("createContainer") {
        relative_arguments(&hook.entry.args, found);
    }
    variables(&hook.entry.env, found);
    let inherits = if !hook.entry.env.is_empty() {
        return;
    } else if has("createContainer") {
        ProcessFlaw::InheritsFromContainer
    } else if ["createRuntime", "prestart", "poststart", "poststop"].into_iter().any(has) {
        ProcessFlaw::Inherits
    } else {
        // The engine runs it with an empty environment, or it runs in the container.
        return;
    };
    // (Files of version 0.1.0 cannot have `env`.)
    found(inherits, Field::Path, if hook.when.any_of { MIGRATE } else { WRITE_ENV });
}

const MIGRATE: &str = "convert the file to version 1.0.0 (oci-hooks migrate), then add \"env\"";

const WRITE_ENV: &str = "add \"env\": [\"PATH=/usr/sbin:/usr/bin:/sbin:/bin\"] to \"hook\"";

/// Returns the last component of a path.
fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Returns the name of a program without its version, such as `python` of `python3.11`.
fn without_version(name: &str) -> &str {
    let end = |c: char| c.is_ascii_digit() || c == '.' || c == '-';
    let short = name.trim_end_matches(end);
    if short.is_empty() { name } else { short }
}

/// Returns whether an interpreter may have this name: its own name, with or without its version,
/// or the name of an interpreter that is the same file in some distributions.
fn may_be_called(interpreter: &str, name: &str) -> bool {
    let [interpreter, name] = [interpreter, name].map(|name| without_version(base_name(name)));
    let both = |group: &str| is_among(group, interpreter) && is_among(group, name);
    interpreter == name
        || both(SHELLS)
        || both("node nodejs")
        || both("awk gawk mawk busybox")
        || both("env coreutils busybox")
}

fn first_argument(path: &str, args: &[Cow<'_, str>], found: Found<'_>) {
    let Some(first) = args.first() else { return };
    let program = base_name(path);
    let login = first.strip_prefix('-').unwrap_or(first);
    let has_space = first.contains(|c: char| c.is_ascii_whitespace());
    if first == path || first == program || !has_space && may_be_called(program, login) {
        return;
    }
    let short = without_version(program);
    let reason = if first.starts_with('-') {
        NoName::IsOption
    } else if has_space {
        NoName::HasSpace
    } else if is_among(INTERPRETERS, short) || is_among(SHELLS, short) && short != "busybox" {
        // (BusyBox runs the program of this name.)
        NoName::OfInterpreter
    } else {
        return;
    };
    let hint = write_args(program, args);
    found(ProcessFlaw::NoName { first: (**first).into(), reason }, Field::Argument(0), &hint);
}

fn relative_arguments(args: &[Cow<'_, str>], found: Found<'_>) {
    let arguments = args.iter().enumerate().skip(1);
    for (index, argument) in arguments.filter(|(_, arg)| is_relative_path(arg)).take(ENOUGH) {
        let warning = ProcessFlaw::RelativeArgument { argument: (**argument).into() };
        found(
            warning,
            Field::Argument(index),
            "write an absolute path: under runc, the working directory is the container's root \
             file system",
        );
    }
}

/// Returns the hint: the corrected arguments, unless they depend on what was meant.
fn write_args(program: &str, args: &[Cow<'_, str>]) -> String {
    let first = args.first().map_or("", |first| &**first);
    let mut words = corrected(program, first);
    // A name of the user's choice is followed by the program's options.
    let is_name = !first.starts_with('-') && args.get(1).is_some_and(|arg| arg.starts_with('-'));
    if words.is_empty() || is_name {
        return format!("write {program:?} first, then each argument as an element of its own");
    }
    words.extend(args.iter().skip(1).map(|arg| &**arg));
    let json = crate::go::json::to_raw_string(&words);
    if json.len() <= MAX_SHOWN {
        format!("write \"args\": {json}")
    } else {
        format!("write {program:?} before it, as an argument of its own")
    }
}

/// Returns the words that were meant by the first argument, with the program's name before them.
/// Empty if that is not clear: a string with quotes, or with the words of a shell command.
fn corrected<'a>(program: &'a str, first: &'a str) -> Vec<&'a str> {
    let mut words: Vec<&str> = first.split_ascii_whitespace().collect();
    let is_named = words.first().is_some_and(|word| base_name(word) == program);
    if words.len() > 1 {
        let is_plain = |c: char| {
            c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '=' | '.' | '/' | ':' | ',' | '+')
        };
        let is_command = is_named || first.starts_with('-');
        if !is_command || words.contains(&"-c") || !words.iter().all(|w| w.chars().all(is_plain)) {
            return Vec::new();
        }
    }
    if !is_named {
        words.insert(0, program);
    }
    words
}

/// Returns whether an argument looks like a relative path.
fn is_relative_path(argument: &str) -> bool {
    let is_path = |c: char| {
        c.is_ascii_alphanumeric() || !c.is_ascii() || matches!(c, '/' | '.' | '_' | '-' | '+' | '@')
    };
    argument.contains('/')
        && argument.starts_with(|c: char| !matches!(c, '/' | '-' | '+' | '@'))
        && argument.chars().all(is_path)
}

fn variables(env: &[Cow<'_, str>], found: Found<'_>) {
    // Sorted by name, then by position: of each name, the first entry is not repeated.
    let mut names: Vec<(&str, usize)> =
        env.iter().enumerate().filter_map(|(at, entry)| Some((name_of(entry)?, at))).collect();
    names.sort_unstable();
    let mut is_repeated = vec![false; env.len()];
    for (earlier, later) in names.iter().zip(names.iter().skip(1)) {
        if let Some(repeated) = is_repeated.get_mut(later.1).filter(|_| earlier.0 == later.0) {
            *repeated = true;
        }
    }
    let mut reported = 0;
    for ((index, entry), is_repeated) in env.iter().enumerate().zip(is_repeated) {
        let name = name_of(entry);
        let mut report = |warning, hint| {
            found(warning, Field::Variable(index), hint);
            reported += 1;
        };
        if let Some(flaw) = flaw(entry, is_repeated) {
            let hint = match flaw {
                VariableFlaw::NoEqualsSign => "write NAME=VALUE",
                VariableFlaw::NoName => "write the name before the equals sign",
                VariableFlaw::Repeated => KEEP_ONE,
                VariableFlaw::TooLong => "pass the value in a file",
                VariableFlaw::Nul => "remove the NUL character",
            };
            report(ProcessFlaw::Variable { entry: shown(entry, flaw).into(), flaw }, hint);
        } else if let Some((name, word)) = unexpanded(entry) {
            let warning = ProcessFlaw::NotExpanded { name: name.into(), word: word.into() };
            report(warning, "write the value itself");
        }
        if let Some(name) = name.filter(|name| is_of_loader(name)) {
            let hint = "make sure that no other user can write what it names";
            report(ProcessFlaw::LoaderVariable { name: name.into() }, hint);
        }
        if reported >= ENOUGH {
            break;
        }
    }
}

fn name_of(entry: &str) -> Option<&str> {
    entry.split_once('=').map(|(name, _)| name)
}

/// Returns the part of an entry that a message shows. Its value may be secret, and long.
fn shown(entry: &str, flaw: VariableFlaw) -> &str {
    match flaw {
        VariableFlaw::NoEqualsSign | VariableFlaw::TooLong => {
            let name = entry.split('=').next().unwrap_or(entry);
            name.char_indices().nth(MAX_NAME).and_then(|(end, _)| name.get(..end)).unwrap_or(name)
        }
        VariableFlaw::Repeated | VariableFlaw::Nul => entry.split('=').next().unwrap_or(entry),
        VariableFlaw::NoName => "=",
    }
}

fn is_of_loader(name: &str) -> bool {
    name.starts_with("LD_") || is_among(LOADER_VARIABLES, name)
}

fn flaw(entry: &str, repeated: bool) -> Option<VariableFlaw> {
    if entry.len() >= MAX_VARIABLE {
        return Some(VariableFlaw::TooLong);
    }
    match entry.split_once('=') {
        None => Some(VariableFlaw::NoEqualsSign),
        Some(("", _)) => Some(VariableFlaw::NoName),
        Some(_) if entry.contains('\0') => Some(VariableFlaw::Nul),
        Some(_) if repeated => Some(VariableFlaw::Repeated),
        Some(_) => None,
    }
}

/// Returns the name of a variable, and the first `$NAME`, `${NAME}` or `~` in its value that a
/// shell would expand. The dynamic loader expands some names itself.
fn unexpanded(entry: &str) -> Option<(&str, &str)> {
    let (name, value) = entry.split_once('=')?;
    let is_of_loader = |name: &str, word: &str| {
        name.starts_with("LD_") && ["ORIGIN", "LIB", "PLATFORM"].contains(&word)
    };
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    for (at, _) in value.match_indices('$') {
        let rest = value.get(at + 1..).unwrap_or_default();
        let braces = usize::from(rest.starts_with('{'));
        let word = rest.get(braces..).unwrap_or_default();
        if word.starts_with(|c: char| is_of_name(c) && !c.is_ascii_digit()) {
            let length = word.find(|c| !is_of_name(c)).unwrap_or(word.len());
            if is_of_loader(name, word.get(..length).unwrap_or_default()) {
                continue;
            }
            let end = at + 1 + braces + length;
            let end = end + usize::from(braces == 1 && value.get(end..end + 1) == Some("}"));
            return Some((name, value.get(at..end).unwrap_or_default()));
        }
    }
    let home = |part: &str| part == "~" || part.starts_with("~/");
    value.split(':').any(home).then_some((name, "~"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hook::EntryRef;

    fn hook<'a>(path: &'a str, args: &[&'a str], env: &[&'a str], stage: &'a str) -> HookRef<'a> {
        let cows = |texts: &[&'a str]| texts.iter().map(|text| Cow::Borrowed(*text)).collect();
        let entry = EntryRef { path: path.into(), args: cows(args), env: cows(env), timeout: None };
        HookRef { entry, stages: Some(vec![stage.into()]), ..HookRef::default() }
    }

    const SEPARATE_HOOK: &str = "write \"hook\" first, then each argument as an element of its own";
    const SEPARATE_SH: &str = "write \"sh\" first, then each argument as an element of its own";

    #[test]
    fn the_first_argument_is_the_name_of_the_program() {
        for (path, args, want) in [
            ("/usr/bin/hook", &["--debug"][..], Some(r#"write "args": ["hook","--debug"]"#)),
            ("/usr/bin/hook", &["hook --debug"], Some(r#"write "args": ["hook","--debug"]"#)),
            ("/usr/bin/hook", &["-a b", "c"], Some(r#"write "args": ["hook","-a","b","c"]"#)),
            ("/usr/bin/hook", &["a b", "c"], Some(SEPARATE_HOOK)),
            ("/usr/bin/hook", &["hook 'a b'"], Some(SEPARATE_HOOK)),
            (
                "/bin/cat",
                &["cat --log /var/log/cat"],
                Some(r#"write "args": ["cat","--log","/var/log/cat"]"#),
            ),
            ("/bin/sh", &["sh -c echo hi"], Some(SEPARATE_SH)),
            ("/bin/sh", &["my-hook", "-c", "true"], Some(SEPARATE_SH)),
            ("/bin/busybox", &["echo", "hello"], None),
            ("/bin/sh", &["-c", "echo hi"], Some(r#"write "args": ["sh","-c","echo hi"]"#)),
            (
                "/usr/bin/env",
                &["python3", "x.py"],
                Some(r#"write "args": ["env","python3","x.py"]"#),
            ),
            ("/usr/bin/python3.11", &["x.py"], Some(r#"write "args": ["python3.11","x.py"]"#)),
            ("/usr/bin/python3", &["python", "x.py"], None),
            ("/usr/bin/python3", &["python3.11", "x.py"], None),
            ("/bin/sh", &["dash", "-c", "x"], None),
            ("/bin/bash", &["-bash"], None),
            ("/bin/sh", &["/bin/sh", "-c", "x"], None),
            ("/usr/bin/env", &["env", "-i"], None),
            ("/usr/bin/hook", &["any-name", "run"], None),
            ("/opt/my hook", &["/opt/my hook"], None),
            ("/usr/bin/hook", &[], None),
        ] {
            let args: Vec<Cow<'_, str>> = args.iter().map(|arg| Cow::Borrowed(*arg)).collect();
            let mut hint = None;
            first_argument(path, &args, &mut |_, _, found| hint = Some(found.to_owned()));
            assert_eq!(hint.as_deref(), want, "{path} {args:?}");
        }
        let long = ["-x".into(), "y".repeat(MAX_SHOWN).into()];
        let mut found = Vec::new();
        first_argument("/bin/hook", &long, &mut |_, _, hint| found.push(hint.to_owned()));
        assert_eq!(found, ["write \"hook\" before it, as an argument of its own"]);
    }

    #[test]
    fn environment_variables_are_checked() {
        let long = format!("A={}", "x".repeat(MAX_VARIABLE));
        for (env, want) in [
            (&["PATH=/bin"][..], &[][..]),
            (&["PATH"], &[VariableFlaw::NoEqualsSign]),
            (&["=x"], &[VariableFlaw::NoName]),
            (&["A=1", "B=1", "A=2"], &[VariableFlaw::Repeated]),
            (&[&long], &[VariableFlaw::TooLong]),
            (&["A=b\0c"], &[VariableFlaw::Nul]),
        ] {
            let env: Vec<Cow<'_, str>> = env.iter().map(|entry| Cow::Borrowed(*entry)).collect();
            let mut flaws = Vec::new();
            variables(&env, &mut |warning, _, _| {
                if let ProcessFlaw::Variable { flaw, .. } = warning {
                    flaws.push(flaw);
                }
            });
            assert_eq!(flaws, want, "{env:?}");
        }
    }

    #[test]
    fn words_that_nobody_expands_are_found() {
        for (entry, word) in [
            ("PATH=$PATH:/usr/sbin", Some("$PATH")),
            ("PATH=/bin:${HOME}/bin", Some("${HOME}")),
            ("X=${HOME", Some("${HOME")),
            ("HOME=~", Some("~")),
            ("PATH=/bin:~/bin", Some("~")),
            ("X=$ORIGIN/lib", Some("$ORIGIN")),
            ("LD_X=$ORIGIN/lib:${LIB}", None),
            ("LD_X=$ORIGINAL/lib", Some("$ORIGINAL")),
            ("X=a~b", None),
            ("PATTERN=^x$", None),
            ("PRICE=$5", None),
            ("X=é$", None),
        ] {
            assert_eq!(unexpanded(entry).map(|(_, word)| word), word, "{entry}");
        }
    }

    #[test]
    fn the_stage_decides_what_a_hook_inherits() {
        let codes = |args: &[&str], env: &[&str], stage| {
            let hook = hook("/bin/hook", args, env, stage);
            let mut codes = Vec::new();
            mistakes(&hook, &mut |warning, _, _| codes.push(warning.kind()));
            codes
        };
        assert_eq!(codes(&[], &[], "createContainer"), ["inherits-container-environment"]);
        for stage in ["createRuntime", "prestart", "poststart", "poststop"] {
            assert_eq!(codes(&[], &[], stage), ["inherits-environment"], "{stage}");
        }
        for stage in ["startContainer", "precreate"] {
            assert_eq!(codes(&[], &[], stage), [""; 0], "{stage}");
        }
        assert_eq!(codes(&[], &["PATH=/bin"], "createContainer"), [""; 0]);
        assert_eq!(codes(&[], &["LD_PRELOAD=/x.so"], "poststop"), ["loader-variable"]);
        let relative = ["hook", "conf/x.json", "/a/b", "--f=a/b", "http://a/b", "x"];
        assert_eq!(codes(&relative, &["A=b"], "createContainer"), ["relative-argument"]);
        assert_eq!(codes(&relative, &["A=b"], "createRuntime"), [""; 0]);
    }
}
