//! The vocabulary of herder, its state machines, and the pure planner.
//!
//! Nothing here reads a clock, a file, a socket or a random number: the same input gives the same
//! answer, in production, in a simulator and in a replayed night.

pub mod agent;
pub mod ailment;
pub mod backlog;
pub mod capacity;
pub mod case;
pub mod cause;
pub mod digest;
pub mod duration;
pub mod effect;
pub mod escalation;
pub mod event;
pub mod finding;
pub mod fnv;
pub mod follow_up;
pub mod forecast;
pub mod forge;
pub mod frost;
pub mod gate;
pub mod goal;
pub mod hand;
pub mod hours;
pub mod illegal;
pub mod iteration;
pub mod judge;
pub mod landing;
pub mod ledger;
pub mod level;
pub mod measure;
pub mod outcome;
pub mod pause;
pub mod plan;
pub mod purse;
pub mod repo;
pub mod run;
pub mod setup;
pub mod share;
pub mod sight;
pub mod story;
pub mod undo;
pub mod usage_window;
pub mod way;
pub mod why;
pub mod world;
