//! One night: who sends what when, and what goes wrong with it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::time::Duration;

use herder_domain::repo::Number;
use herder_domain::run::RunId;
use herder_forge::claim::{
    Ask, Attempt, Change, ClaimState, Fence, Heard, Mark, Renew, Scope, Terms, Turn, View,
};

use crate::Without;
use crate::actor::{Actor, Came, Job, Next, Sent, Step, Told, at, differences, next};
use crate::chance::Chance;
use crate::server::{Server, Violation};

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

const ACTORS: usize = 8;
const SLOTS: usize = 6;
/// Things go wrong until then.
const TROUBLE: u64 = 3 * HOUR;
/// All must have come to an end by then.
const END: u64 = 40 * HOUR;
/// As long after the last landing, the latest message has arrived and the latest run has ended.
const AFTERMATH: u64 = 45 * MINUTE;
/// How long an answer is waited for.
const PATIENCE: u64 = 30 * SECOND;

#[derive(Clone, Copy)]
pub struct Play {
    pub seed: u64,
    pub goals: u64,
    pub without: Without,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Goal(Number),
    Renewal,
}

#[derive(Debug)]
enum Event {
    Arrives { actor: usize, key: Key, waits: u64, sent: Sent },
    Comes { actor: usize, key: Key, waits: u64, came: Came },
    Tick { actor: usize },
    Crash { actor: usize, back: Option<u64> },
    Restart { actor: usize },
}

pub struct Night {
    play: Play,
    chance: Chance,
    now: u64,
    events: BinaryHeap<Reverse<(u64, u64)>>,
    bodies: BTreeMap<u64, Event>,
    count: u64,
    server: Server,
    actors: Vec<Actor>,
    /// When everybody knows that a goal has landed.
    known: BTreeMap<Number, u64>,
    last_merge: u64,
    found: BTreeSet<Violation>,
    told: Vec<String>,
}

impl Night {
    pub fn new(play: Play) -> Self {
        let mut chance = Chance::of(play.seed);
        let actors = (0..ACTORS).map(|index| actor(index, &mut chance)).collect();
        let mut night = Self {
            play,
            chance,
            now: 0,
            events: BinaryHeap::new(),
            bodies: BTreeMap::new(),
            count: 0,
            server: Server::new(play.without),
            actors,
            known: BTreeMap::new(),
            last_merge: 0,
            found: BTreeSet::new(),
            told: Vec::new(),
        };
        for actor in 0..ACTORS {
            let first = night.chance.between(0, 20 * SECOND);
            night.event(first, Event::Tick { actor });
            night.crashes(actor);
        }
        night
    }

    /// What was claimed and merged, in order.
    pub fn told(self) -> Vec<String> {
        self.told
    }

    pub fn play(&mut self) -> BTreeSet<Violation> {
        while let Some(Reverse((time, id))) = self.events.pop() {
            let is_over = self.known.len() == usize::try_from(self.play.goals).unwrap();
            if time > END || (is_over && time > self.last_merge + AFTERMATH) {
                break;
            }
            self.now = time;
            if let Some(event) = self.bodies.remove(&id) {
                self.happens(event);
            }
        }
        if self.goals().any(|goal| self.server.landings(goal) == 0) {
            self.found.insert(Violation::Stuck);
        }
        self.found.clone()
    }

    fn goals(&self) -> impl Iterator<Item = Number> + Clone + use<> {
        (1..=self.play.goals).map(Number)
    }

    fn event(&mut self, time: u64, event: Event) -> u64 {
        self.count += 1;
        self.events.push(Reverse((time, self.count)));
        self.bodies.insert(self.count, event);
        self.count
    }

