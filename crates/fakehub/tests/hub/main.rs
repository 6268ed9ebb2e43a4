//! The double of GitHub, seen by a client: what it answers, and what follows from what was done.
//!
//! The suite `github` runs the same tests with GitHub's own descriptions at hand, which every request and every
//! answer is then held against.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod client;
mod faults;
mod graphql;
mod hooks;
mod issues;
mod limits;
mod people;
mod pulls;
mod pushes;
mod repos;
mod scene;
