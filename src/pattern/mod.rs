//! Go's regular expressions.
