//! Which queued goals start, and why the others do not.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::Plan;
use super::books::Books;
use super::rooms::Rooms;
use super::turns::Turns;
use super::wait::{DependencyTrouble, Wait};
use super::windows;
use crate::capacity::Admission;
use crate::event::{Event, What};
use crate::goal::Goal;
use crate::hours::Hour;
use crate::outcome::{Interruption, Outcome};
use crate::pause::holding;
use crate::repo::{GoalRef, RepoId};
use crate::run::{Run, RunId, RunState};
use crate::world::{Settled, World};

pub(super) fn admit(world: &World, books: Option<&Books<'_>>, now: Timestamp, plan: &mut Plan) {
    let hour = world.hours.at(now);
    let mut slots = Slots::taken(world, hour);
    let mut obstacles = Obstacles::of(world, hour, books);
    let mut rooms = Rooms::of(world, hour, now);
    let mut turns = Turns::of(world, now);
    while let Some(goal) = turns.next() {
        let mut waits = obstacles.of_goal(goal, now);
        // A goal that cannot start for reasons of its own never takes a slot from one behind it.
        if waits.is_empty() {
            waits.extend(match &goal.taken {
                Some(_) => no_room_by_hand(world),
                None => slots.no_room(world, &goal.id.repo).or_else(|| rooms.no_room(goal)),
            });
        }
        if !waits.is_empty() {
            mind_deadline(world, goal, now, plan);
            // Another hour has other slots and models.
            hour.until().filter(|_| goal.taken.is_none()).into_iter().for_each(|at| plan.wake(at));
            waits.iter().filter_map(Wait::until).for_each(|at| plan.wake(at));
            plan.waits.insert(goal.id.clone(), waits);
            continue;
        }
        if goal.taken.is_none() {
            slots.take(&goal.id.repo);
            rooms.take();
            turns.took(&goal.id.repo);
        }
        plan.decisions.push(start(goal));
    }
}

/// A goal that waits is told of once its deadline has passed.
fn mind_deadline(world: &World, goal: &Goal, now: Timestamp, plan: &mut Plan) {
    let Some(deadline) = goal.options.deadline.filter(|_| goal.taken.is_none()) else { return };
    if deadline > now {
        plan.wake(deadline);
    } else if goal.overdue != Some(deadline) {
        plan.decide(world, &goal.id, What::GoalOverdue { deadline });
    }
}

fn start(goal: &Goal) -> Event {
    let attempt = goal.runs + 1;
    Event::of(&goal.id, What::RunOrdered { run: RunId::of(&goal.id, attempt), attempt })
}

/// Slots that are taken, by runs that are and by those that are ordered now.
struct Slots<'w> {
    hour: Hour<'w>,
    everywhere: usize,
    in_repo: BTreeMap<RepoId, usize>,
}

impl<'w> Slots<'w> {
    fn taken(world: &World, hour: Hour<'w>) -> Self {
        let bounded = world.max_in.keys().chain(world.limits.in_repo.keys());
        let in_repo = bounded.map(|repo| (repo.clone(), world.slots_taken_in(repo)));
        Self { hour, everywhere: world.slots_taken(), in_repo: in_repo.collect() }
    }

    fn take(&mut self, repo: &RepoId) {
        self.everywhere += 1;
        if let Some(taken) = self.in_repo.get_mut(repo) {
            *taken += 1;
        }
    }

    fn no_room(&self, world: &World, repo: &RepoId) -> Option<Wait> {
        let max = world.max(self.hour);
        match world.capacity.admission {
            Admission::Draining => return Some(Wait::Draining),
            Admission::Open if self.everywhere >= max => {
                let is_said = world.limits.everywhere.is_some();
                let window = self.hour.window().filter(|_| !is_said).map(|window| window.name.clone());
                return Some(Wait::NoSlot { max, repo: None, window });
            }
            Admission::Open => {}
        }
        let (max, taken) = (world.max_of(repo)?, *self.in_repo.get(repo)?);
        (taken >= max).then(|| Wait::NoSlot { max, repo: Some(repo.clone()), window: None })
    }
}

/// A person needs no slot, and no orchestrator that stays.
fn no_room_by_hand(world: &World) -> Option<Wait> {
    match world.capacity.admission {
        Admission::Draining => Some(Wait::Draining),
        Admission::Open => None,
    }
}

/// What keeps goals from starting for reasons of their own. What many goals share is looked up once: a queue
/// may be long.
struct Obstacles<'w> {
    world: &'w World,
    hour: Hour<'w>,
    books: Option<&'w Books<'w>>,
    /// The runs that have to be gone before their goal starts again: never two live runs of a goal.
    unfinished: BTreeMap<&'w GoalRef, &'w Run>,
    /// What keeps each account that was asked about from spending.
    accounts: BTreeMap<&'w str, Option<Wait>>,
}

impl<'w> Obstacles<'w> {
    fn of(world: &'w World, hour: Hour<'w>, books: Option<&'w Books<'w>>) -> Self {
        let unfinished = world.runs.values().filter(|run| !run.state.is_over());
        let unfinished = unfinished.map(|run| (&run.goal, run)).collect();
        Self { world, hour, books, unfinished, accounts: BTreeMap::new() }
    }

