//! The store from outside: real files, real processes, real disks.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

mod agreement;
mod append;
mod crash;
mod curate;
mod disk;
mod fixtures;
mod goals;
mod open;
mod outbox;
mod random;
mod scene;
mod step;
mod views;
