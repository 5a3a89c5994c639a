//! Tests of passing a config through hooks (docs/spec.md, section 9).

use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use libhooks::exec::{FilterOptions, FilterResult, filter, patch_to_json};
use libhooks::{Errno, ErrorKind, LogLevel, OciHook};

const CONFIG: &str =
    "{\"ociVersion\": \"1.0.2\",\t\"x\": 1e400, \"process\": {\"args\": [\"/bin/sh\"]}}\n";

fn sh(script: &str) -> OciHook {
    let args = ["sh", "-c", script].map(str::to_owned).to_vec();
    OciHook { path: "/bin/sh".to_owned(), args, ..OciHook::default() }
}

fn filter_through(scripts: &[&str]) -> FilterResult {
    let hooks: Vec<OciHook> = scripts.iter().map(|script| sh(script)).collect();
    filter(&hooks, CONFIG, FilterOptions::new()).unwrap()
}

#[test]
fn each_hook_reads_the_output_of_the_hook_before_it() {
    let untouched = filter_through(&[]);
    assert_eq!(
        (untouched.config.as_str(), untouched.failure, untouched.runs.len()),
        (CONFIG, None, 0)
    );
    let same = filter_through(&["cat", "cat", "cat"]);
    assert_eq!((same.config.as_str(), same.failure, same.runs.len()), (CONFIG, None, 3));
    let changed = filter_through(&[
        "sed 's/1e400/-0.0e+1/'",
        "IFS= read -r config; printf '%s ' \"$config\"",
        "sed 's/\"x\"/\"y\"/'",
    ]);
    let want = CONFIG.trim_end().replace("1e400", "-0.0e+1").replace("\"x\"", "\"y\"") + " ";
    assert_eq!((changed.config, changed.failure), (want, None));
}

#[test]
fn the_first_failing_hook_stops_the_filter_and_the_config_before_it_is_kept() {
    let good = CONFIG.replace("1e400", "2");
    for (script, hook_error, error) in [
        ("echo '{'", None, "unexpected end of JSON input"),
        ("true", None, "unexpected end of JSON input"),
        ("echo '[]'", None, "it must be an object, found an array"),
        ("echo null", None, "it must be an object, found null"),
        (
            "echo '{\"process\": {\"args\": 3}}'",
            None,
            "process.args must be an array, found a number",
        ),
        ("echo '{} x'", None, ""),
        ("head -c 209715200 /dev/zero", None, "209715200 bytes exceed the limit of 10485760"),
        ("printf '\"\\377\"'", None, "invalid UTF-8 at byte 1"),
        ("printf '{\"half\": '; echo oh no >&2; exit 3", Some("exit status 3"), ""),
        ("kill -KILL $$", Some("signal: killed"), ""),
    ] {
        let result = filter_through(&["sed s/1e400/2/", script, "echo '{}'"]);
        let failure = result.failure.unwrap();
        assert_eq!((result.config.as_str(), result.runs.len()), (good.as_str(), 2), "{script}");
        assert_eq!(failure.kind, ErrorKind::HookFailed);
        match hook_error {
            Some(problem) => {
                let want = format!("executing [sh -c {script}]: {problem}");
                assert_eq!((failure.hook_error.as_ref(), &failure.error), (Some(&want), &want));
            }
            None => {
                assert_eq!(failure.hook_error, None);
                let prefix = "unmarshal output from config-filter hook 1: ";
                assert!(
                    failure.error.starts_with(prefix) && failure.error.ends_with(error),
                    "{}",
                    failure.error
                );
            }
        }
        if script.contains("oh no") {
            assert_eq!(result.runs[1].stderr.tail, b"oh no\n");
        }
    }
    let hooks = [sh("cat"), OciHook { path: "/nowhere".to_owned(), ..OciHook::default() }];
    let result = filter(&hooks, CONFIG, FilterOptions::new()).unwrap();
    let failure = result.failure.unwrap();
    let want = "fork/exec /nowhere: no such file or directory";
    assert_eq!(
        (
            failure.hook_error.as_deref(),
            failure.error.as_str(),
            failure.errno.map_or(0, Errno::raw_os_error)
        ),
        (Some(want), want, libc::ENOENT)
    );
    for config in ["null", "[]", "", "{\"process\": {}, \"process\": {}}"] {
        assert_eq!(
            filter(&[], config, FilterOptions::new()).unwrap_err().kind(),
            ErrorKind::Json,
            "{config}"
        );
    }
}

