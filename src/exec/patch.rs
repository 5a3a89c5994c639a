//! What a hook changed in a config, as a JSON Patch (RFC 6902).
//!
//! Own code rather than a crate's, since those compare numbers as they are in memory: a config's
//! `1e400` would be lost, and `1.0` for `1` would be no change.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use crate::go::json::{JsonReader, Kind, SyntaxError};
use crate::terminal::escape_json;

/// One step of a JSON Patch (RFC 6902 section 4).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// What is done.
    pub op: Op,
    /// Where: a JSON Pointer (RFC 6901).
    pub path: String,
    /// What is put there: JSON, as it is written in the new text; `None` for [`Op::Remove`].
    pub value: Option<String>,
}

/// What a step of a JSON Patch does. Of the six of RFC 6902 these three can say every change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// A member that was not there, or an element before the one that was there.
    Add,
    /// What was there is gone.
    Remove,
    /// What was there is another value now.
    Replace,
}

impl Op {
    /// Its name in RFC 6902: `add`, `remove` or `replace`.
    pub fn as_str(self) -> &'static str {
        match self {
            Op::Add => "add",
            Op::Remove => "remove",
            Op::Replace => "replace",
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A patch as JSON: an array. (By hand: serde_json would have to read the values anew to take them
/// as they are.)
pub fn patch_to_json(patch: &[Operation]) -> String {
    let mut text = "[".to_owned();
    for (index, Operation { op, path, value }) in patch.iter().enumerate() {
        text += if index == 0 { "{\"op\":\"" } else { ",{\"op\":\"" };
        text += op.as_str();
        text += "\",\"path\":";
        text += &crate::go::json::to_string(path);
        if let Some(value) = value {
            text += ",\"value\":";
            text += &escape_json(value);
        }
        text.push('}');
    }
    text + "]"
}

/// The steps from one JSON text to another. Numbers that are written in another way differ; the
/// order of members and white space do not count.
///
/// # Errors
/// One of the two is no JSON.
pub(super) fn diff(old: &str, new: &str) -> Result<Vec<Operation>, SyntaxError> {
    let (old, new) = (Value::parse(old)?, Value::parse(new)?);
    let mut patch = Patch::default();
    if old != new {
        patch.change("", &old, &new);
    }
    Ok(patch.steps)
}

/// [`diff`] for fuzz/, which no hook has to be run for; `None` if one of the two is not JSON.
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub fn fuzz_diff(old: &str, new: &str) -> Option<Vec<Operation>> {
    diff(old, new).ok()
}

/// How deep values are taken apart: those below are compared as text. It bounds the stack, and the
/// time.
const DEPTH: usize = 32;

/// A value, and how it is written.
#[derive(Debug)]
struct Value<'a> {
    raw: &'a str,
    parts: Parts<'a>,
}

#[derive(Debug, PartialEq)]
enum Parts<'a> {
    None,
    String(Cow<'a, str>),
    Array(Vec<Value<'a>>),
    Object(Members<'a>),
}

/// Of two members of one key the last counts.
type Members<'a> = BTreeMap<Cow<'a, str>, Value<'a>>;

impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (&self.parts, &other.parts) {
            _ if self.raw == other.raw => true,
            (Parts::None, Parts::None) => false,
            // What is no text was replaced in both, and may have been anything.
            (Parts::String(text), Parts::String(_))
                if text.contains(char::REPLACEMENT_CHARACTER) =>
            {
                false
            }
            (own, others) => own == others,
        }
    }
}

impl<'a> Value<'a> {
    fn parse(text: &'a str) -> Result<Value<'a>, SyntaxError> {
        let mut reader = JsonReader::of_str(text);
        Value::read(text, &mut reader, DEPTH)
    }

    fn read(
        text: &'a str,
        reader: &mut JsonReader<'a>,
        depth: usize,
    ) -> Result<Value<'a>, SyntaxError> {
        let kind = reader.peek()?;
        let start = reader.offset();
        let parts = match kind {
            Kind::String => Parts::String(reader.string()?.value),
            Kind::Array if depth > 0 => {
                let mut elements = Vec::new();
                reader.array(|reader| {
                    Value::read(text, reader, depth - 1).map(|value| elements.push(value))
                })?;
                Parts::Array(elements)
            }
            Kind::Object if depth > 0 => {
                let mut members = BTreeMap::new();
                let mut is_text = true;
                reader.object(|reader, key| {
                    is_text &= !key.value.contains(char::REPLACEMENT_CHARACTER);
                    members.insert(key.value, Value::read(text, reader, depth - 1)?);
                    Ok::<_, SyntaxError>(())
                })?;
                // Of keys that are no text several could be the same.
                if is_text { Parts::Object(members) } else { Parts::None }
            }
            _ => reader.skip().map(|()| Parts::None)?,
        };
        Ok(Value { raw: text.get(start..reader.offset()).unwrap_or_default(), parts })
    }
}

/// Steps in the making.
#[derive(Default)]
struct Patch {
    steps: Vec<Operation>,
    /// How much text they hold.
    size: usize,
}

impl Patch {
    fn push(&mut self, op: Op, path: String, value: Option<&Value<'_>>) {
        let value = value.map(|value| value.raw.to_owned());
        self.size += path.len() + value.as_ref().map_or(0, String::len);
        self.steps.push(Operation { op, path, value });
    }

    /// Adds what leads from one value to another that differs from it: by its parts, unless that is
    /// longer by far than the new value. (Each step has its whole path, so that a long key
    /// above many changes would be there many times.)
    fn change(&mut self, path: &str, old: &Value<'_>, new: &Value<'_>) {
        let (steps, size) = (self.steps.len(), self.size);
        let most = size + 1024 + 2 * new.raw.len();
        let short = match (&old.parts, &new.parts) {
            (Parts::Object(old), Parts::Object(new)) => self.change_members(path, old, new, most),
            (Parts::Array(old), Parts::Array(new)) => self.change_elements(path, old, new, most),
            _ => false,
        };
        if !short {
            self.steps.truncate(steps);
            self.size = size;
            self.push(Op::Replace, path.to_owned(), Some(new));
        }
    }

    /// Whether it could be said in so much text.
    fn change_members(
        &mut self,
        path: &str,
        old: &Members<'_>,
        new: &Members<'_>,
        most: usize,
    ) -> bool {
        let at = |key: &str| format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
        for (key, old) in old {
            match new.get(key) {
                Some(new) if old == new => {}
                Some(new) => self.change(&at(key), old, new),
                None => self.push(Op::Remove, at(key), None),
            }
            if self.size > most {
                return false;
            }
        }
        for (key, new) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
            self.push(Op::Add, at(key), Some(new));
            if self.size > most {
                return false;
            }
        }
        true
    }

    /// The same of arrays. Most changes are in one place: what is the same before and behind it
    /// stays.
    fn change_elements(
        &mut self,
        path: &str,
        old: &[Value<'_>],
        new: &[Value<'_>],
        most: usize,
    ) -> bool {
        let before = old.iter().zip(new).take_while(|(old, new)| old == new).count();
        let (old, new) =
            (old.get(before..).unwrap_or_default(), new.get(before..).unwrap_or_default());
        let behind =
            old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
        let both = old.len().min(new.len()) - behind;
        let at = |index: usize| format!("{path}/{}", before + index);
        for (index, (old, new)) in
            old.iter().zip(new).take(both).enumerate().filter(|(_, (old, new))| old != new)
        {
            self.change(&at(index), old, new);
            if self.size > most {
                return false;
            }
        }
        for _ in both + behind..old.len() {
            self.push(Op::Remove, at(both), None);
            if self.size > most {
                return false;
            }
        }
        for (index, new) in new.iter().enumerate().take(new.len() - behind).skip(both) {
            self.push(Op::Add, at(index), Some(new));
            if self.size > most {
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;

    use super::*;

    fn patch(old: &str, new: &str) -> String {
        patch_to_json(&diff(old, new).unwrap())
    }

    #[test]
    fn members_elements_and_values() {
        for (old, new, want) in [
            ("{}", " { } ", "[]"),
            (r#"{"a":1,"b":"A"}"#, r#"{"b": "\u0041", "a": 1}"#, "[]"),
            (r#"{"a":1}"#, r#"{"a":1.0}"#, r#"[{"op":"replace","path":"/a","value":1.0}]"#),
            (
                r#"{"a":"\ud800"}"#,
                r#"{"a":"\ud801"}"#,
                r#"[{"op":"replace","path":"/a","value":"\ud801"}]"#,
            ),
            (r#"{"a":1}"#, r#"{"a":"1"}"#, r#"[{"op":"replace","path":"/a","value":"1"}]"#),
            (r#"{"a":[]}"#, r#"{"a":{}}"#, r#"[{"op":"replace","path":"/a","value":{}}]"#),
            (
                r#"{"a/~":{"":1}}"#,
                r#"{"a/~":{"":1e400}}"#,
                r#"[{"op":"replace","path":"/a~1~0/","value":1e400}]"#,
            ),
            (
                r#"{"a":1,"c":2}"#,
                r#"{"c":2,"b":[ 1 ]}"#,
                r#"[{"op":"remove","path":"/a"},{"op":"add","path":"/b","value":[ 1 ]}]"#,
            ),
            (r#"[1,2,3]"#, r#"[1,9,2,3]"#, r#"[{"op":"add","path":"/1","value":9}]"#),
            (r#"[1,2,3]"#, r#"[1,2,3,4]"#, r#"[{"op":"add","path":"/3","value":4}]"#),
            (
                r#"[1,2,3,4]"#,
                r#"[1,4]"#,
                r#"[{"op":"remove","path":"/1"},{"op":"remove","path":"/1"}]"#,
            ),
            (r#"[1,1]"#, r#"[1]"#, r#"[{"op":"remove","path":"/1"}]"#),
            (
                r#"[]"#,
                r#"[1,1]"#,
                r#"[{"op":"add","path":"/0","value":1},{"op":"add","path":"/1","value":1}]"#,
            ),
            (
                r#"[0,{"a":1,"b":2},9]"#,
                r#"[0,{"b":2,"a":3},9]"#,
                r#"[{"op":"replace","path":"/1/a","value":3}]"#,
            ),
            ("1", "2", r#"[{"op":"replace","path":"","value":2}]"#),
            (
                r#"[{"\ud800":1,"\ud801":2}]"#,
                r#"[{"\ud800":7,"\ud801":2}]"#,
                r#"[{"op":"replace","path":"/0","value":{"\ud800":7,"\ud801":2}}]"#,
            ),
        ] {
            assert_eq!(patch(old, new), want, "{old} {new}");
        }
    }

    #[test]
    fn a_patch_is_hardly_longer_than_what_it_makes() {
        let elements = |what: &str| vec![what; 20_000].join(",");
        let config = |what: &str| {
            format!(r#"{{"a":1,"x":{{"{}":[{}]}}}}"#, "k".repeat(20_000), elements(what))
        };
        let (old, new) = (config("1"), config("2"));
        let steps = diff(&old, &new).unwrap();
        assert_eq!(steps.len(), 1);
        assert!(patch(&old, &new).len() < 2 * new.len());
        let fewer = config("1").replacen("1,1", "1", 1);
        assert_eq!(diff(&old, &fewer).unwrap().len(), 1);
        let none = format!("[{}]", elements("1"));
        assert!(patch(&none, "[]").len() < 2000 && patch("[]", &none).len() < 3 * none.len());
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |what: &str| "[".repeat(9_000) + what + &"]".repeat(9_000);
        let steps = diff(&nested("1"), &nested("2")).unwrap();
        assert_eq!(steps.len(), 1);
        assert_eq!(steps[0].path, "/0".repeat(DEPTH));
        assert_eq!(patch(&nested("1"), &nested("1")), "[]");
    }
    fn value(random: &mut Rng, depth: usize) -> String {
        let parts = if depth == 0 { 0 } else { random.usize(..5) };
        let mut keys = vec!["a", "b", "/", "~1", ""];
        match random.usize(..3) {
            0 if depth > 0 => {
                let members = (0..parts).map(|_| {
                    let key = keys.swap_remove(random.usize(..keys.len()));
                    format!("\"{key}\": {}", value(random, depth - 1))
                });
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }
            1 if depth > 0 => {
                let elements = (0..parts).map(|_| value(random, depth - 1));
                format!("[{}]", elements.collect::<Vec<_>>().join(" , "))
            }
            _ => random
                .choice(["null", "true", "1", "2", "\"a\"", "\"\\u0061\"", "\"\"", "[]", "{}"])
                .unwrap()
                .to_owned(),
        }
    }

    #[test]
    fn applied_to_the_old_they_give_the_new() {
        let mut random = Rng::with_seed(20_261_123);
        let mut steps = 0;
        for _ in 0..20_000 {
            let (old, new) = (value(&mut random, 4), value(&mut random, 4));
            let text = patch(&old, &new);
            let operations: json_patch::Patch = serde_json::from_str(&text).unwrap();
            let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
            let mut document = read(&old);
            json_patch::patch(&mut document, &operations)
                .unwrap_or_else(|e| panic!("{old}\n{new}\n{text}\n{e}"));
            assert_eq!(document, read(&new), "{old}\n{new}\n{text}");
            assert_eq!(operations.is_empty(), read(&old) == read(&new), "{old}\n{new}\n{text}");
            steps += operations.len();
        }
        assert!(steps > 10_000, "{steps}");
    }
}
