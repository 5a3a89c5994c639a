//! What a hook wrote, as much of it as is kept.

use std::collections::VecDeque;

/// What a hook wrote to a stream: the last bytes of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Captured {
    /// The last bytes, as many as [`RunOptions::capture_limit`](super::RunOptions::capture_limit)
    /// allows.
    pub tail: Vec<u8>,
    /// How many there were.
    pub total: u64,
}

impl Captured {
    /// Whether bytes before the tail were dropped.
    pub fn is_truncated(&self) -> bool {
        self.total > self.tail.len() as u64
    }
}

/// A stream in the making.
#[derive(Debug, Default)]
pub(super) struct Capture {
    bytes: VecDeque<u8>,
    total: u64,
}

impl Capture {
    pub fn push(&mut self, bytes: &[u8], limit: usize) {
        self.total += bytes.len() as u64;
        let kept = bytes.get(bytes.len().saturating_sub(limit)..).unwrap_or_default();
        let excess = (self.bytes.len() + kept.len()).saturating_sub(limit);
        self.bytes.drain(..excess.min(self.bytes.len()));
        self.bytes.extend(kept);
    }

    /// How many bytes there were.
    pub fn total(&self) -> u64 {
        self.total
    }

    pub fn finish(self) -> Captured {
        Captured { tail: self.bytes.into(), total: self.total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_kept() {
        for (limit, want) in
            [(0, ""), (1, "h"), (4, "efgh"), (7, "bcdefgh"), (8, "abcdefgh"), (99, "abcdefgh")]
        {
            let mut capture = Capture::default();
            for piece in ["ab", "", "c", "defgh"] {
                capture.push(piece.as_bytes(), limit);
            }
            let captured = capture.finish();
            assert_eq!(captured.tail, want.as_bytes(), "{limit}");
            assert_eq!((captured.total, captured.is_truncated()), (8, limit < 8), "{limit}");
        }
    }
}
