//! Functions of Go's packages `unicode` and `strconv`, which use the tables of this crate (Unicode
//! 15.0.0).

use crate::syntax::{self, fold};

/// Returns whether Go prints a character without an escape, as `strconv.IsPrint` does: letters,
/// marks, numbers, punctuation, symbols, and the ASCII space.
///
/// ```
/// assert!(go_regexp::unicode::is_print('é'));
/// assert!(!go_regexp::unicode::is_print('\u{ad}'));
/// ```
pub fn is_print(character: char) -> bool {
    match character {
        ' '..='~' => true,
        '\0'..='\u{7f}' => false,
        _ => syntax::is_printable(character.into()),
    }
}

/// Returns a character in lower case, as Go's `unicode.ToLower` does: always one character, unlike
/// [`char::to_lowercase`].
///
/// ```
/// assert_eq!(go_regexp::unicode::to_lower('É'), 'é');
/// assert_eq!(go_regexp::unicode::to_lower('\u{130}'), 'i');
/// ```
pub fn to_lower(character: char) -> char {
    fold::to_lower(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printable_characters() {
        // The number of these code points for which Go's strconv.IsPrint returns true.
        let mut printable = 0;
        for (from, to) in [(0, 0x3000), (0xD7A0, 0x10000), (0x1F000, 0x20000), (0xE0000, 0xE1000)] {
            printable += (from..to).filter_map(char::from_u32).filter(|&c| is_print(c)).count();
        }
        assert_eq!(printable, 15_610);
    }
}
