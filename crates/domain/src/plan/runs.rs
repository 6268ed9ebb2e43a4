//! The next step of each run.

use jiff::Timestamp;

use super::Plan;
use super::books::Books;
use crate::capacity::Admission;
use crate::effect::Effect;
use crate::event::{Event, What};
use crate::goal::Goal;
use crate::judge::{Judgement, judge_by_hand, judge_run, judge_taken_over};
use crate::outcome::{Interruption, Outcome};
use crate::run::{Harvest, Run, RunState};
use crate::world::World;

pub(super) fn advance(world: &World, books: Option<&Books<'_>>, now: Timestamp, plan: &mut Plan) {
    for run in world.runs.values() {
        step(world, run, now, plan);
        let is_at_work = matches!(run.state, RunState::Launched { .. });
        let goal = world.goals.get(&run.goal).filter(|goal| is_at_work && is_wanted(goal, run));
        // Its work is kept, and the goal waits for its budget.
        if let Some((goal, _)) = goal.zip(books).filter(|(goal, books)| books.is_spent(goal)) {
            plan.order(world, Effect::Stop { goal: goal.id.clone(), run: run.id.clone() });
        }
    }
}

fn step(world: &World, run: &Run, now: Timestamp, plan: &mut Plan) {
    let (goal, id) = (run.goal.clone(), run.id.clone());
    match &run.state {
        RunState::Ordered => begin(world, run, Effect::Claim { goal, run: id }, plan),
        RunState::Claimed => begin(world, run, Effect::Prepare { goal, run: id }, plan),
        RunState::Prepared if run.by.is_some() && is_wanted_in(world, run) => {
            plan.decide(world, &goal, What::RunHeld { run: id });
        }
        RunState::Prepared => begin(world, run, Effect::Launch { goal, run: id }, plan),
        RunState::Launched { .. } if !is_wanted_in(world, run) => {
            plan.order(world, Effect::Stop { goal, run: id })
        }
        RunState::Launched { .. } | RunState::Held { .. } => {}
        RunState::Reported { .. } => plan.order(world, Effect::Collect { goal, run: id }),
        RunState::Collected { outcome, harvest } => judge(world, run, (outcome, harvest), now, plan),
        RunState::Judged { keeps_clone: false } => plan.order(world, Effect::Clean { goal, run: id }),
        RunState::Judged { keeps_clone: true } => {
            plan.decide(world, &goal, What::RunClosed { run: id });
        }
        RunState::Closed => {}
    }
}

/// Whether a goal still wants this run: it was not closed, and no person takes it from its ralph.
pub fn is_wanted(goal: &Goal, run: &Run) -> bool {
    goal.is_running(&run.id) && (run.by.is_some() || goal.taken.is_none())
}

fn is_wanted_in(world: &World, run: &Run) -> bool {
    world.goals.get(&run.goal).is_some_and(|goal| is_wanted(goal, run))
}

/// Orders the next step, or ends a run that is no longer wanted, or finds the orchestrator going down, before
/// it began to work. An effect
/// that is under way is awaited first: its result has to find the run as it was.
fn begin(world: &World, run: &Run, effect: Effect, plan: &mut Plan) {
    let is_under_way = world.open.contains_key(&effect.key());
    let is_taken = world.goals.get(&run.goal).is_some_and(|goal| goal.taken.is_some());
    let came_between = match world.capacity.admission {
        Admission::Open if is_wanted_in(world, run) => None,
        Admission::Open if is_taken => Some("a person took the goal before the run began"),
        Admission::Open => Some("the goal was closed before the run began"),
        Admission::Draining => Some("the orchestrator went down before the run began"),
    };
    let Some(detail) = came_between.filter(|_| !is_under_way) else {
        return plan.order(world, effect);
    };
    let outcome = Outcome::Interrupted { cause: Interruption::Stopped, detail: detail.into() };
    plan.decide(world, &run.goal, What::RunReported { run: run.id.clone(), outcome });
}

fn judge(world: &World, run: &Run, ended: (&Outcome, &Harvest), now: Timestamp, plan: &mut Plan) {
    let (outcome, harvest) = ended;
    if world.is_quarantined(&run.goal) {
        return;
    }
    let judgement = match world.goals.get(&run.goal) {
        Some(goal) if goal.is_running(&run.id) => match &run.by {
            Some(_) => judge_by_hand(goal, outcome, harvest),
            None if goal.taken.is_some() => judge_taken_over(goal, outcome, harvest),
            None => judge_run(goal, &run.id, outcome, harvest, &world.policy, now),
        },
        Some(_) | None => Judgement::Nothing,
    };
    plan.decisions.extend(park(world, run, outcome, now));
    plan.decide(world, &run.goal, What::RunJudged { run: run.id.clone(), judgement });
}

/// An account at its limit, or without a login, parks: other goals must not run into the same wall.
fn park(world: &World, run: &Run, outcome: &Outcome, now: Timestamp) -> Option<Event> {
    let Outcome::Interrupted { cause, detail } = outcome else {
        return None;
    };
    let until = match cause {
        Interruption::UsageLimit { resets_at } => world.policy.lifted_at(*resets_at, &run.id, now),
        Interruption::LoginFailed => None,
        Interruption::Stopped
        | Interruption::Unreachable
        | Interruption::Crashed
        | Interruption::SetupFailed
        | Interruption::HostRestarted
        | Interruption::OutOfMemory => return None,
    };
    let agent = run.agent.clone()?;
    // What parks it longer stands: a limit that will be lifted does not mend a login that failed.
    let is_parked_longer = world
        .parked
        .get(&agent)
        .is_some_and(|p| p.until.is_none_or(|held| until.is_some_and(|at| at <= held)));
    (!is_parked_longer).then(|| Event::AccountParked { agent, until, why: detail.clone() })
}
