//! The edit distance of two words.

/// Returns how many characters must be inserted, removed or replaced to turn `from` into `to`. The
/// result is 64 if `from` is longer than 64 bytes.
pub(crate) fn edit_distance(from: &str, to: &str) -> usize {
    const FAR: usize = 64;
    if from.len() > FAR {
        return FAR;
    }
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, a) in from.chars().enumerate() {
        let mut next = vec![index + 1];
        for (b, pair) in to.iter().zip(row.windows(2)) {
            let replaced = pair.first().map_or(FAR, |diagonal| diagonal + usize::from(a != *b));
            let removed = pair.last().map_or(FAR, |above| above + 1);
            let inserted = next.last().map_or(FAR, |left| left + 1);
            next.push(replaced.min(removed).min(inserted));
        }
        row = next;
    }
    row.last().copied().unwrap_or(FAR)
}