/// A failure has as data what the hook printed instead of a config, shortened.
#[test]
fn the_failure_has_the_first_line_of_the_output() {
    for (script, output, end) in [
        (
            "true",
            Some(""),
            " (the hook printed nothing; it must print the whole config, changed or not)",
        ),
        (
            "echo; echo ' starting'; cat",
            Some("starting"),
            " (the hook printed \"starting\"; messages belong on standard error)",
        ),
        ("echo '[]'", Some("[]"), " (the hook printed \"[]\")"),
        ("echo '{'", Some("{"), " (the hook printed \"{\")"),
        ("echo starting; exit 1", None, "exit status 1"),
    ] {
        let result = filter_through(&[script]);
        let json: serde_json::Value = serde_json::from_str(&result.to_json()).unwrap();
        let failure = result.failure.unwrap();
        assert_eq!(failure.output.as_deref(), output, "{script}");
        assert_eq!(json["failure"]["output"], serde_json::json!(output), "{script}");
        assert!(failure.message().ends_with(end), "{}", failure.message());
    }
}

#[test]
fn members_that_a_hook_drops_are_reported() {
    let result = filter_through(&["cat", "echo '{\"root\": {}}'", "echo '{}'"]);
    assert_eq!(result.failure, None);
    let dropped: Vec<_> =
        result.dropped.iter().map(|dropped| (dropped.hook, &dropped.members[..])).collect();
    assert_eq!(dropped, [(1, &["ociVersion", "process"][..]), (2, &["root"])]);
    let json: serde_json::Value = serde_json::from_str(&result.to_json()).unwrap();
    let members = serde_json::json!({"hook": 2, "path": "/bin/sh", "members": ["root"]});
    assert_eq!(json["dropped"][1], members);
}

#[test]
fn patches_contain_the_changes_of_each_hook() {
    let scripts = ["sed 's/1e400/1E400/; s/sh\"/sh\", \"-c\"/'", "cat", "echo '{}'", "exit 1"];
    let hooks = scripts.map(sh);
    let result = filter(&hooks, CONFIG, FilterOptions::new().patches(true)).unwrap();
    let patches: Vec<String> =
        result.patches.as_ref().unwrap().iter().map(|patch| patch_to_json(patch)).collect();
    let first = r#"[{"op":"add","path":"/process/args/1","value":"-c"},{"op":"replace","path":"/x","value":1E400}]"#;
    let removed = ["/ociVersion", "/process", "/x"]
        .map(|path| format!(r#"{{"op":"remove","path":"{path}"}}"#));
    assert_eq!(patches, [first.to_owned(), "[]".to_owned(), format!("[{}]", removed.join(","))]);
    assert!(result.to_json().ends_with(&format!(",\"patches\":[{}]}}", patches.join(","))));
    assert_eq!(filter(&hooks, CONFIG, FilterOptions::new()).unwrap().patches, None);
}

#[test]
fn the_log_contains_the_changes_of_each_hook() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let log = {
        let lines = Arc::clone(&lines);
        move |level, message: &str, fields: &str| {
            lines.lock().unwrap().push((level, message.to_owned(), fields.to_owned()));
        }
    };
    let hooks = ["cat", "sed 's/1e400/2/'", "exit 1"].map(sh);
    filter(&hooks, CONFIG, FilterOptions::new().log(log)).unwrap();
    let fields = r#"{"hook":1,"path":"/bin/sh","patch":[{"op":"replace","path":"/x","value":2}]}"#;
    let message = "hook 1 (/bin/sh) changed the config";
    assert_eq!(*lines.lock().unwrap(), [(LogLevel::Debug, message.to_owned(), fields.to_owned())]);
}

#[test]
fn a_timeout_stops_the_filter() {
    let hooks = [OciHook { timeout: Some(0), ..sh("sleep 60") }];
    let failure = filter(&hooks, CONFIG, FilterOptions::new()).unwrap().failure.unwrap();
    assert_eq!(
        (failure.kind, failure.error.as_str()),
        (ErrorKind::Timeout, "context deadline exceeded")
    );
}

#[test]
fn annotations_name_files_for_the_output() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let config = |stdout: &str, stderr: &str| {
        format!(
            r#"{{"annotations": {{"run.oci.hooks.stdout": "{stdout}", "run.oci.hooks.stderr": "{stderr}"}}}}"#
        )
    };
    let run = |hooks: &[OciHook], config: &str, on| {
        let options = FilterOptions::new().output_annotations(on);
        filter(hooks, config, options).unwrap()
    };
    let (out, err) = (path("out"), path("err"));
    let original = config(&out, &err);
    assert_eq!(run(&[sh("cat")], &original, false).failure, None);
    assert_eq!(run(&[], &original, true).failure, None);
    assert!(!Path::new(&out).exists() && !Path::new(&err).exists());
    // The annotations that the first hook changes do not count.
    let other = path("other");
    let hooks =
        [sh(&format!("echo first >&2; sed 's#{out}#{other}#'")), sh("cat; echo second >&2")];
    assert_eq!(run(&hooks, &original, true).failure, None);
    let changed = original.replace(&out, &other);
    assert_eq!(
        std::fs::read_to_string(&out).unwrap(),
        format!("{changed}\n{changed}\n").replacen('\n', "", 2)
    );
    assert_eq!(std::fs::read_to_string(&err).unwrap(), "first\nsecond\n");
    assert!(!Path::new(&other).exists());
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);

    let (link, fifo) = (path("link"), path("fifo"));
    std::os::unix::fs::symlink(&out, &link).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    for (place, want) in [
        (link, "too many levels of symbolic links"),
        (fifo, "no such device or address"),
        ("/dev/null".to_owned(), "no such device or address"),
        (path("no/where"), "no such file or directory"),
        ("/".to_owned(), "is a directory"),
    ] {
        let result = run(&[sh("exit 1")], &config(&out, &place), true);
        let failure = result.failure.unwrap();
        assert_eq!(
            failure.error,
            format!("opening stderr file for config-filter hook: open {place}: {want}")
        );
        assert_eq!((failure.hook_error, failure.kind, result.runs.len()), (None, ErrorKind::Io, 0));
    }
}

