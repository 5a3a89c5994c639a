#![allow(missing_docs)]
//! STUB
#[derive(Debug)]
pub struct Pattern(String);
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError;
impl std::fmt::Display for PatternError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("error parsing regexp")
    }
}
impl Pattern {
    pub fn new(t: &str) -> Result<Pattern, PatternError> {
        Ok(Pattern(t.into()))
    }
    pub fn matches(&self, i: &[u8]) -> bool {
        i == self.0.as_bytes() || self.0 == ".*"
    }
}
pub(crate) fn to_lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}
pub(crate) fn is_printable(c: char) -> bool {
    !c.is_control()
}
