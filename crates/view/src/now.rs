//! What is so at this moment: what needs a person, what is at work, what waits and why, and what there is room for.

use std::collections::BTreeMap;

use herder_domain::capacity::Headroom;
use herder_domain::forecast::{Estimate, Forecast};
use herder_domain::goal::{Goal, GoalState};
use herder_domain::plan::{Wait, turns};
use herder_domain::repo::GoalRef;
use herder_domain::world::World;
use herder_record::StateDir;
use jiff::Timestamp;
use serde::Serialize;

use super::goal::{PauseItem, named};
use super::need::{Need, Parking};
use super::turn::turn;
use super::work::Work;

/// What is so at this moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Now {
    /// When it was looked at.
    pub at: Timestamp,
    /// What does not go on without a person, the first [`Now::SHOWN`].
    pub needs: Vec<Need>,
    /// How many there are of these.
    pub needing: usize,
    /// Accounts that can spend no more for now.
    pub parked: Vec<Parking>,
    /// What is paused.
    pub pauses: Vec<PauseItem>,
    /// What is at work.
    pub running: Vec<Work>,
    /// What comes next and why not yet, in the planner's order, the first [`Now::SHOWN`].
    pub queue: Vec<Waiting>,
    /// How many are queued.
    pub queued: usize,
    /// How many goals that are not settled there are, by the word of their state.
    pub states: BTreeMap<&'static str, usize>,
    /// What there is room for.
    pub capacity: Capacities,
}

/// A queued goal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Waiting {
    /// The goal.
    #[serde(serialize_with = "named")]
    pub goal: GoalRef,
    /// Its title.
    pub title: String,
    /// Since when it is queued.
    pub since: Timestamp,
    /// How many runs it ever had.
    pub attempts: u32,
    /// Higher goes first.
    pub priority: i32,
    /// Why it does not start, each a sentence; none where nothing holds it.
    pub reasons: Vec<String>,
    /// What is still to come of it; null where nobody can tell.
    pub estimate: Option<Estimate>,
}

/// What there is room for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Capacities {
    /// How many runs may be at work at once.
    pub max: usize,
    /// How many slots are taken.
    pub taken: usize,
    /// What was measured of the machine last; null where nothing was.
    pub measured: Option<Headroom>,
}

impl Now {
    /// How many goals of a kind are told of.
    pub const SHOWN: usize = 200;

    /// Puts it together: `waits` is the planner's answer, the rest of what is at work is read from its run directories.
    pub fn of(
        world: &World,
        waits: &BTreeMap<GoalRef, Vec<Wait>>,
        forecast: &Forecast,
        state: &StateDir,
        at: Timestamp,
    ) -> Self {
        let measured = state.headroom().ok().flatten();
        let mut goals: Vec<&Goal> = world.goals.values().collect();
        goals.sort_by_cached_key(|goal| turn(goal));
        let of = |goal: &Goal| waits.get(&goal.id).map_or(&[][..], Vec::as_slice);
        let mut needs: Vec<Need> = goals.iter().filter_map(|goal| Need::of(goal, of(goal))).collect();
        let mut queue = queue(world, waits, forecast, at);
        let queued = queue.len();
        queue.truncate(Self::SHOWN);
        let working = goals.iter().filter(|goal| matches!(goal.state, GoalState::Running { .. }));
        let mut states: BTreeMap<&'static str, usize> = BTreeMap::new();
        for goal in goals.iter().filter(|goal| !goal.state.is_settled()) {
            *states.entry(goal.state.word()).or_default() += 1;
        }
        let needing = needs.len();
        needs.truncate(Self::SHOWN);
        let pauses = world.pauses.iter().filter(|(_, pause)| pause.is_in_force(at));
        Self {
            at,
            needs,
            needing,
            parked: Parking::all(world),
            pauses: pauses.map(|(scope, pause)| PauseItem::of(scope, pause)).collect(),
            running: working.filter_map(|goal| Work::of(goal, world, state, measured.as_ref(), at)).collect(),
            queued,
            queue,
            states,
            capacity: Capacities { max: world.max(world.hours.at(at)), taken: world.slots_taken(), measured },
        }
    }
}

/// What comes next, why not yet and when, in the planner's order.
pub fn queue(
    world: &World,
    waits: &BTreeMap<GoalRef, Vec<Wait>>,
    forecast: &Forecast,
    at: Timestamp,
) -> Vec<Waiting> {
    let of = |goal: &Goal| waits.get(&goal.id).map_or(&[][..], Vec::as_slice);
    let queued = turns(world, at).into_iter().filter_map(|goal| Some((goal.state.queued_since()?, goal)));
    queued.map(|(since, goal)| Waiting::of(goal, since, of(goal), forecast)).collect()
}

impl Waiting {
    fn of(goal: &Goal, since: Timestamp, waits: &[Wait], forecast: &Forecast) -> Self {
        Self {
            goal: goal.id.clone(),
            title: goal.title.clone(),
            since,
            attempts: goal.runs,
            priority: goal.priority(),
            reasons: waits.iter().map(ToString::to_string).collect(),
            estimate: forecast.goals.get(&goal.id).cloned(),
        }
    }
}
