//! One planning: decisions are recorded and planned upon again until none is left.

use std::collections::{BTreeMap, BTreeSet};

use herder_domain::effect::Effect;
use herder_domain::event::Event;
use herder_domain::plan::{Plan, Wait, plan};
use herder_domain::repo::GoalRef;
use herder_domain::world::{Parked, World};
use jiff::Timestamp;
use rusqlite::Connection;

use crate::error::{AppendError, StoreError};
use crate::{Settings, Store, append, outbox, world};

/// After so many rounds the planner contradicts itself: a run has fewer than ten states.
const ROUNDS_MAX: usize = 1000;

/// What came of a planning.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stepped {
    /// Decisions that were recorded.
    pub decisions: Vec<Event>,
    /// Effects that were ordered.
    pub effects: Vec<Effect>,
    /// Why each queued goal that does not start does not.
    pub waits: BTreeMap<GoalRef, Vec<Wait>>,
    /// When time alone will change the answer.
    pub wake_at: Option<Timestamp>,
    /// Decisions that a state machine refused; an error of herder.
    pub refusals: Vec<Refusal>,
}

/// A decision that a state machine refused. Its goal is quarantined.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The decision.
    pub event: Event,
    /// Why it was refused.
    pub error: String,
}

impl Store {
    /// Plans, records what was decided and orders what follows, all in one transaction. A planning
    /// that finds nothing to do writes nothing.
    pub fn step(&mut self, settings: &Settings, now: Timestamp) -> Result<Stepped, StoreError> {
        let tx = self.write()?;
        let mut round = Round { conn: &tx, now, stepped: Stepped::default(), dropped: BTreeSet::new() };
        for _ in 0..ROUNDS_MAX {
            let world = world::load(&tx, settings)?;
            let plan = plan(&world, now);
            if round.decide(&world, &plan)? {
                continue;
            }
            let stepped = round.order(plan)?;
            tx.commit()?;
            return Ok(stepped);
        }
        Err(StoreError::Restless { rounds: ROUNDS_MAX })
    }
}

struct Round<'a> {
    conn: &'a Connection,
    now: Timestamp,
    stepped: Stepped,
    /// Goals that refused a decision; nothing more is done for them in this planning.
    dropped: BTreeSet<GoalRef>,
}

impl Round<'_> {
    /// Records the decisions; gives whether there was one that changed anything.
    fn decide(&mut self, world: &World, plan: &Plan) -> Result<bool, StoreError> {
        let mut is_changed = false;
        for event in &plan.decisions {
            if self.is_dropped(event) || is_known(world, event) {
                continue;
            }
            is_changed |= self.record(event)?;
        }
        Ok(is_changed)
    }

    fn is_dropped(&self, event: &Event) -> bool {
        goal_of(event).is_some_and(|goal| self.dropped.contains(goal))
    }

    fn record(&mut self, event: &Event) -> Result<bool, StoreError> {
        let refusal = match append::append(self.conn, event, self.now) {
            Ok(appended) => {
                self.stepped.effects.extend(appended.effects);
                self.stepped.decisions.push(event.clone());
                return Ok(true);
            }
            Err(AppendError::Store(error)) => return Err(error),
            Err(refusal @ (AppendError::Illegal(_) | AppendError::Unknown(_))) => refusal,
        };
        self.refuse(event, &refusal)
    }

    fn refuse(&mut self, event: &Event, refusal: &AppendError) -> Result<bool, StoreError> {
        let error = refusal.to_string();
        let refused = Refusal { event: event.clone(), error };
        if self.stepped.refusals.contains(&refused) {
            return Ok(false);
        }
        self.stepped.refusals.push(refused);
        let Some(goal) = goal_of(event) else {
            return Ok(false);
        };
        self.dropped.insert(goal.clone());
        match outbox::quarantine(self.conn, goal, refusal, self.now) {
            Ok(()) => Ok(true),
            Err(AppendError::Store(error)) => Err(error),
            // There is no such goal, so there is nobody to tell but the caller.
            Err(AppendError::Illegal(_) | AppendError::Unknown(_)) => Ok(false),
        }
    }

    fn order(mut self, plan: Plan) -> Result<Stepped, StoreError> {
        for effect in plan.effects {
            if !self.dropped.contains(effect.goal()) && outbox::order(self.conn, &effect, self.now)? {
                self.stepped.effects.push(effect);
            }
        }
        self.stepped.waits = plan.waits;
        self.stepped.wake_at = plan.wake_at;
        Ok(self.stepped)
    }
}

/// An account that is parked already needs no second event that says so.
fn is_known(world: &World, event: &Event) -> bool {
    match event {
        Event::AccountParked { agent, until, why } => {
            world.parked.get(agent) == Some(&Parked { until: *until, why: why.clone() })
        }
        Event::RepoAdded { .. }
        | Event::StoryCreated { .. }
        | Event::StoryClosed { .. }
        | Event::StoryReopened { .. }
        | Event::AccountFreed { .. }
        | Event::Goal(_) => false,
    }
}

fn goal_of(event: &Event) -> Option<&GoalRef> {
    match event {
        Event::Goal(happening) => Some(&happening.goal),
        Event::RepoAdded { .. }
        | Event::StoryCreated { .. }
        | Event::StoryClosed { .. }
        | Event::StoryReopened { .. }
        | Event::AccountParked { .. }
        | Event::AccountFreed { .. } => None,
    }
}
