//! The output of a hook, up to the capture limit.

use std::collections::VecDeque;

/// The output of a hook to one stream: its last bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Captured {
    /// The last bytes, at most [`RunOptions::capture_limit`](super::RunOptions::capture_limit).
    pub tail: Vec<u8>,
    /// The number of bytes that the hook wrote.
    pub total: u64,
}

impl Captured {
    /// Returns whether bytes before the tail were dropped.
    pub fn is_truncated(&self) -> bool {
        self.total > self.tail.len() as u64
    }
}

/// A stream that is being captured.
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

    /// Returns the number of bytes so far.
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
    fn only_the_last_bytes_are_kept() {
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
