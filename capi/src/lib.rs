//! The C ABI over `libhooks`.
