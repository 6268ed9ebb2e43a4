//! The web view: what runs cost, how long they take and how they end.
//!
//! Pages are written by the server and need no script to be read. Nothing is loaded from another host.
//!
//! *Invariant:* nothing is written but answers. It reads what others recorded, and whoever asks from another site, by
//! another name or without the token gets a refusal.
//!
//! [`Book`] keeps the rows of a file in memory, [`numbers`] answers questions about them, and [`serve`] listens.

mod book;
mod chart;
mod http;
pub mod numbers;
mod page;

pub use book::{Book, Reading};
pub use http::{Bind, NotBound, Serving, Token, serve};
