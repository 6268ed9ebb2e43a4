//! Each coding agent's flags, environment, event stream, limits and prices.
//!
//! This crate alone knows what `claude` prints when its account is out of tokens. It knows nothing of
//! the loop, starts no process and opens no socket: an [`Agent`] says what to start ([`Launch`]), the
//! caller starts it and moves the bytes, and a [`Session`] says what the bytes mean ([`AgentEvent`],
//! [`Ending`]). So every decoder runs on recorded streams exactly as it runs at night.
//!
//! The one exception is [`replay`]: besides its adapter it holds the player itself, the main function of
//! the process that `herder replay-agent` is.

pub mod agent;
pub mod answer;
pub mod claude;
pub mod command;
mod context;
pub mod error;
pub mod invocation;
pub mod lines;
pub mod prices;
pub mod program;
pub mod registry;
pub mod replay;
pub mod session;
mod sieve;
mod standing;
mod stopwatch;

pub use agent::Agent;
pub use context::ContextUse;
pub use error::AgentError;
pub use invocation::{Credential, Expected, Input, Invocation, Launch, Place};
pub use lines::{LINE_LIMIT, Line, Lines};
pub use program::{OWN_PROGRAM, Program};
pub use registry::{Entry, Kind, Registry};
pub use session::{Activity, AgentEvent, Ending, Exit, LimitState, Reply, Session, Turn};
