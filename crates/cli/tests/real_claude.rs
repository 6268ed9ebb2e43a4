//! The whole of herder with the real Claude Code, against a scripted model on this machine, at a copy of this
//! project: what a person would find in the morning.
//!
//! Ignored by default: the program is proprietary and large. `cargo xtask test --suite real-claude` installs it and
//! runs these; by hand, give the path of its native binary in HERDER_TEST_CLAUDE and ask for ignored tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]

#[path = "real_claude/ends.rs"]
mod ends;
#[path = "real_claude/faults.rs"]
mod faults;
#[path = "real_claude/stage.rs"]
mod stage;
#[path = "real_claude/work.rs"]
mod work;