    /// Two crashes in the time of trouble; two machines of eight never come back.
    fn crashes(&mut self, actor: usize) {
        for crash in 0..2 {
            let time = self.chance.between(0, TROUBLE);
            let is_last = crash == 1 && actor < 2;
            let back = (!is_last).then(|| time + self.chance.between(MINUTE, HOUR));
            self.event(time, Event::Crash { actor, back });
        }
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Arrives { actor, key, waits, sent } => self.arrives((actor, key, waits), sent),
            Event::Comes { actor, key, waits, came } => self.comes(actor, key, waits, &came),
            Event::Tick { actor } => self.tick(actor),
            Event::Crash { actor, back } => {
                let down = &mut self.actors[actor];
                down.is_up = false;
                down.is_dead |= back.is_none();
                down.forget();
                if let Some(back) = back {
                    self.event(back, Event::Restart { actor });
                }
            }
            Event::Restart { actor } => self.actors[actor].is_up = !self.actors[actor].is_dead,
        }
    }

    // The network.

    fn send(&mut self, actor: usize, key: Key, sent: Sent) {
        let waits = self.event(self.now + PATIENCE, Event::Tick { actor: ACTORS });
        self.bodies.insert(waits, Event::Comes { actor, key, waits, came: Came::Nothing });
        match key {
            Key::Goal(goal) => {
                if let Some(job) = self.actors[actor].jobs.get_mut(&goal) {
                    job.waits = Some(waits);
                }
            }
            Key::Renewal => {
                if let Some((_, waiting)) = &mut self.actors[actor].renewal {
                    *waiting = waits;
                }
            }
        }
        if !self.is_lost(actor, 20) {
            let time = self.now + self.journey();
            self.event(time, Event::Arrives { actor, key, waits, sent });
        }
    }

    fn is_lost(&mut self, actor: usize, of_a_thousand: u64) -> bool {
        let is_unlucky = self.chance.once_in(of_a_thousand);
        self.now < TROUBLE && (is_unlucky || self.actors[actor].is_cut_off(self.now))
    }

    /// Mostly under a second; some take longer than anybody waits.
    fn journey(&mut self) -> u64 {
        if self.now < TROUBLE && self.chance.once_in(15) {
            return self.chance.between(MINUTE, 25 * MINUTE);
        }
        self.chance.between(20, 900)
    }

    fn arrives(&mut self, (actor, key, waits): (usize, Key, u64), sent: Sent) {
        let came = self.serve(actor, sent);
        if !self.is_lost(actor, 40) {
            let time = self.now + self.journey();
            self.event(time, Event::Comes { actor, key, waits, came });
        }
    }

    fn serve(&mut self, actor: usize, sent: Sent) -> Came {
        match sent {
            Sent::Ask(Ask::Read(scope)) => Came::Heard(Heard::View(self.server.read(scope))),
            Sent::Ask(Ask::Push(changes)) => {
                let before = self.server.read(Scope::All);
                match self.server.push(&changes) {
                    Some(written) => {
                        self.check_publication(actor, &changes);
                        for claim in written.iter().filter(|claim| claim.state == ClaimState::Held) {
                            self.told.push(format!(
                                "{} {} claims {} {}",
                                self.now, claim.owner, claim.goal, claim.fence
                            ));
                            self.check_others(actor, claim.goal, &before);
                        }
                        Came::Heard(Heard::Pushed)
                    }
                    None => Came::Heard(Heard::NotPushed("somebody was faster".to_owned())),
                }
            }
            Sent::Look(goal) => Came::Pulls(self.server.look(goal)),
            Sent::Open(goal) => {
                self.server.open(goal);
                Came::Opened
            }
            Sent::Merge(goal, pull, head) => Came::Merged(self.merge(actor, goal, (pull, &head))),
        }
    }

    fn merge(&mut self, actor: usize, goal: Number, (pull, head): (usize, &Mark)) -> bool {
        let is_merged = self.server.merge(goal, pull, head);
        if is_merged {
            self.told.push(format!("{} {} merges {goal}", self.now, self.actors[actor].owner));
            self.last_merge = self.now;
            let known = self.now + self.chance.between(0, 2 * MINUTE);
            self.known.entry(goal).or_insert(known);
        }
        if self.server.landings(goal) > 1 {
            self.found.insert(Violation::LandedTwice);
        }
        is_merged
    }

    /// A branch goes somewhere: whoever moves it has the claim.
    fn check_publication(&mut self, actor: usize, changes: &[Change]) {
        for change in changes {
            let Change::Branch { goal, .. } = change else { continue };
            let owner = self
                .server
                .read(Scope::Goal(*goal))
                .claims
                .get(goal)
                .and_then(|seen| seen.record.clone().ok());
            if owner.is_none_or(|claim| claim.owner != self.actors[actor].owner) {
                self.found.insert(Violation::PublishedWithoutClaim);
            }
        }
    }

    /// A goal goes to somebody: whose it was until now must not be at work with it, unless the lease has ended. (Who had
    /// it before that has lost it after the end of a lease already, and may not know.)
    fn check_others(&mut self, actor: usize, goal: Number, before: &View) {
        let was = before.claims.get(&goal).and_then(|seen| seen.record.as_ref().ok());
        let had = |other: &Actor, job: &Job| {
            was.is_some_and(|claim| claim.owner == other.owner && claim.fence == job.fence)
        };
        let others = self.actors.iter().enumerate().filter(|(other, _)| *other != actor);
        let mut at_work = others.filter(|(_, other)| {
            other.jobs.get(&goal).is_some_and(|job| job.is_at_work() && had(other, job))
        });
        let has_lease =
            |other: &Actor| self.server.until.get(&other.owner).is_some_and(|until| *until >= at(self.now));
        if at_work.any(|(_, other)| has_lease(other)) {
            self.found.insert(Violation::TwoRuns);
        }
    }

    // The orchestrators.

    fn told_to(&mut self, actor: usize) -> Told {
        let margin =
            if self.play.without == Without::Margin { Duration::ZERO } else { Terms::default().margin };
        let work = self.chance.between(MINUTE, 15 * MINUTE);
        let is_unheard = self.chance.once_in(10);
        Told {
            me: self.actors[actor].owner.clone(),
            now: (!is_unheard).then(|| self.actors[actor].clock(self.now)),
            terms: Terms { margin, ..Terms::default() },
            millis: self.now,
            work,
            looks: self.play.without != Without::LookAfterMoving,
        }
    }

    fn comes(&mut self, actor: usize, key: Key, waits: u64, came: &Came) {
        let told = self.told_to(actor);
        let one = &mut self.actors[actor];
        match key {
            Key::Goal(goal) => {
                let Some(job) = one.jobs.get_mut(&goal).filter(|job| job.waits == Some(waits) && one.is_up)
                else {
                    return;
                };
                job.waits = None;
                let next = next(job, came, &told);
                self.goes_on(actor, goal, next);
            }
            Key::Renewal if one.is_up && one.renewal.as_ref().is_some_and(|(_, id)| *id == waits) => {
                self.renewal_comes(actor, came, &told);
            }
            Key::Renewal => {}
        }
    }

    fn goes_on(&mut self, actor: usize, goal: Number, next: Next) {
        let later = self.now + self.chance.between(SECOND, 30 * SECOND);
        let gives_up = self.chance.once_in(300);
        // Two of them have no second go at a goal.
        let is_patient = !(2..4).contains(&actor);
        let one = &mut self.actors[actor];
        let Some(job) = one.jobs.get_mut(&goal) else { return };
        match next {
            Next::Send(sent) => self.send(actor, Key::Goal(goal), sent),
            Next::Later if gives_up && matches!(job.step, Step::Claiming(_)) => {
                one.jobs.remove(&goal);
                one.avoided.insert(goal, if is_patient { later } else { u64::MAX });
            }
            Next::Later => job.at = later,
            Next::Step(step) => {
                job.step = step;
                job.at = self.now;
                self.begin(actor, goal);
            }
            Next::Drop(until) => {
                one.jobs.remove(&goal);
                one.avoided.insert(goal, if is_patient { until } else { u64::MAX });
            }
        }
    }

    fn begin(&mut self, actor: usize, goal: Number) {
        let sent = self.actors[actor].jobs.get_mut(&goal).and_then(|job| job.begin(goal));
        if let Some(sent) = sent {
            self.send(actor, Key::Goal(goal), sent);
        }
    }

    fn renewal_comes(&mut self, actor: usize, came: &Came, told: &Told) {
        let Some((mut attempt, _)) = self.actors[actor].renewal.take() else { return };
        let heard = match came {
            Came::Heard(heard) => heard.clone(),
            Came::Pulls(_) | Came::Opened | Came::Merged(_) | Came::Nothing => {
                Heard::NotPushed("lost".to_owned())
            }
        };
        match attempt.hear(heard, &told.me, told.now, &told.terms) {
            Turn::Ask(ask) => {
                self.actors[actor].renewal = Some((attempt, 0));
                self.send(actor, Key::Renewal, Sent::Ask(ask));
            }
            Turn::Unknown(_) => self.actors[actor].renew_at = self.now + MINUTE,
            Turn::Answer(renewed) => {
                let one = &mut self.actors[actor];
                one.renew_at = self.now + u64::try_from(told.terms.renew_every().as_millis()).unwrap();
                let (lost, idle) = differences(one, &renewed);
                lost.iter().for_each(|goal| drop(one.jobs.remove(goal)));
                for (goal, fence, run) in idle {
                    if self.play.without != Without::Reconciling {
                        one.jobs.insert(goal, Job::new(Step::Releasing(None), run, fence));
                    }
                }
            }
        }
    }

    fn tick(&mut self, actor: usize) {
        let again = self.now + self.chance.between(10 * SECOND, 20 * SECOND);
        self.event(again, Event::Tick { actor });
        if !self.actors[actor].is_up {
            return;
        }
        let due = |job: &Job| job.waits.is_none() && job.at <= self.now;
        let jobs = self.actors[actor].jobs.iter().filter(|(_, job)| due(job));
        for goal in jobs.map(|(goal, _)| *goal).collect::<Vec<_>>() {
            self.ends_work(actor, goal);
            self.begin(actor, goal);
        }
        self.calls_off(actor);
        self.takes_one(actor);
        if self.actors[actor].renew_at <= self.now && self.actors[actor].renewal.is_none() {
            let (attempt, ask) = Attempt::begin(Renew);
            self.actors[actor].renewal = Some((attempt, 0));
            self.send(actor, Key::Renewal, Sent::Ask(ask));
        }
    }

    /// Two of them are told now and then that a goal is not wanted any more, while they claim it.
    fn calls_off(&mut self, actor: usize) {
        let is_told = (2..4).contains(&actor) && self.chance.once_in(150);
        let one = &mut self.actors[actor];
        let goals = one.jobs.iter().filter(|(_, job)| is_told && matches!(job.step, Step::Claiming(_)));
        for goal in goals.map(|(goal, _)| *goal).collect::<Vec<_>>() {
            one.jobs.remove(&goal);
            one.avoided.insert(goal, u64::MAX);
        }
    }

    /// A run that is over has failed, or has something to publish.
    fn ends_work(&mut self, actor: usize, goal: Number) {
        let (has_failed, old) = (self.chance.once_in(150), self.server.read(Scope::Goal(goal)));
        let head = Mark(format!("{actor}-{goal}-{}", self.count));
        let Some(job) = self.actors[actor].jobs.get_mut(&goal) else { return };
        if !matches!(job.step, Step::Working { until } if until <= self.now) {
            return;
        }
        if has_failed {
            job.step = Step::Releasing(None);
            return;
        }
        job.old = old.branches.get(&goal).cloned();
        job.head = head;
        job.step = Step::Publishing(None);
    }

    fn takes_one(&mut self, actor: usize) {
        let pick = self.chance.between(0, self.play.goals);
        let one = &self.actors[actor];
        let is_free = |goal: &Number| {
            self.known.get(goal).is_none_or(|known| *known > self.now)
                && one.avoided.get(goal).is_none_or(|until| *until <= self.now)
                && !one.jobs.contains_key(goal)
        };
        let from_there = self.goals().cycle().skip(usize::try_from(pick).unwrap());
        let goal = from_there.take(usize::try_from(self.play.goals).unwrap()).find(is_free);
        let Some(goal) = goal.filter(|_| one.jobs.len() < SLOTS) else { return };
        let one = &mut self.actors[actor];
        one.runs += 1;
        let run = RunId::try_from(format!("run-{goal}-{}", one.runs)).unwrap();
        one.jobs.insert(goal, Job::new(Step::Claiming(None), run, Fence(0)));
        self.begin(actor, goal);
    }
}

fn actor(index: usize, chance: &mut Chance) -> Actor {
    let cut = |chance: &mut Chance| {
        let from = chance.between(0, TROUBLE);
        (from, from + chance.between(MINUTE, HOUR))
    };
    Actor {
        owner: format!("host-{index}").parse().unwrap(),
        jobs: BTreeMap::new(),
        renewal: None,
        renew_at: 0,
        avoided: BTreeMap::new(),
        runs: 0,
        is_up: true,
        is_dead: false,
        behind: i64::try_from(chance.between(0, 50 * SECOND)).unwrap() - 25_000,
        cut_off: (0..4).map(|_| cut(chance)).collect(),
    }
}
