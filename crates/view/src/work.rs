//! A run that is at work, as its own files tell it.

use std::time::Duration;

use herder_domain::capacity::Headroom;
use herder_domain::goal::Goal;
use herder_domain::landing::LandingState;
use herder_domain::ledger::Cost;
use herder_domain::repo::GoalRef;
use herder_domain::run::{Run, RunId};
use herder_domain::world::World;
use herder_record::{LiveStatus, RunDir, StateDir};
use jiff::Timestamp;
use serde::Serialize;

use super::goal::named;

/// A goal at work.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Work {
    /// The goal.
    #[serde(serialize_with = "named")]
    pub goal: GoalRef,
    /// Its title.
    pub title: String,
    /// The run.
    pub run: RunId,
    /// The goal's how manieth run it is, from 1.
    pub attempt: u32,
    /// What it is at, a few words: the ralph's phase, else where the run or its landing stands.
    pub phase: String,
    /// More of that.
    pub detail: Option<String>,
    /// What it waits for.
    pub waiting_for: Option<String>,
    /// Until when it waits.
    pub waiting_until: Option<Timestamp>,
    /// The iteration it is in, from 1; 0 before the first.
    pub iteration: u32,
    /// When the run was ordered.
    pub ordered_at: Timestamp,
    /// How long ago that was, in seconds.
    pub age_seconds: u64,
    /// US dollars so far; null where nobody knows.
    pub cost: Cost,
    /// Tokens of all kinds so far.
    pub tokens: u64,
    /// Processors that it keeps busy, on average over the last minute; null where nobody measured.
    pub cores: Option<f64>,
    /// Memory that it holds, bytes; null where nobody measured.
    pub memory_bytes: Option<u64>,
}

impl Work {
    /// The work at a goal whose run is under way; nothing where the world knows no such run.
    pub(crate) fn of(
        goal: &Goal,
        world: &World,
        state: &StateDir,
        measured: Option<&Headroom>,
        now: Timestamp,
    ) -> Option<Self> {
        let run = world.runs.get(goal.current_run()?)?;
        let status = RunDir::of(state, run.id.clone()).status().ok().flatten();
        // What a ralph said last is true while it lives.
        let said = status.as_ref().filter(|_| run.state.process().is_some());
        let usage = measured.and_then(|measured| measured.runs.get(&run.id));
        Some(Self {
            goal: goal.id.clone(),
            title: goal.title.clone(),
            run: run.id.clone(),
            attempt: run.attempt,
            phase: said.map_or_else(|| stage(run, world), |said| said.state.as_str().to_owned()),
            detail: said.and_then(|said| said.detail.clone()),
            waiting_for: said.and_then(|said| said.waiting_for.clone()),
            waiting_until: said.and_then(|said| said.waiting_until),
            iteration: status.as_ref().map_or(0, |status| status.iteration),
            ordered_at: run.ordered_at,
            age_seconds: age(run.ordered_at, now).as_secs(),
            cost: status.as_ref().map_or(Cost::ZERO, |status: &LiveStatus| status.spend.cost),
            tokens: status.as_ref().map_or(0, |status| status.spend.tokens.total()),
            cores: usage.and_then(|usage| usage.cores.value()),
            memory_bytes: usage.and_then(|usage| usage.memory.known()),
        })
    }
}

fn age(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default()
}

/// Where the run or its landing stands.
fn stage(run: &Run, world: &World) -> String {
    match world.landings.get(&run.id).map(|landing| &landing.state) {
        Some(LandingState::Submitted { .. }) => "landing".to_owned(),
        Some(LandingState::Reverting { .. } | LandingState::Leaving { .. }) => "being undone".to_owned(),
        Some(
            LandingState::Offered { .. }
            | LandingState::Shown
            | LandingState::Landed { .. }
            | LandingState::Bounced(_)
            | LandingState::Withdrawn
            | LandingState::Reverted { .. },
        )
        | None => match &run.by {
            Some(by) if run.is_held() => format!("in the hands of {by}"),
            Some(_) | None => run.state.word().to_owned(),
        },
    }
}
