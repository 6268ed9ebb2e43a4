//! Whose a goal is, where several orchestrators work on one forge.

use jiff::Timestamp;

use super::Case;
use crate::goal::{Elsewhere, GoalEvent};
use crate::illegal::IllegalEvent;
use crate::landing::{LandingEvent, LandingState};
use crate::run::{Run, RunEvent, RunId, RunState};

impl Case {
    /// It is ours.
    pub(super) fn claimed(&mut self) -> Result<(), IllegalEvent> {
        self.step_run(&RunEvent::Claimed)?;
        self.goal.elsewhere = None;
        Ok(())
    }

    /// Another orchestrator has the goal. It waits in the queue until it may be asked for again; what was at work for
    /// `run` here is stopped by the planner, and neither lands nor touches the other's pull request.
    pub(super) fn elsewhere(
        &mut self,
        run: Option<&RunId>,
        (owner, until): (&str, Timestamp),
        at: Timestamp,
    ) -> Result<(), IllegalEvent> {
        match run {
            // It was closed while its claim was asked for, and there is nothing left to wait for.
            Some(run) if !self.goal.is_landing(run) => return self.drop_unbegun(),
            Some(_) => self.step_aside(at)?,
            None if self.goal.state.queued_since().is_some() => {}
            None => return Err(self.refuse("another orchestrator's")),
        }
        self.goal.retry_at = self.goal.retry_at.max(Some(until));
        self.goal.elsewhere = Some(Elsewhere { owner: owner.to_owned(), since: at });
        Ok(())
    }

    fn step_aside(&mut self, at: Timestamp) -> Result<(), IllegalEvent> {
        let state = self.landing.as_ref().map(|landing| &landing.state);
        let is_reverting = state.is_some_and(|state| state.undoing().is_some());
        if is_reverting || self.run.as_ref().is_some_and(Run::is_held) {
            return Err(self.refuse("another orchestrator's"));
        }
        let is_on_its_way =
            matches!(state, Some(LandingState::Submitted { .. } | LandingState::Offered { .. }));
        self.step(&GoalEvent::Requeued(at))?;
        if is_on_its_way {
            self.step_landing(&LandingEvent::Withdrawn)?;
        }
        self.drop_unbegun()
    }

    /// A run that never had its goal ends with nothing.
    fn drop_unbegun(&mut self) -> Result<(), IllegalEvent> {
        if self.run.as_ref().is_some_and(|run| run.state == RunState::Ordered) {
            self.step_run(&RunEvent::Closed)?;
        }
        Ok(())
    }
}
