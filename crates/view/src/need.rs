//! What waits for a person.

use std::fmt;

use herder_domain::goal::{Goal, GoalState};
use herder_domain::plan::Wait;
use herder_domain::repo::GoalRef;
use herder_domain::world::{Parked, World};
use jiff::Timestamp;
use serde::Serialize;

use super::goal::named;
use super::whole::reasons;

/// A goal that does not go on until a person acts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Need {
    /// The goal.
    #[serde(serialize_with = "named")]
    pub goal: GoalRef,
    /// Its title.
    pub title: String,
    /// Its state, one word.
    pub status: &'static str,
    /// Why, each a sentence.
    pub reasons: Vec<String>,
}

/// An account that can spend no more for now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parking {
    /// The agent whose account it is.
    pub agent: String,
    /// Until then; until a person acts where null.
    pub until: Option<Timestamp>,
    /// Why.
    pub why: String,
}

impl Need {
    /// What a goal needs a person for, with the reasons for which it does not start where it is queued.
    pub(crate) fn of(goal: &Goal, waits: &[Wait]) -> Option<Self> {
        let needs = match &goal.state {
            GoalState::SpotCheck { .. } | GoalState::Stuck { .. } => reasons(goal),
            GoalState::Draft { note: Some(_) } => reasons(goal),
            GoalState::Queued { .. } => {
                waits.iter().filter(|wait| wait.needs_person()).map(ToString::to_string).collect()
            }
            GoalState::Draft { note: None }
            | GoalState::Running { .. }
            | GoalState::Offered { .. }
            | GoalState::Done { .. }
            | GoalState::Cancelled
            | GoalState::Resolved => match &goal.quarantine {
                Some(_) => reasons(goal),
                None => Vec::new(),
            },
        };
        (!needs.is_empty()).then(|| Self {
            goal: goal.id.clone(),
            title: goal.title.clone(),
            status: goal.state.word(),
            reasons: needs,
        })
    }
}

impl fmt::Display for Parking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the account of {} can spend no more", self.agent)?;
        self.until.map_or(Ok(()), |until| write!(f, " until {until:.0}"))?;
        write!(f, ": {}", self.why)
    }
}

impl Parking {
    pub(crate) fn all(world: &World) -> Vec<Self> {
        let of = |(agent, Parked { until, why }): (&String, &Parked)| Self {
            agent: agent.clone(),
            until: *until,
            why: why.clone(),
        };
        world.parked.iter().map(of).collect()
    }
}
