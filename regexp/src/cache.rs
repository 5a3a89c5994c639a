//! Patterns that are compiled once.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};

use crate::regexp::Regexp;
use crate::syntax::Error;

/// Compiles patterns, and compiles equal patterns only once.
///
/// It does not keep patterns that are faster to compile than to look up.
///
/// ```
/// use go_regexp::Cache;
///
/// let mut cache = Cache::new();
/// let one = cache.compile("[a-z]+[0-9]$")?;
/// let two = cache.compile("[a-z]+[0-9]$")?;
/// // They share the automaton that this match builds.
/// assert!(one.is_match("a1") && two.is_match("b2"));
/// # Ok::<(), go_regexp::Error>(())
/// ```
#[derive(Default)]
pub struct Cache {
    known: HashSet<ByPattern>,
}

impl Cache {
    /// Makes an empty cache.
    pub fn new() -> Cache {
        Cache::default()
    }

    /// Compiles a pattern, or returns it if it was compiled before.
    ///
    /// # Errors
    ///
    /// The errors of [`Regexp::new`]. The cache does not keep them.
    pub fn compile(&mut self, pattern: &str) -> Result<Regexp, Error> {
        if let Some(regexp) = Regexp::of_one_literal(pattern) {
            return Ok(regexp);
        }
        if let Some(ByPattern(known)) = self.known.get(pattern) {
            return Ok(known.clone());
        }
        let regexp = Regexp::of_others(pattern)?;
        self.known.insert(ByPattern(regexp.clone()));
        Ok(regexp)
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.known.iter().map(|known| known.0.as_str())).finish()
    }
}

/// A compiled pattern, with its source as the key.
struct ByPattern(Regexp);

impl Borrow<str> for ByPattern {
    fn borrow(&self) -> &str {
        self.0.as_str()
    }
}

impl Hash for ByPattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.as_str().hash(state);
    }
}

impl PartialEq for ByPattern {
    fn eq(&self, other: &ByPattern) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for ByPattern {}
