//! A virtual host: processors that runs share, memory that they may exhaust, and seconds that pass at once.

use std::collections::BTreeMap;
use std::time::Duration;

use herder_domain::capacity::{Admission, Capacity, Doors, Footprint, Headroom, Observation, Room, Strait};
use herder_domain::effect::Effect;
use herder_domain::event::{Event, Repo, What};
use herder_domain::forge::Home;
use herder_domain::goal::{Goal, GoalState, GoalText};
use herder_domain::judge;
use herder_domain::measure::{HostSample, Measured, Pressures, RunSample, Sample};
use herder_domain::plan::plan;
use herder_domain::repo::{GoalRef, RepoId};
use herder_domain::run::{ProcessName, Run, RunId, RunState};
use herder_domain::world::World;
use jiff::{SignedDuration, Timestamp};

/// Twice as much work as processors costs so much of them in changing from one to the other.
const CHANGING: f64 = 0.02;

/// No simulation is longer.
const LONGEST: u32 = 200_000;

#[derive(Clone, Copy)]
pub struct Host {
    pub cores: u32,
    pub memory: u64,
}

#[derive(Clone, Copy)]
pub enum Phase {
    Wait { seconds: u32 },
    Compute { core_seconds: u32, width: u32 },
}

/// What a run at a goal does; its memory grows until the middle.
#[derive(Clone)]
pub struct Work {
    pub phases: Vec<Phase>,
    pub memory: u64,
}

#[derive(Clone)]
pub struct Mix {
    pub host: Host,
    pub works: Vec<Work>,
}

/// Who decides what begins.
#[derive(Clone, Copy)]
pub enum Policy {
    /// So many at once.
    Fixed(usize),
    /// The planner, which knows runs of the kind.
    Auto,
    /// The planner, which learns as runs end.
    Cold,
    /// The planner, which knows runs that held a third of the memory.
    Misled,
}

/// What a simulation came to, in seconds.
pub struct Told {
    pub makespan: u32,
    pub most_at_once: usize,
    /// Runs that were killed for memory.
    pub killed: u32,
    /// How often the door of the processors turned.
    pub turns: u32,
    /// How often a run was frozen.
    pub frozen: u32,
    /// Runs that made way.
    pub stopped: u32,
}

/// A run at work.
struct Live {
    id: RunId,
    goal: usize,
    attempt: u32,
    ordered: u32,
    phase: usize,
    /// Of the present phase.
    done: f64,
    cpu: f64,
    is_frozen: bool,
}

impl Work {
    fn alone(&self) -> (f64, f64) {
        self.phases.iter().fold((0.0, 0.0), |(seconds, cpu), phase| match *phase {
            Phase::Wait { seconds: waits } => (seconds + f64::from(waits), cpu),
            Phase::Compute { core_seconds, width } => {
                let core_seconds = f64::from(core_seconds);
                (seconds + core_seconds / f64::from(width), cpu + core_seconds)
            }
        })
    }

    fn observation(&self, seconds: f64) -> Observation {
        Observation {
            memory: Some(self.memory),
            cpu: Some(Duration::from_secs_f64(self.alone().1)),
            duration: Duration::from_secs_f64(seconds),
        }
    }
}

impl Mix {
    /// Processor time of all its work.
    pub fn core_seconds(&self) -> f64 {
        self.works.iter().map(|work| work.alone().1).sum()
    }

    pub fn run(&self, policy: Policy) -> Told {
        let told = self.run_for(policy, LONGEST);
        assert!(told.makespan < LONGEST, "it does not come to an end");
        told
    }

    /// The same, given up after so many seconds.
    pub fn run_for(&self, policy: Policy, longest: u32) -> Told {
        let mut night = Night::of(self, policy);
        while night.is_at_work() && night.second < longest {
            night.admit();
            night.pass();
        }
        Told {
            makespan: night.second,
            most_at_once: night.most_at_once,
            killed: night.killed,
            turns: night.turns,
            frozen: night.frozen,
            stopped: night.stopped,
        }
    }
}

