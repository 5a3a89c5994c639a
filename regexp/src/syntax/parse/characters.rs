//! Characters and sets of characters: escapes, named classes, and brackets.

use super::{Parsed, Parser};
use crate::syntax::class::{self, Item, LAST};
use crate::syntax::error::{Error, ErrorKind};
use crate::syntax::tree::{FOLD, Op};

impl Parser<'_> {
    /// Reads `\pL`, `\d` and the like. Returns `None` for anything else, and `Some(None)` for the
    /// empty set.
    pub(crate) fn set(&mut self) -> Parsed<Option<Option<Item>>> {
        let (Some(b'\\'), Some(letter)) = (self.peek(0), self.peek(1)) else { return Ok(None) };
        let folded = self.flags & FOLD != 0;
        if let Some(item) = class::perl(letter, folded, self.builder.faults) {
            self.at += 2;
            return Ok(Some(Some(item)));
        }
        if !matches!(letter, b'p' | b'P') {
            return Ok(None);
        }
        let start = self.at;
        self.at += 2;
        let rest = self.rest();
        let name = match self.next_char() {
            Some('{') => match rest.split_once('}') {
                Some((braced, _)) => {
                    self.at = start + 2 + braced.len() + 1;
                    braced.get(1..).unwrap_or("")
                }
                None => {
                    self.at = self.pattern.len();
                    return Err(self.error(ErrorKind::CharRange, start));
                }
            },
            _ => self.pattern.get(start + 2..self.at).unwrap_or(""),
        };
        let (name, caret) = match name.strip_prefix('^') {
            Some(name) => (name, true),
            None => (name, false),
        };
        match class::unicode(name, folded, (letter == b'P') != caret) {
            Some(item) => Ok(Some(item)),
            None => Err(self.error(ErrorKind::CharRange, start)),
        }
    }

    /// Reads the escape of one character.
    pub(crate) fn escape(&mut self) -> Parsed<u32> {
        let start = self.at;
        self.at += 1;
        let Some(c) = self.next_char() else {
            return Err(Error {
                kind: ErrorKind::TrailingBackslash,
                expr: "".into(),
                offset: start,
            });
        };
        let octal = |byte: Option<u8>| {
            byte.filter(|byte| (b'0'..=b'7').contains(byte)).map(|byte| byte - b'0')
        };
        match c {
            // A single digit would be a backreference, which Go does not have.
            '1'..='7' if octal(self.peek(0)).is_none() => {}
            '0'..='7' => {
                let mut code = u32::from(c) - u32::from('0');
                for _ in 0..2 {
                    let Some(digit) = octal(self.peek(0)) else { break };
                    code = code * 8 + u32::from(digit);
                    self.at += 1;
                }
                return Ok(code);
            }
            'x' => {
                if let Some(code) = self.hexadecimal() {
                    return Ok(code);
                }
            }
            'a' => return Ok(0x07),
            'f' => return Ok(0x0C),
            'n' => return Ok(0x0A),
            'r' => return Ok(0x0D),
            't' => return Ok(0x09),
            'v' => return Ok(0x0B),
            _ if c.is_ascii() && !c.is_ascii_alphanumeric() => return Ok(c.into()),
            _ => {}
        }
        Err(self.error(ErrorKind::Escape, start))
    }

    /// Reads the digits after `\x`. On failure the parser is after the invalid character.
    fn hexadecimal(&mut self) -> Option<u32> {
        let first = self.next_char()?;
        if first != '{' {
            let low = self.next_char();
            return Some(first.to_digit(16)? * 16 + low?.to_digit(16)?);
        }
        let (mut code, mut digits) = (0, 0);
        loop {
            match self.next_char()? {
                '}' => return (digits > 0).then_some(code),
                c => code = code * 16 + c.to_digit(16)?,
            }
            if code > LAST {
                return None;
            }
            digits = 1;
        }
    }

    /// Reads `[…]`.
    pub(crate) fn bracket(&mut self) -> Parsed {
        let start = self.at;
        self.at += 1;
        // Go makes the node of the class before its contents.
        let id = self.builder.make(Op::Empty, self.flags, 0, 0);
        let since = self.builder.tree.items.len();
        let negated = self.peek(0) == Some(b'^');
        let mut first = since;
        if negated {
            self.at += 1;
            self.builder.item(Item::none_of_next(0), since);
            first += 1;
        }
        let first_member = self.at;
        while self.peek(0) != Some(b']') || self.at == first_member {
            if let Some(item) = self.named_class()? {
                self.builder.item(item, first);
            } else if let Some(items) = self.set()? {
                if let Some(item) = items {
                    self.builder.item(item, first);
                }
            } else {
                let item = self.range(start)?;
                self.builder.item(item, first);
            }
        }
        self.at += 1;
        if negated {
            let count = self.builder.tree.items.len() - first;
            if let Some(item) = self.builder.tree.items.get_mut(since) {
                *item = Item::none_of_next(count);
            }
        }
        self.builder.class(id, since);
        let result = self.builder.push(id, self.flags);
        self.limit(result)
    }

    /// Reads `[:name:]`, in brackets. Without a closing `:]` it returns `None`.
    fn named_class(&mut self) -> Parsed<Option<Item>> {
        let Some(rest) = self.rest().strip_prefix("[:") else { return Ok(None) };
        let Some((name, _)) = rest.split_once(":]") else { return Ok(None) };
        let start = self.at;
        self.at += name.len() + 4;
        match class::posix(name, self.flags & FOLD != 0) {
            Some(item) => Ok(Some(item)),
            None => Err(self.error(ErrorKind::CharRange, start)),
        }
    }

    /// Reads a character or `lo-hi`, in brackets.
    fn range(&mut self, bracket: usize) -> Parsed<Item> {
        let start = self.at;
        let lo = self.member(bracket)?;
        let mut hi = lo;
        if self.peek(0) == Some(b'-') && self.peek(1).is_some_and(|byte| byte != b']') {
            self.at += 1;
            hi = self.member(bracket)?;
            if hi < lo {
                return Err(self.error(ErrorKind::CharRange, start));
            }
        }
        Ok(Item::span(lo, hi, self.flags & FOLD != 0))
    }

    fn member(&mut self, bracket: usize) -> Parsed<u32> {
        if self.peek(0) == Some(b'\\') {
            return self.escape();
        }
        match self.next_char() {
            Some(c) => Ok(c.into()),
            None => Err(self.error(ErrorKind::MissingBracket, bracket)),
        }
    }
}
