//! Compares the engine with Go's regular expressions and with the crate `regex`.

mod cases;
mod differential;
mod generated;
#[rustfmt::skip]
mod generator;
mod opponent;
