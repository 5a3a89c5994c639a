//! Parses Go's syntax character by character, with Go's errors.
//!
//! The parser reads the pattern once from left to right, and puts every piece on the stack of
//! [`super::builder`], which does the rest. No function is recursive.

mod characters;

use super::builder::Builder;
use super::error::{Error, ErrorKind};
use super::tree::{DOT_NEWLINE, FOLD, Flags, LAZY, ONE_LINE, Op, Tree, UNLIMITED};
use crate::fault::Faults;

/// The longest pattern in bytes: positions in the pattern and in the tree have 32 bits.
const MAX_LENGTH: usize = 1 << 28;

/// The largest repeat count.
const MAX_REPEAT: u32 = 1000;

/// Parses a pattern, as if `flags` were set at its start.
pub(crate) fn parse(pattern: &str, flags: Flags, faults: Faults) -> Result<Tree, Error> {
    let flags = flags | ONE_LINE;
    if pattern.len() > MAX_LENGTH {
        return Err(Error { kind: ErrorKind::Large, expr: pattern.into(), offset: 0 });
    }
    let mut parser = Parser {
        pattern,
        at: 0,
        flags,
        last_repeat: None,
        builder: Builder::new(pattern.len(), faults),
    };
    let mut result = parser.run();
    if matches!(&result, Err(error) if error.kind == ErrorKind::Large) && parser.builder.estimated {
        // The size was an estimate. Parse again and count exactly.
        let mut builder = Builder::new(pattern.len(), faults);
        builder.exact = true;
        parser = Parser { pattern, at: 0, flags, last_repeat: None, builder };
        result = parser.run();
    }
    result?;
    let group = parser.builder.open_group();
    parser.builder.finish().ok_or_else(|| Error {
        kind: ErrorKind::MissingParen,
        expr: pattern.into(),
        offset: group.unwrap_or(0),
    })
}

struct Parser<'t> {
    pattern: &'t str,
    /// The position of the next character.
    at: usize,
    flags: Flags,
    /// The start of the repeat operator that ends just before `at`, if there is one.
    last_repeat: Option<usize>,
    builder: Builder,
}

