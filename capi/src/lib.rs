//! The C ABI over `libhooks`: every function converts its arguments, calls the core, and converts
//! the result.
//!
//! The doc comments of exported items become those of `include/hooks.h`, so they are written for C.

// Exported names follow the conventions of C.
#![allow(non_camel_case_types)]
// The header describes the duties of a C program once, for all functions. A "Safety" section of
// each function would appear there, too.
#![allow(clippy::missing_safety_doc)]

mod convert;

mod error;

mod boundary;

// In the order of the header. The empty lines keep rustfmt from sorting the modules.
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
