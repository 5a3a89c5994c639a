//! Simple case folding and lower case, from Go's tables.
//!
//! The code points of one letter form a ring: `K` → `k` → U+212A (the Kelvin sign) → `K`. No ring
//! has more than four members.

use super::tables::{FOLD, LOWER, PAIRS, Run};
use crate::fault::{Fault, Faults};

/// The length of the longest ring.
const RING: usize = 4;

const KELVIN_SIGN: u32 = 0x212A;
const LONG_S: u32 = 0x17F;

/// Returns the position of the run that holds `c`, or else of the first one after `c`.
fn position(runs: &[Run], c: u32) -> usize {
    runs.partition_point(|run| run.lo + u32::from(run.len) <= c)
}

/// Returns the next code point in `c`'s ring: Go's `unicode.SimpleFold`.
pub(crate) fn next(c: u32) -> u32 {
    match c {
        0..0x41 | 0x5B..0x61 | 0x7B..0x80 => return c,
        0x4B | 0x53 => return c + 0x20,
        0x6B => return KELVIN_SIGN,
        0x73 => return LONG_S,
        0x41..=0x5A => return c + 0x20,
        0x61..=0x7A => return c - 0x20,
        _ => {}
    }
    match FOLD.get(position(&FOLD, c)) {
        Some(run) if run.lo > c => c,
        Some(run) if run.delta == PAIRS => run.lo + ((c - run.lo) ^ 1),
        Some(run) => c.wrapping_add_signed(run.delta),
        None => c,
    }
}

/// Returns the least member of `c`'s ring.
pub(crate) fn least(c: u32) -> u32 {
    match c {
        0..0x61 | 0x7B..0x80 => return c,
        0x61..=0x7A => return c - 0x20,
        _ => {}
    }
    let mut least = c;
    let mut other = next(c);
    while other != c {
        least = least.min(other);
        other = next(other);
    }
    least
}

/// Appends `lo..=hi` and all code points that fold to a member of it.
pub(crate) fn close(lo: u32, hi: u32, faults: Faults, out: &mut Vec<(u32, u32)>) {
    let start = out.len();
    out.push((lo, hi));
    if lo == hi {
        let mut other = next(lo);
        while other != lo {
            out.push((other, other));
            other = next(other);
        }
    } else if lo > 0x41 || hi < 0x1E943 {
        // Each round adds the images of the spans that the last round added, so the number of
        // rounds is the length of the ring less one.
        let mut from = start;
        for _ in 1..RING {
            let to = out.len();
            for at in from..to {
                if let Some(&(lo, hi)) = out.get(at) {
                    image((lo, hi), start, out);
                }
            }
            from = to;
        }
    }
    if faults.has(Fault::NoKelvinSign) && !(lo..=hi).contains(&KELVIN_SIGN) {
        // The fault removes the Kelvin sign only: `K` and `k` stay.
        let mut kept = start;
        for at in start..out.len() {
            if out.get(at) != Some(&(KELVIN_SIGN, KELVIN_SIGN)) {
                out.swap(at, kept);
                kept += 1;
            }
        }
        out.truncate(kept);
    }
}

/// Appends the images of a span's members that are not in the span at `whole` already.
fn image((lo, hi): (u32, u32), whole: usize, out: &mut Vec<(u32, u32)>) {
    let whole = out.get(whole).copied().unwrap_or((1, 0));
    let mut add = |lo, hi| {
        if lo < whole.0 || hi > whole.1 {
            out.push((lo, hi));
        }
    };
    for run in FOLD.iter().skip(position(&FOLD, lo)) {
        if run.lo > hi {
            break;
        }
        let (from, to) = (lo.max(run.lo), hi.min(run.lo + u32::from(run.len) - 1));
        if run.delta == PAIRS {
            // Only the partners of the span's ends may lie outside of it.
            if (from - run.lo) % 2 == 1 {
                add(from - 1, from - 1);
            }
            if (to - run.lo) % 2 == 0 {
                add(to + 1, to + 1);
            }
        } else {
            add(from.wrapping_add_signed(run.delta), to.wrapping_add_signed(run.delta));
        }
    }
}

/// Does Go's `unicode.ToLower`: it always returns one code point, unlike `char::to_lowercase`.
pub(crate) fn to_lower(c: char) -> char {
    let code = u32::from(c);
    if code < 0x80 {
        return c.to_ascii_lowercase();
    }
    let lower = match LOWER.get(position(&LOWER, code)) {
        Some(run) if run.lo > code => code,
        Some(run) if run.delta == PAIRS => run.lo + ((code - run.lo) | 1),
        Some(run) => code.wrapping_add_signed(run.delta),
        None => code,
    };
    char::from_u32(lower).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings() {
        for (c, ring) in [
            ('a', vec!['A']),
            ('k', vec!['\u{212A}', 'K']),
            ('S', vec!['s', '\u{17F}']),
            ('1', vec![]),
            ('\u{e9}', vec!['\u{c9}']),
            ('\u{3b8}', vec!['\u{3d1}', '\u{3f4}', '\u{398}']),
            ('\u{1e943}', vec!['\u{1e921}']),
            ('\u{10ffff}', vec![]),
        ] {
            let mut found = Vec::new();
            let mut other = next(c.into());
            while other != u32::from(c) {
                found.push(char::from_u32(other).unwrap());
                other = next(other);
            }
            assert_eq!(found, ring, "{c}");
        }
    }

    #[test]
    fn every_ring_closes_and_the_shortcuts_agree_with_the_table() {
        for c in 0..=0x10FFFF_u32 {
            let (mut other, mut steps, mut least) = (next(c), 1, c);
            while other != c {
                least = least.min(other);
                other = next(other);
                steps += 1;
                assert!(steps <= RING, "{c:#x}");
            }
            assert_eq!(super::least(c), least, "{c:#x}");
        }
        for run in FOLD.iter().take_while(|run| run.lo < 0x80) {
            for c in run.lo..run.lo + u32::from(run.len) {
                let step = if run.delta == PAIRS { 1 } else { run.delta };
                assert_eq!(next(c), c.wrapping_add_signed(step));
            }
        }
    }

    #[test]
    fn closing_a_span_is_closing_its_members() {
        for (lo, hi) in [
            (0x41, 0x5A),
            (0x62, 0x6C),
            (0x100, 0x17F),
            (0x101, 0x16E),
            (0x370, 0x3FF),
            (0, 0x1E942),
        ] {
            let mut whole = Vec::new();
            close(lo, hi, Faults::default(), &mut whole);
            let mut single = Vec::new();
            for c in lo..=hi {
                close(c, c, Faults::default(), &mut single);
            }
            let set = |spans: Vec<(u32, u32)>| -> std::collections::BTreeSet<u32> {
                spans.into_iter().flat_map(|(lo, hi)| lo..=hi).collect()
            };
            assert!(set(whole) == set(single), "{lo:#x}-{hi:#x}");
        }
    }

    #[test]
    fn lower_case_is_simple() {
        for (c, lower) in [
            ('A', 'a'),
            ('z', 'z'),
            ('[', '['),
            ('\u{c9}', '\u{e9}'),
            ('\u{100}', '\u{101}'),
            ('\u{101}', '\u{101}'),
            ('\u{130}', 'i'),
            ('\u{212A}', 'k'),
            ('\u{1C5}', '\u{1C6}'),
            ('\u{4e00}', '\u{4e00}'),
            ('\u{10ffff}', '\u{10ffff}'),
        ] {
            assert_eq!(to_lower(c), lower, "{c}");
        }
    }
}
