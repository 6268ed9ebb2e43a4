//! The person of a night: what is said between two orchestrators, and what is said to one that works.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use herder_domain::effect::Effect;
use herder_domain::event::{Event, What};
use herder_domain::goal::{Goal, GoalEdit, GoalState};
use herder_domain::repo::GoalRef;
use herder_domain::run::RunState;
use herder_domain::undo::{AfterUndo, Undo, UndoGate};
use herder_store::Store;
use herder_testkit::until;
use jiff::Timestamp;

use crate::PATIENCE;
use crate::scene::{Scene, scripted};

/// Longer than any orchestrator works.
const ALL_NIGHT: Duration = Duration::from_secs(600);

/// A script that does nothing until somebody ends it.
pub const HANGS: &str = "hang";

impl Scene {
    /// Looks at a night that stands still: approves what is shown, wants what came easily undone, and has what is
    /// stuck tried once more, by an agent that hangs. Whether there was anything to do.
    pub fn act(&self) -> bool {
        let mut store = self.store();
        let mut acted = false;
        for id in &self.goals {
            let goal = store.goal(id).unwrap().unwrap();
            for what in self.wish(&store, &goal) {
                store.append(&Event::of(id, what), Timestamp::now()).unwrap();
                acted = true;
            }
        }
        acted
    }

    fn wish(&self, store: &Store, goal: &Goal) -> Vec<What> {
        match &goal.state {
            GoalState::SpotCheck { .. } => vec![What::GoalApproved],
            GoalState::Done { .. } if goal.id == self.goals[0] => undo(store, goal),
            GoalState::Stuck { .. } if !hangs(goal) => {
                let body = Some(scripted(&goal.body, &[vec![HANGS.into()]]));
                let edit = GoalEdit { body, ..GoalEdit::default() };
                vec![What::GoalEdited { edit: Box::new(edit) }, What::GoalRetried]
            }
            GoalState::Done { .. }
            | GoalState::Stuck { .. }
            | GoalState::Draft { .. }
            | GoalState::Queued { .. }
            | GoalState::Running { .. }
            | GoalState::Offered { .. }
            | GoalState::Cancelled
            | GoalState::Resolved => vec![],
        }
    }

    /// Whether a person was not told everything yet. If so, the time has come to try it again.
    pub fn is_owed_word(&self) -> bool {
        let store = self.store();
        let next = store.next_due().unwrap();
        until("what a person is told to be due", PATIENCE, || {
            next.is_none_or(|next| next <= Timestamp::now()).then_some(())
        });
        !store.open_effects().unwrap().is_empty()
    }

    /// Looks at a night that goes on, until `is_over`: the goal whose agent hangs is told something while it is at
    /// work, and cancelled once that was passed on. Whoever has nothing to say does not look: a database that
    /// somebody has open is not closed.
    pub fn look_on(&self, is_over: &AtomicBool) {
        let id = &self.goals[3];
        let mut store = self.store();
        until("the hanging goal to be cancelled, or its orchestrator to end", ALL_NIGHT, || {
            if !is_to_be_cancelled(&store, id) || is_over.load(Ordering::Relaxed) {
                return Some(());
            }
            if let Some(what) = interjection(&store, id) {
                store.append(&Event::of(id, what), Timestamp::now()).unwrap();
                herder_orchestrator::wake(&self.state());
            }
            None
        });
    }
}

fn undo(store: &Store, goal: &Goal) -> Vec<What> {
    let runs = store.runs_of(&goal.id).unwrap();
    let run = runs.last().unwrap().id.clone();
    let undo = Undo { by: "ada".into(), gate: UndoGate::Ask, then: AfterUndo::Draft, say: None };
    vec![What::UndoOrdered { run, undo }]
}

fn hangs(goal: &Goal) -> bool {
    goal.body.contains(HANGS)
}

fn is_to_be_cancelled(store: &Store, id: &GoalRef) -> bool {
    let goal = store.goal(id).unwrap().unwrap();
    hangs(&goal) && !goal.state.is_settled()
}

/// What is to be said now to the goal whose agent hangs.
fn interjection(store: &Store, id: &GoalRef) -> Option<What> {
    let goal = store.goal(id).unwrap().unwrap();
    let last = store.runs_of(id).unwrap().pop()?;
    if !goal.is_running(&last.id) || !matches!(last.state, RunState::Launched { .. }) {
        return None;
    }
    if goal.told.is_empty() {
        return Some(What::GoalTold { text: "Hurry up.".into() });
    }
    let is_passing_on = |effect: &Effect| matches!(effect, Effect::Tell { .. });
    let is_open = store.open_effects().unwrap().iter().any(|open| is_passing_on(&open.effect));
    (!is_open).then_some(What::GoalCancelled)
}
