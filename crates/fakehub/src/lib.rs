//! A double of GitHub for tests: a stateful server on this machine that behaves as GitHub's documentation says.
//!
//! ```no_run
//! use herder_fakehub::{Hub, Permission};
//!
//! let hub = Hub::start();
//! let token = hub.user("ada");
//! hub.repo("acme/app").grant("ada", Permission::Write).create();
//! println!("{}/repos/acme/app with {token}", hub.url());
//! ```
//!
//! Layers, from the inside: [`state`] is what there is, [`op`] what can be done, `rest` and `graphql` two faces of the
//! same deeds, `door` the way in from a connection (who asks, how much is left, what was asked before), and faults
//! in front of all. Objects are real: [`git`] keeps bare repositories and serves them by `git http-backend`.
//!
//! What it has and what it lacks is listed in docs/design/fakehub.md. Nothing of it outlives the [`Hub`].
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "used by tests only")]

mod builder;
mod contract;
mod door;
mod fault;
pub mod git;
mod graphql;
mod hub;
mod lack;
mod limit;
pub mod log;
pub mod op;
mod postman;
mod rest;
mod site;
pub mod state;
mod view;

pub use builder::RepoBuilder;
pub use fault::{Fault, Rule};
pub use graphql::cut as graphql_cut;
pub use hub::Hub;
pub use lack::Lack;
pub use log::Entry;
pub use postman::Mail;
pub use rest::foreign_routes;
pub use state::Permission;