type Parsed<T = ()> = Result<T, Error>;

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        self.pattern.get(self.at..).unwrap_or("")
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.pattern.as_bytes().get(self.at + ahead).copied()
    }

    fn next_char(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Returns an error that quotes the pattern from `start` to the parser's position.
    fn error(&self, kind: ErrorKind, start: usize) -> Error {
        Error { kind, expr: self.pattern.get(start..self.at).unwrap_or("").into(), offset: start }
    }

    /// Returns an error that quotes the whole pattern, with a position in it.
    fn whole(&self, kind: ErrorKind, offset: usize) -> Error {
        Error { kind, expr: self.pattern.into(), offset }
    }

    fn limit<T>(&self, result: Result<T, ErrorKind>) -> Parsed<T> {
        result.map_err(|kind| self.whole(kind, 0))
    }

    fn literal(&mut self, c: u32) -> Parsed {
        let result = self.builder.literal(c, self.flags);
        self.limit(result)
    }

    fn op(&mut self, op: Op, length: usize) -> Parsed {
        self.at += length;
        self.push(op, 0, 0)
    }

    fn push(&mut self, op: Op, a: u32, b: u32) -> Parsed {
        let id = self.builder.make(op, self.flags, a, b);
        let result = self.builder.push(id, self.flags);
        self.limit(result)
    }

    fn run(&mut self) -> Parsed {
        while let Some(byte) = self.peek(0) {
            let start = self.at;
            let mut repeat = None;
            match byte {
                b'(' => self.group()?,
                b'|' => self.bar()?,
                b')' => self.close_group()?,
                b'^' if self.flags & ONE_LINE != 0 => self.op(Op::BeginText, 1)?,
                b'^' => self.op(Op::BeginLine, 1)?,
                b'$' if self.flags & ONE_LINE != 0 => self.op(Op::EndText, 1)?,
                b'$' => self.op(Op::EndLine, 1)?,
                b'.' if self.flags & DOT_NEWLINE != 0 => self.op(Op::Any, 1)?,
                b'.' => self.op(Op::AnyNotNewline, 1)?,
                b'[' => self.bracket()?,
                b'*' | b'+' | b'?' => {
                    self.at += 1;
                    let op = match byte {
                        b'*' => Op::Star,
                        b'+' => Op::Plus,
                        _ => Op::Quest,
                    };
                    self.repeat(op, 0, 0, start)?;
                    repeat = Some(start);
                }
                b'{' => match self.counts() {
                    Some((min, max)) => {
                        if min > MAX_REPEAT || max.is_some_and(|max| max > MAX_REPEAT || min > max)
                        {
                            return Err(self.error(ErrorKind::RepeatSize, start));
                        }
                        self.repeat(Op::Repeat, min, max.unwrap_or(UNLIMITED), start)?;
                        repeat = Some(start);
                    }
                    None => {
                        self.at += 1;
                        self.literal('{'.into())?;
                    }
                },
                b'\\' => self.backslash()?,
                _ => {
                    if let Some(c) = self.next_char() {
                        self.literal(c.into())?;
                    }
                }
            }
            self.last_repeat = repeat;
        }
        self.end_alternatives()
    }

    /// Makes one node of everything after the topmost `(`.
    fn end_alternatives(&mut self) -> Parsed {
        let result = self.builder.concat(self.flags);
        self.limit(result)?;
        if self.builder.swap_bar() {
            self.builder.pop();
        }
        let result = self.builder.alternate(self.flags);
        self.limit(result)
    }

    fn bar(&mut self) -> Parsed {
        self.at += 1;
        let result = self.builder.concat(self.flags);
        self.limit(result)?;
        if self.builder.swap_bar() { Ok(()) } else { self.push(Op::Bar, 0, 0) }
    }

    fn close_group(&mut self) -> Parsed {
        let place = self.at;
        self.end_alternatives()?;
        let inner = self.builder.pop();
        let paren = self.builder.pop();
        let (Some(inner), Some(paren)) = (inner, paren) else {
            return Err(self.whole(ErrorKind::UnexpectedParen, place));
        };
        let node = *self.builder.node(paren);
        if node.op != Op::Paren {
            return Err(self.whole(ErrorKind::UnexpectedParen, place));
        }
        self.at += 1;
        self.flags = node.flags;
        let result = if node.a == 0 {
            self.builder.push(inner, self.flags)
        } else {
            let group = self.builder.node_mut(paren);
            (group.op, group.a, group.b) = (Op::Capture, inner, 0);
            self.builder.push(paren, self.flags)
        };
        self.limit(result)
    }

    /// Puts the topmost node into a repeat. Its operator starts at `start` and ends here, except
    /// for a `?` that makes it lazy.
    fn repeat(&mut self, op: Op, min: u32, max: u32, start: usize) -> Parsed {
        let mut flags = self.flags;
        if self.peek(0) == Some(b'?') {
            self.at += 1;
            flags ^= LAZY;
        }
        if let Some(last) = self.last_repeat {
            return Err(self.error(ErrorKind::RepeatOp, last));
        }
        match self.builder.repeat(op, min, max, flags) {
            None => Err(self.error(ErrorKind::MissingRepeatArgument, start)),
            Some(Err(kind)) => Err(self.whole(kind, 0)),
            Some(Ok(false)) => Err(self.error(ErrorKind::RepeatSize, start)),
            Some(Ok(true)) => Ok(()),
        }
    }

    /// Reads `{n}`, `{n,}` or `{n,m}`. Otherwise it returns `None`, and the parser does not move.
    fn counts(&mut self) -> Option<(u32, Option<u32>)> {
        let mut at = self.at + 1;
        let min = self.number(&mut at)?;
        let bytes = self.pattern.as_bytes();
        let mut max = Some(min);
        if bytes.get(at) == Some(&b',') {
            at += 1;
            max = if bytes.get(at) == Some(&b'}') { None } else { Some(self.number(&mut at)?) };
        }
        if bytes.get(at) != Some(&b'}') {
            return None;
        }
        self.at = at + 1;
        Some((min, max))
    }

    /// Reads a decimal number without leading zeros. A number that does not fit into the type is
    /// over every limit.
    fn number(&self, at: &mut usize) -> Option<u32> {
        let digits = self.pattern.get(*at..)?;
        let length = digits.bytes().take_while(u8::is_ascii_digit).count();
        let digits = digits.get(..length)?;
        if digits.is_empty() || length > 1 && digits.starts_with('0') {
            return None;
        }
        *at += length;
        Some(
            digits.bytes().fold(0, |n: u32, digit| {
                n.saturating_mul(10).saturating_add((digit - b'0').into())
            }),
        )
    }

    /// Reads `(`, `(?P<name>`, `(?flags)` and the like.
    fn group(&mut self) -> Parsed {
        let start = self.at;
        if self.peek(1) != Some(b'?') {
            self.at += 1;
            return self.push(Op::Paren, 1, start as u32);
        }
        let rest = self.rest();
        let name = match rest.strip_prefix("(?P<").filter(|name| !name.is_empty()) {
            Some(name) => Some(name),
            None => rest.strip_prefix("(?<").filter(|name| !name.is_empty()),
        };
        if let Some(name) = name {
            let Some((name, after)) = name.split_once('>') else {
                self.at = self.pattern.len();
                return Err(self.error(ErrorKind::NamedCapture, start));
            };
            self.at = self.pattern.len() - after.len();
            if name.is_empty()
                || !name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
            {
                return Err(self.error(ErrorKind::NamedCapture, start));
            }
            return self.push(Op::Paren, 1, start as u32);
        }
        self.at += 2;
        self.group_flags(start)
    }

    /// Reads flags up to `)` or `:`.
    fn group_flags(&mut self, start: usize) -> Parsed {
        let mut flags = self.flags;
        let (mut on, mut any) = (true, false);
        while let Some(c) = self.next_char() {
            // Go keeps the opposite of `m`.
            let (flag, set) = match c {
                'i' => (FOLD, on),
                'm' => (ONE_LINE, !on),
                's' => (DOT_NEWLINE, on),
                'U' => (LAZY, on),
                '-' if on => {
                    (on, any) = (false, false);
                    continue;
                }
                ':' | ')' if on || any => {
                    if c == ':' {
                        self.push(Op::Paren, 0, start as u32)?;
                    }
                    self.flags = flags;
                    return Ok(());
                }
                _ => break,
            };
            any = true;
            flags = if set { flags | flag } else { flags & !flag };
        }
        Err(self.error(ErrorKind::PerlOp, start))
    }

    /// Reads a piece that starts with a backslash, outside of brackets.
    fn backslash(&mut self) -> Parsed {
        match self.peek(1) {
            Some(b'A') => return self.op(Op::BeginText, 2),
            Some(b'b') => return self.op(Op::WordBoundary, 2),
            Some(b'B') => return self.op(Op::NotWordBoundary, 2),
            Some(b'z') => return self.op(Op::EndText, 2),
            Some(b'C') => {
                let start = self.at;
                self.at += 2;
                return Err(self.error(ErrorKind::Escape, start));
            }
            Some(b'Q') => {
                self.at += 2;
                let rest = self.rest();
                let (quoted, length) = match rest.split_once("\\E") {
                    Some((quoted, _)) => (quoted, quoted.len() + 2),
                    None => (rest, rest.len()),
                };
                for c in quoted.chars() {
                    self.literal(c.into())?;
                }
                self.at += length;
                return Ok(());
            }
            _ => {}
        }
        let since = self.builder.tree.items.len();
        let Some(items) = self.set()? else {
            let c = self.escape()?;
            return self.literal(c);
        };
        if let Some(item) = items {
            self.builder.item(item, since);
        }
        self.push_class(since)
    }

    fn push_class(&mut self, since: usize) -> Parsed {
        let id = self.builder.make(Op::Empty, self.flags, 0, 0);
        self.builder.class(id, since);
        let result = self.builder.push(id, self.flags);
        self.limit(result)
    }
}
