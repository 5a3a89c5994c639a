//! The C ABI over `libhooks`: every function converts its arguments, calls the core, and converts
//! the result.
//!
//! The documentation comments of what is exported are the text of `include/hooks.h`, and are
//! written for C.

// C's names are C's.
#![allow(non_camel_case_types)]
// What C must keep to is said in the header, once for all functions; a "Safety" section each would
// land there too.
#![allow(clippy::missing_safety_doc)]

mod convert;

mod error;

mod boundary;

// In the order in which the header shows them, which is why blank lines keep rustfmt from sorting
// them.
mod version;

mod error_getters;

mod string;

mod options;

mod manager;

mod snapshot;

mod monitor;

mod standalone;

mod exec_options;

mod exec;

mod filter;
