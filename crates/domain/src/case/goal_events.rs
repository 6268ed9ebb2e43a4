//! What people do to a goal.

use jiff::Timestamp;

use super::Case;
use crate::effect::Effect;
use crate::event::What;
use crate::goal::{GoalEvent, GoalState, Series, SpotCheckReason};
use crate::illegal::IllegalEvent;
use crate::run::RetryContext;

impl Case {
    pub(super) fn fold_goal(&mut self, what: &What, at: Timestamp) -> Result<Vec<Effect>, IllegalEvent> {
        match what {
            What::GoalQueued => self.step(&GoalEvent::Queued(at))?,
            What::GoalRetried => self.retry(at)?,
            What::GoalCancelled => self.close(&GoalEvent::Cancelled)?,
            What::GoalResolved => self.close(&GoalEvent::Resolved)?,
            What::GoalApproved => self.approve()?,
            What::GoalRejected { feedback } => self.reject(feedback, at)?,
            What::GoalQuarantined { error } => self.goal.quarantine = Some(error.clone()),
            What::GoalCreated { .. } => return Err(self.refuse("created")),
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
            | What::Landed { .. } => return Err(self.refuse("run")),
        }
        Ok(Vec::new())
    }

    /// Changes the goal's state through its machine.
    pub(super) fn step(&mut self, event: &GoalEvent) -> Result<(), IllegalEvent> {
        self.goal.state = self.goal.state.next(event)?;
        Ok(())
    }

    pub(super) fn refuse(&self, event: &'static str) -> IllegalEvent {
        IllegalEvent { machine: "a goal", state: self.goal.state.word(), event }
    }

    /// A person's retry opens a new series; it also lets a quarantined goal go on where it stands.
    fn retry(&mut self, at: Timestamp) -> Result<(), IllegalEvent> {
        match self.step(&GoalEvent::Retried(at)) {
            Err(_) if self.goal.quarantine.is_some() => {}
            stepped => stepped?,
        }
        self.open_series();
        Ok(())
    }

    fn open_series(&mut self) {
        self.goal.series = Series::default();
        self.goal.retry_at = None;
        self.goal.quarantine = None;
    }

    fn close(&mut self, event: &GoalEvent) -> Result<(), IllegalEvent> {
        self.step(event)?;
        self.goal.retry_at = None;
        self.goal.quarantine = None;
        Ok(())
    }

    /// Approved work lands; where there is nothing to land, the goal is resolved.
    fn approve(&mut self) -> Result<(), IllegalEvent> {
        let GoalState::SpotCheck { run, why } = self.goal.state.clone() else {
            return Err(self.refuse("approved"));
        };
        if why.contains(&SpotCheckReason::NoDiff) {
            return self.close(&GoalEvent::Resolved);
        }
        self.step(&GoalEvent::Approved)?;
        self.submit(&run)
    }

    /// Rejected work stays on its branch; the words of the person stand first in the next prompt.
    fn reject(&mut self, feedback: &str, at: Timestamp) -> Result<(), IllegalEvent> {
        self.step(&GoalEvent::Rejected(at))?;
        self.open_series();
        self.goal.context =
            RetryContext { feedback: Some(feedback.into()), is_resumed: true, ..self.goal.context.clone() };
        Ok(())
    }
}
