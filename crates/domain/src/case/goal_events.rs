//! What people do to a goal.

use jiff::Timestamp;

use super::Case;
use crate::effect::Effect;
use crate::goal::{GoalEvent, GoalState, Series, SpotCheckReason};
use crate::illegal::IllegalEvent;
use crate::landing::Warrant;
use crate::run::{RetryContext, Run};

impl Case {
    /// Changes the goal's state through its machine.
    pub(super) fn step(&mut self, event: &GoalEvent) -> Result<(), IllegalEvent> {
        self.goal.state = self.goal.state.next(event)?;
        Ok(())
    }

    pub(super) fn refuse(&self, event: &'static str) -> IllegalEvent {
        IllegalEvent { machine: "a goal", state: self.goal.state.word(), event }
    }

    /// A person's retry opens a new series; it also lets a quarantined goal go on where it stands.
    pub(super) fn retry(&mut self, at: Timestamp) -> Result<(), IllegalEvent> {
        match self.step(&GoalEvent::Retried(at)) {
            Err(_) if self.goal.quarantine.is_some() => {}
            stepped => stepped?,
        }
        self.open_series();
        Ok(())
    }

    /// Takes the goal out of the planner's hands.
    pub(super) fn quarantine(&mut self, error: &str) -> Result<(), IllegalEvent> {
        self.goal.quarantine = Some(error.into());
        Ok(())
    }

    pub(super) fn open_series(&mut self) {
        self.goal.series = Series::default();
        self.goal.retry_at = None;
        self.goal.quarantine = None;
        self.goal.elsewhere = None;
    }

    pub(super) fn close(&mut self, event: &GoalEvent) -> Result<Vec<Effect>, IllegalEvent> {
        if let Some(refusal) = self.held_open() {
            return Err(refusal);
        }
        self.step(event)?;
        self.goal.retry_at = None;
        self.goal.quarantine = None;
        self.withdraw_offer()
    }

    /// Approved work lands; where there is nothing to land, the goal is resolved.
    pub(super) fn approve(&mut self) -> Result<Vec<Effect>, IllegalEvent> {
        let GoalState::SpotCheck { run, why } = self.goal.state.clone() else {
            return Err(self.refuse("approved"));
        };
        if why.contains(&SpotCheckReason::NoDiff) {
            return self.close(&GoalEvent::Resolved);
        }
        self.step(&GoalEvent::Approved)?;
        let knows = why.contains(&SpotCheckReason::BaseRed);
        self.submit(&run, if knows { Warrant::Person } else { Warrant::Gate })?;
        Ok(Vec::new())
    }

    /// Rejected work stays on its branch; the words of the person stand first in the next prompt.
    pub(super) fn reject(&mut self, feedback: &str, at: Timestamp) -> Result<(), IllegalEvent> {
        let question = self.goal.state.question().map(str::to_owned);
        self.step(&GoalEvent::Rejected(at))?;
        self.open_series();
        let feedback = Some(feedback.into());
        self.goal.context =
            RetryContext { feedback, question, is_resumed: true, ..self.goal.context.clone() };
        Ok(())
    }

    /// An answer goes with its question into every later prompt, and the work goes on where it stood.
    pub(super) fn answer(&mut self, answer: &str, at: Timestamp) -> Result<(), IllegalEvent> {
        let Some(question) = self.goal.state.question().map(str::to_owned) else {
            return Err(self.refuse("answered"));
        };
        self.step(&GoalEvent::Rejected(at))?;
        self.open_series();
        self.goal.hear(answer, Some(question), at);
        self.goal.context.is_resumed = true;
        Ok(())
    }

    /// What a person says waits for the next prompt; a ralph at work is told at once.
    pub(super) fn tell(&mut self, text: &str, at: Timestamp) -> Result<Vec<Effect>, IllegalEvent> {
        if self.goal.state.is_settled() {
            return Err(self.refuse("told"));
        }
        let told = self.goal.hear(text, None, at);
        let run = self.run.as_ref().filter(|run| self.goal.is_running(&run.id) && run.state.takes_slot());
        let tell = |run: &Run| Effect::Tell { goal: self.goal.id.clone(), run: run.id.clone(), told };
        Ok(run.map(tell).into_iter().collect())
    }
}
