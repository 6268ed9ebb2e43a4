//! How a repository's own check is materialized, run, cached and compared.
//!
//! The gate is `.ralph/check` of the base branch: it is copied out of the agent's reach before the
//! agent starts, and its exit code is the only thing that is believed. This crate does not know who
//! asks: ralph for feedback, the orchestrator for the verdict. `.ralph/setup` and `.ralph/teardown` are run
//! in the same way.

mod ask;
mod cache;
mod check;
mod clean;
mod draft;
mod furnishing;
mod inquiry;
mod output;
mod report;
mod tail;

pub use ask::{Answered, GateError, Question};
pub use cache::{BaseKey, Cache, CacheKey, Environment, Surroundings, Turn, contents};
pub use check::{Gate, Script};
pub use clean::{Clean, Past};
pub use draft::{Draft, draft};
pub use furnishing::place_file;
pub use inquiry::{Findings, Inquirer, ask_twice, inquire};
