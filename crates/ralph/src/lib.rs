//! The loop: prompt, iterate, remember, gate, budget.
//!
//! A ralph works at one goal in one clone. It needs nothing but its run directory, knows neither forge
//! nor queue, and tells everything it does through that directory.

mod account;
mod awake;
mod by_hand;
mod call;
mod error;
mod memory;
mod prompt;
mod signals;
mod standalone;
mod start;
mod stop;
pub mod voice;
mod work;

pub use by_hand::{About, ByHand, Ground, Handed, Logs, Manner, Question, Thoroughness, Whose};
pub use error::RalphError;
pub use standalone::{Alone, AloneEnd, AloneRun, sweep_standalone};
pub use start::{FindAgent, Order, run};
pub use stop::{Stop, Urgency, Word};
