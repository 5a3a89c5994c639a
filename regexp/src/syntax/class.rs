//! Sets of code points: `.`, `\d`, `\pL`, `[^a-z[:digit:]]`.
//!
//! Sets are kept as they are written, as short [`Item`]s: `\pL` is one item of eight bytes. Its 659
//! spans are only listed while they are needed, so that parsing takes memory in proportion to the
//! length of the pattern.

use super::fold;
use super::tables::{self, DECIMAL, SETS, SPANS, UNASSIGNED};
use crate::fault::Faults;

/// The last code point.
pub(crate) const LAST: u32 = 0x10FFFF;

/// An inclusive span of code points.
pub(crate) type Span = (u32, u32);

const KIND: u32 = 0b11 << 30;
const SPAN: u32 = 0;
const TABLE: u32 = 0b01 << 30;
const ASCII: u32 = 0b10 << 30;
const GROUP: u32 = 0b11 << 30;
const FOLDED: u32 = 1 << 29;
const NEGATED: u32 = 1 << 28;
const VALUE: u32 = NEGATED - 1;

/// One part of a set; a set is the union of its items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Item {
    /// Kind, flags, and the low end of the span or the index in a list.
    head: u32,
    /// The high end of the span, or the number of items of a group.
    tail: u32,
}

impl Item {
    pub(crate) fn span(lo: u32, hi: u32, folded: bool) -> Item {
        Item { head: SPAN | lo | if folded { FOLDED } else { 0 }, tail: hi }
    }

    fn list(kind: u32, place: u32, folded: bool, negated: bool) -> Item {
        Item {
            head: kind
                | place
                | if folded { FOLDED } else { 0 }
                | if negated { NEGATED } else { 0 },
            tail: 0,
        }
    }

    /// The complement of the next `count` items.
    pub(crate) fn none_of_next(count: usize) -> Item {
        // More than 2^32 items need a pattern of more than 4 GB, which the parser refuses.
        Item { head: GROUP, tail: u32::try_from(count).unwrap_or(u32::MAX) }
    }

    /// Returns the span, if it is a plain one.
    pub(crate) fn plain(self) -> Option<Span> {
        (self.head & (KIND | FOLDED) == SPAN).then_some((self.head & VALUE, self.tail))
    }

    fn is(self, flag: u32) -> bool {
        self.head & flag != 0
    }

    /// Returns the number of spans, if it is known without listing them.
    pub(crate) fn count(self) -> Option<usize> {
        if self.head & KIND != TABLE || self.is(NEGATED) {
            return None;
        }
        let table = table(self);
        (!self.is(FOLDED) || table.fold.is_empty()).then_some(table.count.into())
    }
}

impl Item {
    /// Returns true if it certainly has more than two code points.
    pub(crate) fn is_large(self) -> bool {
        self.head & KIND == TABLE && !self.is(NEGATED) && table(self).count > 2
    }

    /// Returns an upper bound of the number of spans, if one is known without listing them.
    pub(crate) fn at_most(self) -> Option<usize> {
        match self.head & KIND {
            SPAN if !self.is(FOLDED) => Some(1),
            // A folding ring has at most four members; all rings have less than 3,000 code points.
            SPAN => Some((4 * (self.tail - (self.head & VALUE)) as usize + 4).min(3000)),
            // The maximum that folding adds to a table, and to the ASCII sets.
            TABLE => Some(
                usize::from(table(self).count)
                    + 1
                    + if self.is(FOLDED) { table(self).fold.len() / 2 } else { 0 },
            ),
            ASCII => Some(8),
            _ => None,
        }
    }
}

/// `\d`, `\s`, `\w` and the classes `[:name:]`, sorted by name. Each span is given by its first and
/// last character.
#[rustfmt::skip]
static ASCII_SETS: [(&str, &[u8]); 16] = [
    ("\\d", b"09"), ("\\s", b"\t\n\x0C\r  "), ("alnum", b"09AZaz"), ("alpha", b"AZaz"),
    ("ascii", b"\x00\x7F"), ("blank", b"\t\t  "), ("cntrl", b"\x00\x1F\x7F\x7F"), ("digit", b"09"),
    ("graph", b"!~"), ("lower", b"az"), ("print", b" ~"), ("punct", b"!/:@[`{~"),
    ("space", b"\t\r  "), ("upper", b"AZ"), ("word", b"09AZ__az"), ("xdigit", b"09AFaf"),
];

/// Returns the set of `\d`, `\S` and so on.
pub(crate) fn perl(letter: u8, folded: bool, faults: Faults) -> Option<Item> {
    use crate::fault::Fault;
    let negated = letter.is_ascii_uppercase();
    let name = match letter.to_ascii_lowercase() {
        b'd' if faults.has(Fault::UnicodeDigits) => {
            return Some(Item::list(TABLE, DECIMAL.into(), folded, negated));
        }
        b's' if faults.has(Fault::VerticalTabInSpace) => "space",
        b'd' => "\\d",
        b's' => "\\s",
        b'w' => "word",
        _ => return None,
    };
    ascii(name, folded, negated)
}

