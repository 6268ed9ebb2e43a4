//! One planning: decisions are recorded and planned upon again until none is left.

use std::collections::BTreeMap;

use herder_domain::effect::Effect;
use herder_domain::event::Event;
use herder_domain::plan::{Plan, Wait, plan};
use herder_domain::repo::GoalRef;
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

/// An event of herder's own that a state machine refused. Its goal is quarantined.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The event.
    pub event: Event,
    /// Why it was refused.
    pub error: String,
}

impl Store {
    /// Plans, records what was decided and orders what follows, all in one transaction. A planning
    /// that finds nothing to do writes nothing.
    pub fn step(&mut self, settings: &Settings, now: Timestamp) -> Result<Stepped, StoreError> {
        // Lost with an error, it is made anew.
        let mut memo = std::mem::take(&mut self.memo);
        let tx = self.write()?;
        let mut stepped = Stepped::default();
        for _ in 0..ROUNDS_MAX {
            let plan = plan(&world::load(&tx, settings, &mut memo)?, now);
            if decide(&tx, &plan.decisions, now, &mut stepped)? {
                continue;
            }
            order(&tx, plan, now, &mut stepped)?;
            tx.commit()?;
            self.memo = memo;
            return Ok(stepped);
        }
        Err(StoreError::Restless { rounds: ROUNDS_MAX })
    }
}

/// Records decisions; gives whether that changed anything.
fn decide(
    conn: &Connection,
    decisions: &[Event],
    now: Timestamp,
    stepped: &mut Stepped,
) -> Result<bool, StoreError> {
    let mut is_changed = false;
    for event in decisions {
        match append::append(conn, event, now) {
            Ok(appended) => {
                stepped.effects.extend(appended.effects);
                stepped.decisions.push(event.clone());
                is_changed = true;
            }
            Err(AppendError::Store(error)) => return Err(error),
            Err(refusal @ (AppendError::Illegal(_) | AppendError::Unknown(_))) => {
                is_changed |= refuse(conn, event, &refusal, now, stepped)?;
            }
        }
    }
    Ok(is_changed)
}

/// Quarantines the goal of a decision that was refused, so that the planner lets it be; gives whether
/// that changed anything. A decision that is refused again changes nothing.
fn refuse(
    conn: &Connection,
    event: &Event,
    refusal: &AppendError,
    now: Timestamp,
    stepped: &mut Stepped,
) -> Result<bool, StoreError> {
    let refused = Refusal { event: event.clone(), error: refusal.to_string() };
    if stepped.refusals.contains(&refused) {
        return Ok(false);
    }
    stepped.refusals.push(refused);
    match append::goal_of(event) {
        Some(goal) => outbox::quarantine(conn, goal, refusal, now),
        None => Ok(false),
    }
}

fn order(conn: &Connection, plan: Plan, now: Timestamp, stepped: &mut Stepped) -> Result<(), StoreError> {
    for effect in plan.effects {
        if outbox::order(conn, &effect, now)? {
            stepped.effects.push(effect);
        }
    }
    stepped.waits = plan.waits;
    stepped.wake_at = plan.wake_at;
    Ok(())
}
