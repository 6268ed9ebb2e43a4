//! A goal with the run and the landing that an event is about, and how the event changes them.

mod goal_events;
mod run_events;

use jiff::Timestamp;

use crate::effect::Effect;
use crate::event::What;
use crate::goal::Goal;
use crate::illegal::IllegalEvent;
use crate::landing::Landing;
use crate::run::{Run, RunId};

/// A goal, the run that an event names (or else the goal's current one), and that run's landing.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The goal.
    pub goal: Goal,
    /// The run.
    pub run: Option<Run>,
    /// Its landing.
    pub landing: Option<Landing>,
}

/// What an event made of a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Folded {
    /// The case afterwards.
    pub case: Case,
    /// What the event itself calls for: a comment, a notification, a row of statistics.
    pub effects: Vec<Effect>,
}

impl Case {
    /// The run that has to stand in the case for `what` to be folded.
    pub fn run_for(goal: &Goal, what: &What) -> Option<RunId> {
        what.run().or_else(|| goal.current_run()).cloned()
    }

    /// Folds what happened into the case; an event that a machine refuses changes nothing.
    pub fn apply(mut self, what: &What, at: Timestamp) -> Result<Folded, IllegalEvent> {
        if let Some(run) = self.run.as_ref().filter(|run| run.goal != self.goal.id) {
            return Err(IllegalEvent { machine: "a run", state: run.state.word(), event: "another goal's" });
        }
        let effects = match what {
            What::GoalCreated { .. }
            | What::GoalQueued
            | What::GoalRetried
            | What::GoalCancelled
            | What::GoalResolved
            | What::GoalApproved
            | What::GoalRejected { .. }
            | What::GoalQuarantined { .. } => self.fold_goal(what, at)?,
            What::RunOrdered { .. }
            | What::RunClaimed { .. }
            | What::RunPrepared { .. }
            | What::RunLaunched { .. }
            | What::RunReported { .. }
            | What::RunCollected { .. }
            | What::RunJudged { .. }
            | What::RunClosed { .. }
            | What::LandingPostponed { .. }
            | What::LandingBounced { .. }
            | What::BounceJudged { .. }
            | What::LandingWithdrawn { .. }
            | What::Landed { .. } => self.fold_run(what, at)?,
        };
        Ok(Folded { case: self, effects })
    }
}
