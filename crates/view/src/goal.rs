//! A goal in one line.

use std::collections::BTreeMap;
use std::fmt;

use herder_domain::goal::{Goal, GoalState};
use herder_domain::ledger::Cost;
use herder_domain::pause::{Pause, Pauses, Scope, holding};
use herder_domain::repo::{GoalRef, Number, RepoId};
use herder_domain::run::{Run, RunId};
use herder_record::{RunDir, StateDir};
use herder_store::{LedgerFilter, LedgerRow, Store, StoreError};
use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// A goal in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GoalItem {
    /// Its number within its repository.
    pub number: Number,
    /// Its repository, in full.
    pub repo: RepoId,
    /// Its title.
    pub title: String,
    /// Its state, one word.
    pub status: &'static str,
    /// Someone asked for a look before it lands.
    pub spot_check: bool,
    /// A person does not want it started.
    pub held: bool,
    /// Higher goes first.
    pub priority: i32,
    /// Its story's number.
    pub story: Option<Number>,
    /// The run at work, in review or landed, else the last one.
    pub run: Option<RunId>,
    /// How many runs it ever had.
    pub attempts: u32,
    /// The number of the pull request that offers its work; the local forge has none.
    pub pr: Option<u64>,
    /// US dollars so far; null where a part of it is unknown.
    pub cost: Cost,
    /// Who has it in hand, where a person has.
    pub taken_by: Option<String>,
    /// Since when.
    pub taken_since: Option<Timestamp>,
    /// Since when its run stands still, where it does.
    pub frozen_since: Option<Timestamp>,
    /// A pause that keeps it from starting.
    pub paused: Option<PauseItem>,
}

/// A pause.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PauseItem {
    /// What is paused, as people read it.
    pub scope: String,
    /// Until then; until a person acts where null.
    pub until: Option<Timestamp>,
    /// In the person's words.
    pub reason: Option<String>,
}

/// What goals cost so far.
#[derive(Debug, Default)]
pub struct Costs {
    ended: BTreeMap<(RepoId, Number), Cost>,
    counted: std::collections::BTreeSet<RunId>,
    state: Option<StateDir>,
}

impl Costs {
    /// Reads what ended runs cost, of one repository or of all.
    pub fn read(state: &StateDir, store: &Store, repo: Option<&RepoId>) -> Result<Self, StoreError> {
        let filter = LedgerFilter { repo: repo.cloned(), ..LedgerFilter::default() };
        let mut costs = Self { state: Some(state.clone()), ..Self::default() };
        costs.add(store.ledger_rows(&filter)?);
        Ok(costs)
    }

    /// Reads what the ended runs of some goals cost: for a page of them, where there are many.
    pub fn of_goals(state: &StateDir, store: &Store, goals: &[Goal]) -> Result<Self, StoreError> {
        let mut costs = Self { state: Some(state.clone()), ..Self::default() };
        for goal in goals.iter().filter(|goal| goal.runs > 0) {
            let filter = LedgerFilter { goal: Some(goal.id.clone()), ..LedgerFilter::default() };
            costs.add(store.ledger_rows(&filter)?);
        }
        Ok(costs)
    }

    fn add(&mut self, rows: Vec<LedgerRow>) {
        for row in rows {
            self.counted.insert(row.run);
            if let Some(key) = row.repo.zip(row.number) {
                let sum = self.ended.entry(key).or_default();
                *sum = *sum + row.cost;
            }
        }
    }

    /// What a goal cost: its ended runs, and what the one at work says of itself.
    pub fn of(&self, goal: &Goal) -> Cost {
        let key = (goal.id.repo.clone(), goal.id.number);
        let ended = self.ended.get(&key).copied().unwrap_or_default();
        let current = goal.current_run().filter(|run| !self.counted.contains(*run));
        current.map_or(ended, |run| ended + self.so_far(run))
    }

