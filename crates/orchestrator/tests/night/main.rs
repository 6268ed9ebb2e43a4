//! Whole nights, in small: real git, real keepers, real ralphs, scripted agents.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test fails by panicking")]

mod breaking;
mod budget;
mod clearing;
mod command;
mod dying;
mod endurance;
mod environment;
mod failing;
mod frozen;
mod going;
mod hands;
mod held;
mod hours;
mod keeping;
mod landing;
mod limits;
mod mended;
mod moved;
mod order;
mod red_base;
mod reload;
mod reused;
mod review;
mod room;
mod stage;
mod storm;
mod talking;
mod telling;
mod trains;
