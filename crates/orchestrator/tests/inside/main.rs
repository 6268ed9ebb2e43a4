//! The sandbox from inside: what an agent's shell can reach in the middle of a night, and what its work can do to
//! those who look after it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a failed test may panic")]

mod gate;
mod hostile;
mod refused;
mod secrets;
mod stage;
