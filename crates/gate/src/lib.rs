//! How a repository's own check is materialized, run and cached.
//!
//! The gate is `.ralph/check` of the base branch: it is copied out of the agent's reach before the
//! agent starts, and its exit code is the only thing that is believed. This crate does not know who
//! asks: ralph for feedback, the orchestrator for the verdict. `.ralph/setup` and `.ralph/teardown` are run
//! in the same way.

mod ask;
mod cache;
mod check;
mod draft;
mod tail;

pub use ask::{Answered, GateError, Question};
pub use cache::{Cache, CacheKey};
pub use check::{Gate, Script};
pub use draft::{Draft, draft};
