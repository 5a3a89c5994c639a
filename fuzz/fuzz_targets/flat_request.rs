//! The flat request that describes a container to a snapshot in C, Go and Python, and annotations
//! as JSON.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use libhooks::{Annotations, ErrorKind, Hook, Manager, When, ffi};
use libhooks_fuzz::engine::{Known, inject};
use libhooks_fuzz::json::{self, Members};
use libhooks_fuzz::{Container, EXTENSION_STAGES, model, planted, scratch, timed};

/// Conditions with and without literals that the prefilter can look for.
const CONDITIONS: &[&str] = &[
    r#"{"always":true}"#,
    r#"{"always":false}"#,
    r#"{"hasBindMounts":true}"#,
    r#"{"commands":["^/bin/sh$"]}"#,
    r#"{"commands":["sh$","^/usr/s?bin/(a|b)+$"]}"#,
    r#"{"commands":["python[0-9.]*$"],"hasBindMounts":true}"#,
    r#"{"annotations":{"^com\\.example\\.":"^true$"}}"#,
    r#"{"annotations":{"example":"."},"commands":["."]}"#,
    r#"{"annotations":{"^a$":"^b$","c":"d"}}"#,
    r#"{"annotations":{"":""}}"#,
    r#"{"commands":["(?i)SH"]}"#,
    r#"{"commands":["^\\x{fffd}"]}"#,
];

struct Hooks {
    manager: Manager,
    /// A manager for each hook, so that no prefilter is used.
    hooks: Vec<Hook>,
}

static HOOKS: LazyLock<Hooks> = LazyLock::new(|| {
    let directory = scratch::directory("flat_request");
    for (index, when) in CONDITIONS.iter().enumerate() {
        let hook = format!(
            r#"{{"version":"1.0.0","hook":{{"path":"/bin/sh"}},"when":{when},"stages":["poststart"]}}"#
        );
        std::fs::write(directory.join(format!("{index:02}.json")), hook).unwrap();
    }
    let manager =
        Manager::builder().extension_stages(EXTENSION_STAGES).directory(directory).load().unwrap();
    Hooks { hooks: manager.list().hooks.into_iter().map(|listed| listed.hook).collect(), manager }
});

fuzz_target!(|data: &[u8]| timed(|| match data.split_first() {
    Some((b'{', _)) => annotations(data),
    Some((flag, request)) => match_request(request, flag & 1 == 1),
    None => {}
}));

fn match_request(request: &[u8], has_bind_mounts: bool) {
    let mut matched = vec![7];
    let mut asked = ffi::container(request, has_bind_mounts);
    if planted("request-with-bytes-after-it") && request.len() > 1 && asked.is_err() {
        asked = ffi::container(&request[..request.len() - 1], has_bind_mounts);
    }
    let snapshot = HOOKS.manager.snapshot();
    let answer = asked
        .as_ref()
        .map_err(Clone::clone)
        .and_then(|asked| snapshot.matching(asked, &mut matched));
    let Some(container) = Container::of_request(request, has_bind_mounts) else {
        assert_eq!(answer.unwrap_err().kind(), ErrorKind::InvalidArgument);
        assert_eq!(matched, [7]);
        return;
    };
    let mut expected = vec![7];
    let mut failed = None;
    for (index, hook) in HOOKS.hooks.iter().enumerate() {
        let verdict = model::verdict(&hook.when, &container);
        match verdict {
            Some(true) => expected.push(index as u32),
            Some(false) => {}
            None => failed = failed.or(Some(index)),
        }
        let alone = When::from_json(CONDITIONS[index]).unwrap().matches(asked.as_ref().unwrap());
        assert_eq!(alone.ok(), verdict, "{container:?}");
    }
    match (answer, failed) {
        (Ok(()), None) => assert_eq!(matched, expected, "{container:?}"),
        (Err(error), Some(index)) => {
            assert_eq!((error.kind(), &matched[..]), (ErrorKind::Match, &[7][..]));
            assert_eq!(error.place().hook.as_deref(), Some(&*format!("{index:02}.json")));
        }
        (answer, failed) => panic!("{answer:?} {failed:?} {container:?}"),
    }
    by_config(&container, failed.is_some(), expected.len() - 1);
}

/// Checks the same container as a config with its own annotations, and with separate ones.
fn by_config(container: &Container, fails: bool, matched: usize) {
    if let Some(config) = container.bare_config() {
        let annotations = container.annotations();
        let has_bind_mounts = Some(container.has_bind_mounts);
        let known = Known { annotations: Some(&annotations), has_bind_mounts };
        same(inject(&HOOKS.manager, &config, known), fails, matched);
    }
    if let Some(config) = container.config() {
        same(inject(&HOOKS.manager, &config, Known::default()), fails, matched);
    }
}

fn same(injection: libhooks::Result<libhooks::Injection>, fails: bool, matched: usize) {
    match injection {
        Ok(injection) => {
            assert!(!fails);
            assert_eq!(injection.config.matches(r#"{"path":"/bin/sh"}"#).count(), matched);
        }
        Err(_) => assert!(fails),
    }
}

/// Checks a map of strings, as callers pass annotations.
fn annotations(text: &[u8]) {
    let Ok(text) = str::from_utf8(text) else { return };
    match Annotations::from_json(text) {
        Err(error) => json::assert_valid(&error.to_json()),
        Ok(read) => {
            let members = Members::of(text).expect("an object");
            for member in &members.0 {
                let (Ok(key), Some(value)) =
                    (str::from_utf8(&member.key), json::value(member.value))
                else {
                    continue;
                };
                members.get(key);
                assert_eq!(read.get(key), Some(value.as_str().unwrap_or_default().as_bytes()));
            }
        }
    }
}
