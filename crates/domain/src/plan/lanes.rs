//! Landings: one gate at a time for each repository and base branch, outside the slots. A landing that is past its
//! gate leaves the lane to the next one, so that a push and a gate take place at the same time.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Plan, follow};
use crate::effect::Effect;
use crate::event::What;
use crate::judge::judge_bounce;
use crate::landing::{Landing, LandingState};
use crate::repo::RepoId;
use crate::run::RunId;
use crate::world::World;

type Lane<'a> = (&'a RepoId, &'a str);

/// So many landings may be past their gate, one being pushed and the others waiting for that, before the next one's
/// is asked: what was gated on top of a push that fails has to be gated again.
const AHEAD_MAX: usize = 2;

pub(super) fn advance(world: &World, now: Timestamp, plan: &mut Plan) {
    let mut busy = busy_lanes(world);
    let mut landings: Vec<&Landing> = world.landings.values().collect();
    landings.sort_by_key(|landing| world.runs.get(&landing.run).map(|run| run.ordered_at));
    for landing in landings {
        match &landing.state {
            LandingState::Submitted { rounds, not_before, .. } => {
                submit(world, landing, (*rounds, *not_before), now, &mut busy, plan);
            }
            LandingState::Reverting { rounds, not_before, .. } => {
                revert(world, landing, (*rounds, *not_before), now, &mut busy, plan);
            }
            LandingState::Bounced(bounce) => {
                if let Some(goal) =
                    world.goals.get(&landing.goal).filter(|goal| goal.is_landing(&landing.run))
                {
                    let judgement = judge_bounce(goal, &landing.run, bounce, &world.policy, now);
                    let what = What::BounceJudged { run: landing.run.clone(), judgement };
                    plan.decide(world, &landing.goal, what);
                }
            }
            LandingState::Offered { standing } | LandingState::Leaving { standing, .. } => {
                follow::advance(world, landing, standing, plan)
            }
            LandingState::Shown
            | LandingState::Landed { .. }
            | LandingState::Withdrawn
            | LandingState::Reverted { .. } => {}
        }
    }
}

fn busy_lanes(world: &World) -> BTreeSet<Lane<'_>> {
    let mut ahead: BTreeMap<Lane<'_>, usize> = BTreeMap::new();
    let mut busy = BTreeSet::new();
    for (lane, run) in world.open.values().filter_map(lane) {
        let is_past_gate = run.is_some_and(|run| world.past_gate.contains(run));
        let ahead = ahead.entry(lane).or_default();
        *ahead += usize::from(is_past_gate);
        if !is_past_gate || *ahead >= AHEAD_MAX {
            busy.insert(lane);
        }
    }
    busy
}

/// The lane that an effect takes, and the run that it lands.
fn lane(effect: &Effect) -> Option<(Lane<'_>, Option<&RunId>)> {
    match effect {
        Effect::Land { goal, run, base_branch, .. } => Some(((&goal.repo, base_branch), Some(run))),
        Effect::Revert { goal, base_branch, .. } => Some(((&goal.repo, base_branch), None)),
        Effect::Claim { .. }
        | Effect::Prepare { .. }
        | Effect::Launch { .. }
        | Effect::Stop { .. }
        | Effect::Tell { .. }
        | Effect::Freeze { .. }
        | Effect::Thaw { .. }
        | Effect::Propose { .. }
        | Effect::Collect { .. }
        | Effect::FollowLanding { .. }
        | Effect::Clean { .. }
        | Effect::WriteStats { .. }
        | Effect::Comment { .. }
        | Effect::SumUp { .. }
        | Effect::ShowState { .. }
        | Effect::Announce { .. }
        | Effect::Notify { .. } => None,
    }
}

fn submit<'a>(
    world: &World,
    landing: &'a Landing,
    (round, not_before): (u32, Option<Timestamp>),
    now: Timestamp,
    busy: &mut BTreeSet<Lane<'a>>,
    plan: &mut Plan,
) {
    let (goal, run, base_branch) = (landing.goal.clone(), landing.run.clone(), landing.base_branch.clone());
    let effect = Effect::Land { goal, run, base_branch, round, returns: landing.returns };
    if world.open.contains_key(&effect.key()) {
        return;
    }
    if !world.goals.get(&landing.goal).is_some_and(|goal| goal.is_landing(&landing.run)) {
        let what = What::LandingWithdrawn { run: landing.run.clone() };
        plan.decide(world, &landing.goal, what);
    } else if let Some(later) = not_before.filter(|at| *at > now) {
        plan.wake(later);
    } else if !follow::is_under_way(world, &landing.run)
        && busy.insert((&landing.goal.repo, &landing.base_branch))
    {
        plan.order(world, effect);
    }
}

/// Work leaves the base branch by the lane that it came in.
fn revert<'a>(
    world: &World,
    landing: &'a Landing,
    (round, not_before): (u32, Option<Timestamp>),
    now: Timestamp,
    busy: &mut BTreeSet<Lane<'a>>,
    plan: &mut Plan,
) {
    let (goal, run, base_branch) = (landing.goal.clone(), landing.run.clone(), landing.base_branch.clone());
    let effect = Effect::Revert { goal, run, base_branch, undo: landing.undos, round };
    if world.open.contains_key(&effect.key()) || world.is_quarantined(&landing.goal) {
        return;
    }
    if let Some(later) = not_before.filter(|at| *at > now) {
        plan.wake(later);
    } else if !follow::is_under_way(world, &landing.run)
        && busy.insert((&landing.goal.repo, &landing.base_branch))
    {
        plan.order(world, effect);
    }
}
