//! The terminal view of running ralphs.
//!
//! *Invariant:* nothing is written but the view itself. It needs only the run directories: no database,
//! no orchestrator, and no word from a ralph but what stands in its files.
//!
//! [`Watch`] finds the runs whose ralph lives and shows each as a [`Block`]; [`redraw()`] and [`follow()`] show
//! them for as long as somebody looks. [`Tail`] follows one file.

mod block;
mod follow;
mod page;
mod screen;
mod tail;
mod watch;

pub use block::Block;
pub use follow::follow;
pub use herder_view::printable;
pub use page::page;
pub use screen::{redraw, size};
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
