//! Relief for a machine that is short of memory: the youngest run of lowest priority stands still, goes on when there is room,
//! and makes way where that takes too long. Killing is left to the kernel, and comes last.

use std::cmp::Reverse;
use std::time::Duration;

use jiff::Timestamp;

use super::Plan;
use crate::capacity::{Lack, Room, Strait, can_go_on};
use crate::effect::Effect;
use crate::event::What;
use crate::frost::{Chill, Frozen};
use crate::run::{Run, RunState};
use crate::world::World;

/// So much time is left to see what the last change came to, before another run is frozen,
const FREEZES: Duration = Duration::from_secs(10);
/// and before one goes on.
const THAWS: Duration = Duration::from_secs(20);
/// Where memory goes on falling that has been seen: one look later.
const FALLING: Duration = Duration::from_secs(1);

/// Whoever has stood still for so long for want of memory makes way: its work is kept, and its goal queued again.
const LONGEST: Duration = Duration::from_secs(10 * 60);
/// The same where one run alone is left that goes on, and there is too little memory all the same,
const LAST: Duration = Duration::from_secs(60);
/// and where it goes on falling.
const LAST_FALLING: Duration = Duration::from_secs(5);

pub(super) fn relieve(world: &World, now: Timestamp, plan: &mut Plan) {
    let Some(room) = world.room_in(world.hours.at(now)) else {
        // The machine is not asked, or not any more: what stands still for it would do so for ever.
        return Crew::of(world).cold.iter().for_each(|run| thaw(world, run, plan));
    };
    let Some(headroom) = &room.headroom else { return };
    let crew = Crew::of(world);
    let Some(strait) = headroom.strait() else {
        return crew.cold.iter().for_each(|run| thaw(world, run, plan));
    };
    match strait {
        Strait::Tight(lack) if crew.warm.len() > 1 => freeze(world, &crew, lack, now, plan),
        // Nobody else could make room.
        Strait::Tight(_) | Strait::Between if crew.warm.is_empty() => go_on(world, &crew, plan),
        Strait::Tight(lack) => {
            let patience = if crew.is_falling(lack) { LAST_FALLING } else { LAST };
            let longest = if has_passed(crew.changed_at, patience, now) { Duration::ZERO } else { LONGEST };
            make_way(world, &crew, longest, now, plan);
        }
        Strait::Between => make_way(world, &crew, LONGEST, now, plan),
        Strait::Eased if has_passed(crew.changed_at, THAWS, now) => {
            let first = crew.most_important(world).filter(|run| is_room_for(world, room, &crew, run, now));
            match first {
                Some(run) => thaw(world, run, plan),
                None => make_way(world, &crew, LONGEST, now, plan),
            }
        }
        Strait::Eased => {}
    }
}

/// When a run that stands still for want of memory makes way for good.
pub(crate) fn makes_way_at(frozen: &Frozen) -> Option<Timestamp> {
    frozen.since.checked_add(LONGEST).ok().filter(|_| frozen.is_for_memory())
}

/// The runs that a ralph is at work at and that nobody stops or has in hand.
struct Crew<'w> {
    /// Those that go on.
    warm: Vec<&'w Run>,
    /// Those that stand still for want of memory; what a person froze is nobody's business here.
    cold: Vec<&'w Run>,
    /// When any of them was frozen or thawed last.
    changed_at: Option<Timestamp>,
    /// Whether one is on its way out.
    is_leaving: bool,
}

impl<'w> Crew<'w> {
    fn of(world: &'w World) -> Self {
        let launched = world
            .runs
            .values()
            .filter(|run| matches!(run.state, RunState::Launched { .. }) && run.by.is_none());
        let (leaving, staying): (Vec<&Run>, Vec<&Run>) = launched.partition(|run| is_leaving(world, run));
        let changed_at = staying.iter().filter_map(|run| run.frost.changed_at).max();
        let (mut warm, mut cold) = (Vec::new(), Vec::new());
        for run in staying {
            match run.frozen() {
                None => warm.push(run),
                Some(frozen) if frozen.is_for_memory() => cold.push(run),
                Some(_) => {}
            }
        }
        Self { warm, cold, changed_at, is_leaving: !leaving.is_empty() }
    }

