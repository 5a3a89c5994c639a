//! The changes that a hook made to a config, as a JSON Patch (RFC 6902).
//!
//! This is our own code, because the crates for it compare parsed numbers: they would lose `1e400`,
//! and would not see a change from `1` to `1.0`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use crate::go::json::{JsonReader, Kind, SyntaxError};
use crate::terminal::escape_json;

/// One operation of a JSON Patch (RFC 6902 section 4).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// The kind of the operation.
    pub op: Op,
    /// The location: a JSON Pointer (RFC 6901).
    pub path: String,
    /// The new value: JSON, as it is written in the new config; `None` for [`Op::Remove`].
    pub value: Option<String>,
}

/// The kind of an operation of a JSON Patch. These three of RFC 6902's six can express every
/// change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Adds a member, or inserts an element before the one at this index.
    Add,
    /// Removes the value.
    Remove,
    /// Replaces the value.
    Replace,
}

impl Op {
    /// Returns its name in RFC 6902: `add`, `remove` or `replace`.
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

/// Returns a patch as a JSON array. (It is written by hand: serde_json would have to parse the
/// values again to write them unchanged.)
pub fn patch_to_json(patch: &[Operation]) -> String {
    let mut json = "[".to_owned();
    for (index, Operation { op, path, value }) in patch.iter().enumerate() {
        json += if index == 0 { "{\"op\":\"" } else { ",{\"op\":\"" };
        json += op.as_str();
        json += "\",\"path\":";
        json += &crate::go::json::to_string(path);
        if let Some(value) = value {
            json += ",\"value\":";
            json += &escape_json(value);
        }
        json.push('}');
    }
    json + "]"
}

/// Returns the operations that change one JSON value into another. Numbers that are written
/// differently count as different; the order of members and whitespace do not matter.
///
/// # Errors
/// One of the two strings is not valid JSON.
pub(super) fn diff(old: &str, new: &str) -> Result<Vec<Operation>, SyntaxError> {
    let (old, new) = (Value::parse(old)?, Value::parse(new)?);
    let mut patch = Patch::default();
    if old != new {
        patch.change("", &old, &new);
    }
    Ok(patch.operations)
}

/// [`diff`] for fuzz/, without running a hook; `None` if one of the two strings is not valid JSON.
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub fn fuzz_diff(old: &str, new: &str) -> Option<Vec<Operation>> {
    diff(old, new).ok()
}

/// The depth down to which values are parsed; deeper values are compared as strings. It limits the
/// stack and the time.
const DEPTH: usize = 32;

/// A value with its JSON.
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

/// The members of an object. If a key is given twice, the last member counts.
type Members<'a> = BTreeMap<Cow<'a, str>, Value<'a>>;

impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (&self.parts, &other.parts) {
            _ if self.raw == other.raw => true,
            (Parts::None, Parts::None) => false,
            // U+FFFD may stand for different invalid surrogates in the two strings.
            (Parts::String(string), Parts::String(_))
                if string.contains(char::REPLACEMENT_CHARACTER) =>
            {
                false
            }
            (own, other) => own == other,
        }
    }
}

impl<'a> Value<'a> {
    fn parse(json: &'a str) -> Result<Value<'a>, SyntaxError> {
        let mut reader = JsonReader::of_str(json);
        Value::read(json, &mut reader, DEPTH)
    }

    fn read(
        json: &'a str,
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
                    Value::read(json, reader, depth - 1).map(|value| elements.push(value))
                })?;
                Parts::Array(elements)
            }
            Kind::Object if depth > 0 => {
                let mut members = BTreeMap::new();
                let mut is_valid = true;
                reader.object(|reader, key| {
                    is_valid &= !key.value.contains(char::REPLACEMENT_CHARACTER);
                    members.insert(key.value, Value::read(json, reader, depth - 1)?);
                    Ok::<_, SyntaxError>(())
                })?;
                // Keys with invalid surrogates could wrongly become equal.
                if is_valid { Parts::Object(members) } else { Parts::None }
            }
            _ => reader.skip().map(|()| Parts::None)?,
        };
        Ok(Value { raw: json.get(start..reader.offset()).unwrap_or_default(), parts })
    }
}

/// A patch that is being made.
#[derive(Default)]
struct Patch {
    operations: Vec<Operation>,
    /// The length of all paths and values, in bytes.
    size: usize,
}

impl Patch {
    fn push(&mut self, op: Op, path: String, value: Option<&Value<'_>>) {
        let value = value.map(|value| value.raw.to_owned());
        self.size += path.len() + value.as_ref().map_or(0, String::len);
        self.operations.push(Operation { op, path, value });
    }