    /// A run that said nothing yet has spent nothing.
    fn so_far(&self, run: &RunId) -> Cost {
        let dir = self.state.as_ref().map(|state| RunDir::of(state, run.clone()));
        let status = dir.and_then(|dir| dir.status().ok().flatten());
        status.map_or(Cost::ZERO, |status| status.spend.cost)
    }
}

impl GoalItem {
    /// A goal with what it cost.
    pub fn of(goal: &Goal, costs: &Costs) -> Self {
        let last = goal.history.last().map(|note| &note.run);
        Self {
            number: goal.id.number,
            repo: goal.id.repo.clone(),
            title: goal.title.clone(),
            status: goal.state.word(),
            spot_check: goal.wants_spot_check,
            held: goal.hold.is_some(),
            priority: goal.priority(),
            story: goal.story,
            run: goal.current_run().or(last).cloned(),
            attempts: goal.runs,
            pr: pull(&goal.state),
            cost: costs.of(goal),
            taken_by: goal.taken.as_ref().map(|hold| hold.by.clone()),
            taken_since: goal.taken.as_ref().map(|hold| hold.since),
            frozen_since: None,
            paused: None,
        }
    }

    /// The same with whether its run stands still, where that is among these.
    #[must_use]
    pub fn among(self, runs: &[Run]) -> Self {
        let run = runs.iter().find(|run| Some(&run.id) == self.run.as_ref());
        Self { frozen_since: run.and_then(Run::frozen).map(|frozen| frozen.since), ..self }
    }

    /// Its state or who has it in hand, and that it is held.
    pub fn standing(&self) -> String {
        let held = if self.held { ", held" } else { "" };
        match &self.taken_by {
            Some(by) => format!("taken by {by}{held}"),
            None if self.frozen_since.is_some() => format!("{} (frozen){held}", self.status),
            None if self.paused.is_some() => format!("{} (paused){held}", self.status),
            None => format!("{}{held}", self.status),
        }
    }

    /// The same with the pause that keeps it from starting, where there is one.
    #[must_use]
    pub fn under(self, goal: &Goal, pauses: &Pauses, now: Timestamp) -> Self {
        let is_queued = goal.state.queued_since().is_some();
        let held = holding(pauses, goal, now).next().filter(|_| is_queued);
        Self { paused: held.map(|(scope, pause)| PauseItem::of(scope, pause)), ..self }
    }

    /// Its whole name.
    pub fn id(&self) -> GoalRef {
        GoalRef { repo: self.repo.clone(), number: self.number }
    }
}

/// Where a pull request is to be looked at.
pub fn pull_address(repo: &RepoId, pull: u64) -> String {
    format!("https://{repo}/pull/{pull}")
}

fn pull(state: &GoalState) -> Option<u64> {
    match state {
        GoalState::Offered { pull, .. } => Some(pull.0),
        GoalState::Draft { .. }
        | GoalState::Queued { .. }
        | GoalState::Running { .. }
        | GoalState::SpotCheck { .. }
        | GoalState::Done { .. }
        | GoalState::Stuck { .. }
        | GoalState::Cancelled
        | GoalState::Resolved => None,
    }
}

impl PauseItem {
    /// A pause of something.
    pub fn of(scope: &Scope, pause: &Pause) -> Self {
        Self { scope: scope.to_string(), until: pause.until, reason: pause.reason.clone() }
    }
}

impl fmt::Display for PauseItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.until {
            Some(until) => write!(f, "{} is paused until {until:.0}", self.scope)?,
            None => write!(f, "{} is paused until `herder resume`", self.scope)?,
        }
        self.reason.as_ref().map_or(Ok(()), |reason| write!(f, ": {reason}"))
    }
}

/// A goal by its whole name, where there is one.
pub(crate) fn named_or_none<S: Serializer>(goal: &Option<GoalRef>, to: S) -> Result<S::Ok, S::Error> {
    match goal {
        Some(goal) => named(goal, to),
        None => to.serialize_none(),
    }
}

/// A goal by its whole name, as JSON has it.
pub(crate) fn named<S: Serializer>(goal: &GoalRef, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(goal)
}
