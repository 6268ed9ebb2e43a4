//! What the vocabulary, the state machines and the planner promise, checked from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[macro_use]
mod every;

mod announcing;
mod backlog;
mod capacity;
mod case;
mod curating;
mod elsewhere;
mod forecasting;
mod freezing;
mod hand;
mod judging;
mod offers;
mod planning;
mod purse;
mod records;
mod run_names;
mod samples;
mod sights;
mod sim;
mod sums;
mod tables;
mod telling;
mod times;
mod usage_windows;
mod wording;
