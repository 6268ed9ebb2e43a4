//! The web view from outside: real requests on loopback, and answers that are computed a second time by hand.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails says so")]

mod answers;
mod asking;
mod description;
mod links;
mod live;
mod metrics;
mod orders;
mod pages;
mod scene;
mod stage;
