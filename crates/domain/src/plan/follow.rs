//! Pull requests: what is to be done about each as it stands.

use super::Plan;
use crate::effect::Effect;
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
