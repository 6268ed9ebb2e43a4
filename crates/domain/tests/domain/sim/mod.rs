//! A model of the orchestrator: it plans, records decisions, opens effects, and gives results back; after
//! each step it checks what must always hold.

mod checks;
mod forge;
mod journal;
mod operate;
mod results;

use std::collections::{BTreeMap, BTreeSet};

use herder_domain::capacity::{Admission, Capacity};
use herder_domain::effect::Effect;
use herder_domain::event::Event;
use herder_domain::illegal::IllegalEvent;
use herder_domain::judge::Policy;
use herder_domain::plan::{Plan, plan};
use herder_domain::repo::{GoalRef, RepoId};
use herder_domain::run::RunId;
use herder_domain::world::World;
use jiff::Timestamp;

use crate::samples;
use journal::Line;
pub use operate::{Ending, Op};

/// The orchestrator, its clock and what was seen of it so far.
pub struct Sim {
    pub world: World,
    pub now: Timestamp,
    /// Everything that was written, so that a killed orchestrator finds its world again.
    journal: Vec<Line>,
    /// How many goals and stories there are; both share one sequence.
    pub numbers: u64,
    /// Keys of all effects that were ever ordered.
    ordered: BTreeSet<String>,
    /// Runs that were ever ordered.
    attempts: BTreeSet<RunId>,
    /// Runs whose row of statistics was ordered.
    rows: BTreeSet<RunId>,
    /// Failed runs in each goal's present series.
    failed: BTreeMap<GoalRef, u32>,
    /// Goals that landed or were resolved.
    satisfied: BTreeSet<GoalRef>,
    /// The branch that a run was prepared for.
    branches: BTreeMap<RunId, String>,
    /// The repository whose work lands by pull requests.
    forge: Option<RepoId>,
}

/// The policy of the simulated orchestrator.
const AGENT: &str = "claude";

impl Sim {
    pub fn new(max: usize) -> Self {
        let capacity = Capacity { max, admission: Admission::Open };
        let mut sim = Self {
            world: World::new(capacity, Policy::default(), AGENT),
            now: samples::start(),
            journal: Vec::new(),
            numbers: 0,
            ordered: BTreeSet::new(),
            attempts: BTreeSet::new(),
            rows: BTreeSet::new(),
            failed: BTreeMap::new(),
            satisfied: BTreeSet::new(),
            branches: BTreeMap::new(),
            forge: None,
        };
        for number in 0..2 {
            sim.record(Event::RepoAdded { repo: samples::registered(repo(number)) }).unwrap();
        }
        sim
    }

    /// Records an event. A refused one must have changed nothing.
    pub fn record(&mut self, event: Event) -> Result<(), IllegalEvent> {
        let before = self.world.clone();
        match self.world.record(&event, self.now) {
            Ok(effects) => {
                self.check_event(&before, &event, &effects);
                self.journal.push(Line::event(&event, self.now));
                Ok(())
            }
            Err(refusal) => {
                assert_eq!(self.world, before, "a refused event changed something: {event:?}");
                Err(refusal)
            }
        }
    }

    /// Plans and carries the plan out until it is quiet.
    pub fn settle(&mut self) -> Plan {
        let bound = 10 + 6 * self.world.goals.len() + 6 * self.world.runs.len();
        for _ in 0..bound {
            let planned = plan(&self.world, self.now);
            assert_eq!(planned, plan(&self.world.clone(), self.now), "the same input gave two plans");
            self.check_plan(&planned);
            if planned.is_quiet() {
                self.check_rest(&planned);
                return planned;
            }
            let has_decided = !planned.decisions.is_empty();
            let has_started = planned.decisions.iter().any(|event| self.takes_slot(event));
            for decision in planned.decisions {
                let shown = format!("{decision:?}");
                self.record(decision)
                    .unwrap_or_else(|refusal| panic!("the planner decided {shown}: {refusal}"));
            }
            assert!(!has_started || self.world.slots_taken() <= self.most(), "over capacity");
            if has_decided {
                continue; // As the store does: what was decided may change what is to be ordered.
            }
            for effect in planned.effects {
                self.open(effect);
            }
        }
        panic!("the planner does not come to rest after {bound} rounds: {:?}", plan(&self.world, self.now));
    }

    /// Whether an event starts a ralph.
    fn takes_slot(&self, event: &Event) -> bool {
        checks::started_goal(event).is_some_and(|goal| self.world.goals[goal].taken.is_none())
    }

    fn open(&mut self, effect: Effect) {
        assert!(self.ordered.insert(effect.key()), "ordered twice: {}", effect.key());
        self.journal.push(Line::opened(&effect));
        self.world.open.insert(effect.key(), effect);
    }

    fn close(&mut self, effect: &Effect) {
        self.journal.push(Line::Done(effect.key()));
        self.world.open.remove(&effect.key());
        self.world.done.insert(effect.key());
    }

    pub fn set_capacity(&mut self, capacity: Capacity) {
        self.journal.push(Line::Capacity(capacity));
        self.world.capacity = capacity;
    }
}

/// Two repositories; the last is never registered.
pub fn repo(number: u64) -> RepoId {
    ["acme/app", "acme/lib", "acme/unregistered"][(number % 3) as usize].parse().unwrap()
}

/// A goal's number tells its repository; every ninth lies in one that is not registered.
pub fn id(number: u64) -> GoalRef {
    let place = if number % 9 == 8 { 2 } else { number % 2 };
    GoalRef::new(repo(place), number)
}
