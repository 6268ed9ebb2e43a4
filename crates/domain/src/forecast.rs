//! What goals will come to: cost, tokens and time of one, and when tonight's queue is through, foretold from the runs
//! of the ledger.
//!
//! A goal is played run by run: each draws one of the runs that were like it (bootstrapping), and goes on as that one's
//! goal went on, with another run or without. The whole queue is played so some hundred times, in the planner's order
//! and within its slots. The seed is fixed: the same ledger, queue and time give the same answer.

mod calendar;
mod crew;
mod draw;
mod figures;
mod night;
mod past;
mod queue;
mod words;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use figures::{Range, Sum, When};
pub use past::{Basis, Kin, Past, PastRun};

use crate::event::{Event, What};
use crate::goal::GoalState;
use crate::illegal::IllegalEvent;
use crate::repo::GoalRef;
use crate::world::World;
use figures::Tally;
use queue::Queue;

/// How often the queue is played.
const TRIALS: usize = 300;

/// Where the drawing begins.
const SEED: u64 = 187;

/// What is foretold of the goals that are queued or at work.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// At this moment.
    pub at: Timestamp,
    /// Of each goal of which anything can be said.
    pub goals: BTreeMap<GoalRef, Estimate>,
    /// Of all of them together; absent where there is none, or nobody knows the like of one.
    pub whole: Option<Whole>,
    /// Goals that are in no figure, and why.
    pub left_out: BTreeMap<GoalRef, LeftOut>,
}

/// What is still to come of one goal, all its runs together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// What this is learned from.
    pub basis: Basis,
    /// US dollars.
    pub usd: Sum,
    /// Tokens of all kinds.
    pub tokens: Sum,
    /// Seconds that its runs have a slot.
    pub seconds: Range,
    /// When its next run begins; absent where one is at work, or no hour that is known lets it begin.
    pub begins: Option<When>,
    /// When it needs no more runs; absent where it is played to no end.
    pub ends: Option<When>,
}

/// What is still to come of all goals together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Whole {
    /// How many goals.
    pub goals: usize,
    /// US dollars.
    pub usd: Sum,
    /// Tokens of all kinds.
    pub tokens: Sum,
    /// Seconds of slots.
    pub seconds: Range,
    /// When the last of them needs no more runs; absent where they are played to no end.
    pub ends: Option<When>,
}

/// Why a goal is in no figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "because", rename_all = "snake_case")]
pub enum LeftOut {
    /// It waits for a person.
    Person {
        /// For what, a sentence.
        why: String,
    },
    /// It waits for a goal that is in no figure itself, or lies outside of the queue.
    Behind {
        /// That goal.
        on: GoalRef,
    },
    /// No run has ended that it could be compared with.
    NoHistory,
}

/// The world as it would be if a person queued these goals now; those that are queued or at work stay as they are.
///
/// # Errors
/// A goal cannot be queued where it stands.
pub fn if_queued(world: &World, goals: &[GoalRef], now: Timestamp) -> Result<World, IllegalEvent> {
    let mut world = world.clone();
    for id in goals {
        let what = match world.goals.get(id).map(|goal| &goal.state) {
            Some(GoalState::Queued { .. } | GoalState::Running { .. }) => continue,
            Some(GoalState::Stuck { .. }) => What::GoalRetried,
            Some(
                GoalState::Draft { .. }
                | GoalState::SpotCheck { .. }
                | GoalState::Offered { .. }
                | GoalState::Done { .. }
                | GoalState::Cancelled
                | GoalState::Resolved,
            )
            | None => What::GoalQueued,
        };
        world.record(&Event::of(id, what), now)?;
    }
    Ok(world)
}

/// Foretells what is queued and at work comes to.
pub fn forecast(world: &World, past: &Past, now: Timestamp) -> Forecast {
    let queue = Queue::of(world, past, now);
    let mut forecast = Forecast { at: now, goals: BTreeMap::new(), whole: None, left_out: queue.left_out() };
    if queue.jobs.is_empty() {
        return forecast;
    }
    let calendar = calendar::Calendar::of(world, now);
    let mut dice = draw::Dice::with_seed(SEED);
    let mut tallies = vec![Tally::default(); queue.jobs.len()];
    let mut whole = Tally::default();
    for _ in 0..TRIALS {
        let played = night::play(&queue, &calendar, &mut dice);
        whole.take(&played.iter().copied().reduce(figures::Played::with).unwrap_or_default());
        tallies.iter_mut().zip(&played).for_each(|(tally, played)| tally.take(played));
    }
    forecast.whole = Some(whole.of_all(queue.jobs.len(), now));
    let estimates = queue.jobs.iter().zip(tallies);
    forecast.goals = estimates
        .map(|(job, tally)| (job.goal.clone(), tally.of_one(job.kindred.basis.clone(), now)))
        .collect();
    forecast
}