/// Returns the set of `[:name:]` or `[:^name:]`; the argument is the part between the colons.
pub(crate) fn posix(name: &str, folded: bool) -> Option<Item> {
    match name.strip_prefix('^') {
        Some(name) => ascii(name, folded, true),
        None => ascii(name, folded, false),
    }
    .filter(|_| !name.contains('\\'))
}

fn ascii(name: &str, folded: bool, negated: bool) -> Option<Item> {
    let place = ASCII_SETS.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
    Some(Item::list(ASCII, u32::try_from(place).ok()?, folded, negated))
}

/// Returns the set of `\p{name}` (negated: `\P{name}`). An empty list of items is the empty set.
///
/// Go's releases know different names; this function knows the names of all releases. Go 1.25 and
/// later ignore case, `_`, `-` and spaces, and have aliases such as `Letter`; earlier releases
/// compare exactly. Go 1.26 has a fault: it does not find scripts such as `Old_Italic`, whose name
/// in Go differs from the canonical form.
pub(crate) fn unicode(name: &str, folded: bool, negated: bool) -> Option<Option<Item>> {
    if let Some(place) = tables::exact(name) {
        return Some(Some(Item::list(TABLE, place.into(), folded, negated)));
    }
    // Longer than any name: a string that does not fit is not a name.
    let mut buffer = [0; 32];
    let mut length = 0;
    for byte in name.bytes().filter(|byte| !matches!(byte, b'_' | b'-' | b' ')) {
        let byte = if length == 0 { byte.to_ascii_uppercase() } else { byte.to_ascii_lowercase() };
        *buffer.get_mut(length)? = byte;
        length += 1;
    }
    let name = std::str::from_utf8(buffer.get(..length)?).ok()?;
    match name {
        "Any" if negated => Some(None),
        "Any" => Some(Some(Item::span(0, LAST, false))),
        "Assigned" => Some(Some(Item::list(TABLE, UNASSIGNED.into(), folded, !negated))),
        "Ascii" => Some(ascii("ascii", folded, negated)),
        _ => {
            let place = tables::canonical(name)?;
            Some(Some(Item::list(TABLE, place.into(), folded, negated)))
        }
    }
}

/// The set of an item of the kind [`TABLE`].
#[derive(Default)]
struct Table {
    /// The number of its spans.
    count: u16,
    spans: &'static [u8],
    /// The spans that case folding adds.
    fold: &'static [u8],
}

fn table(item: Item) -> Table {
    // Items are only made with valid indexes.
    let Some(set) = SETS.get((item.head & VALUE) as usize) else { return Table::default() };
    let part = |start: u16, end: u16| SPANS.get(start.into()..end.into()).unwrap_or_default();
    Table { count: set.count, spans: part(set.start, set.fold), fold: part(set.fold, set.end) }
}

/// Decodes the spans of a table.
fn decode(bytes: &[u8], out: &mut Vec<Span>) {
    let mut end = 0;
    let mut bytes = bytes.iter();
    let mut number = || {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = *bytes.next()?;
            value |= u32::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(value);
            }
            shift += 7;
        }
    };
    while let (Some(gap), Some(length)) = (number(), number()) {
        out.push((end + gap, end + gap + length));
        end += gap + length;
    }
}

/// Lists the spans of a set, sorted, disjoint and not adjacent.
pub(crate) fn spans(items: &[Item], faults: Faults, out: &mut Vec<Span>) {
    out.clear();
    add(items, faults, out);
    tidy(out, 0);
}

/// Appends the spans of items. Groups do not nest, so the recursion is one level deep.
fn add(items: &[Item], faults: Faults, out: &mut Vec<Span>) {
    let mut rest = items;
    while let Some((item, others)) = rest.split_first() {
        rest = others;
        let start = out.len();
        match item.head & KIND {
            SPAN if item.is(FOLDED) => fold::close(item.head & VALUE, item.tail, faults, out),
            SPAN => out.push((item.head & VALUE, item.tail)),
            TABLE => {
                let table = table(*item);
                decode(table.spans, out);
                if item.is(FOLDED) && !table.fold.is_empty() {
                    decode(table.fold, out);
                    tidy(out, start);
                }
                if item.is(NEGATED) {
                    negate(out, start);
                }
            }
            ASCII => {
                let spans = ASCII_SETS
                    .get((item.head & VALUE) as usize)
                    .map_or(&[][..], |(_, spans)| spans);
                for span in spans.chunks_exact(2) {
                    let &[lo, hi] = span else { continue };
                    if item.is(FOLDED) {
                        fold::close(lo.into(), hi.into(), faults, out);
                    } else {
                        out.push((lo.into(), hi.into()));
                    }
                }
                if item.is(NEGATED) {
                    tidy(out, start);
                    negate(out, start);
                }
            }
            _ => {
                let (members, others) =
                    rest.split_at_checked(item.tail as usize).unwrap_or((rest, &[]));
                rest = others;
                add(members, faults, out);
                tidy(out, start);
                negate(out, start);
            }
        }
    }
}

