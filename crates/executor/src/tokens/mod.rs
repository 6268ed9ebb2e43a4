//! Build tokens: one pool for all runs of a state directory, spoken to builds through the GNU make jobserver protocol
//! (<https://www.gnu.org/software/make/manual/html_node/POSIX-Jobserver.html>).
//!
//! A token is a lock on a file (flock(2)), so nobody has to be up to keep count: a token whose holder is killed is free
//! at once, and none can be had twice. The protocol has no owners, so each job has a named pipe of its own, fed by a
//! thread in the process that started the job, which holds the locks of what it has lent.

mod client;
mod equip;
mod loan;
mod make;
mod pool;
mod taken;

pub use client::{Heavy, HeavyError, InHand};
pub(crate) use equip::equip;
pub(crate) use loan::{Loan, Rest};
pub(crate) use make::speaks_jobserver;
pub use taken::tokens_taken;

/// The variable that tells a job of its pipe: how many tokens there are in all, a colon, the pipe.
pub const TOKENS_MARKER: &str = "HERDER_TOKENS";

/// How many processors herder may use, by affinity and quota of its own: as many build tokens there usually are.
pub fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().try_into().unwrap_or(u32::MAX))
}
