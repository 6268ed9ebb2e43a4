//! A run that is at work, as its own files tell it.

use std::time::Duration;

use herder_domain::capacity::{Headroom, Usage};
use herder_domain::goal::Goal;
use herder_domain::landing::LandingState;
use herder_domain::ledger::Cost;
use herder_domain::repo::GoalRef;
use herder_domain::run::{Run, RunId, RunSpec};
use herder_domain::world::World;
use herder_record::{LiveStatus, Phase, RecordError, RunDir, StateDir};
use jiff::Timestamp;
use serde::Serialize;

use super::goal::named_or_none;

/// A run at work.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Work {
    /// Its goal; null for a run without an orchestrator.
    #[serde(serialize_with = "named_or_none")]
    pub goal: Option<GoalRef>,
    /// The goal's title.
    pub title: String,
    /// The run.
    pub run: RunId,
    /// The goal's how manieth run it is, from 1.
    pub attempt: u32,
    /// The coding agent; null before it was prepared.
    pub agent: Option<String>,
    /// What it is at, a few words: that it is frozen, else the ralph's phase, else where the run or its landing stands.
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
    /// Working time so far, in seconds.
    pub working_seconds: u64,
    /// Processors that it keeps busy, on average over the last minute; null where nobody measured.
    pub cores: Option<f64>,
    /// Memory that it holds, bytes; null where nobody measured.
    pub memory_bytes: Option<u64>,
}

/// What is known of a run whatever its ralph says.
struct Frame {
    goal: Option<GoalRef>,
    title: String,
    run: RunId,
    attempt: u32,
    agent: Option<String>,
    ordered_at: Timestamp,
    /// What it is at where no ralph says so.
    stage: String,
    /// The same of the detail.
    detail: Option<String>,
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
        let frame = Frame {
            goal: Some(goal.id.clone()),
            title: goal.title.clone(),
            run: run.id.clone(),
            attempt: run.attempt,
            agent: run.agent.clone(),
            ordered_at: run.ordered_at,
            stage: stage(run, world),
            detail: None,
        };
        let status = RunDir::of(state, run.id.clone()).status().ok().flatten();
        // What a ralph said last is true while it lives.
        let lives = run.state.process().is_some();
        let usage = measured.and_then(|measured| measured.runs.get(&run.id));
        let work = frame.with(status.as_ref(), lives, usage, now);
        Some(match run.frozen() {
            // Its ralph, which looks for a thaw again and again, waits for no time that a person would care for.
            Some(why) => Self {
                phase: "frozen".to_owned(),
                detail: Some(why.to_string()),
                waiting_for: None,
                waiting_until: None,
                ..work
            },
            None => work,
        })
    }

    /// A run whose ralph lives, or which a person does by hand, from its own files alone.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn of_run(
        dir: &RunDir,
        spec: &RunSpec,
        measured: Option<&Headroom>,
        now: Timestamp,
    ) -> Result<Self, RecordError> {
        let usual = if spec.by.is_some() { Phase::ByHand } else { Phase::Starting };
        let frame = Frame {
            goal: spec.goal.clone(),
            title: spec.title.clone(),
            run: spec.run.clone(),
            attempt: spec.attempt,
            agent: Some(spec.agent.clone()),
            ordered_at: spec.created_at,
            stage: usual.as_str().to_owned(),
            detail: spec.by.as_ref().map(|by| format!("taken by {by} since {:.0}", spec.created_at)),
        };
        let usage = measured.and_then(|measured| measured.runs.get(&spec.run));
        Ok(frame.with(dir.status()?.as_ref(), true, usage, now))
    }
}

impl Frame {
    fn with(self, status: Option<&LiveStatus>, lives: bool, usage: Option<&Usage>, now: Timestamp) -> Work {
        let said = status.filter(|_| lives);
        let spend = status.map(|status| status.spend).unwrap_or_default();
        Work {
            goal: self.goal,
            title: self.title,
            run: self.run,
            attempt: self.attempt,
            agent: self.agent,
            phase: said.map_or(self.stage, |said| said.state.as_str().to_owned()),
            detail: self.detail.or_else(|| said.and_then(|said| said.detail.clone())),
            waiting_for: said.and_then(|said| said.waiting_for.clone()),
            waiting_until: said.and_then(|said| said.waiting_until),
            iteration: status.map_or(0, |status| status.iteration),
            ordered_at: self.ordered_at,
            age_seconds: age(self.ordered_at, now).as_secs(),
            // A run that said nothing yet has spent nothing.
            cost: status.map_or(Cost::ZERO, |status| status.spend.cost),
            tokens: spend.tokens.total(),
            working_seconds: spend.time.working().as_secs(),
            cores: usage.and_then(|usage| usage.cores.value()),
            memory_bytes: usage.and_then(|usage| usage.memory.known()),
        }
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
