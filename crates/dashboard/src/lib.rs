//! The web view: what needs a person, runs and waits, what runs cost, how long they take and how they end.
//!
//! Pages are written by the server and need no script to be read. Nothing is loaded from another host.
//!
//! *Invariant:* nothing is written but answers and a person's orders, which take the way of the command line. It reads
//! what others recorded, and whoever asks from another site, by another name or without the token gets a refusal.
//!
//! [`Book`] keeps the rows of a file in memory, [`numbers`] answers questions about them, [`Live`] reads the database
//! and the run directories, and [`serve`] listens.

mod book;
mod chart;
mod desk;
mod http;
mod live;
mod metrics;
pub mod numbers;
mod page;
mod site;

pub use book::{Book, Reading};
pub use desk::Desk;
pub use http::{Bind, Kind, NotBound, Serving, Token, Trouble, host_of, serve};
pub use live::Live;
pub use site::Site;
