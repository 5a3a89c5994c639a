//! Planted faults: the comparison with Go must find them.
//!
//! Without the feature `planted-faults` a [`Faults`] is empty and [`Faults::has`] is always false,
//! so released builds have no such code.

/// A fault of the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "planted-faults"), allow(dead_code))]
pub enum Fault {
    /// `\s` matches the vertical tab, as in Perl and PCRE.
    VerticalTabInSpace,
    /// `\d` matches every decimal digit of Unicode, as in Rust's `regex`.
    UnicodeDigits,
    /// Case folding does not know that U+212A, the Kelvin sign, is a `k`.
    NoKelvinSign,
    /// The limit on repeats applies to each repeat alone, not to the product of nested repeats.
    NoRepeatProduct,
    /// `$` matches before a newline at the end of the input, too, as in Perl, PCRE and Python.
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
