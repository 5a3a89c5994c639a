//! The second JSON parser: serde_json. It keeps each value as it is written, and duplicate keys.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// Panics unless the string is JSON. Lone surrogates are allowed, since the library copies strings
/// of hooks and configs as they are written.
pub fn assert_valid(text: &str) {
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        panic!("{error}: {text}");
    }
}

/// The members of an object, in their order.
pub struct Members<'a>(pub Vec<Member<'a>>);

/// A member of an object. Its key is decoded; a lone surrogate in it is three bytes, as in WTF-8.
pub struct Member<'a> {
    pub key: Vec<u8>,
    pub value: &'a str,
}

impl<'a> Members<'a> {
    /// Parses an object; `None` if the string is not one.
    pub fn of(text: &'a str) -> Option<Members<'a>> {
        serde_json::from_str(text).ok()
    }

    /// Returns the value of a key.
    ///
    /// # Panics
    /// If the key is duplicate.
    pub fn get(&self, key: &str) -> Option<&'a str> {
        let mut found = self.0.iter().filter(|member| member.key == key.as_bytes());
        let member = found.next()?;
        assert!(found.next().is_none(), "duplicate key {key}");
        Some(member.value)
    }

    /// Returns whether a key is duplicate or unknown.
    pub fn is_ambiguous(&self, known: &[&str]) -> bool {
        let mut keys: Vec<&[u8]> = self.0.iter().map(|member| &member.key[..]).collect();
        keys.sort_unstable();
        keys.windows(2).any(|pair| pair[0] == pair[1])
            || keys.iter().any(|key| !known.iter().any(|known| known.as_bytes() == *key))
    }
}

/// Returns the elements of an array; `None` if the string is not one.
pub fn elements(text: &str) -> Option<Vec<&str>> {
    let elements: Vec<&RawValue> = serde_json::from_str(text).ok()?;
    Some(elements.into_iter().map(RawValue::get).collect())
}

/// Parses a value; `None` if it is not JSON, or has strings with lone surrogates.
pub fn value(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

/// Returns the deepest nesting of brackets.
pub fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Returns the position of `part` in `text`; `part` must be a slice of `text`.
pub fn range(text: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr() as usize - text.as_ptr() as usize;
    start..start + part.len()
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((Key(key), value)) = map.next_entry::<Key, &'de RawValue>()? {
                    members.push(Member { key, value: value.get() });
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// A key as bytes: serde_json only accepts lone surrogates in bytes.
struct Key(Vec<u8>);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Key, E> {
                Ok(Key(bytes.to_vec()))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Key, E> {
                self.visit_bytes(text.as_bytes())
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}
