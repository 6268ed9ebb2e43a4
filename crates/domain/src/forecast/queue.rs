//! What is to be played: the goals that are at work and those that are queued, in the planner's order.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::LeftOut;
use super::crew::{Machine, Need};
use super::night::{Millis, millis};
use super::past::{Kindred, Kinds, Past};
use crate::goal::{Goal, GoalState};
use crate::plan::{Wait, plan, turns};
use crate::repo::{GoalRef, RepoId};
use crate::run::{Run, RunId};
use crate::world::{Settled, World};

/// Goals to be played.
#[derive(Debug)]
pub(super) struct Queue<'p> {
    /// Those at work first, then the others in the planner's order.
    pub jobs: Vec<Job<'p>>,
    /// How many runs each repository may have at work.
    pub repo_max: Vec<Option<usize>>,
    /// What the machine has, where it was measured.
    pub machine: Option<Machine>,
    /// Moments at which time alone lets a goal begin, in order.
    opens: Vec<Millis>,
    left_out: BTreeMap<GoalRef, LeftOut>,
}

/// A goal to be played.
#[derive(Debug)]
pub(super) struct Job<'p> {
    pub goal: GoalRef,
    /// The place of its repository.
    pub repo: usize,
    pub kindred: Kindred<'p>,
    pub need: Need,
    pub stands: Stands,
    /// The places of the goals that have to be through before it.
    pub after: Vec<usize>,
}

/// Where a goal stands when the night begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stands {
    /// Its next run may begin from then on.
    Queued { ready: Millis },
    /// A run of it has a slot for so many seconds.
    AtWork { seconds: f64 },
    /// Its work is on its way into the base branch.
    Landing,
}

/// A goal that may be played.
struct Candidate<'w> {
    goal: &'w Goal,
    stands: Stands,
}

impl<'p> Queue<'p> {
    pub(super) fn of(world: &World, past: &'p Past, now: Timestamp) -> Self {
        let mut left_out = BTreeMap::new();
        let mut candidates = candidates(world, now, &mut left_out);
        let mut kinds = Kinds::of(past);
        let mut kindreds = BTreeMap::new();
        for candidate in &candidates {
            let goal = candidate.goal;
            match kinds.like(&goal.id.repo, world.agent_of(goal), goal.options.model.as_deref()) {
                Some(kindred) => drop(kindreds.insert(goal.id.clone(), kindred)),
                None => drop(left_out.insert(goal.id.clone(), LeftOut::NoHistory)),
            }
        }
        candidates.retain(|candidate| kindreds.contains_key(&candidate.goal.id));
        leave_behind(world, &mut candidates, &mut left_out);
        let places: BTreeMap<GoalRef, usize> =
            candidates.iter().enumerate().map(|(place, one)| (one.goal.id.clone(), place)).collect();
        let repos: BTreeSet<&RepoId> = candidates.iter().map(|one| &one.goal.id.repo).collect();
        let repos: Vec<&RepoId> = repos.into_iter().collect();
        let jobs = candidates.iter().filter_map(|Candidate { goal, stands }| {
            let kindred = kindreds.remove(&goal.id)?;
            Some(Job {
                goal: goal.id.clone(),
                repo: repos.binary_search(&&goal.id.repo).ok()?,
                need: Need::of(&kindred),
                kindred,
                stands: *stands,
                after: goal.depends.iter().filter_map(|on| places.get(on).copied()).collect(),
            })
        });
        Self {
            jobs: jobs.collect(),
            repo_max: repos.iter().map(|repo| world.max_of(repo)).collect(),
            machine: world.room.as_ref().and_then(Machine::of),
            opens: opens(&candidates),
            left_out,
        }
    }

    /// When time alone lets a goal begin next.
    pub(super) fn opens_after(&self, now: Millis) -> Option<Millis> {
        self.opens.get(self.opens.partition_point(|at| *at <= now)).copied()
    }

    pub(super) fn left_out(&self) -> BTreeMap<GoalRef, LeftOut> {
        self.left_out.clone()
    }
}

fn opens(candidates: &[Candidate<'_>]) -> Vec<Millis> {
    let ready = candidates.iter().filter_map(|one| match one.stands {
        Stands::Queued { ready } => Some(ready),
        Stands::AtWork { .. } | Stands::Landing => None,
    });
    ready.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Those at work, and then the queued ones in their turn; what waits for a person is left out.
fn candidates<'w>(
    world: &'w World,
    now: Timestamp,
    left_out: &mut BTreeMap<GoalRef, LeftOut>,
) -> Vec<Candidate<'w>> {
    let mut found = Vec::new();
    for goal in world.goals.values() {
        let GoalState::Running { run } = &goal.state else { continue };
        match at_work(world, goal, run, now) {
            Ok(stands) => found.push(Candidate { goal, stands }),
            Err(why) => drop(left_out.insert(goal.id.clone(), LeftOut::Person { why })),
        }
    }
    let waits = plan(world, now).waits;
    for goal in turns(world, now) {
        match ready(waits.get(&goal.id).map_or(&[], Vec::as_slice), goal, now) {
            Ok(ready) => found.push(Candidate { goal, stands: Stands::Queued { ready } }),
            Err(why) => drop(left_out.insert(goal.id.clone(), LeftOut::Person { why })),
        }
    }
    found
}

/// Where a goal at work stands; a sentence where it is in a person's hands.
fn at_work(world: &World, goal: &Goal, run: &RunId, now: Timestamp) -> Result<Stands, String> {
    if let Some(error) = &goal.quarantine {
        return Err(Wait::Quarantined { error: error.clone() }.to_string());
    }
    if let Some(hold) = &goal.taken {
        return Err(format!("it is taken by {}", hold.by));
    }
    let run = world.runs.get(run).filter(|run| Run::takes_slot(run));
    Ok(run.map_or(Stands::Landing, |run| Stands::AtWork {
        seconds: now.duration_since(run.ordered_at).as_secs_f64().max(0.0),
    }))
}

/// When time alone lets a goal begin; a sentence where time alone never does. Hours, slots and room are played.
fn ready(waits: &[Wait], goal: &Goal, now: Timestamp) -> Result<Millis, String> {
    if let Some(hold) = &goal.taken {
        return Err(format!("it is taken by {}", hold.by));
    }
    if let Some(wait) = waits.iter().find(|wait| wait.needs_person()) {
        return Err(wait.to_string());
    }
    let is_played = |wait: &&Wait| !matches!(wait, Wait::OutOfHours { .. } | Wait::NoRoom { .. });
    let until = waits.iter().filter(is_played).filter_map(Wait::until).max();
    Ok(until.map_or(0, |until| millis(now, until)))
}

/// Leaves out whoever waits for a goal that is not played, and whoever waits for those.
fn leave_behind(
    world: &World,
    candidates: &mut Vec<Candidate<'_>>,
    left_out: &mut BTreeMap<GoalRef, LeftOut>,
) {
    loop {
        let played: BTreeSet<GoalRef> = candidates.iter().map(|one| one.goal.id.clone()).collect();
        let before = candidates.len();
        candidates.retain(|Candidate { goal, stands }| {
            let is_through =
                |on: &GoalRef| matches!(world.settled.get(on), Some(Settled::Landed | Settled::Resolved));
            let missing = goal.depends.iter().find(|on| !is_through(on) && !played.contains(*on));
            let missing = missing.filter(|_| matches!(stands, Stands::Queued { .. }));
            missing.is_none_or(|on| {
                left_out.insert(goal.id.clone(), LeftOut::Behind { on: on.clone() });
                false
            })
        });
        if candidates.len() == before {
            return;
        }
    }
}
