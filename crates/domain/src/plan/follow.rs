//! Pull requests: what is to be done about each as it stands.

use super::Plan;
use crate::effect::Effect;
use crate::goal::{Goal, GoalState, SpotCheckReason};
use crate::landing::{Landing, Standing, Step};
use crate::run::RunId;
use crate::world::World;

/// Orders what a pull request needs that is neither merged nor refused.
pub(super) fn advance(world: &World, landing: &Landing, standing: &Standing, plan: &mut Plan) {
    let step = match standing {
        Standing::Green => Step::Merge,
        Standing::Behind => Step::Update,
        Standing::Waiting { .. } | Standing::Updating | Standing::Conflict => return,
    };
    if !world.is_quarantined(&landing.goal) && !is_under_way(world, &landing.run) {
        let (goal, run, turn) = (landing.goal.clone(), landing.run.clone(), landing.turns);
        plan.order(world, Effect::FollowLanding { goal, run, step, turn });
    }
}

/// Whether a deed about a run's pull request is under way: two at once would see each other's half.
pub(super) fn is_under_way(world: &World, run: &RunId) -> bool {
    world.open.values().any(|effect| matches!(effect, Effect::FollowLanding { run: of, .. } if of == run))
}

/// Shows on a forge what waits for a person's look, where there are changes to be looked at.
pub(super) fn show(world: &World, plan: &mut Plan) {
    let waiting = world.goals.values().filter(|goal| goal.quarantine.is_none());
    for (goal, run) in waiting.filter_map(|goal| Some((goal, is_to_be_shown(goal)?))) {
        let is_on_forge = world.repos.get(&goal.id.repo).is_some_and(|repo| !repo.home.is_local());
        let is_over = world.runs.get(run).is_some_and(|run| run.state.is_over());
        if is_on_forge && is_over && !world.landings.contains_key(run) {
            let (goal, run) = (goal.id.clone(), run.clone());
            plan.order(world, Effect::FollowLanding { goal, run, step: Step::Show, turn: 0 });
        }
    }
}

fn is_to_be_shown(goal: &Goal) -> Option<&RunId> {
    let GoalState::SpotCheck { run, why } = &goal.state else { return None };
    let has_nothing = |reason: &SpotCheckReason| {
        matches!(reason, SpotCheckReason::NoDiff | SpotCheckReason::Question { .. })
    };
    (!why.iter().any(has_nothing)).then_some(run)
}
