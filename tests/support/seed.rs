//! The seed of the generators.

/// Returns the seed from the environment variable `LIBHOOKS_SEED`, or else a fixed seed.
pub fn seed() -> u64 {
    std::env::var("LIBHOOKS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_123)
}
