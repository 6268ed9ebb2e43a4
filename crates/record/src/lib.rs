//! The files of a run directory and of `stats.jsonl`: writers, readers, tailers.
//!
//! *Invariant:* nothing here starts a process, opens a database or decides anything. Every text
//! that reaches a file of this crate went through a [`Redactor`]: the writing functions take
//! [`Redacted`] texts only, and only a `Redactor` makes those.
//!
//! Writers are strict and readers are tolerant: a missing file, a line cut short by a crash and a
//! field of a later version are ordinary.

mod check;
mod error;
mod files;
mod headroom;
mod lines;
mod link_key;
pub mod redact;
pub mod run;
mod state_dir;
pub mod stats;
pub mod sweep;
pub mod tail;
mod windows;

pub use check::check;
pub use error::RecordError;
pub use redact::{Redacted, Redactor};
pub use run::{Ending, Frost, LiveStatus, Liveness, Phase, RunDir, RunLock, RunWriter, Summary};
pub use state_dir::StateDir;
pub use stats::{StatsFile, StatsRow, Totals};
pub use sweep::{Abandoned, abandoned, unrecorded};
pub use tail::{Tail, TailChunk};
