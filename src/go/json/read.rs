//! The reader: reads values from a JSON text, in one pass and without recursion.

use std::borrow::Cow;
use std::ops::Range;

use super::error::{Expected, JsonError, SyntaxError, SyntaxErrorKind};
use super::kind::Kind;
use super::nesting::Open;
use super::strings::{Text, unescape};
use crate::go::text_of_bytes;
use crate::limits::JSON_DEPTH;

/// Reads a JSON text from its start to its end.
///
/// Each method that reads a value expects the reader to be before the value, or before whitespace
/// that precedes it. Afterwards the reader is after the value.
#[derive(Debug, Clone)]
pub(crate) struct JsonReader<'a> {
    text: &'a [u8],
    /// The text, if it is known to be UTF-8.
    valid: Option<&'a str>,
    at: usize,
    open: Open,
    /// The errors for values of wrong types, if they are noted.
    pub(super) wrong: Option<Vec<JsonError>>,
}

/// The range of a string, without its quotes.
struct Raw {
    place: Range<usize>,
    has_escapes: bool,
}

impl<'a> JsonReader<'a> {
    /// Returns a reader of a text that may be invalid UTF-8. The text is checked once for all its
    /// strings.
    pub fn new(text: &'a [u8]) -> JsonReader<'a> {
        JsonReader {
            text,
            valid: std::str::from_utf8(text).ok(),
            at: 0,
            open: Open::default(),
            wrong: None,
        }
    }

    pub fn of_str(text: &'a str) -> JsonReader<'a> {
        JsonReader {
            text: text.as_bytes(),
            valid: Some(text),
            at: 0,
            open: Open::default(),
            wrong: None,
        }
    }

    /// Checks that the whole text is one JSON value.
    pub fn check(text: &'a [u8]) -> Result<(), SyntaxError> {
        let mut reader =
            JsonReader { text, valid: None, at: 0, open: Open::default(), wrong: None };
        reader.skip()?;
        reader.end()
    }

    /// Returns the offset of the next byte to read. After [`JsonReader::peek`] it is that of the
    /// value.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Returns the offset of the next value.
    pub fn peek_offset(&mut self) -> Result<usize, SyntaxError> {
        self.peek()?;
        Ok(self.at)
    }

    /// Returns whether the next value is of this type, according to its first byte.
    #[inline]
    pub(super) fn is_before(&mut self, kind: Kind) -> bool {
        self.space();
        let first = match kind {
            Kind::String => b'"',
            Kind::Object => b'{',
            Kind::Array => b'[',
            _ => return self.peek() == Ok(kind),
        };
        self.byte() == Some(first)
    }

    /// Returns the type of the next value.
    pub fn peek(&mut self) -> Result<Kind, SyntaxError> {
        self.space();
        match self.byte() {
            Some(b'n') => Ok(Kind::Null),
            Some(b't' | b'f') => Ok(Kind::Bool),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b'"') => Ok(Kind::String),
            Some(b'[') => Ok(Kind::Array),
            Some(b'{') => Ok(Kind::Object),
            _ => Err(self.unexpected(Expected::Value)),
        }
    }

    /// Reads a string.
    pub fn string(&mut self) -> Result<Text<'a>, SyntaxError> {
        self.space();
        let offset = self.at;
        let raw = self.raw_string(Expected::String)?;
        Ok(Text { value: self.decode(&raw), offset })
    }

