//! The seed of generators.

/// Returns the seed that the environment asks for (`LIBHOOKS_SEED`), or the one that every run has.
pub fn seed() -> u64 {
    std::env::var("LIBHOOKS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_123)
}
