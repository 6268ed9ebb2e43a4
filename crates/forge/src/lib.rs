//! GitHub's HTTP: one client, what it can read and write, and when it asks.
//!
//! *Invariant:* this crate decides nothing. It says what is there, gone or unknown, and what was done, refused or is
//! not known to be done; it never takes the one for the other. It starts no process but `gh auth token`, and no
//! token of it is in an error, a `Debug` or an address.

mod app;
pub mod budget;
mod check;
pub mod claim;
mod client;
mod credentials;
mod graphql;
mod listing;
mod lookup;
pub mod marker;
mod memory;
mod pages;
mod path;
pub mod poll;
pub mod read;
mod secret;
mod site;
pub mod webhook;
mod wire;
pub mod write;

pub use app::{App, AppError};
pub use client::{Asking, Client, Setup};
pub use credentials::{Credentials, TokenError, TokenSource};
pub use listing::Listing;
pub use lookup::{Lookup, Refusal, Undone, Why};
pub use marker::Marker;
pub use memory::{InMemory, Memory, Remembered};
pub use secret::Secret;
pub use site::Site;
pub use wire::TIME_LIMIT;