    /// Reads a number, as it is written.
    pub fn number(&mut self) -> Result<&'a str, SyntaxError> {
        self.space();
        let start = self.at;
        self.skip_number()?;
        // Digits, signs, a point and an exponent: ASCII.
        Ok(std::str::from_utf8(self.text.get(start..self.at).unwrap_or_default())
            .unwrap_or_default())
    }

    /// Reads `true` or `false`.
    pub fn bool(&mut self) -> Result<bool, SyntaxError> {
        self.space();
        let value = self.byte() == Some(b't');
        self.skip_literal(if value { b"true" } else { b"false" })?;
        Ok(value)
    }

    /// Reads an object. `member` is called before each value, with its key, and must read or skip
    /// that value.
    pub fn object<E: From<SyntaxError>>(
        &mut self,
        mut member: impl FnMut(&mut JsonReader<'a>, Text<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.space();
        self.open(Kind::Object)?;
        if !self.close_empty() {
            loop {
                let (key, offset) = self.key()?;
                let value = self.decode(&key);
                member(self, Text { value, offset })?;
                if self.next_or_close()? {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Reads an array. `element` is called before each value and must read or skip it.
    pub fn array<E: From<SyntaxError>>(
        &mut self,
        mut element: impl FnMut(&mut JsonReader<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.space();
        self.open(Kind::Array)?;
        if !self.close_empty() {
            loop {
                element(self)?;
                if self.next_or_close()? {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Skips a value of any depth.
    pub fn skip(&mut self) -> Result<(), SyntaxError> {
        let outside = self.open.depth();
        loop {
            // One value, or the start of one.
            let opened = match self.peek()? {
                Kind::String => self.raw_string(Expected::String).map(|_| false)?,
                Kind::Number => self.skip_number().map(|()| false)?,
                Kind::Null => self.skip_literal(b"null").map(|()| false)?,
                Kind::Bool => self.bool().map(|_| false)?,
                kind @ (Kind::Array | Kind::Object) => {
                    self.open(kind)?;
                    !self.close_empty()
                }
            };
            // Close the arrays and objects that end here, then go to the next value.
            if !opened {
                loop {
                    if self.open.depth() == outside {
                        return Ok(());
                    }
                    if !self.next_or_close()? {
                        break;
                    }
                }
            }
            if self.open.is_object() {
                self.key()?;
            }
        }
    }

    /// Checks that only whitespace follows.
    pub fn end(&mut self) -> Result<(), SyntaxError> {
        self.space();
        match self.byte() {
            None => Ok(()),
            Some(_) => Err(self.unexpected(Expected::End)),
        }
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    #[inline]
    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.byte() {
            self.at += 1;
            // Skips indentation faster.
            while self.text.get(self.at..).and_then(<[u8]>::first_chunk) == Some(b"    ") {
                self.at += 4;
            }
        }
    }

    /// Returns the error at the next byte: the text ends there, or has another token.
    #[cold]
    fn unexpected(&self, expected: Expected) -> SyntaxError {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let kind = match rest.first() {
            // The error of an empty text is at its start.
            None if self.text.trim_ascii().is_empty() => {
                return SyntaxError { offset: 0, kind: SyntaxErrorKind::Empty };
            }
            None => SyntaxErrorKind::End,
            Some(_) => {
                let head = rest.get(..rest.len().min(4)).unwrap_or_default();
                let found = head
                    .utf8_chunks()
                    .next()
                    .and_then(|chunk| chunk.valid().chars().next())
                    .unwrap_or(char::REPLACEMENT_CHARACTER);
                SyntaxErrorKind::Unexpected { expected, found }
            }
        };
        SyntaxError { offset: self.at, kind }
    }

    fn open(&mut self, kind: Kind) -> Result<(), SyntaxError> {
        let (bracket, expected) = match kind {
            Kind::Object => (b'{', Expected::Object),
            _ => (b'[', Expected::Array),
        };
        if self.byte() != Some(bracket) {
            return Err(self.unexpected(expected));
        }
        // The outermost array or object is level 1.
        if self.open.depth() == JSON_DEPTH {
            return Err(SyntaxError { offset: self.at, kind: SyntaxErrorKind::Depth });
        }
        self.at += 1;
        self.open.push(kind == Kind::Object);
        Ok(())
    }

    /// Closes the array or object that was just opened, if it is empty. Returns whether it is.
    #[inline]
    fn close_empty(&mut self) -> bool {
        self.space();
        let bracket = if self.open.is_object() { b'}' } else { b']' };
        let empty = self.byte() == Some(bracket);
        if empty {
            self.at += 1;
            self.open.pop();
        }
        empty
    }

    /// Reads the byte after a value in an array or object. Returns false after a comma, and true
    /// after the closing bracket.
    #[inline]
    fn next_or_close(&mut self) -> Result<bool, SyntaxError> {
        self.space();
        let (bracket, expected) = if self.open.is_object() {
            (b'}', Expected::NextMember)
        } else {
            (b']', Expected::NextElement)
        };
        match self.byte() {
            Some(b',') => {
                self.at += 1;
                Ok(false)
            }
            Some(byte) if byte == bracket => {
                self.at += 1;
                self.open.pop();
                Ok(true)
            }
            _ => Err(self.unexpected(expected)),
        }
    }

    /// Reads a key and its colon. Returns the key and its offset.
    fn key(&mut self) -> Result<(Raw, usize), SyntaxError> {
        self.space();
        let offset = self.at;
        let raw = self.raw_string(Expected::Key)?;
        self.space();
        if self.byte() != Some(b':') {
            return Err(self.unexpected(Expected::Colon));
        }
        self.at += 1;
        Ok((raw, offset))
    }

    #[inline]
    fn decode(&self, raw: &Raw) -> Cow<'a, str> {
        let text = || self.text.get(raw.place.clone()).unwrap_or_default();
        match self.valid {
            _ if raw.has_escapes => unescape(text()),
            Some(valid) => Cow::Borrowed(valid.get(raw.place.clone()).unwrap_or_default()),
            None => text_of_bytes(text()),
        }
    }

    #[inline]
    fn raw_string(&mut self, expected: Expected) -> Result<Raw, SyntaxError> {
        if self.byte() != Some(b'"') {
            return Err(self.unexpected(expected));
        }
        self.at += 1;
        let start = self.at;
        let mut has_escapes = false;
        loop {
            self.at += plain_length(self.text.get(self.at..).unwrap_or_default());
            match self.byte() {
                Some(b'"') => {
                    let place = start..self.at;
                    self.at += 1;
                    return Ok(Raw { place, has_escapes });
                }
                Some(b'\\') => {
                    self.skip_escape()?;
                    has_escapes = true;
                }
                _ => return Err(self.unexpected(Expected::StringCharacter)),
            }
        }
    }

    fn skip_escape(&mut self) -> Result<(), SyntaxError> {
        self.at += 1;
        match self.byte() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                self.at += 1;
                for _ in 0..4 {
                    if !self.byte().is_some_and(|b| b.is_ascii_hexdigit()) {
                        return Err(self.unexpected(Expected::HexDigit));
                    }
                    self.at += 1;
                }
            }
            _ => return Err(self.unexpected(Expected::Escape)),
        }
        Ok(())
    }

    fn skip_number(&mut self) -> Result<(), SyntaxError> {
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        match self.byte() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.skip_digits(),
            _ => return Err(self.unexpected(Expected::Digit)),
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.expect_digits(Expected::FractionDigit)?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            self.expect_digits(Expected::ExponentDigit)?;
        }
        Ok(())
    }

    fn expect_digits(&mut self, expected: Expected) -> Result<(), SyntaxError> {
        if !self.byte().is_some_and(|b| b.is_ascii_digit()) {
            return Err(self.unexpected(expected));
        }
        self.skip_digits();
        Ok(())
    }

    fn skip_digits(&mut self) {
        while self.byte().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn skip_literal(&mut self, literal: &'static [u8]) -> Result<(), SyntaxError> {
        for &wanted in literal {
            if self.byte() != Some(wanted) {
                return Err(self.unexpected(Expected::Literal));
            }
            self.at += 1;
        }
        Ok(())
    }
}

/// Returns how many bytes at the start of `text` are neither `"`, `\` nor control characters. It
/// checks eight bytes at a time.
fn plain_length(text: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    for (index, chunk) in text.chunks_exact(8).enumerate() {
        let word = u64::from_le_bytes(chunk.first_chunk().copied().unwrap_or_default());
        let quote = word ^ (ONES * b'"' as u64);
        let backslash = word ^ (ONES * b'\\' as u64);
        // The high bit of each byte that is zero (in the first two lines) or below 0x20 (in the
        // third). A borrow can set a wrong bit above the first correct one, which does not change
        // the count of trailing zeros.
        let found = (quote.wrapping_sub(ONES) & !quote
            | backslash.wrapping_sub(ONES) & !backslash
            | word.wrapping_sub(ONES * 0x20) & !word)
            & HIGHS;
        if found != 0 {
            return index * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let done = text.len() / 8 * 8;
    let rest = text.get(done..).unwrap_or_default();
    done + rest.iter().position(|&b| b < 0x20 || b == b'"' || b == b'\\').unwrap_or(rest.len())
}

#[cfg(test)]
mod tests;
