//! A hook as it is read from a file. Its strings borrow from the file's content if they have no
//! escapes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use super::definition::{Hook, OciHook, When, only_in_container};

type Text<'a> = Cow<'a, str>;

/// The borrowed form of a [`Hook`]. It is converted only if a caller needs a [`Hook`].
#[derive(Debug, Default)]
pub(crate) struct HookRef<'a> {
    pub version: Text<'a>,
    pub entry: EntryRef<'a>,
    pub when: WhenRef<'a>,
    pub stages: Option<Vec<Text<'a>>>,
}

/// The borrowed form of an [`OciHook`], with the same JSON.
#[derive(Debug, Default, Serialize)]
pub(crate) struct EntryRef<'a> {
    pub path: Text<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<Text<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<i64>,
}

impl HookRef<'_> {
    /// Returns whether its program is a file of the container: no file of the host is run.
    pub fn runs_in_container(&self) -> bool {
        only_in_container(self.stages.as_deref().unwrap_or_default())
    }
}

impl EntryRef<'_> {
    pub fn to_json(&self) -> String {
        crate::go::json::to_raw_string(self)
    }
}

/// The borrowed form of a [`When`].
#[derive(Debug, Default)]
pub(crate) struct WhenRef<'a> {
    pub always: Option<bool>,
    pub has_bind_mounts: Option<bool>,
    /// Sorted by key. Keys are unique.
    pub annotations: Vec<(Text<'a>, Text<'a>)>,
    pub commands: Vec<Text<'a>>,
    pub any_of: bool,
}

impl<'a> From<&'a Hook> for HookRef<'a> {
    fn from(hook: &'a Hook) -> HookRef<'a> {
        let OciHook { path, args, env, timeout } = &hook.hook;
        HookRef {
            version: hook.version.as_str().into(),
            entry: EntryRef {
                path: path.as_str().into(),
                args: borrowed(args),
                env: borrowed(env),
                timeout: *timeout,
            },
            when: (&hook.when).into(),
            stages: hook.stages.as_deref().map(borrowed),
        }
    }
}

impl<'a> From<&'a When> for WhenRef<'a> {
    fn from(when: &'a When) -> WhenRef<'a> {
        let annotations = when.annotations.iter();
        WhenRef {
            always: when.always,
            has_bind_mounts: when.has_bind_mounts,
            annotations: annotations
                .map(|(key, value)| (key.as_str().into(), value.as_str().into()))
                .collect(),
            commands: borrowed(&when.commands),
            any_of: when.any_of,
        }
    }
}

fn borrowed(strings: &[String]) -> Vec<Text<'_>> {
    strings.iter().map(|string| string.as_str().into()).collect()
}

impl From<HookRef<'_>> for Hook {
    fn from(hook: HookRef<'_>) -> Hook {
        let HookRef { version, entry, when, stages } = hook;
        Hook {
            version: version.into_owned(),
            hook: entry.into(),
            when: when.into(),
            stages: stages.map(owned),
        }
    }
}

impl From<WhenRef<'_>> for When {
    fn from(when: WhenRef<'_>) -> When {
        // `collect` would sort the annotations again, which are sorted already.
        let mut annotations = BTreeMap::new();
        for (key, value) in when.annotations {
            annotations.insert(key.into_owned(), value.into_owned());
        }
        When {
            always: when.always,
            has_bind_mounts: when.has_bind_mounts,
            annotations,
            commands: owned(when.commands),
            any_of: when.any_of,
        }
    }
}

impl From<EntryRef<'_>> for OciHook {
    fn from(entry: EntryRef<'_>) -> OciHook {
        let EntryRef { path, args, env, timeout } = entry;
        OciHook { path: path.into_owned(), args: owned(args), env: owned(env), timeout }
    }
}

/// Converts a hook that was not read from a file by this library.
impl From<Hook> for HookRef<'static> {
    fn from(hook: Hook) -> HookRef<'static> {
        let Hook { version, hook: entry, when, stages } = hook;
        HookRef {
            version: version.into(),
            entry: EntryRef {
                path: entry.path.into(),
                args: cows(entry.args),
                env: cows(entry.env),
                timeout: entry.timeout,
            },
            when: WhenRef {
                always: when.always,
                has_bind_mounts: when.has_bind_mounts,
                annotations: when
                    .annotations
                    .into_iter()
                    .map(|(key, value)| (key.into(), value.into()))
                    .collect(),
                commands: cows(when.commands),
                any_of: when.any_of,
            },
            stages: stages.map(cows),
        }
    }
}

// These two functions are loops and not inlined: `collect` would add the code of the standard
// library's conversion in place for each list.
#[inline(never)]
fn owned(strings: Vec<Text<'_>>) -> Vec<String> {
    let mut owned = Vec::with_capacity(strings.len());
    for string in strings {
        owned.push(string.into_owned());
    }
    owned
}

#[inline(never)]
fn cows(owned: Vec<String>) -> Vec<Text<'static>> {
    let mut cows = Vec::with_capacity(owned.len());
    for string in owned {
        cows.push(Cow::Owned(string));
    }
    cows
}
