//! A clone whose agent means harm: nothing of it is executed, nothing of ours is damaged.
//!
//! Each plant is a program that would leave a file if it ever ran: the canary.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test may panic")]

mod canary;
mod files;
mod git_directory;
mod programs;
#[path = "../scene/mod.rs"]
mod scene;