struct Night<'m> {
    mix: &'m Mix,
    policy: Policy,
    second: u32,
    /// Goals that wait, with the attempts at them so far; the next one stands last.
    queued: Vec<(usize, u32)>,
    live: Vec<Live>,
    /// Those that were killed for memory.
    too_big: Vec<usize>,
    ended: Vec<Observation>,
    busy: f64,
    headroom: Option<Headroom>,
    most_at_once: usize,
    killed: u32,
    turns: u32,
    frozen: u32,
    stopped: u32,
    /// Any goal.
    sample: Goal,
    repo: RepoId,
    world: World,
    has_learned: bool,
}

impl<'m> Night<'m> {
    fn of(mix: &'m Mix, policy: Policy) -> Self {
        let ended = match policy {
            Policy::Auto => mix.works.iter().take(10).map(|work| work.observation(work.alone().0)).collect(),
            Policy::Misled => {
                let told = |work: &Work| work.observation(work.alone().0);
                let third =
                    |told: Observation| Observation { memory: told.memory.map(|all| all / 3), ..told };
                mix.works.iter().take(10).map(|work| third(told(work))).collect()
            }
            Policy::Fixed(_) | Policy::Cold => Vec::new(),
        };
        let text = GoalText::read(&repo(), "Add a flag", "## Objective\nAdd the flag.\n").unwrap();
        let capacity = Capacity { max: 1_000, admission: Admission::Open };
        let mut world = World::new(capacity, judge::Policy::default(), "claude");
        world.repos.insert(repo(), registered());
        Self {
            mix,
            policy,
            second: 0,
            queued: (0..mix.works.len()).rev().map(|goal| (goal, 0)).collect(),
            live: Vec::new(),
            too_big: Vec::new(),
            ended,
            busy: 0.0,
            headroom: None,
            most_at_once: 0,
            killed: 0,
            turns: 0,
            frozen: 0,
            stopped: 0,
            sample: Goal::draft(reference(0), text, at(0)),
            repo: repo(),
            world,
            has_learned: true,
        }
    }

    fn is_at_work(&self) -> bool {
        !self.queued.is_empty() || !self.live.is_empty()
    }

    fn admit(&mut self) {
        match self.policy {
            Policy::Fixed(max) => {
                while self.live.len() < max && !self.queued.is_empty() {
                    let last = self.queued.len() - 1;
                    self.begin(last);
                }
            }
            Policy::Auto | Policy::Cold | Policy::Misled => {
                self.look();
                let is_asked = !self.queued.is_empty() && self.second.is_multiple_of(2);
                if is_asked || self.is_short() {
                    self.carry_out();
                }
            }
        }
        self.most_at_once = self.most_at_once.max(self.live.len());
    }

    /// When the orchestrator plans every second.
    fn is_short(&self) -> bool {
        let strait = self.headroom.as_ref().and_then(Headroom::strait);
        matches!(strait, Some(Strait::Tight(_))) || self.live.iter().any(|live| live.is_frozen)
    }

    /// Plans, and does what is planned.
    fn carry_out(&mut self) {
        self.show();
        let planned = plan(&self.world, at(self.second));
        for event in planned.decisions {
            let Event::Goal(happening) = &event else { continue };
            let goal = happening.goal.number.0 as usize - 1;
            match &happening.what {
                What::RunOrdered { .. } => {
                    let place = self.queued.iter().position(|(queued, _)| *queued == goal).unwrap();
                    self.begin(place);
                }
                What::RunFrozen { run, .. } => self.chill(run, true, &event),
                What::RunThawed { run } => self.chill(run, false, &event),
                other => panic!("nothing else is to be decided: {other:?}"),
            }
        }
        for effect in planned.effects {
            let Effect::Stop { run, .. } = effect else { continue };
            let place = self.live.iter().position(|live| live.id == run).unwrap();
            let live = self.live.remove(place);
            self.forget(&live);
            self.queued.push((live.goal, live.attempt));
            self.stopped += 1;
        }
    }

