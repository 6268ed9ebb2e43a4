//! The chores of this repository: what `cargo xtask` can do.
//!
//! [`suites`] runs the tests, [`tidy`] holds the house rules, [`mod@bench`] measures, [`ci`] does all that must hold before a
//! change lands, [`papers`] has the program write its reference, [`release`] packs it. Nothing here ships.
#![allow(clippy::print_stdout, reason = "a chore speaks to the person who called it")]

pub mod bench;
pub mod ci;
pub mod papers;
pub mod release;
pub mod root;
pub mod step;
pub mod suites;
pub mod tidy;
