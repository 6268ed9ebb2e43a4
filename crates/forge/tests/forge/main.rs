//! The client against the double of GitHub, and against a server that misbehaves.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod app;
mod doctor;
mod graphql;
mod hub_graphql;
mod issues;
mod limits;
mod lists;
mod live;
mod lookups;
mod old_server;
mod pulls;
mod scene;
mod tokens;
mod webhooks;