    fn chill(&mut self, run: &RunId, is_frozen: bool, event: &Event) {
        self.world.record(event, at(self.second)).unwrap();
        self.frozen += u32::from(is_frozen);
        self.live.iter_mut().filter(|live| live.id == *run).for_each(|live| live.is_frozen = is_frozen);
    }

    fn begin(&mut self, place: usize) {
        let (number, attempts) = self.queued.remove(place);
        let (attempt, ordered) = (attempts + 1, self.second);
        let mut goal = self.goal(number, attempts);
        let id = RunId::of(&goal.id, attempt);
        goal.state = GoalState::Running { run: id.clone() };
        self.world.runs.insert(id.clone(), run(&id, &goal.id, attempt, at(ordered)));
        self.world.goals.insert(goal.id.clone(), goal);
        self.live.push(Live {
            id,
            goal: number,
            attempt,
            ordered,
            phase: 0,
            done: 0.0,
            cpu: 0.0,
            is_frozen: false,
        });
    }

    /// One second.
    fn pass(&mut self) {
        let works = &self.mix.works;
        let cores = f64::from(self.mix.host.cores);
        let wanted: Vec<f64> = self.live.iter().map(|live| live.wants(&works[live.goal])).collect();
        let demand: f64 = wanted.iter().sum();
        let given =
            if demand <= cores { 1.0 } else { cores / demand / (1.0 + CHANGING * (demand / cores - 1.0)) };
        for (live, wanted) in self.live.iter_mut().zip(wanted) {
            live.pass(&works[live.goal], wanted * given);
        }
        self.busy += demand.min(cores);
        self.second += 1;
        self.kill_the_youngest();
        let second = self.second;
        let (over, live) = std::mem::take(&mut self.live)
            .into_iter()
            .partition(|live: &Live| live.phase >= works[live.goal].phases.len());
        self.live = live;
        let over: Vec<Live> = over;
        for live in over {
            self.forget(&live);
            self.has_learned = true;
            self.ended.insert(0, works[live.goal].observation(f64::from(second - live.ordered)));
        }
    }

    fn memory_used(&self) -> u64 {
        self.live.iter().map(|live| live.memory(&self.mix.works[live.goal])).sum()
    }

    /// The kernel kills where memory is out; the run begins anew.
    fn kill_the_youngest(&mut self) {
        while self.memory_used() > self.mix.host.memory {
            let Some(live) = self.live.pop() else { return };
            self.forget(&live);
            self.queued.push((live.goal, live.attempt));
            self.too_big.push(live.goal);
            self.killed += 1;
        }
    }

    fn forget(&mut self, live: &Live) {
        self.world.runs.remove(&live.id);
        self.world.goals.remove(&reference(live.goal));
    }

    fn look(&mut self) {
        let sample = Sample {
            at: at(self.second),
            host: HostSample {
                cores: self.mix.host.cores as usize,
                pressure: Pressures::default(),
                own_pressure: Pressures::default(),
                memory_total: Measured::Known(self.mix.host.memory),
                memory_available: Measured::Known(self.mix.host.memory - self.memory_used()),
                busy: Measured::Known(Duration::from_secs_f64(self.busy)),
                load: Measured::Absent,
                runnable: Measured::Absent,
                disks: BTreeMap::new(),
            },
            runs: self
                .live
                .iter()
                .map(|live| (live.id.clone(), live.sample(&self.mix.works[live.goal])))
                .collect(),
        };
        let before = self.doors();
        match &mut self.headroom {
            Some(headroom) => headroom.take(&sample),
            None => self.headroom = Some(Headroom::of(&sample)),
        }
        if let Some(headroom) = &mut self.headroom {
            let runs = &self.world.runs;
            headroom.keep(|run| runs.contains_key(run), |run| runs.contains_key(run));
        }
        self.turns +=
            u32::from(before.is_some_and(|before| self.doors().is_some_and(|now| now.cpu != before.cpu)));
    }

