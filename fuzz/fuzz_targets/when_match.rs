//! Evaluates conditions that were never validated, for a container.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use libhooks::{ErrorKind, When, ffi};
use libhooks_fuzz::engine::{Known, when_matches};
use libhooks_fuzz::json::{self, Members};
use libhooks_fuzz::{Container, fields, model, mutate, planted, timed};
use serde_json::Value;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::json(data, size, max_size, seed)
});

fuzz_target!(|data: &[u8]| {
    let mut fields = fields(data);
    let when = fields.next().unwrap_or_default();
    if let Ok(when) = str::from_utf8(when) {
        let container = Container::take(fields);
        timed(|| matches(when, &container));
    }
});

fn matches(when: &str, container: &Container) {
    let request = container.request();
    let asked = ffi::container(&request, container.has_bind_mounts).unwrap();
    let mut answer = When::from_json(when).and_then(|when| when.matches(&asked));
    if let Err(error) = &answer {
        json::assert_valid(&error.to_json());
        let kinds = [ErrorKind::Json, ErrorKind::HookFile, ErrorKind::Match];
        assert!(kinds.contains(&error.kind()), "{error:?}");
    }
    let say = |answer: &libhooks::Result<bool>| {
        answer.as_ref().copied().map_err(|error| error.message().to_owned())
    };
    if let Some(config) = container.config() {
        assert_eq!(say(&when_matches(when, &config, Known::default())), say(&answer));
    }
    if let Some(config) = container.bare_config() {
        let annotations = container.annotations();
        let has_bind_mounts = Some(container.has_bind_mounts);
        let known = Known { annotations: Some(&annotations), has_bind_mounts };
        let given = when_matches(when, &config, known);
        // These have one value per key, in the order of the keys.
        if container.config().is_some() {
            assert_eq!(given.as_ref().ok(), answer.as_ref().ok());
        }
    }
    if let Some(read) = read(when) {
        if planted("no-bind-mounts-decides") && read.any_of && read.has_bind_mounts == Some(false) {
            answer = Ok(false);
        }
        let expected = model::verdict(&read, container);
        assert_eq!(
            answer.inspect_err(|error| assert_ne!(error.kind(), ErrorKind::Json, "{error:?}")).ok(),
            expected,
            "{read:?}"
        );
    }
}

/// Parses the conditions with the second parser. Returns `None` if they are invalid, or if the two
/// parsers need not agree on them.
fn read(text: &str) -> Option<When> {
    let members = Members::of(text)?;
    if members.is_ambiguous(&["always", "hasBindMounts", "annotations", "commands", "or"]) {
        return None;
    }
    let mut when = When::default();
    for member in &members.0 {
        let value = json::value(member.value)?;
        match (&member.key[..], &value) {
            (b"always", Value::Bool(value)) => when.always = Some(*value),
            (b"hasBindMounts", Value::Bool(value)) => when.has_bind_mounts = Some(*value),
            (b"or", Value::Bool(value)) => when.any_of = *value,
            (b"commands", Value::Array(commands)) => {
                when.commands = commands
                    .iter()
                    .map(|text| text.as_str().map(str::to_owned))
                    .collect::<Option<_>>()?;
            }
            (b"annotations", Value::Object(pairs)) => {
                let own = Members::of(member.value)?;
                let keys: Vec<&str> = pairs.keys().map(String::as_str).collect();
                if own.is_ambiguous(&keys) {
                    return None;
                }
                let pairs = pairs
                    .iter()
                    .map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
                when.annotations = pairs.collect::<Option<_>>()?;
            }
            _ => return None,
        }
    }
    Some(when)
}
