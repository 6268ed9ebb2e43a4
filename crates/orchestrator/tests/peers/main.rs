//! herder's own story with what others have made: an emulator of GitHub, and GitHub's own client.
//!
//! Ignored by default, because they have to be installed: `cargo xtask test --suite github` does that.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

mod bridge;
mod emulate;
mod real_gh;
#[path = "../night/stage/script.rs"]
#[allow(dead_code, reason = "another night's scripts need more")]
mod script;
#[path = "../github/stage.rs"]
#[allow(dead_code, reason = "another night needs more of it")]
mod stage;
