//! Who judges the double: GitHub's own descriptions, GitHub's own client, and somebody else's emulator.
//!
//! Ignored by default, because they have to be installed: `cargo xtask test --suite github` does that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod descriptions;
mod emulate;
mod real_gh;