/// Sorts and merges the spans from `start` on.
fn tidy(out: &mut Vec<Span>, start: usize) {
    let Some(spans) = out.get(start..) else { return };
    if spans.windows(2).all(|pair| matches!(pair, [(_, hi), (lo, _)] if hi + 1 < *lo)) {
        return;
    }
    let mut spans = out.split_off(start);
    spans.sort();
    for (lo, hi) in spans {
        match out.get_mut(start..).and_then(<[Span]>::last_mut) {
            Some(last) if lo <= last.1 + 1 => last.1 = last.1.max(hi),
            _ => out.push((lo, hi)),
        }
    }
}

/// Replaces the tidy spans from `start` on with their complement.
fn negate(out: &mut Vec<Span>, start: usize) {
    let mut lo = 0;
    let mut kept = start;
    for at in start..out.len() {
        let span = out[at];
        if lo < span.0 {
            out[kept] = (lo, span.0 - 1);
            kept += 1;
        }
        lo = span.1 + 1;
    }
    out.truncate(kept);
    if lo <= LAST {
        out.push((lo, LAST));
    }
}

/// Returns whether tidy spans contain a code point.
pub(crate) fn contains(spans: &[Span], c: u32) -> bool {
    let at = spans.partition_point(|&(_, hi)| hi < c);
    spans.get(at).is_some_and(|&(lo, _)| lo <= c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: &[Item]) -> Vec<Span> {
        let mut out = Vec::new();
        spans(items, Faults::default(), &mut out);
        out
    }

    #[test]
    fn names_are_sorted() {
        assert!(ASCII_SETS.is_sorted_by_key(|(name, _)| name));
    }

    #[test]
    fn tables_decode_tidy_and_in_full() {
        for place in 0..SETS.len() {
            let table = table(Item::list(TABLE, u32::try_from(place).unwrap(), false, false));
            for bytes in [table.spans, table.fold] {
                let mut out = Vec::new();
                decode(bytes, &mut out);
                assert!(out.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0));
                assert!(out.iter().all(|&(lo, hi)| lo <= hi && hi <= LAST));
                if bytes.as_ptr() == table.spans.as_ptr() {
                    assert_eq!(out.len(), usize::from(table.count));
                }
            }
        }
    }

    #[test]
    fn names() {
        let item = |name| unicode(name, false, false).flatten();
        assert_eq!(list(&[item("Zl").unwrap()]), [(0x2028, 0x2028)]);
        // Names that Go 1.26 and 1.25 accept in any case, with any separators, and aliases.
        for name in
            ["zl", "ZL", "Z_L", "z-l", " Line Separator ", "line_separator", "LINESEPARATOR"]
        {
            assert_eq!(item(name), item("Zl"), "{name}");
        }
        // All other names must be exact.
        assert!(item("Old_Italic").is_some());
        for name in
            ["OldItalic", "old_italic", "Old Italic", "Olditalic", "", "_", "Foo", "cyrillic\u{e9}"]
        {
            assert!(unicode(name, false, false).is_none(), "{name}");
        }
        assert!(unicode(&"L".repeat(1000), false, false).is_none());
        assert_eq!(list(&[item("any").unwrap()]), [(0, LAST)]);
        assert_eq!(unicode("Any", false, true), Some(None));
        assert_eq!(
            list(&[unicode("ASCII", true, false).flatten().unwrap()]),
            [(0, 0x7F), (0x17F, 0x17F), (0x212A, 0x212A)]
        );
    }

    #[test]
    fn a_group_is_negated_as_a_whole() {
        let a = Item::span(0x61, 0x61, false);
        let b = Item::span(0x62, 0x62, false);
        assert_eq!(list(&[Item::none_of_next(2), b, a]), [(0, 0x60), (0x63, LAST)]);
        assert_eq!(list(&[Item::none_of_next(1), a, b]), [(0, 0x60), (0x62, LAST)]);
        assert_eq!(list(&[Item::none_of_next(0)]), [(0, LAST)]);
        assert_eq!(list(&[Item::none_of_next(1), Item::span(0, LAST, false)]), []);
    }

    #[test]
    fn folding_comes_before_negation() {
        let not_word = list(&[perl(b'W', true, Faults::default()).unwrap()]);
        assert!(!contains(&not_word, 0x17F) && !contains(&not_word, 0x212A));
        let word = list(&[perl(b'w', true, Faults::default()).unwrap()]);
        assert!(contains(&word, 0x17F) && contains(&word, 0x212A) && !contains(&word, 0xE9));
    }
}
