//! One night, played: runs begin as slots come free, end as those that they were drawn from, and begin again where
//! those did.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::ops::Bound;

use jiff::Timestamp;

use super::calendar::Calendar;
use super::crew::{Crew, Vacancy};
use super::draw::{self, Dice, Drawn};
use super::figures::Played;
use super::queue::{Queue, Stands};

/// Milliseconds since the night began: whole, so that two moments are the same or are not.
pub(super) type Millis = u64;

/// No goal has more runs than this in a night.
const MOST_RUNS: u32 = 12;

/// From one moment to another; nought where that is earlier.
pub(super) fn millis(from: Timestamp, to: Timestamp) -> Millis {
    u64::try_from(to.duration_since(from).as_millis()).unwrap_or(0)
}

/// A night that is played.
struct Night<'q, 'p> {
    queue: &'q Queue<'p>,
    calendar: &'q Calendar,
    dice: &'q mut Dice,
    now: Millis,
    /// Places of the goals that wait for their next run, in their order.
    waiting: BTreeSet<usize>,
    /// What ends next.
    ends: BinaryHeap<Reverse<(Millis, usize, End)>>,
    crew: Crew,
    through: Vec<bool>,
    runs: Vec<u32>,
    played: Vec<Played>,
}

/// What ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    /// A run after which its goal needs another.
    Run,
    /// A goal's last run.
    LastRun,
    /// A landing.
    Landing,
}

/// Plays the queue once; gives what each goal came to, in the queue's order.
pub(super) fn play(queue: &Queue<'_>, calendar: &Calendar, dice: &mut Dice) -> Vec<Played> {
    let count = queue.jobs.len();
    let mut night = Night {
        queue,
        calendar,
        dice,
        now: 0,
        waiting: BTreeSet::new(),
        ends: BinaryHeap::new(),
        crew: Crew::default(),
        through: vec![false; count],
        runs: vec![0; count],
        played: vec![Played::default(); count],
    };
    night.begin();
    while let Some(next) = night.next() {
        night.now = next;
        night.end();
        night.admit();
    }
    night.played
}

impl Night<'_, '_> {
    fn begin(&mut self) {
        for (place, job) in self.queue.jobs.iter().enumerate() {
            match job.stands {
                Stands::Queued { .. } => drop(self.waiting.insert(place)),
                Stands::AtWork { seconds } => {
                    let drawn = draw::rest(&job.kindred, seconds, self.dice);
                    self.work(place, drawn);
                }
                Stands::Landing => self.land(place),
            }
        }
        self.admit();
    }

    /// When something changes next: something ends, a goal may begin, or another hour does.
    fn next(&self) -> Option<Millis> {
        let ends = self.ends.peek().map(|Reverse((at, ..))| *at);
        let ready = self.queue.opens_after(self.now).filter(|_| !self.waiting.is_empty());
        let hour = self.calendar.next(self.now).filter(|_| !self.waiting.is_empty());
        ends.into_iter().chain(ready).chain(hour).min()
    }

    fn ready(&self, place: usize) -> Millis {
        match self.queue.jobs[place].stands {
            Stands::Queued { ready } => ready,
            Stands::AtWork { .. } | Stands::Landing => 0,
        }
    }

    fn end(&mut self) {
        while let Some(Reverse((at, place, end))) =
            self.ends.peek().copied().filter(|Reverse((at, ..))| *at <= self.now)
        {
            self.ends.pop();
            match end {
                End::Run => {
                    self.crew.ends(&self.queue.jobs[place]);
                    self.waiting.insert(place);
                }
                End::LastRun => {
                    self.crew.ends(&self.queue.jobs[place]);
                    self.land(place);
                }
                End::Landing => {
                    self.through[place] = true;
                    self.played[place].ends = at as f64 / 1_000.0;
                }
            }
        }
    }

    /// Whoever is next and has no room is not passed over, as in the planner.
    fn admit(&mut self) {
        let stretch = self.calendar.at(self.now);
        let mut last = None;
        while let Some(place) = self.waiting_after(last) {
            last = Some(place);
            let job = &self.queue.jobs[place];
            if self.ready(place) > self.now || job.after.iter().any(|on| !self.through[*on]) {
                continue;
            }
            let repo_max = self.queue.repo_max.get(job.repo).copied().flatten();
            match self.crew.vacancy(stretch, job, repo_max, self.queue.machine) {
                Vacancy::Full => return,
                Vacancy::RepoFull => {}
                Vacancy::Free => {
                    self.waiting.remove(&place);
                    let begins = self.now as f64 / 1_000.0;
                    self.played[place].begins = self.played[place].begins.min(begins);
                    let drawn = draw::anew(&job.kindred, self.dice);
                    self.work(place, drawn);
                }
            }
        }
    }

    fn waiting_after(&self, last: Option<usize>) -> Option<usize> {
        let from = last.map_or(Bound::Unbounded, Bound::Excluded);
        self.waiting.range((from, Bound::Unbounded)).next().copied()
    }

    fn work(&mut self, place: usize, drawn: Option<Drawn<'_>>) {
        let Some(Drawn { like, seconds, share }) = drawn else { return };
        let (job, played) = (&self.queue.jobs[place], &mut self.played[place]);
        self.crew.begins(job);
        played.usd.add(like.run.usd.map(|usd| usd * share));
        played.tokens.add(like.run.tokens.map(|tokens| tokens * share));
        played.seconds += seconds;
        self.runs[place] += 1;
        let end = if like.is_followed && self.runs[place] < MOST_RUNS { End::Run } else { End::LastRun };
        self.ends.push(Reverse((self.after(seconds), place, end)));
    }

    /// The gate is asked once more; that takes no slot.
    fn land(&mut self, place: usize) {
        let gate = draw::anew(&self.queue.jobs[place].kindred, self.dice);
        let seconds = gate.map_or(0.0, |drawn| drawn.like.run.gate_seconds);
        self.ends.push(Reverse((self.after(seconds), place, End::Landing)));
    }

    fn after(&self, seconds: f64) -> Millis {
        self.now.saturating_add((seconds.max(0.0) * 1_000.0) as Millis)
    }
}