    fn doors(&self) -> Option<Doors> {
        self.headroom.as_ref().map(|headroom| headroom.doors)
    }

    /// Shows the planner what it would be shown.
    fn show(&mut self) {
        // Those behind have to wait for the first in any case.
        for (number, attempts) in self.queued.iter().rev().take(2) {
            let goal = self.goal(*number, *attempts);
            self.world.goals.entry(goal.id.clone()).or_insert(goal);
        }
        let room = self.world.room.get_or_insert_with(Room::unknown);
        room.headroom.clone_from(&self.headroom);
        if self.has_learned {
            let kind = (self.repo.clone(), "claude".to_owned());
            room.footprints =
                Footprint::learn(&self.ended).map(|footprint| (kind, footprint)).into_iter().collect();
            self.has_learned = false;
        }
    }

    fn goal(&self, number: usize, attempts: u32) -> Goal {
        let mut goal = Goal { id: reference(number), ..self.sample.clone() };
        goal.runs = attempts;
        goal.state = GoalState::Queued { since: at(0) };
        goal.series.out_of_memory = u32::from(self.too_big.contains(&number));
        goal
    }
}

impl Live {
    fn wants(&self, work: &Work) -> f64 {
        if self.is_frozen {
            return 0.0;
        }
        match work.phases.get(self.phase) {
            Some(Phase::Compute { core_seconds, width }) => {
                f64::from(*width).min(f64::from(*core_seconds) - self.done)
            }
            Some(Phase::Wait { .. }) | None => 0.0,
        }
    }

    fn pass(&mut self, work: &Work, cpu: f64) {
        if self.is_frozen {
            return;
        }
        let (more, whole) = match work.phases[self.phase] {
            Phase::Wait { seconds } => (1.0, f64::from(seconds)),
            Phase::Compute { core_seconds, .. } => (cpu, f64::from(core_seconds)),
        };
        self.cpu += cpu;
        self.done += more;
        if self.done >= whole - 1e-6 {
            self.phase += 1;
            self.done = 0.0;
        }
    }

    fn memory(&self, work: &Work) -> u64 {
        let share = 2.0 * (self.phase + 1) as f64 / work.phases.len() as f64;
        (work.memory as f64 * share.min(1.0)) as u64
    }

    fn sample(&self, work: &Work) -> RunSample {
        RunSample {
            cpu: Measured::Known(Duration::from_secs_f64(self.cpu)),
            memory: Measured::Known(self.memory(work)),
            processes: Measured::Known(1),
            ..RunSample::default()
        }
    }
}

pub fn run(id: &RunId, goal: &GoalRef, attempt: u32, ordered_at: Timestamp) -> Run {
    Run {
        id: id.clone(),
        goal: goal.clone(),
        attempt,
        ordered_at,
        queue_seconds: 0.0,
        base_branch: Some("main".into()),
        agent: Some("claude".into()),
        by: None,
        frost: Default::default(),
        result: None,
        state: RunState::Launched { process: ProcessName { pid: 1, start_time: 1, boot_id: "b".into() } },
    }
}

fn registered() -> Repo {
    let (url, base_branch) = ("https://example.org/acme/app.git".into(), "main".into());
    Repo { id: repo(), url, base_branch, pushes: false, home: Home::Local }
}

pub fn repo() -> RepoId {
    "github.com/acme/app".parse().unwrap()
}

pub fn reference(goal: usize) -> GoalRef {
    GoalRef::new(repo(), goal as u64 + 1)
}

pub fn at(second: u32) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(i64::from(second))
}
