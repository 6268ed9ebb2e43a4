//! What a person does who takes a goal into their own hands, and who undoes what has landed.

use jiff::Timestamp;

use super::Case;
use crate::effect::{Effect, Once};
use crate::goal::{GoalEvent, GoalState};
use crate::hand::{HandEnd, Hold};
use crate::illegal::IllegalEvent;
use crate::landing::{LandingEvent, LandingState, Step};
use crate::outcome::Outcome;
use crate::run::{RetryContext, RunEvent, RunId, RunState};
use crate::sight::Reopening;
use crate::undo::{AfterUndo, Undo, UndoTrouble};

impl Case {
    /// A person takes the goal. What works at it is stopped by the planner, which then has the workspace
    /// prepared; work that is on its way into the base branch, or out of it, is awaited.
    pub(super) fn take(&mut self, by: &str, at: Timestamp) -> Result<(), IllegalEvent> {
        if self.goal.taken.is_some() {
            return Err(self.refuse("taken while a person has it in hand"));
        }
        if self.is_landing() {
            return Err(self.refuse("taken while its work is landing"));
        }
        let before = match &self.goal.state {
            GoalState::Running { .. } => GoalState::Queued { since: at },
            GoalState::Queued { .. } => self.goal.state.clone(),
            GoalState::Draft { .. } | GoalState::SpotCheck { .. } | GoalState::Stuck { .. } => {
                let before = self.goal.state.clone();
                self.step(&GoalEvent::TakenUp(at))?;
                before
            }
            GoalState::Offered { .. }
            | GoalState::Done { .. }
            | GoalState::Cancelled
            | GoalState::Resolved => {
                return Err(self.refuse("taken"));
            }
        };
        self.goal.taken = Some(Hold { by: by.into(), since: at, before });
        Ok(())
    }

    /// The work of the goal's run is on its way, or has bounced and was not judged yet.
    fn is_landing(&self) -> bool {
        self.landing.as_ref().is_some_and(|landing| match &landing.state {
            LandingState::Submitted { .. }
            | LandingState::Offered { .. }
            | LandingState::Bounced(_)
            | LandingState::Reverting { .. }
            | LandingState::Leaving { .. } => self.goal.is_landing(&landing.run),
            LandingState::Shown
            | LandingState::Landed { .. }
            | LandingState::Withdrawn
            | LandingState::Reverted { .. } => false,
        })
    }

    /// Why the goal may not be closed now: neither a person's workspace nor a revert under way is pulled
    /// away from under them.
    pub(super) fn held_open(&self) -> Option<IllegalEvent> {
        let is_reverting = self.landing.as_ref().is_some_and(|landing| landing.state.undoing().is_some());
        if self.goal.taken.is_some() {
            return Some(self.refuse("closed while a person has it in hand"));
        }
        is_reverting.then(|| self.refuse("closed while its work is being undone"))
    }

    /// A person gives the goal back.
    pub(super) fn give(&mut self, run: &RunId, end: HandEnd, say: Option<&str>) -> Result<(), IllegalEvent> {
        let is_held = self.run.as_ref().is_some_and(|run| matches!(run.state, RunState::Held { .. }));
        let hold = self.goal.taken.clone().filter(|_| is_held && self.goal.is_running(run));
        let Some(Hold { by, .. }) = hold else {
            return Err(self.refuse("given back: nobody has it in hand"));
        };
        self.step_run(&RunEvent::Reported(Outcome::ByHand { by, end }))?;
        match end {
            // A person has acted.
            HandEnd::Finished | HandEnd::Back => self.open_series(),
            HandEnd::Dropped => {}
        }
        if let Some(say) = say {
            self.goal.context.feedback = Some(say.into());
        }
        Ok(())
    }

    /// Nothing came of a person's work: the goal stands where it stood.
    pub(super) fn put_back(&mut self) -> Result<(), IllegalEvent> {
        let Some(hold) = self.goal.taken.clone() else {
            return Err(self.refuse("put back"));
        };
        self.step(&GoalEvent::PutBack(Box::new(hold.before)))
    }

    /// The goal's work is to leave the base branch. It runs meanwhile: what depends on it waits.
    pub(super) fn order_undo(&mut self, run: &RunId, undo: &Undo) -> Result<(), IllegalEvent> {
        if self.goal.current_run() != Some(run) {
            return Err(self.refuse("undone: another run's work has landed"));
        }
        self.step_landing(&LandingEvent::Undoing(undo.clone()))?;
        if let Some(landing) = &mut self.landing {
            landing.undos += 1;
        }
        self.reopening(Reopening::Awaited);
        self.step(&GoalEvent::Undoing)
    }

    fn reopening(&mut self, reopening: Reopening) {
        if let Some(known) = &mut self.goal.on_forge {
            known.reopening = reopening;
        }
    }

    /// The base branch is without the work; the goal is open again, in a new series.
    pub(super) fn undone(&mut self, commit: &str, at: Timestamp) -> Result<Vec<Effect>, IllegalEvent> {
        let (undo, landed) = self.undoing("undone")?;
        self.step_landing(&LandingEvent::Reverted { commit: commit.into() })?;
        let note = match &undo.say {
            Some(say) => format!("{} undid it after it had landed: {say}", undo.by),
            None => format!("{} undid it after it had landed", undo.by),
        };
        match undo.then {
            AfterUndo::Draft => self.step(&GoalEvent::ReturnedToDraft(note.clone()))?,
            AfterUndo::Queue => self.step(&GoalEvent::Requeued(at))?,
        }
        self.open_series();
        self.reopening(Reopening::Due);
        self.goal.context =
            RetryContext { feedback: Some(note.clone()), is_resumed: true, ..RetryContext::default() };
        let text =
            format!("The work that had landed as {landed} was taken out again as {commit}.\n\n{note}.");
        Ok(vec![self.undo_comment("undone", text)])
    }

    /// The work stays where it is. What was to take it out and is open still is closed.
    pub(super) fn not_undone(
        &mut self,
        run: &RunId,
        trouble: &UndoTrouble,
    ) -> Result<Vec<Effect>, IllegalEvent> {
        let (undo, landed) = self.undoing("kept")?;
        let is_offered = self.landing.as_ref().is_some_and(|landing| landing.state.standing().is_some());
        self.step_landing(&LandingEvent::Kept)?;
        self.step(&GoalEvent::Landed(run.clone(), landed))?;
        self.reopening(Reopening::Never);
        let text = format!("{} wanted it undone, and it has stayed: {trouble}.", undo.by);
        let is_open = is_offered && !matches!(trouble, UndoTrouble::Closed);
        let closing = if is_open { self.deed(Step::Close) } else { Vec::new() };
        Ok([self.undo_comment("not-undone", text)].into_iter().chain(closing).collect())
    }

    fn undoing(&self, event: &'static str) -> Result<(Undo, String), IllegalEvent> {
        let asked = self.landing.as_ref().and_then(|landing| landing.state.undoing());
        asked.map(|(undo, commit)| (undo.clone(), commit.to_owned())).ok_or_else(|| self.refuse(event))
    }

    fn undo_comment(&self, kind: &str, text: String) -> Effect {
        let mark = self.landing.as_ref().map(|landing| format!("{}/{}", landing.run, landing.undos));
        let key = format!("{kind}/{}", mark.unwrap_or_default());
        Effect::Comment { goal: self.goal.id.clone(), key, text, once: Once::Goal }
    }
}
