//! Addresses, who may ask, and in what form answers go out.

mod bind;
mod csv;
mod guard;
mod routes;
mod serve;
mod trouble;

pub use bind::{Bind, NotBound, Token};
pub use routes::query;
pub use serve::{Serving, serve};
pub use trouble::Trouble;
