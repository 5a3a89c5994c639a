//! A hook as it is read: its strings still stand in the file's text, where they can.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use super::definition::{Hook, OciHook, When, only_in_container};

pub(crate) type Text<'a> = Cow<'a, str>;

/// What becomes a [`Hook`] if somebody wants to have one.
#[derive(Debug, Default)]
pub(crate) struct HookRef<'a> {
    pub version: Text<'a>,
    pub entry: EntryRef<'a>,
    pub when: WhenRef<'a>,
    pub stages: Option<Vec<Text<'a>>>,
}

/// What becomes an [`OciHook`], and is the same as JSON.
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
    /// Whether its program is one of the container's files: nothing on this system's disk is run.
    pub fn runs_in_container(&self) -> bool {
        only_in_container(self.stages.as_deref().unwrap_or_default())
    }
}

impl EntryRef<'_> {
    pub fn to_json(&self) -> String {
        crate::go::json::to_raw_string(self)
    }
}

/// What becomes a [`When`].
#[derive(Debug, Default)]
pub(crate) struct WhenRef<'a> {
    pub always: Option<bool>,
    pub has_bind_mounts: Option<bool>,
    /// In the order of the keys, each of which is there once.
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
                args: lent(args),
                env: lent(env),
                timeout: *timeout,
            },
            when: (&hook.when).into(),
            stages: hook.stages.as_deref().map(lent),
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
            commands: lent(&when.commands),
            any_of: when.any_of,
        }
    }
}

fn lent(texts: &[String]) -> Vec<Text<'_>> {
    texts.iter().map(|text| text.as_str().into()).collect()
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
        // (To collect a map, the standard library would sort once more what is in order.)
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

/// Of a hook that was made otherwise.
impl From<Hook> for HookRef<'static> {
    fn from(hook: Hook) -> HookRef<'static> {
        let Hook { version, hook: entry, when, stages } = hook;
        HookRef {
            version: version.into(),
            entry: EntryRef {
                path: entry.path.into(),
                args: texts(entry.args),
                env: texts(entry.env),
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
                commands: texts(when.commands),
                any_of: when.any_of,
            },
            stages: stages.map(texts),
        }
    }
}

// Loops, and apart: to collect would be to have the standard library's way of doing it in place,
// for each of the lists.
#[inline(never)]
fn owned(texts: Vec<Text<'_>>) -> Vec<String> {
    let mut owned = Vec::with_capacity(texts.len());
    for text in texts {
        owned.push(text.into_owned());
    }
    owned
}

#[inline(never)]
fn texts(owned: Vec<String>) -> Vec<Text<'static>> {
    let mut texts = Vec::with_capacity(owned.len());
    for text in owned {
        texts.push(Cow::Owned(text));
    }
    texts
}