    fn of_goal(&mut self, goal: &'w Goal, now: Timestamp) -> Vec<Wait> {
        let world = self.world;
        let mut waits = Vec::new();
        if let Some(error) = &goal.quarantine {
            waits.push(Wait::Quarantined { error: error.clone() });
        }
        if !world.is_in_scope(&goal.id) {
            waits.push(Wait::OutOfScope);
        }
        if !world.repos.contains_key(&goal.id.repo) {
            waits.push(Wait::RepoUnknown { repo: goal.id.repo.clone() });
        }
        waits.extend(
            self.unfinished
                .get(&goal.id)
                .map(|run| Wait::LastRunUnfinished { run: run.id.clone(), state: run.state.word().into() }),
        );
        // Whoever does it by hand waits for no release, no other goal, no hour and no account.
        if goal.taken.is_some() {
            return waits;
        }
        let ailing = world.ailing(&goal.id.repo).cloned();
        waits.extend(ailing.map(|ailing| Wait::RepoAiling { repo: goal.id.repo.clone(), ailing }));
        if let Some(hold) = &goal.hold {
            waits.push(Wait::Held { reason: hold.reason.clone() });
        }
        if let Some(until) = goal.options.not_before.filter(|at| *at > now) {
            waits.push(Wait::NotBefore { until });
        }
        if let Some(deadline) = goal.options.deadline.filter(|at| *at <= now) {
            waits.push(Wait::Overdue { deadline });
        }
        waits.extend(goal.depends.iter().filter_map(|on| dependency(world, goal, on)));
        if let Some(until) = goal.retry_at.filter(|at| *at > now) {
            waits.push(match &goal.elsewhere {
                Some(elsewhere) => Wait::Elsewhere { owner: elsewhere.owner.clone(), until },
                None => Wait::Backoff { until, after: goal.context.last_outcome.clone() },
            });
        }
        waits.extend(out_of_hours(self.hour, goal));
        let excesses = self.books.map(|books| books.excesses(goal)).unwrap_or_default();
        waits.extend(excesses.into_iter().map(|excess| Wait::OverBudget { excess }));
        let agent = world.agent_of(goal);
        waits.extend(self.accounts.entry(agent).or_insert_with(|| parked(world, agent, now)).clone());
        waits.extend(windows::reserved(world, goal, agent, now));
        waits.extend(holding(&world.pauses, goal, now).map(|(scope, pause)| Wait::Paused {
            scope: scope.clone(),
            until: pause.until,
            reason: pause.reason.clone(),
        }));
        waits
    }
}

/// No window is open, or the one that is lets another model run.
fn out_of_hours(hour: Hour<'_>, goal: &Goal) -> Option<Wait> {
    match hour {
        Hour::Any => None,
        Hour::Out { next } => {
            let (window, until) = next.map(|(window, at)| (window.name.clone(), at)).unzip();
            Some(Wait::OutOfHours { window, until })
        }
        Hour::In(open) => {
            let model = goal.options.model.as_ref().filter(|model| !open.window.allows(model))?;
            let (window, models) = (open.window.name.clone(), open.window.models.clone());
            Some(Wait::ModelOutOfHours { model: model.clone(), models, window, until: open.until })
        }
    }
}

fn parked(world: &World, agent: &str, now: Timestamp) -> Option<Wait> {
    let parked = world.parked.get(agent).filter(|parked| parked.until.is_none_or(|until| until > now));
    let (until, why) = match parked {
        Some(parked) => (parked.until, parked.why.clone()),
        None => about_to_park(world, agent, now)?,
    };
    Some(Wait::AccountParked { agent: agent.into(), until, why })
}

/// A run whose account is spent parks it when it is judged. Its work is collected first, and meanwhile no
/// other goal may take its slot only to run into the same limit.
fn about_to_park(world: &World, agent: &str, now: Timestamp) -> Option<(Option<Timestamp>, String)> {
    let runs = world.runs.values().filter(|run| run.agent.as_deref() == Some(agent));
    runs.filter_map(|run| ended_by(&run.state)).find_map(|outcome| {
        let Outcome::Interrupted { cause, detail } = outcome else {
            return None;
        };
        let until = match cause {
            Interruption::UsageLimit { resets_at } => resets_at.filter(|at| *at > now),
            Interruption::LoginFailed => None,
            Interruption::Stopped
            | Interruption::Unreachable
            | Interruption::Crashed
            | Interruption::SetupFailed
            | Interruption::HostRestarted
            | Interruption::OutOfMemory => return None,
        };
        Some((until, detail.clone()))
    })
}

/// The outcome that a run's judgement is to follow.
fn ended_by(state: &RunState) -> Option<&Outcome> {
    match state {
        RunState::Reported { outcome } | RunState::Collected { outcome, .. } => Some(outcome),
        RunState::Ordered
        | RunState::Claimed
        | RunState::Prepared
        | RunState::Launched { .. }
        | RunState::Held { .. }
        | RunState::Judged { .. }
        | RunState::Closed => None,
    }
}

fn dependency(world: &World, goal: &Goal, on: &GoalRef) -> Option<Wait> {
    let trouble = match world.settled.get(on) {
        Some(Settled::Landed | Settled::Resolved) => return None,
        Some(Settled::Cancelled) => DependencyTrouble::Cancelled,
        None if reaches(world, on, &goal.id) => DependencyTrouble::Cyclic,
        None => match world.goals.get(on) {
            Some(other) => DependencyTrouble::Open { state: other.state.word().into() },
            None => DependencyTrouble::Unknown,
        },
    };
    Some(Wait::Dependency { on: on.clone(), trouble })
}

/// Whether `target` is among what `from` still waits for, at any distance, or is `from` itself. A goal that is
/// settled waits for nothing any more.
fn reaches(world: &World, from: &GoalRef, target: &GoalRef) -> bool {
    let mut seen = BTreeSet::new();
    let mut stack = vec![from];
    while let Some(id) = stack.pop() {
        if id == target {
            return true;
        }
        if let Some(goal) = world.goals.get(id).filter(|goal| !goal.state.is_settled())
            && seen.insert(id)
        {
            stack.extend(&goal.depends);
        }
    }
    false
}
