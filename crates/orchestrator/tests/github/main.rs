//! Nights whose goals are issues: a double of GitHub, real git over HTTP, real keepers and ralphs, scripted agents.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test fails by panicking")]

mod ailing;
mod as_app;
mod claims;
mod hearing;
mod landing;
mod old_server;
mod queueing;
mod registering;
mod returning;
mod said;
#[path = "../night/stage/script.rs"]
#[allow(dead_code, reason = "another night's scripts need more")]
mod script;
mod stage;
mod stories;
mod talking;
mod undoing;
