//! The arrays and objects in which a reader is: one bit each, so that up to 64 levels need no
//! allocation.

/// The open arrays and objects: those that the caller reads, then those that are skipped.
#[derive(Debug, Clone, Default)]
pub(super) struct Open {
    depth: usize,
    /// The innermost levels, the last in the lowest bit. A bit is 1 for an object.
    innermost: u64,
    /// The levels around them, 64 in each number.
    outer: Vec<u64>,
}

impl Open {
    pub fn push(&mut self, is_object: bool) {
        if self.depth != 0 && self.depth % 64 == 0 {
            self.outer.push(self.innermost);
        }
        self.innermost = self.innermost << 1 | u64::from(is_object);
        self.depth += 1;
    }

    pub fn pop(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.innermost >>= 1;
        if self.depth != 0 && self.depth % 64 == 0 {
            self.innermost = self.outer.pop().unwrap_or_default();
        }
    }

    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Returns whether the innermost level is an object. Without a level, returns false.
    pub fn is_object(&self) -> bool {
        self.innermost & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::super::JsonReader;
    use super::*;

    #[test]
    fn remembers_every_level() {
        // The kinds repeat after 7 levels, which is not a power of two. 300 levels need several
        // numbers of 64 bits.
        let is_object = |level: usize| [0, 2, 3].contains(&(level % 7));
        let mut open = Open::default();
        for level in 0..300 {
            open.push(is_object(level));
            assert_eq!((open.depth(), open.is_object()), (level + 1, is_object(level)));
        }
        for level in (0..300).rev() {
            assert_eq!((open.depth(), open.is_object()), (level + 1, is_object(level)));
            open.pop();
        }
        assert_eq!((open.depth(), open.is_object()), (0, false));
        open.push(true);
        assert!(open.is_object());
    }

    #[test]
    fn every_level_needs_its_own_closing_bracket() {
        let is_object = |level: usize| [0, 2, 3].contains(&(level % 7));
        let opening: String =
            (0..200).map(|level| if is_object(level) { "{\"a\":" } else { "[" }).collect();
        let closing: Vec<u8> =
            (0..200).rev().map(|level| if is_object(level) { b'}' } else { b']' }).collect();
        let text = |closing: &[u8]| [opening.as_bytes(), b"0", closing].concat();
        assert_eq!(JsonReader::check(&text(&closing)), Ok(()));
        for wrong in 0..200 {
            let mut closing = closing.clone();
            closing[wrong] = if closing[wrong] == b'}' { b']' } else { b'}' };
            let error = JsonReader::check(&text(&closing)).unwrap_err();
            assert_eq!(error.offset, opening.len() + 1 + wrong);
        }
    }
}
