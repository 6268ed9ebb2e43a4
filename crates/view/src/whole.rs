//! A goal with all that is known of it.

use herder_domain::goal::{Goal, GoalState, ProposedBy, Told};
use herder_domain::repo::{GoalRef, Number};
use herder_domain::run::Run;
use herder_record::StateDir;
use herder_store::{Store, StoreError, Transition};
use jiff::Timestamp;
use serde::Serialize;

use super::comment::CommentItem;
use super::goal::{Costs, GoalItem, named};
use super::run::RunItem;

/// A goal whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WholeGoal {
    /// It, in one line.
    #[serde(flatten)]
    pub item: GoalItem,
    /// Why it is where it is, as far as its own row says.
    pub reasons: Vec<String>,
    /// The commit that it landed as.
    pub commit: Option<String>,
    /// When it was queued, where it is.
    pub queued_at: Option<Timestamp>,
    /// It does not start before this.
    pub retry_at: Option<Timestamp>,
    /// When it was written.
    pub created_at: Timestamp,
    /// What it depends on.
    pub depends: Vec<Linked>,
    /// What depends on it.
    pub dependents: Vec<Linked>,
    /// Its text.
    pub body: String,
    /// Its runs, first attempt first.
    pub runs: Vec<RunItem>,
    /// What people said to it, oldest first.
    pub told: Vec<Told>,
    /// The run whose agent proposed it.
    pub proposed_by: Option<ProposedBy>,
    /// What its own runs proposed.
    pub proposes: Vec<Linked>,
    /// What was said of it, oldest first.
    pub comments: Vec<CommentItem>,
    /// How it came to be where it is, oldest first.
    pub transitions: Vec<TransitionItem>,
}

/// Another goal, by name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Linked {
    /// Its whole name.
    #[serde(serialize_with = "named")]
    pub goal: GoalRef,
    /// Its number.
    pub number: Number,
    /// Its state, one word; null where it does not exist.
    pub status: Option<&'static str>,
}

/// A goal's way from one state to another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TransitionItem {
    /// When.
    pub at: Timestamp,
    /// The state before; null for the first.
    pub from: Option<String>,
    /// The state after.
    pub to: String,
    /// What happened, by its word in the journal.
    pub event: String,
}

impl WholeGoal {
    /// Gathers it.
    pub fn of(goal: &Goal, state: &StateDir, store: &Store) -> Result<Self, StoreError> {
        let costs = Costs::of_goals(state, store, std::slice::from_ref(goal))?;
        let comments = store.comments(&goal.id)?;
        let runs = store.runs_of(&goal.id)?;
        // Where no run proposed anything, no goal need be looked through.
        let proposed =
            |run: &Run| run.result.as_ref().is_some_and(|result| !result.harvest.follow_ups.is_empty());
        let proposes = if runs.iter().any(proposed) { store.proposals_of(&goal.id)? } else { Vec::new() };
        let transitions = store.transitions(&goal.id)?;
        let (commit, queued_at) = marks(&goal.state);
        Ok(Self {
            item: GoalItem::of(goal, &costs).among(&runs),
            reasons: reasons(goal),
            commit,
            queued_at,
            retry_at: goal.retry_at,
            created_at: goal.created_at,
            depends: linked(store, &goal.depends)?,
            dependents: linked(store, &store.dependents(&goal.id)?)?,
            body: goal.body.clone(),
            runs: runs.iter().map(|run| RunItem::of(run, state)).collect(),
            told: goal.told.clone(),
            proposed_by: goal.proposed_by.clone(),
            proposes: linked(store, &proposes)?,
            comments: comments.into_iter().map(CommentItem::of).collect(),
            transitions: transitions.into_iter().map(TransitionItem::of).collect(),
        })
    }
}

fn linked(store: &Store, goals: &[GoalRef]) -> Result<Vec<Linked>, StoreError> {
    let of = |id: &GoalRef| {
        let status = store.goal(id)?.map(|goal| goal.state.word());
        Ok(Linked { goal: id.clone(), number: id.number, status })
    };
    goals.iter().map(of).collect()
}

fn marks(state: &GoalState) -> (Option<String>, Option<Timestamp>) {
    match state {
        GoalState::Done { commit, .. } => (Some(commit.clone()), None),
        GoalState::Queued { since } => (None, Some(*since)),
        GoalState::Draft { .. }
        | GoalState::Running { .. }
        | GoalState::Offered { .. }
        | GoalState::SpotCheck { .. }
        | GoalState::Stuck { .. }
        | GoalState::Cancelled
        | GoalState::Resolved => (None, None),
    }
}

pub(crate) fn reasons(goal: &Goal) -> Vec<String> {
    let of_state: Vec<String> = match &goal.state {
        GoalState::Draft { note } => note.iter().cloned().collect(),
        GoalState::SpotCheck { why, .. } => why.iter().map(ToString::to_string).collect(),
        GoalState::Stuck { cause, detail } => vec![cause.as_str().to_owned(), detail.clone()],
        GoalState::Queued { .. }
        | GoalState::Running { .. }
        | GoalState::Offered { .. }
        | GoalState::Done { .. }
        | GoalState::Cancelled
        | GoalState::Resolved => Vec::new(),
    };
    let quarantine = goal.quarantine.iter().map(|error| format!("quarantined: {error}"));
    let taken = goal.taken.iter().map(|hold| format!("taken by {} since {:.0}", hold.by, hold.since));
    let hold = goal.hold.iter().map(|hold| match &hold.reason {
        Some(reason) => format!("held since {:.0}: {reason}", hold.since),
        None => format!("held since {:.0}", hold.since),
    });
    of_state.into_iter().chain(quarantine).chain(taken).chain(hold).collect()
}

impl TransitionItem {
    fn of(transition: Transition) -> Self {
        let Transition { at, from, to, event, .. } = transition;
        Self { at, from, to, event }
    }
}
