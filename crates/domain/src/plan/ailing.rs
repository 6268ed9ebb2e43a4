//! A person is told, once for each time, that something is the matter with a repository whose goals wait for that.

use super::Plan;
use crate::effect::{Effect, Once};
use crate::level::Level;
use crate::world::World;

/// Orders what is to be told.
pub(super) fn tell(world: &World, plan: &mut Plan) {
    for repo in world.ailments.keys() {
        // Nothing is to be told where the repository's goals start all the same.
        let Some(ailing) = world.ailing(repo) else { continue };
        let waiting = world.goals.values().find(|goal| {
            goal.id.repo == *repo && goal.state.queued_since().is_some() && world.is_in_scope(&goal.id)
        });
        let Some(goal) = waiting else { continue };
        let effect = Effect::Notify {
            goal: goal.id.clone(),
            key: format!("ailing/{repo}/{}/{}", ailing.ailment.word(), ailing.since),
            title: format!("{} {}", repo.short(), ailing.ailment),
            message: format!(
                "It is so since {:.0}. No goal of it starts until that is over; all others go on.",
                ailing.since
            ),
            level: Level::Attention,
            once: Once::All,
        };
        plan.order(world, effect);
    }
}
