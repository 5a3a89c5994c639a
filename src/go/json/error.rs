//! Errors in JSON: a syntax error, a value of a wrong type, a duplicate key.

use std::fmt::{self, Display};

use super::kind::Kind;
use super::strings::Text;

/// A string that is not JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// Where the reader stopped.
    pub offset: usize,
    pub(super) kind: SyntaxErrorKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum SyntaxErrorKind {
    /// There is only whitespace.
    Empty,
    /// It is truncated.
    End,
    /// It is nested too deeply.
    Depth,
    Unexpected {
        expected: Expected,
        found: char,
    },
}

/// The token that the reader expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Expected {
    Value,
    String,
    Object,
    Array,
    Key,
    Colon,
    /// A comma, or the brace that ends the object.
    NextMember,
    /// A comma, or the bracket that ends the array.
    NextElement,
    /// Nothing but whitespace.
    End,
    StringCharacter,
    Escape,
    HexDigit,
    Digit,
    FractionDigit,
    ExponentDigit,
    /// The rest of `true`, `false` or `null`.
    Literal,
}

impl Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Expected::Value => "a value",
            Expected::String => "a string",
            Expected::Object => "an object",
            Expected::Array => "an array",
            Expected::Key => "a key in double quotes",
            Expected::Colon => "':' after a key",
            Expected::NextMember => "',' or '}' after a member",
            Expected::NextElement => "',' or ']' after an element",
            Expected::End => "nothing after the value",
            Expected::StringCharacter => "a character of a string",
            Expected::Escape => "an escape: one of \" \\ / b f n r t u after the backslash",
            Expected::HexDigit => "a hexadecimal digit of a \\u escape",
            Expected::Digit => "a digit",
            Expected::FractionDigit => "a digit after the decimal point",
            Expected::ExponentDigit => "a digit of the exponent",
            Expected::Literal => "true, false or null",
        })
    }
}

/// The kind of an error in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum JsonErrorKind {
    Syntax(SyntaxErrorKind),
    /// A value has a wrong type. `value` is its name, such as `hook.args[0]`.
    Type {
        value: Box<str>,
        wanted: Kind,
        found: Kind,
    },
    /// A number is not an integer of 64 bits.
    Integer {
        value: Box<str>,
        number: Box<str>,
    },
    /// A key occurs twice.
    Duplicate {
        key: Box<str>,
    },
    /// A key differs only in case from one that is read.
    Folded {
        key: Box<str>,
        name: &'static str,
    },
}

/// An error in JSON, with its offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JsonError {
    pub kind: JsonErrorKind,
    pub offset: usize,
}

impl JsonError {
    /// Returns the error for a value of a wrong type at `offset`.
    #[cold]
    pub fn wrong_type(offset: usize, name: impl Display, wanted: Kind, found: Kind) -> JsonError {
        let value = name.to_string().into_boxed_str();
        JsonError { kind: JsonErrorKind::Type { value, wanted, found }, offset }
    }

    /// Returns the error for a key that occurs again in `object`.
    #[cold]
    pub fn duplicate(key: &Text<'_>, object: &str) -> JsonError {
        let dot = if object.is_empty() { "" } else { "." };
        let name = format!("{object}{dot}{}", key.value).into_boxed_str();
        JsonError { kind: JsonErrorKind::Duplicate { key: name }, offset: key.offset }
    }
}

impl From<SyntaxError> for JsonError {
    #[cold]
    fn from(error: SyntaxError) -> JsonError {
        JsonError { kind: JsonErrorKind::Syntax(error.kind), offset: error.offset }
    }
}
