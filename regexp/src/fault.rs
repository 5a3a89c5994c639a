//! Faults planted on purpose, to see that the comparison with Go finds them.
//!
//! Without the feature `planted-faults` a [`Faults`] is empty and [`Faults::has`] is always false,
//! so shipped builds carry none of it.

/// A way to be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "planted-faults"), allow(dead_code))]
pub enum Fault {
    /// `\s` has the vertical tab, as in Perl and PCRE.
    VerticalTabInSpace,
    /// `\d` has every decimal digit of Unicode, as in Rust's `regex`.
    UnicodeDigits,
    /// Case folding does not know that U+212A, the Kelvin sign, is a `k`.
    NoKelvinSign,
    /// Each repeat is checked by itself, not the product of nested ones.
    NoRepeatProduct,
    /// `$` matches before a newline at the end of the text, too, as in Perl, PCRE and Python.
    DollarBeforeFinalNewline,
}

/// The faults that an engine has: at most one, and only in tests.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    #[cfg(feature = "planted-faults")]
    pub(crate) planted: Option<Fault>,
}

impl Faults {
    pub(crate) fn has(self, fault: Fault) -> bool {
        #[cfg(feature = "planted-faults")]
        return self.planted == Some(fault);
        #[cfg(not(feature = "planted-faults"))]
        {
            let _ = fault;
            false
        }
    }
}
