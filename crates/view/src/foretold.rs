//! What goals are foretold to come to, in the order in which they are worked off.

use herder_domain::forecast::{Estimate, Forecast, LeftOut, Past, Whole, forecast};
use herder_domain::goal::{Goal, GoalState};
use herder_domain::plan::turns;
use herder_domain::repo::GoalRef;
use herder_domain::world::World;
use herder_store::{Store, StoreError};
use jiff::Timestamp;
use serde::Serialize;

use super::goal::named;

/// What a goal is foretold to come to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Foretold {
    /// The goal.
    #[serde(serialize_with = "named")]
    pub goal: GoalRef,
    /// Its title.
    pub title: String,
    /// Its state, one word.
    pub status: &'static str,
    /// What is still to come of it; null where nobody can tell.
    pub estimate: Option<Estimate>,
    /// Why nobody can tell.
    pub left_out: Option<LeftOut>,
}

/// What is queued and at work, foretold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outlook {
    /// At this moment.
    pub at: Timestamp,
    /// All of them together; null where nothing is queued, or nobody can tell.
    pub whole: Option<Whole>,
    /// Each of them: those at work, and the queued ones in their turn.
    pub items: Vec<Foretold>,
}

/// Foretells from the ledger.
///
/// # Errors
/// The database.
pub fn foretell(store: &Store, world: &World, now: Timestamp) -> Result<Forecast, StoreError> {
    Ok(forecast(world, &Past::of(store.past_runs()?, world), now))
}

impl Outlook {
    /// Puts it together.
    pub fn of(world: &World, forecast: &Forecast) -> Self {
        let at_work = world.goals.values().filter(|goal| matches!(goal.state, GoalState::Running { .. }));
        let goals = at_work.chain(turns(world, forecast.at));
        Self {
            at: forecast.at,
            whole: forecast.whole.clone(),
            items: goals.map(|goal| Foretold::of(goal, forecast)).collect(),
        }
    }
}

impl Foretold {
    fn of(goal: &Goal, forecast: &Forecast) -> Self {
        Self {
            goal: goal.id.clone(),
            title: goal.title.clone(),
            status: goal.state.word(),
            estimate: forecast.goals.get(&goal.id).cloned(),
            left_out: forecast.left_out.get(&goal.id).cloned(),
        }
    }
}
