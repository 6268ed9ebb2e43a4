//! The process zoo through the whole product: real orchestrators, ralphs and keepers, whose agents are animals.
//!
//! The whole of it is `cargo xtask test --suite zoo`; a sample is in the default suite.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test fails by panicking")]

mod endings;
mod many;
mod shouting;
#[path = "../night/stage/mod.rs"]
#[allow(dead_code, reason = "made for another program of tests, which uses the rest")]
mod stage;