    /// Adds the operations that change one value into another, different one: for each part, unless
    /// these are much longer than the new value. (Each operation has its whole path, so that a long
    /// key above many changes would be repeated many times.)
    fn change(&mut self, path: &str, old: &Value<'_>, new: &Value<'_>) {
        let (count, size) = (self.operations.len(), self.size);
        let max_size = size + 1024 + 2 * new.raw.len();
        let short = match (&old.parts, &new.parts) {
            (Parts::Object(old), Parts::Object(new)) => {
                self.change_members(path, old, new, max_size)
            }
            (Parts::Array(old), Parts::Array(new)) => {
                self.change_elements(path, old, new, max_size)
            }
            _ => false,
        };
        if !short {
            self.operations.truncate(count);
            self.size = size;
            self.push(Op::Replace, path.to_owned(), Some(new));
        }
    }

    /// Adds the operations for the members of an object. Returns whether they fit into `max_size`.
    fn change_members(
        &mut self,
        path: &str,
        old: &Members<'_>,
        new: &Members<'_>,
        max_size: usize,
    ) -> bool {
        let at = |key: &str| format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
        for (key, old) in old {
            match new.get(key) {
                Some(new) if old == new => {}
                Some(new) => self.change(&at(key), old, new),
                None => self.push(Op::Remove, at(key), None),
            }
            if self.size > max_size {
                return false;
            }
        }
        for (key, new) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
            self.push(Op::Add, at(key), Some(new));
            if self.size > max_size {
                return false;
            }
        }
        true
    }

    /// Does the same for arrays. Most changes are in one place: equal elements before and after it
    /// are left alone.
    fn change_elements(
        &mut self,
        path: &str,
        old: &[Value<'_>],
        new: &[Value<'_>],
        max_size: usize,
    ) -> bool {
        let before = old.iter().zip(new).take_while(|(old, new)| old == new).count();
        let (old, new) =
            (old.get(before..).unwrap_or_default(), new.get(before..).unwrap_or_default());
        let after =
            old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
        let both = old.len().min(new.len()) - after;
        let at = |index: usize| format!("{path}/{}", before + index);
        for (index, (old, new)) in
            old.iter().zip(new).take(both).enumerate().filter(|(_, (old, new))| old != new)
        {
            self.change(&at(index), old, new);
            if self.size > max_size {
                return false;
            }
        }
        for _ in both + after..old.len() {
            self.push(Op::Remove, at(both), None);
            if self.size > max_size {
                return false;
            }
        }
        for (index, new) in new.iter().enumerate().take(new.len() - after).skip(both) {
            self.push(Op::Add, at(index), Some(new));
            if self.size > max_size {
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
    fn members_elements_and_values_are_compared() {
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
    fn a_patch_is_not_much_longer_than_the_new_value() {
        let elements = |value: &str| vec![value; 20_000].join(",");
        let config = |value: &str| {
            format!(r#"{{"a":1,"x":{{"{}":[{}]}}}}"#, "k".repeat(20_000), elements(value))
        };
        let (old, new) = (config("1"), config("2"));
        let steps = diff(&old, &new).unwrap();
        assert_eq!(steps.len(), 1);
        assert!(patch(&old, &new).len() < 2 * new.len());
        let fewer = config("1").replacen("1,1", "1", 1);
        assert_eq!(diff(&old, &fewer).unwrap().len(), 1);
        let long = format!("[{}]", elements("1"));
        assert!(patch(&long, "[]").len() < 2000 && patch("[]", &long).len() < 3 * long.len());
    }

    #[test]
    fn depth_is_limited() {
        let nested = |value: &str| "[".repeat(9_000) + value + &"]".repeat(9_000);
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
    fn a_patch_applied_to_the_old_value_gives_the_new_one() {
        let mut random = Rng::with_seed(20_261_123);
        let mut steps = 0;
        for _ in 0..20_000 {
            let (old, new) = (value(&mut random, 4), value(&mut random, 4));
            let json = patch(&old, &new);
            let operations: json_patch::Patch = serde_json::from_str(&json).unwrap();
            let read = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
            let mut document = read(&old);
            json_patch::patch(&mut document, &operations)
                .unwrap_or_else(|e| panic!("{old}\n{new}\n{json}\n{e}"));
            assert_eq!(document, read(&new), "{old}\n{new}\n{json}");
            assert_eq!(operations.is_empty(), read(&old) == read(&new), "{old}\n{new}\n{json}");
            steps += operations.len();
        }
        assert!(steps > 10_000, "{steps}");
    }
}
