//! Whether anything can still happen without a person: when `up --once` may end.

use std::collections::{BTreeMap, BTreeSet};

use crate::effect::Effect;
use crate::goal::GoalState;
use crate::landing::LandingState;
use crate::repo::GoalRef;
use crate::run::{Run, RunState};
use crate::world::World;

use super::wait::{DependencyTrouble, Wait};

/// What is to be expected without a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// Something is at work or will be.
    Moving,
    /// Nothing can start without a person.
    Quiet,
    /// Nothing is at work, and what is queued waits for an account.
    Parked,
}

/// Whether anything is under way: a run, a landing, a deed that was ordered.
pub fn is_at_work(world: &World) -> bool {
    // A run of a goal that is out of the planner's hands stays as it is until a person acts.
    let goes_on = |run: &Run| run.state.takes_slot() || !world.is_quarantined(&run.goal);
    let mut runs = world.runs.values().filter(|run| world.is_in_scope(&run.goal) && goes_on(run));
    let mut landings = world.landings.values().filter(|landing| world.is_in_scope(&landing.goal));
    // A person who cannot be told now is told by and by; the night does not wait for that.
    let is_message = |effect: &Effect| matches!(effect, Effect::Notify { .. });
    let is_ordered =
        world.open.values().any(|effect| world.is_in_scope(effect.goal()) && !is_message(effect));
    // What a person has in hand is over when the person says so.
    let is_running = runs.any(|run| !matches!(run.state, RunState::Closed | RunState::Held { .. }));
    let is_on_its_way = |state: &LandingState| {
        matches!(
            state,
            LandingState::Submitted { .. }
                | LandingState::Offered { .. }
                | LandingState::Reverting { .. }
                | LandingState::Leaving { .. }
        )
    };
    let is_landing = landings.any(|landing| is_on_its_way(&landing.state));
    is_running || is_landing || is_ordered
}

/// Looks at a world and at why its queued goals wait.
pub fn outlook(world: &World, waits: &BTreeMap<GoalRef, Vec<Wait>>) -> Outlook {
    if is_at_work(world) {
        return Outlook::Moving;
    }
    let hopeless = hopeless(world, waits);
    let mut hopeful =
        world.goals.values().filter(|goal| is_queued(&goal.state) && !hopeless.contains(&goal.id));
    if hopeful.next().is_some() {
        return Outlook::Moving;
    }
    let waits_for_account =
        |wait: &Wait| matches!(wait, Wait::AccountParked { .. } | Wait::WindowReserved { .. });
    let is_parked = waits.values().flatten().any(waits_for_account);
    if is_parked { Outlook::Parked } else { Outlook::Quiet }
}

fn is_queued(state: &GoalState) -> bool {
    matches!(state, GoalState::Queued { .. })
}

/// Queued goals that wait for a person or an account, and those that wait for such.
fn hopeless(world: &World, waits: &BTreeMap<GoalRef, Vec<Wait>>) -> BTreeSet<GoalRef> {
    let mut hopeless = BTreeSet::new();
    loop {
        let before = hopeless.len();
        for (goal, waits) in waits {
            if waits.iter().any(|wait| blocks(world, &hopeless, wait)) {
                hopeless.insert(goal.clone());
            }
        }
        if hopeless.len() == before {
            return hopeless;
        }
    }
}

fn blocks(world: &World, hopeless: &BTreeSet<GoalRef>, wait: &Wait) -> bool {
    match wait {
        Wait::Dependency { on, trouble: DependencyTrouble::Open { .. } } => {
            let moves = world.goals.get(on).is_some_and(|goal| match &goal.state {
                GoalState::Queued { .. } => !hopeless.contains(on),
                GoalState::Running { run } => !world.runs.get(run).is_some_and(Run::is_held),
                GoalState::Offered { .. } => true,
                GoalState::Draft { .. }
                | GoalState::SpotCheck { .. }
                | GoalState::Stuck { .. }
                | GoalState::Done { .. }
                | GoalState::Cancelled
                | GoalState::Resolved => false,
            });
            !moves
        }
        // It may take as long as another machine's night.
        Wait::AccountParked { .. } | Wait::WindowReserved { .. } | Wait::Elsewhere { .. } => true,
        Wait::Dependency { .. }
        | Wait::Backoff { .. }
        | Wait::NotBefore { .. }
        | Wait::Overdue { .. }
        | Wait::OutOfHours { .. }
        | Wait::OverBudget { .. }
        | Wait::ModelOutOfHours { .. }
        | Wait::Paused { .. }
        | Wait::RepoAiling { .. }
        | Wait::NoSlot { .. }
        | Wait::NoRoom { .. }
        | Wait::Draining
        | Wait::OutOfScope
        | Wait::LastRunUnfinished { .. }
        | Wait::RepoUnknown { .. }
        | Wait::Held { .. }
        | Wait::Quarantined { .. } => wait.needs_person(),
    }
}
