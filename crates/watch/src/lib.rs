//! The terminal view of goals, running ralphs and capacity.
//!
//! *Invariant:* nothing is written but the view itself and a person's orders, which take the way of the command line.
//! What the run directories do not tell it asks its [`Desk`]. What it costs is bounded by the screen, not by the logs.
//!
//! [`show()`] is the view on a terminal: [`App`] knows what it shows and how it answers to keys. [`Watch`] finds the
//! runs whose ralph lives from their files alone; [`page()`] and [`follow()`] print them. [`Tail`] follows one file.

mod app;
mod block;
mod board;
mod clerk;
mod desk;
mod draw;
mod follow;
mod gauges;
mod keys;
mod log;
mod page;
mod session;
mod sight;
mod tail;
mod text;
mod watch;
mod words;

pub use app::{App, Palette};
pub use block::Block;
pub use desk::Desk;
pub use follow::follow;
pub use herder_view::printable;
pub use page::page;
pub use session::show;
pub use sight::{Gauge, Item, Sight, Standing};
pub use tail::Tail;
pub use watch::Watch;

/// Failed to show running ralphs.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The run directories cannot be read.
    #[error(transparent)]
    Record(#[from] herder_record::RecordError),
    /// Nobody reads the view any more, or the terminal is gone.
    #[error("write to the terminal")]
    Write(#[source] std::io::Error),
    /// A log cannot be read.
    #[error("read {path}")]
    Read {
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}
