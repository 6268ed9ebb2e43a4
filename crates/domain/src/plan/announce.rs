//! Status comments whose numbers are old. Where a goal's phase changes, the event itself orders the edit.

use jiff::Timestamp;

use super::{Plan, Wait};
use crate::effect::Effect;
use crate::goal::{Goal, GoalState};
use crate::run::RunState;
use crate::sight::Announced;
use crate::world::World;

/// Orders what is due. Goals that nobody works on are written about only when something else keeps them.
pub(super) fn refresh(world: &World, now: Timestamp, plan: &mut Plan) {
    for goal in world.goals.values() {
        let Some(announced) = goal.on_forge.as_ref().map(|known| &known.announced) else { continue };
        if !world.is_in_scope(&goal.id) || !is_stale(world, goal, announced, plan) {
            continue;
        }
        let last = announced.at.or(goal.state.queued_since()).unwrap_or(now);
        let due = last.checked_add(Announced::EVERY).unwrap_or(Timestamp::MAX);
        if due > now {
            plan.wake(due);
        } else {
            plan.order(world, Effect::Announce { goal: goal.id.clone(), turn: announced.turns });
        }
    }
}

fn is_stale(world: &World, goal: &Goal, announced: &Announced, plan: &Plan) -> bool {
    match &goal.state {
        GoalState::Running { run } => {
            let run = world.runs.get(run);
            announced.turns > 0 && run.is_some_and(|run| matches!(run.state, RunState::Launched { .. }))
        }
        GoalState::Queued { .. } => {
            let waits = plan.waits.get(&goal.id).map_or(&[][..], Vec::as_slice);
            Wait::in_words(waits) != announced.waits
        }
        GoalState::Draft { .. }
        | GoalState::SpotCheck { .. }
        | GoalState::Offered { .. }
        | GoalState::Done { .. }
        | GoalState::Stuck { .. }
        | GoalState::Cancelled
        | GoalState::Resolved => false,
    }
}
