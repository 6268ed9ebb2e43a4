//! Whose turn it is: priority first, then the repository that has had least of its share, then the earliest deadline,
//! then who waits longest.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use jiff::Timestamp;

use crate::goal::Goal;
use crate::repo::{GoalRef, RepoId};
use crate::run::Run;
use crate::share::{BEGUN, LATELY, Shares};
use crate::world::World;

/// The queued goals, one after the other.
pub(super) struct Turns<'w> {
    world: &'w World,
    queues: BTreeMap<&'w RepoId, Queue<'w>>,
    /// One entry for each repository that has goals left, but for the one whose goal was given last.
    next: BinaryHeap<Reverse<(Rank<'w>, &'w RepoId)>>,
    last: Option<&'w RepoId>,
}

/// The goals of one repository.
struct Queue<'w> {
    /// The next one stands last.
    goals: Vec<Waiting<'w>>,
    /// For how long the repository has had slots.
    time: Duration,
    heard: Heard,
}

/// Who comes first, in a repository and over all: the smallest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank<'w> {
    is_in_time: bool,
    priority: Reverse<i32>,
    had: Duration,
    due: Timestamp,
    is_retried: bool,
    since: Timestamp,
    goal: &'w GoalRef,
}

/// Whether a repository has had a slot.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// Lately, or has one now.
    InTime,
    /// It had none.
    NotYet,
    /// It had none, and waits for so long that it comes first of all.
    TooLate,
}

#[derive(Clone, Copy)]
struct Waiting<'w> {
    goal: &'w Goal,
    since: Timestamp,
}

/// The queued goals in their order, if each of them got a slot when it is its turn.
pub fn turns(world: &World, now: Timestamp) -> Vec<&Goal> {
    let mut turns = Turns::of(world, now);
    let mut order = Vec::new();
    while let Some(goal) = turns.next() {
        turns.took(&goal.id.repo);
        order.push(goal);
    }
    order
}

impl<'w> Turns<'w> {
    pub(super) fn of(world: &'w World, now: Timestamp) -> Self {
        let mut at_work: BTreeMap<&RepoId, Vec<&Run>> = BTreeMap::new();
        for run in world.runs.values().filter(|run| run.takes_slot()) {
            at_work.entry(&run.goal.repo).or_default().push(run);
        }
        let mut queues: BTreeMap<&RepoId, Queue<'_>> = BTreeMap::new();
        for goal in world.goals.values() {
            let Some(since) = goal.state.queued_since() else { continue };
            let queue = queues.entry(&goal.id.repo).or_insert_with(|| {
                Queue::of(world, &goal.id.repo, at_work.get(&goal.id.repo).map_or(&[], Vec::as_slice), now)
            });
            queue.goals.push(Waiting { goal, since });
        }
        let mut turns = Self { world, queues, next: BinaryHeap::new(), last: None };
        for queue in turns.queues.values_mut() {
            queue.begin(now);
        }
        for repo in turns.queues.keys().copied().collect::<Vec<_>>() {
            turns.line_up(repo);
        }
        turns
    }

    /// The next goal.
    pub(super) fn next(&mut self) -> Option<&'w Goal> {
        // Only now is it known whether the last one got a slot.
        if let Some(repo) = self.last.take() {
            self.line_up(repo);
        }
        let Reverse((_, repo)) = self.next.pop()?;
        self.last = Some(repo);
        self.queues.get_mut(repo)?.goals.pop().map(|waiting| waiting.goal)
    }

    /// A goal of this repository got a slot.
    pub(super) fn took(&mut self, repo: &RepoId) {
        if let Some(queue) = self.queues.get_mut(repo) {
            queue.time += BEGUN;
            queue.heard = Heard::InTime;
        }
    }

    fn line_up(&mut self, repo: &'w RepoId) {
        let rank = self.queues.get(repo).and_then(|queue| queue.rank(&self.world.shares));
        self.next.extend(rank.map(|rank| Reverse((rank, repo))));
    }
}

impl<'w> Queue<'w> {
    fn of(world: &World, repo: &RepoId, at_work: &[&Run], now: Timestamp) -> Self {
        let time = world.shares.time_of(repo, at_work.iter().copied(), now);
        let heard = if time.is_zero() { Heard::NotYet } else { Heard::InTime };
        Self { goals: Vec::new(), time, heard }
    }

    /// Sorts its goals, and sees whether one of them waits for too long.
    fn begin(&mut self, now: Timestamp) {
        self.goals.sort_by_key(|waiting| Reverse(waiting.place()));
        let oldest = self.goals.iter().map(|waiting| waiting.since).min();
        let longest = oldest.and_then(|since| Duration::try_from(now.duration_since(since)).ok());
        if self.heard == Heard::NotYet && longest.is_some_and(|longest| longest >= LATELY) {
            self.heard = Heard::TooLate;
        }
    }

    fn rank(&self, shares: &Shares) -> Option<Rank<'w>> {
        let Waiting { goal, since } = *self.goals.last()?;
        Some(Rank {
            is_in_time: self.heard != Heard::TooLate,
            priority: Reverse(goal.priority()),
            had: shares.weighed(&goal.id.repo, self.time),
            due: goal.due(),
            is_retried: goal.runs > 0,
            since,
            goal: &goal.id,
        })
    }
}

impl<'w> Waiting<'w> {
    /// Its place among the goals of its repository.
    fn place(&self) -> (Reverse<i32>, Timestamp, bool, Timestamp, &'w GoalRef) {
        (Reverse(self.goal.priority()), self.goal.due(), self.goal.runs > 0, self.since, &self.goal.id)
    }
}
