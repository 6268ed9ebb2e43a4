//! Addresses, who may ask, and in what form answers go out.

mod address;
mod ask;
mod bind;
mod csv;
mod events;
mod goals;
mod guard;
mod link;
mod metrics;
mod now;
mod numbers;
mod openapi;
mod order;
mod reply;
mod route;
mod routes;
mod runs;
mod serve;
mod trouble;

pub use address::{goal_address, host_of, query, run_address, story_address};
pub use bind::{Bind, NotBound, Token};
pub use serve::{Serving, serve};
pub use trouble::{Kind, Trouble};
