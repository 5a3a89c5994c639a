//! Lists of texts, as one text. Each text of a list of `&str` takes 16 bytes beside its own, and a relocation of 24 more; and
//! relocations are what a process that loads the library begins with.

use std::cmp::Ordering;

/// `TEXTS` texts of `BYTES` bytes in all, which [`size`] counts.
pub(crate) struct Packed<const TEXTS: usize, const BYTES: usize> {
    bytes: [u8; BYTES],
    /// Where each of them ends.
    ends: [u16; TEXTS],
}

/// How many bytes texts have in all.
pub(crate) const fn size(texts: &[&[u8]]) -> usize {
    let (mut size, mut index) = (0, 0);
    while index < texts.len() {
        size += texts[index].len();
        index += 1;
    }
    assert!(size <= u16::MAX as usize, "the texts are too long");
    size
}

impl<const TEXTS: usize, const BYTES: usize> Packed<TEXTS, BYTES> {
    /// For a `static`: what is packed is not in the library any more.
    pub const fn new(texts: &[&[u8]; TEXTS]) -> Packed<TEXTS, BYTES> {
        let mut packed = Packed { bytes: [0; BYTES], ends: [0; TEXTS] };
        let (mut end, mut index) = (0, 0);
        while index < TEXTS {
            let text = texts[index];
            let mut at = 0;
            while at < text.len() {
                packed.bytes[end + at] = text[at];
                at += 1;
            }
            end += text.len();
            packed.ends[index] = end as u16;
            index += 1;
        }
        packed
    }

    /// The text of this index.
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        get(&self.bytes, &self.ends, index)
    }

    /// The index of this text, if they are in order.
    pub fn position(&self, text: &[u8]) -> Option<usize> {
        position(&self.bytes, &self.ends, text)
    }
}

// (Once for all lists, whatever their lengths.)
#[inline(never)]
fn get<'p>(bytes: &'p [u8], ends: &[u16], index: usize) -> Option<&'p [u8]> {
    let end = usize::from(*ends.get(index)?);
    let begin = index.checked_sub(1).and_then(|before| ends.get(before)).map_or(0, |&end| end.into());
    bytes.get(begin..end)
}

#[inline(never)]
fn position(bytes: &[u8], ends: &[u16], text: &[u8]) -> Option<usize> {
    let (mut low, mut high) = (0, ends.len());
    while low < high {
        let middle = low.midpoint(high);
        match get(bytes, ends, middle)?.cmp(text) {
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
            Ordering::Equal => return Some(middle),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_what_was_packed() {
        const TEXTS: [&[u8]; 4] = [b"", b"a", b"bcd", b"x"];
        static PACKED: Packed<4, { size(&TEXTS) }> = Packed::new(&TEXTS);
        for (index, text) in TEXTS.iter().enumerate() {
            assert_eq!(PACKED.get(index), Some(*text));
            assert_eq!(PACKED.position(text), Some(index));
        }
        assert_eq!(PACKED.get(4), None);
        for text in [&b"A"[..], b"b", b"bcde", b"z"] {
            assert_eq!(PACKED.position(text), None);
        }
    }
}
