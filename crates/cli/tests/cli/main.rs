//! The command line from outside: the real program, its output and its exit codes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails says so")]

mod abroad;
mod alone;
mod backup;
mod bad_input;
mod browser;
mod clearing;
mod curate;
mod dashboard;
mod forecast;
mod gate;
mod github;
mod goals;
mod hands;
mod heavy;
mod hostile;
mod init;
mod issues;
mod json;
mod machine;
mod names;
mod narrow;
mod operating;
mod papers;
mod salvage;
mod scene;
mod service;
mod sleep;
mod surroundings;
mod terminal;
mod up;
mod views;
