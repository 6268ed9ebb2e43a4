//! A goal with all that is known of it.

use std::fmt::Write;

use herder_domain::goal::{Goal, GoalState, ProposedBy, Told};
use herder_domain::repo::{GoalRef, Number};
use herder_record::StateDir;
use herder_store::{Store, Transition};
use jiff::Timestamp;
use serde::Serialize;

use super::comment::{CommentItem, comments_text};
use super::goal::{Costs, GoalItem};
use super::money;
use super::run::RunItem;
use crate::failure::Failure;

/// A goal whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WholeGoal {
    #[serde(flatten)]
    item: GoalItem,
    reasons: Vec<String>,
    commit: Option<String>,
    queued_at: Option<Timestamp>,
    retry_at: Option<Timestamp>,
    created_at: Timestamp,
    depends: Vec<Linked>,
    dependents: Vec<Linked>,
    body: String,
    runs: Vec<RunItem>,
    /// What people said to it, oldest first.
    told: Vec<Told>,
    /// The run whose agent proposed it.
    proposed_by: Option<ProposedBy>,
    /// What its own runs proposed.
    proposes: Vec<Linked>,
    comments: Vec<CommentItem>,
    transitions: Vec<TransitionItem>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Linked {
    goal: String,
    number: Number,
    /// Its state, one word; null where it does not exist.
    status: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct TransitionItem {
    at: Timestamp,
    from: Option<String>,
    to: String,
    event: String,
}

impl WholeGoal {
    /// Gathers it.
    pub fn of(goal: &Goal, state: &StateDir, store: &Store) -> Result<Self, Failure> {
        let costs = Costs::read(state, store, Some(&goal.id.repo))?;
        let comments = store.comments(&goal.id)?;
        let transitions = store.transitions(&goal.id)?;
        let (commit, queued_at) = marks(&goal.state);
        Ok(Self {
            item: GoalItem::of(goal, &costs),
            reasons: reasons(goal),
            commit,
            queued_at,
            retry_at: goal.retry_at,
            created_at: goal.created_at,
            depends: linked(store, &goal.depends)?,
            dependents: linked(store, &store.dependents(&goal.id)?)?,
            body: goal.body.clone(),
            runs: store.runs_of(&goal.id)?.iter().map(|run| RunItem::of(run, state)).collect(),
            told: goal.told.clone(),
            proposed_by: goal.proposed_by.clone(),
            proposes: linked(store, &store.proposals_of(&goal.id)?)?,
            comments: comments.into_iter().map(CommentItem::of).collect(),
            transitions: transitions.into_iter().map(TransitionItem::of).collect(),
        })
    }

    /// The same for a person.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        let id = GoalRef { repo: self.item.repo.clone(), number: self.item.number };
        writeln!(text, "{id}  {}", self.item.title)?;
        writeln!(text, "state       {}", self.item.standing())?;
        for reason in &self.reasons {
            writeln!(text, "            {}", reason.replace('\n', "\n            "))?;
        }
        let mut line = |key: &str, value: Option<String>| match value {
            Some(value) => writeln!(text, "{key:<12}{value}"),
            None => Ok(()),
        };
        line("commit", self.commit.clone())?;
        line("queued", self.queued_at.map(|at| format!("{at:.0}")))?;
        line("not before", self.retry_at.map(|at| format!("{at:.0}")))?;
        line("story", self.item.story.map(|story| format!("#{story}")))?;
        line("depends", links(&self.depends))?;
        line("dependents", links(&self.dependents))?;
        line("priority", (self.item.priority != 0).then(|| self.item.priority.to_string()))?;
        line("proposed by", self.proposed_by.as_ref().map(|by| format!("run {} at {}", by.run, by.goal)))?;
        line("proposes", links(&self.proposes))?;
        line("spot-check", self.item.spot_check.then(|| "wanted".to_owned()))?;
        line("cost", (self.item.attempts > 0).then(|| money(self.item.cost)))?;
        writeln!(text, "\n{}", self.body.trim_end())?;
        self.write_runs(text)?;
        self.write_told(text)?;
        text.push_str(&comments_text(&self.comments));
        Ok(())
    }

    fn write_runs(&self, text: &mut String) -> std::fmt::Result {
        if !self.runs.is_empty() {
            writeln!(text, "\nruns")?;
        }
        self.runs.iter().try_for_each(|run| {
            let standing = run.detail.as_deref().unwrap_or(run.state);
            writeln!(text, "  {}  {}  {standing}", run.run, money(run.cost))
        })
    }

    fn write_told(&self, text: &mut String) -> std::fmt::Result {
        if !self.told.is_empty() {
            writeln!(text, "\ntold")?;
        }
        self.told.iter().try_for_each(|told| {
            let question =
                told.question.as_ref().map(|question| format!("{question}\n-> ")).unwrap_or_default();
            let body = format!("{question}{}", told.text).replace('\n', "\n    ");
            writeln!(text, "  at {:.0}\n    {body}", told.at)
        })
    }
}

fn linked(store: &Store, goals: &[GoalRef]) -> Result<Vec<Linked>, Failure> {
    let of = |id: &GoalRef| {
        let status = store.goal(id)?.map(|goal| goal.state.word());
        Ok(Linked { goal: id.to_string(), number: id.number, status })
    };
    goals.iter().map(of).collect()
}

fn links(linked: &[Linked]) -> Option<String> {
    let one = |link: &Linked| format!("{} ({})", link.goal, link.status.unwrap_or("unknown"));
    (!linked.is_empty()).then(|| linked.iter().map(one).collect::<Vec<_>>().join(", "))
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

fn reasons(goal: &Goal) -> Vec<String> {
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
