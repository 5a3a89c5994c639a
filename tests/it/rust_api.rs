//! Tests of general properties of the Rust API: threads, names, sources of errors.

use std::error::Error as _;
use std::io;
use std::str::FromStr;

use libhooks::exec::{FilterOptions, FilterResult, Op, RunOptions, RunResult};
use libhooks::{
    Annotations, Canceller, Change, Code, Config, Container, Diagnostic, Errno, Error, ErrorKind,
    Explanation, Hook, HookDir, HookFile, HookVerdict, Injection, Listing, Manager, ManagerBuilder,
    Monitor, Policy, ReadOptions, Selection, Snapshot, Stage, Target, When,
};

use crate::tree::Tree;

/// All types except the options of one call are `Send` and `Sync`.
#[test]
fn types_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    fn borrowed<T: Send + Sync>() {}
    shared::<Manager>();
    shared::<ManagerBuilder>();
    shared::<ReadOptions>();
    shared::<Snapshot>();
    shared::<Selection>();
    shared::<Monitor>();
    shared::<Canceller>();
    shared::<Error>();
    shared::<Diagnostic>();
    shared::<Change>();
    shared::<Explanation>();
    shared::<Listing>();
    shared::<Injection>();
    shared::<Hook>();
    shared::<HookFile>();
    shared::<HookDir>();
    shared::<When>();
    shared::<Annotations>();
    shared::<RunResult>();
    shared::<FilterResult>();
    borrowed::<Config<'_>>();
    borrowed::<Container<'_>>();
}

/// The options of a run hold the caller's closures, which need not be `Send`. They still implement
/// `Debug`.
#[test]
fn options_and_builders_implement_debug() {
    let options = FilterOptions::new().run(RunOptions::new().capture_limit(7));
    assert!(format!("{options:?}").contains("capture_limit: 7"), "{options:?}");
    let builder =
        Manager::builder().policy(Policy::Strict).log(libhooks::LogLevel::Info, |_, _, _| ());
    assert!(format!("{builder:?}").contains("Strict"), "{builder:?}");
}

#[test]
fn displayed_names_can_be_parsed() {
    for code in Code::ALL {
        assert_eq!(Code::from_str(&code.to_string()), Ok(*code));
    }
    assert_eq!("no-such-code".parse::<Code>().unwrap_err().to_string(), "unknown diagnostic code");
    for stage in Stage::ALL {
        assert_eq!(Stage::from_str(&stage.to_string()), Ok(stage));
    }
    assert_eq!("prestart".parse(), Ok(Stage::CreateRuntime));
    assert!("precreate".parse::<Stage>().is_err());
    for policy in [Policy::Compatible, Policy::Strict, Policy::LENIENT] {
        assert_eq!(policy.to_string().parse(), Ok(policy));
    }
    assert!("Strict".parse::<Policy>().is_err());
    assert_eq!(format!("{:>14}|", ErrorKind::HookFile), "     hook-file|");
    assert_eq!(Target::Extension("precreate".to_owned()).to_string(), "precreate");
    assert_eq!(Op::Replace.to_string(), "replace");
}

#[test]
fn an_error_has_its_source() {
    let error = Hook::read("/nonexistent/x.json", &ReadOptions::new()).unwrap_err();
    let errno = error.errno().unwrap();
    assert_eq!(error.source().unwrap().downcast_ref(), Some(&errno));
    assert_eq!(
        (errno.raw_os_error(), errno.to_string()),
        (libc::ENOENT, "no such file or directory".to_owned())
    );
    assert_eq!(io::Error::from(errno).kind(), io::ErrorKind::NotFound);

    let tree = Tree::new();
    let hook =
        r#"{"version":"1.0.0","hook":{"path":"/bin/true"},"when":{"commands":["("]},"stages":[]}"#;
    let error = Hook::read(tree.file("d", "x.json", hook), &ReadOptions::new()).unwrap_err();
    assert_eq!(error.errno(), None);
    assert_eq!(error.source().unwrap().to_string(), "error parsing regexp: missing closing ): `(`");

    let error = Config::parse("[]").unwrap_err();
    assert!(error.source().is_none() && error.errno().map(Errno::raw_os_error).is_none());
}

