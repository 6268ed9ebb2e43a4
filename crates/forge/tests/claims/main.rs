//! Claims, raced: the protocol of `forge::claim` in a simulation in which a seed says everything that goes wrong.
//!
//! Eight orchestrators and up to two hundred goals; messages that are late, lost, or answered into the void; partitions;
//! clocks that are wrong; daemons that crash and come back, and machines that never do. `HERDER_CLAIM_SEEDS` says how
//! many seeds are to be played instead of the usual few.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test may panic")]

mod actor;
mod chance;
mod night;
mod server;

use std::collections::BTreeSet;

use night::{Night, Play};
use server::Violation;

/// A rule that is taken out of the night, to see that it was needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Without {
    /// The night as it is.
    Nothing,
    /// The forge moves a claim wherever it was.
    CompareAndSwap,
    /// A branch is moved in a push of its own.
    ClaimInThePublish,
    /// Whoever takes a goal over leaves the lease that it broke.
    LeaseInTheTakeover,
    /// Others' leases end on the second, by clocks that are a few wrong.
    Margin,
    /// A new pull request is opened without a look for a merged one.
    LookAfterMoving,
    /// Claims of ours that we know nothing of stay.
    Reconciling,
}

fn play(seed: u64, without: Without) -> BTreeSet<Violation> {
    // Few goals race harder, many show that all come to an end.
    let goals = if seed.is_multiple_of(8) { 200 } else { 20 };
    Night::new(Play { seed, goals, without }).play()
}

#[test]
fn at_most_one_landing_no_second_run_before_a_lease_has_ended_and_nothing_stuck() {
    let seeds = std::env::var("HERDER_CLAIM_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(24);
    for seed in 0..seeds {
        assert_eq!(play(seed, Without::Nothing), BTreeSet::new(), "seed {seed}");
    }
}

#[test]
fn a_night_is_what_its_seed_says() {
    let told = |seed| {
        let mut night = Night::new(Play { seed, goals: 20, without: Without::Nothing });
        night.play();
        night.told()
    };
    assert_eq!(told(3), told(3));
    assert_ne!(told(3), told(4));
}

/// Plays nights without a rule until one breaks as it should.
#[track_caller]
fn breaks(without: Without, expected: Violation) {
    let mut seen = BTreeSet::new();
    for seed in 0..400 {
        seen.extend(play(seed, without));
        if seen.contains(&expected) {
            return;
        }
    }
    panic!("{without:?}: no night broke by {expected:?}, only by {seen:?}");
}

#[test]
fn without_compare_and_swap_two_run_at_once() {
    breaks(Without::CompareAndSwap, Violation::TwoRuns);
}

#[test]
fn without_the_claim_in_the_push_work_is_published_by_whoever_lost_it() {
    breaks(Without::ClaimInThePublish, Violation::PublishedWithoutClaim);
}

#[test]
fn without_the_lease_in_the_takeover_two_run_at_once() {
    breaks(Without::LeaseInTheTakeover, Violation::TwoRuns);
}

#[test]
fn without_a_margin_two_run_at_once() {
    breaks(Without::Margin, Violation::TwoRuns);
}

#[test]
fn without_a_look_after_moving_a_goal_lands_twice() {
    breaks(Without::LookAfterMoving, Violation::LandedTwice);
}

#[test]
fn without_reconciling_a_goal_is_stuck() {
    breaks(Without::Reconciling, Violation::Stuck);
}