/// Reading a file's metadata has no effect on it. Opening a device for writing, such as a watchdog,
/// may have one.
#[test]
fn only_regular_files_are_opened_for_the_output() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let made = |arguments: &[&str]| {
        let status = std::process::Command::new(arguments[0])
            .args(&arguments[1..])
            .stderr(Stdio::null())
            .status();
        status.unwrap().success()
    };
    assert!(made(&["mkfifo", &path("fifo")]));
    let _socket = std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
    std::os::unix::fs::symlink("/dev/null", path("link")).unwrap();
    std::fs::write(path("file"), "before ").unwrap();
    let mut refused = vec!["fifo", "socket", "link"];
    if made(&["mknod", &path("device"), "c", "1", "3"]) {
        refused.push("device");
    } else {
        println!("SKIP: only_regular_files_are_opened_for_the_output: only root can make a device");
    }
    let mut inotify = inotify::Inotify::init().unwrap();
    inotify.watches().add(directory.path(), inotify::WatchMask::OPEN).unwrap();
    let mut opened = || {
        let mut buffer = [0; 4096];
        let Ok(events) = inotify.read_events(&mut buffer) else { return Vec::new() };
        events.filter_map(|event| Some(event.name?.to_str()?.to_owned())).collect::<Vec<_>>()
    };
    let run = |name: &str| {
        let config = format!(r#"{{"annotations": {{"run.oci.hooks.stdout": "{}"}}}}"#, path(name));
        let options = FilterOptions::new().output_annotations(true);
        filter(&[sh("echo '{}'")], &config, options).unwrap().failure
    };
    for name in refused {
        assert!(run(name).is_some(), "{name}");
        assert_eq!(opened(), [""; 0], "{name}");
    }
    for (name, content) in [("file", "before {}\n"), ("new", "{}\n")] {
        assert_eq!(run(name), None);
        assert_eq!(opened(), [name]);
        assert_eq!(std::fs::read_to_string(path(name)).unwrap(), content);
        opened();
    }
}
