//! What is so at this moment, as the view needs it.

use herder_domain::goal::{Goal, GoalState};
use herder_domain::repo::GoalRef;
use herder_domain::run::RunId;
use herder_domain::world::World;
use herder_view::{Need, Now, OrderKind, Parking, PauseItem, Waiting, Work};
use jiff::Timestamp;

/// What is so at this moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Sight {
    /// When it was looked at.
    pub at: Timestamp,
    /// What does not go on without a person, what is at work, and what waits, in this order.
    pub items: Vec<Item>,
    /// How many goals wait for a person; not all of them need be among the items.
    pub needing: usize,
    /// How many are queued; the same.
    pub queued: usize,
    /// What there is room for, the most important first.
    pub gauges: Vec<Gauge>,
    /// What holds everything up, each a sentence.
    pub warnings: Vec<String>,
}

/// A goal, or a run without one.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The goal; absent for a run without an orchestrator.
    pub goal: Option<GoalRef>,
    /// Its title.
    pub title: String,
    /// The run whose log is shown: the one at work, else the last one.
    pub run: Option<RunId>,
    /// Where it stands.
    pub standing: Standing,
    /// The orders that it takes as it stands.
    pub orders: Vec<OrderKind>,
    /// The address of its pull request, where its work is offered by one.
    pub pull: Option<String>,
}

/// Where a goal stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// It waits for a person.
    Needs(Need),
    /// It is at work.
    Works(Work),
    /// It waits for its turn.
    Waits(Waiting),
}

/// What there is of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gauge {
    /// Of what, one word or two.
    pub name: String,
    /// How much.
    pub reading: String,
}

impl Gauge {
    /// What there is of something.
    pub fn new(name: &str, reading: impl Into<String>) -> Self {
        Self { name: name.to_owned(), reading: reading.into() }
    }
}

impl Sight {
    /// Puts it together from what the planner sees and what is so. `gauges` are what neither of them knows.
    pub fn of(world: &World, now: Now, orchestrator: Option<String>, gauges: Vec<Gauge>) -> Self {
        let pauses = now.pauses.iter().map(PauseItem::to_string);
        let parked = now.parked.iter().map(Parking::to_string);
        let warnings = orchestrator.into_iter().chain(pauses).chain(parked).collect();
        let (at, needing, queued) = (now.at, now.needing, now.queued);
        let measured = crate::gauges::of(&now.capacity);
        let needs = now.needs.into_iter().map(|need| Item::of(world, Standing::Needs(need)));
        let works = now.running.into_iter().map(|work| Item::of(world, Standing::Works(work)));
        let waits = now.queue.into_iter().map(|waiting| Item::of(world, Standing::Waits(waiting)));
        let items = needs.chain(works).chain(waits).collect();
        Self { at, items, needing, queued, gauges: measured.into_iter().chain(gauges).collect(), warnings }
    }

    /// The runs that are shown.
    pub(crate) fn runs(&self) -> impl Iterator<Item = &RunId> {
        self.items.iter().filter_map(|item| item.run.as_ref())
    }

    /// The same with runs that no orchestrator knows.
    #[must_use]
    pub(crate) fn beside(mut self, alone: Vec<Work>) -> Self {
        let first_waiting = self.items.iter().position(|item| matches!(item.standing, Standing::Waits(_)));
        let at = first_waiting.unwrap_or(self.items.len());
        self.items.splice(at..at, alone.into_iter().map(Item::alone));
        self
    }
}

impl Item {
    fn of(world: &World, standing: Standing) -> Self {
        let (id, title) = match &standing {
            Standing::Needs(need) => (Some(&need.goal), &need.title),
            Standing::Works(work) => (work.goal.as_ref(), &work.title),
            Standing::Waits(waiting) => (Some(&waiting.goal), &waiting.title),
        };
        let goal = id.and_then(|id| world.goals.get(id));
        let run = goal.and_then(Goal::current_run).and_then(|run| world.runs.get(run));
        let last = || goal.and_then(|goal| goal.history.last()).map(|note| note.run.clone());
        Self {
            goal: id.cloned(),
            title: title.clone(),
            run: run.map(|run| run.id.clone()).or_else(last),
            orders: goal.map(|goal| OrderKind::fitting(&goal.state, run)).unwrap_or_default(),
            pull: goal.and_then(pull),
            standing,
        }
    }

    fn alone(work: Work) -> Self {
        Self {
            goal: work.goal.clone(),
            title: work.title.clone(),
            run: Some(work.run.clone()),
            standing: Standing::Works(work),
            orders: Vec::new(),
            pull: None,
        }
    }

    /// Its goal's name, else its run's.
    pub fn name(&self) -> String {
        let run = || self.run.as_ref().map(ToString::to_string).unwrap_or_default();
        self.goal.as_ref().map_or_else(run, ToString::to_string)
    }
}

fn pull(goal: &Goal) -> Option<String> {
    match &goal.state {
        GoalState::Offered { pull, .. } => Some(herder_view::pull_address(&goal.id.repo, pull.0)),
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
