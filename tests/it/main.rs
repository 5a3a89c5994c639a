//! Tests of reading hook files and configs, evaluating conditions, and injecting hooks. Each module
//! tests one subject.
//!
//! The tests of running hooks and of monitors are separate binaries, `tests/exec` and
//! `tests/monitor`, because they count the resources of their process.

mod cases;
mod codes;
mod conditions;
mod container_programs;
#[path = "../support/elf.rs"]
mod elf;
#[path = "../support/engine.rs"]
mod engine;
mod explain;
mod files;
mod generated;
mod json_differential;
mod libraries;
mod limits;
mod loading;
mod lossless;
mod migrate;
mod mistakes;
mod permissions;
mod programs;
mod root;
mod rust_api;
#[path = "../support/seed.rs"]
mod seed;
mod shapes;
#[path = "../permissions/table.rs"]
mod table;
#[path = "../support/tree.rs"]
mod tree;