    /// Whether there is clearly less memory than when a run was frozen last: that has not helped.
    fn is_falling(&self, lack: Lack) -> bool {
        let last = self.cold.iter().filter_map(|run| run.frozen()).max_by_key(|frozen| frozen.since);
        let before = last.and_then(|frozen| frozen.lack()?.available);
        before.zip(lack.available).is_some_and(|(before, now)| now.saturating_add(lack.floor / 16) < before)
    }

    fn most_important(&self, world: &World) -> Option<&'w Run> {
        self.cold.iter().copied().max_by_key(|run| importance(world, run))
    }
}

/// It was told to stop, or its goal is out of the planner's hands.
fn is_leaving(world: &World, run: &Run) -> bool {
    let stop = Effect::Stop { goal: run.goal.clone(), run: run.id.clone() };
    let is_wanted = world.goals.get(&run.goal).is_some_and(|goal| super::is_wanted(goal, run));
    !is_wanted || world.is_quarantined(&run.goal) || world.was_ordered(&stop.key())
}

/// Priority first, and then age.
fn importance<'r>(world: &World, run: &'r Run) -> (i32, Reverse<Timestamp>, &'r str) {
    let priority = world.goals.get(&run.goal).map_or(0, |goal| goal.priority());
    (priority, Reverse(run.ordered_at), run.id.as_str())
}

fn freeze(world: &World, crew: &Crew<'_>, lack: Lack, now: Timestamp, plan: &mut Plan) {
    let patience = if crew.cold.is_empty() || crew.is_falling(lack) { FALLING } else { FREEZES };
    if !has_passed(crew.changed_at, patience, now) {
        return;
    }
    if let Some(run) = crew.warm.iter().min_by_key(|run| importance(world, run)) {
        let what = What::RunFrozen { run: run.id.clone(), why: Chill::Memory { lack } };
        plan.decide(world, &run.goal, what);
    }
}

fn go_on(world: &World, crew: &Crew<'_>, plan: &mut Plan) {
    crew.most_important(world).into_iter().for_each(|run| thaw(world, run, plan));
}

fn thaw(world: &World, run: &Run, plan: &mut Plan) {
    plan.decide(world, &run.goal, What::RunThawed { run: run.id.clone() });
}

/// Whether what it and those at work are still expected to take can be had; alone it may have all there is.
fn is_room_for(world: &World, room: &Room, crew: &Crew<'_>, run: &Run, now: Timestamp) -> bool {
    let together: Vec<&Run> = crew.warm.iter().copied().chain([run]).collect();
    crew.warm.is_empty() || can_go_on(world, room, &together, now)
}

/// One at a time, the least important first, of those that have stood still for so long.
fn make_way(world: &World, crew: &Crew<'_>, longest: Duration, now: Timestamp, plan: &mut Plan) {
    let due = |run: &Run| run.frozen()?.since.checked_add(longest).ok();
    let over = crew.cold.iter().filter(|run| due(run).is_some_and(|at| at <= now));
    if let Some(run) = over.min_by_key(|run| importance(world, run)).filter(|_| !crew.is_leaving) {
        plan.order(world, Effect::Stop { goal: run.goal.clone(), run: run.id.clone() });
    }
    crew.cold.iter().filter_map(|run| due(run)).filter(|at| *at > now).for_each(|at| plan.wake(at));
}

/// A clock that was set back must not hold anything for long.
fn has_passed(since: Option<Timestamp>, span: Duration, now: Timestamp) -> bool {
    since.is_none_or(|since| {
        Duration::try_from(now.duration_since(since)).map_or(true, |passed| passed >= span)
    })
}