/// The format for a log or a terminal.
#[test]
fn results_are_displayed_on_one_line() {
    let tree = Tree::new();
    let path = tree.file(
        "d",
        "x.json",
        r#"{"version":"1.0.0","hook":{"path":"/bin/true"},"when":{"always":true}}"#,
    );
    let path = path.display();
    let manager = tree.load(&["d"], Policy::LENIENT).unwrap();
    let found = &manager.diagnostics()[0];
    assert_eq!(
        found.to_string(),
        format!("{path}:1:1: error: {} [missing-stages]", found.message())
    );

    let mut monitor = manager.monitor().unwrap();
    tree.file(
        "d",
        "x.json",
        r#"{"version":"1.0.0","hook":{"path":"/bin/true"},"when":{"commands":["a"]},"stages":["poststop"]}"#,
    );
    manager.reload().unwrap();
    monitor.dispatch().unwrap();
    let changes: Vec<String> = monitor.changes().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(changes[0], format!("added {path}"));

    let verdicts = |config: &str| -> Vec<String> {
        let config = Config::parse(config).unwrap();
        manager.explain(&config.container()).hooks.iter().map(HookVerdict::to_string).collect()
    };
    assert_eq!(verdicts(r#"{"process":{"args":["a"]}}"#), [format!("{path}: matches")]);
    assert_eq!(verdicts("{}"), [format!("{path}: does not match")]);
    let [error] = &verdicts(r#"{"process":{"args":[]}}"#)[..] else { panic!("one hook") };
    assert!(error.starts_with(&format!("{path}: ")) && error.contains("process.args"), "{error}");
}

#[cfg(feature = "oci-spec")]
#[test]
fn hooks_convert_to_and_from_the_types_of_oci_spec() {
    use libhooks::OciHook;
    use oci_spec::runtime::Hook as SpecHook;

    let hooks = [
        OciHook { path: "/bin/true".to_owned(), ..OciHook::default() },
        OciHook {
            path: "/bin/sh".to_owned(),
            args: vec!["sh".to_owned(), "-c".to_owned()],
            env: vec!["A=b".to_owned()],
            timeout: Some(-1),
        },
    ];
    for hook in hooks {
        assert_eq!(OciHook::from(&SpecHook::from(&hook)), hook);
        let json = serde_json::to_string(&SpecHook::from(&hook)).unwrap();
        assert_eq!(json, serde_json::to_string(&hook).unwrap());
    }
}

#[cfg(feature = "tracing")]
mod tracing_events {
    use std::sync::{Arc, Mutex};

    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Level, Metadata, Subscriber};

    use super::*;

    /// A subscriber that collects events of level `INFO` or more severe.
    #[derive(Clone, Default)]
    struct Collector(Arc<Mutex<Vec<String>>>);

    struct Line(String);

    impl Visit for Line {
        fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
            self.0 += &format!(" {}={value:?}", field.name());
        }
    }

    impl Subscriber for Collector {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            metadata.target() == "libhooks" && metadata.level() <= &Level::INFO
        }

        fn event(&self, event: &Event<'_>) {
            let mut line = Line(event.metadata().level().to_string());
            event.record(&mut line);
            self.0.lock().unwrap().push(line.0);
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    /// A diagnostic becomes an event with the message, the code and the path. A log line that the
    /// subscriber does not want becomes no event.
    ///
    /// The subscriber is that of all threads. With a subscriber of this thread alone, another test
    /// that logs at the same time would make `tracing` remember that nobody wants the lines.
    #[test]
    fn log_lines_are_events() {
        let collector = Collector::default();
        tracing::subscriber::set_global_default(collector.clone()).unwrap();
        tracing::callsite::rebuild_interest_cache();
        let tree = Tree::new();
        let path = tree.file("d", "x.json", "{");
        tree.load(&["d"], Policy::LENIENT).unwrap();
        let path = path.display().to_string();
        let mut lines = collector.0.lock().unwrap().clone();
        lines.retain(|line| line.contains(&path));
        let [line] = &lines[..] else { panic!("{lines:?}") };
        assert!(line.starts_with("ERROR message="), "{line}");
        assert!(
            line.ends_with(&format!(" code=\"json-unexpected-end\" path=\"{path}\"")),
            "{line}"
        );
    }
}

/// A text that is not on disk is checked like a file, without owners and permissions.
#[test]
fn the_text_of_a_hook_file_is_checked() {
    use libhooks::{Code, HookFile, ReadOptions, limits};

    let codes = |text: &[u8]| -> Vec<Code> {
        let found = HookFile::check_text("no/such/name", text, &ReadOptions::new());
        assert!(found.iter().all(|found| found.path == std::path::Path::new("no/such/name")));
        found.iter().map(|found| found.code).collect()
    };
    let good = r#"{"version": "1.0.0", "hook": {"path": "/bin/sh", "env": ["A=b"]},
                   "when": {"always": true}, "stages": ["poststop"]}"#;
    assert_eq!(codes(good.as_bytes()), []);
    assert_eq!(
        codes(good.replace("always", "alway").as_bytes()),
        [Code::UnknownCondition, Code::NeverMatches]
    );
    let missing = good.replace("/bin/sh", "/nonexistent");
    assert_eq!(codes(missing.as_bytes()), [Code::MissingExecutable]);
    assert_eq!(codes(&vec![b' '; limits::HOOK_FILE + 1]), [Code::FileTooLarge]);
    let of_machine: Vec<&str> = Code::ALL
        .iter()
        .filter(|code| code.depends_on_machine())
        .map(|code| code.as_str())
        .collect();
    assert_eq!(
        of_machine,
        [
            "missing-executable",
            "unreachable-executable",
            "not-executable",
            "writable-by-others",
            "foreign-owner",
            "parent-writable",
            "permissions-unknown",
            "missing-interpreter",
            "no-shebang",
            "bad-shebang",
            "wrong-architecture",
            "missing-loader",
            "missing-library",
            "truncated-executable",
            "noexec-mount",
            "container-path-missing",
            "setuid-program"
        ]
    );
}
