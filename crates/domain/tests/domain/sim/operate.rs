//! What operators, agents and the weather do to the simulated orchestrator.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use herder_domain::capacity::{Admission, Capacity, Slots};
use herder_domain::effect::Effect;
use herder_domain::event::{Event, What};
use herder_domain::goal::{Goal, GoalEdit, GoalState};
use herder_domain::outcome::{Interruption, Outcome};
use herder_domain::pause::Scope;
use herder_domain::plan::{Plan, plan};
use herder_domain::repo::{GoalRef, Number, RepoId};
use herder_domain::run::{Run, RunId, RunState};
use herder_domain::story::{Story, StoryState};
use herder_domain::undo::{AfterUndo, Undo};
use jiff::SignedDuration;

use super::{Sim, id, repo as repo_of};
use crate::samples;

/// A step. Places are indices into what there is, modulo its number.
#[derive(Clone, Debug)]
pub enum Op {
    Write {
        depends: Vec<u8>,
        priority: Option<i32>,
        story: Option<u8>,
        spot_check: bool,
        other_agent: bool,
        /// In how many minutes it may begin, and in how many no more.
        times: (Option<u8>, Option<u8>),
    },
    WriteStory,
    Queue(u8),
    Cancel(u8),
    Resolve(u8),
    Retry(u8),
    Approve(u8),
    Reject(u8),
    Take(u8),
    Give {
        run: u8,
        end: u8,
    },
    Undo {
        goal: u8,
        then: AfterUndo,
    },
    Quarantine(u8),
    Edit {
        goal: u8,
        depends: Vec<u8>,
    },
    Prioritize {
        goal: u8,
        priority: i32,
    },
    Move {
        goal: u8,
        story: Option<u8>,
    },
    Hold(u8),
    Release(u8),
    Finish {
        effect: u8,
        ending: Ending,
    },
    FinishAll,
    /// Something is heard of a pull request.
    See {
        landing: u8,
        what: u8,
    },
    End {
        run: u8,
        outcome: u8,
        minutes: i64,
    },
    /// A landing is past its gate.
    PassGate(u8),
    /// The first run at work fails, and the backoff passes.
    Fail,
    Advance {
        seconds: u32,
    },
    Resize {
        max: usize,
    },
    SetMax {
        repo: Option<u8>,
        max: usize,
    },
    /// A repository's weight is said, or what it has had is another.
    Share {
        repo: u8,
        weight: u32,
        hours: Option<u8>,
    },
    Pause {
        scope: u8,
        minutes: Option<u8>,
    },
    Unpause(u8),
    Drain(bool),
    FreeAccounts,
    Crash,
    Stray {
        goal: u8,
        what: u8,
        run: u8,
    },
}

/// How an effect ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Well,
    Badly,
    Oddly,
    Worse,
}

/// The place of a failure in [`samples::outcomes`].
const FAILED: u8 = 3;

/// Goals and stories of one simulated night, at most.
const MOST: u64 = 12;

impl Sim {
    /// Takes a step and lets the planner answer it.
    pub fn take(&mut self, op: &Op) {
        self.now += SignedDuration::from_secs(1);
        match op {
            Op::Write { depends, priority, story, spot_check, other_agent, times } => {
                let later = |minutes: Option<u8>| Some(self.now + SignedDuration::from_mins(minutes?.into()));
                let (not_before, deadline) = (later(times.0), later(times.1));
                self.write(depends, |goal| {
                    goal.options.not_before = not_before;
                    goal.options.deadline = deadline;
                    goal.options.priority = *priority;
                    goal.options.agent = other_agent.then(|| "codex".to_owned());
                    goal.story = story.map(|number| Number(u64::from(number) % MOST));
                    goal.wants_spot_check = *spot_check;
                });
            }
            Op::WriteStory => self.write_story(),
            Op::Queue(goal) => self.person(*goal, What::GoalQueued),
            Op::Cancel(goal) => self.person(*goal, What::GoalCancelled),
            Op::Resolve(goal) => self.person(*goal, What::GoalResolved),
            Op::Retry(goal) => self.person(*goal, What::GoalRetried),
            Op::Approve(goal) => self.person(*goal, What::GoalApproved),
            Op::Reject(goal) => self.person(*goal, What::GoalRejected { feedback: "no".into() }),
            Op::Take(goal) => self.person(*goal, What::GoalTaken { by: "ada".into() }),
            Op::Give { run, end } => self.give(*run, *end),
            Op::Undo { goal, then } => self.undo(*goal, *then),
            Op::Quarantine(goal) => self.quarantine(*goal),
            Op::Edit { goal, depends } => self.edit(*goal, depends),
            Op::Prioritize { goal, priority } => {
                self.person(*goal, What::GoalPrioritized { priority: *priority });
            }
            Op::Move { goal, story } => {
                let story = story.map(|number| Number(number.into()));
                self.person(*goal, What::GoalMoved { story });
            }
            Op::Hold(goal) => self.person(*goal, What::GoalHeld { reason: None }),
            Op::Release(goal) => self.person(*goal, What::GoalReleased),
            Op::Finish { effect, ending } => self.finish_one(*effect, *ending),
            Op::FinishAll => self.finish_all(),
            Op::See { landing, what } => self.see(*landing, *what),
            Op::End { run, outcome, minutes } => self.end(*run, *outcome, *minutes),
            Op::PassGate(landing) => self.pass_gate(*landing),
            Op::Fail => self.fail(),
            Op::Advance { seconds } => self.now += SignedDuration::from_secs((*seconds).into()),
            Op::Resize { max } => self.set_capacity(Capacity { max: *max, ..self.world.capacity }),
            Op::Drain(is_down) => self.drain(*is_down),
            Op::SetMax { repo, max } => {
                let repo = repo.map(|number| repo_of(number.into()));
                self.record(Event::MaxSet { repo, max: Slots::fixed(*max) }).unwrap();
            }
            Op::Share { repo, weight, hours } => self.share(repo_of((*repo).into()), *weight, *hours),
            Op::Pause { scope, minutes } => self.pause(*scope, *minutes),
            Op::Unpause(scope) => self.record(Event::Resumed { scope: scope_of(*scope) }).map(drop).unwrap(),
            Op::FreeAccounts => self.free_accounts(),
            Op::Crash => self.crash(),
            Op::Stray { goal, what, run } => self.stray(*goal, *what, *run),
        }
        self.settle();
    }

    fn drain(&mut self, is_down: bool) {
        let admission = if is_down { Admission::Draining } else { Admission::Open };
        self.set_capacity(Capacity { admission, ..self.world.capacity });
    }

    /// What is past its gate is known as long as it is under way.
    fn pass_gate(&mut self, landing: u8) {
        let landing_now = |effect: &Effect| match effect {
            Effect::Land { run, .. } => Some(run.clone()),
            _ => None,
        };
        let open: Vec<RunId> = self.world.open.values().filter_map(landing_now).collect();
        self.world.past_gate.retain(|run| open.contains(run));
        if !open.is_empty() {
            self.world.past_gate.insert(open[usize::from(landing) % open.len()].clone());
        }
    }

    pub fn write(&mut self, depends: &[u8], change: impl FnOnce(&mut Goal)) {
        if self.numbers >= MOST {
            return;
        }
        self.numbers += 1;
        let mut goal = Goal { id: id(self.numbers), ..samples::draft(self.numbers) };
        goal.depends = depends.iter().map(|number| id(1 + u64::from(*number) % (self.numbers + 2))).collect();
        change(&mut goal);
        let (goal, what) = (goal.id.clone(), What::GoalCreated { draft: Box::new(goal) });
        self.record(Event::of(&goal, what)).unwrap();
    }

    fn share(&mut self, repo: RepoId, weight: u32, hours: Option<u8>) {
        let shares = &mut self.world.shares;
        shares.weights.extend(NonZeroU32::new(weight).map(|weight| (repo.clone(), weight)));
        match hours {
            Some(hours) => shares.had.insert(repo, Duration::from_secs(u64::from(hours) * 3_600)),
            None => shares.had.remove(&repo),
        };
    }

    fn write_story(&mut self) {
        if self.numbers < MOST {
            self.numbers += 1;
            let (id, created_at) = (id(self.numbers), self.now);
            let (title, body) = ("S".to_owned(), String::new());
            let story = Story { id, title, body, created_at, state: StoryState::Open };
            self.record(Event::StoryCreated { story }).unwrap();
        }
    }

    /// A person asks for something; where the goal's state refuses it, nothing happens.
    fn person(&mut self, goal: u8, what: What) {
        if let Some(id) = self.world.goals.keys().nth(usize::from(goal) % self.world.goals.len().max(1)) {
            let id = id.clone();
            let _refused = self.record(Event::of(&id, what));
        }
    }

    /// A person gives back what they have in hand, which is never refused.
    fn give(&mut self, place: u8, end: u8) {
        let held: Vec<&Run> = self.world.runs.values().filter(|run| run.is_held()).collect();
        let Some(run) = held.get(usize::from(place) % held.len().max(1)) else {
            return;
        };
        let (goal, run) = (run.goal.clone(), run.id.clone());
        let ends = samples::hand_ends();
        let end = ends[usize::from(end) % ends.len()];
        self.record(Event::of(&goal, What::GoalGiven { run, end, say: None })).unwrap();
    }

    /// A person wants undone what has landed, which is never refused.
    fn undo(&mut self, place: u8, then: AfterUndo) {
        let done: Vec<&Goal> =
            self.world.goals.values().filter(|goal| matches!(goal.state, GoalState::Done { .. })).collect();
        let Some(goal) = done.get(usize::from(place) % done.len().max(1)) else {
            return;
        };
        let (goal, run) = (goal.id.clone(), goal.current_run().unwrap().clone());
        let undo = Undo { then, ..samples::undo() };
        self.record(Event::of(&goal, What::UndoOrdered { run, undo })).unwrap();
    }

    fn edit(&mut self, goal: u8, depends: &[u8]) {
        let depends = depends.iter().map(|number| id(u64::from(*number))).collect();
        let edit = GoalEdit { depends: Some(depends), ..GoalEdit::default() };
        self.person(goal, What::GoalEdited { edit: Box::new(edit) });
    }

    /// Something contradicts itself in the record of a goal that is not settled. (What is left of a settled
    /// goal's run could otherwise never be cleared away.)
    fn quarantine(&mut self, place: u8) {
        let goals: Vec<&Goal> = self.world.goals.values().filter(|goal| !goal.state.is_settled()).collect();
        if let Some(goal) = goals.get(usize::from(place) % goals.len().max(1)) {
            let what = What::GoalQuarantined { error: "odd".into() };
            self.record(Event::of(&goal.id.clone(), what)).unwrap();
        }
    }

    fn finish_one(&mut self, place: u8, ending: Ending) {
        let open = self.world.open.len().max(1);
        if let Some(effect) = self.world.open.values().nth(usize::from(place) % open).cloned() {
            self.finish(&effect, ending);
        }
    }

    fn finish_all(&mut self) {
        for effect in self.world.open.values().cloned().collect::<Vec<_>>() {
            self.finish(&effect, Ending::Well);
        }
    }

    /// Gives an effect's result back: the event and the end of the effect, in one transaction.
    pub fn finish(&mut self, effect: &Effect, ending: Ending) {
        if let Effect::FollowLanding { goal, run, step, .. } = effect {
            let told = self.follow_result(run, *step, ending);
            let _overtaken = told.map(|what| self.record(Event::of(goal, what)));
        } else if let Some((goal, what)) = self.result(effect, ending) {
            self.record(Event::of(&goal, what))
                .unwrap_or_else(|refusal| panic!("the result of {} was refused: {refusal}", effect.key()));
        }
        self.close(effect);
    }

    fn end(&mut self, place: u8, outcome: u8, minutes: i64) {
        let at_work: Vec<&Run> = at_work(&self.world.runs);
        let Some(run) = at_work.get(usize::from(place) % at_work.len().max(1)) else {
            return;
        };
        let (goal, run) = (run.goal.clone(), run.id.clone());
        let mut outcomes = samples::outcomes();
        let mut outcome = outcomes.swap_remove(usize::from(outcome) % outcomes.len());
        if let Outcome::Interrupted { cause: Interruption::UsageLimit { resets_at: Some(at) }, .. } =
            &mut outcome
        {
            *at = self.now + SignedDuration::from_mins(minutes);
        }
        self.record(Event::of(&goal, What::RunReported { run, outcome })).unwrap();
    }

    fn fail(&mut self) {
        for _ in 0..3 {
            self.finish_all();
            self.settle();
        }
        self.end(0, FAILED, 0);
        for _ in 0..3 {
            self.settle();
            self.finish_all();
        }
        self.now += SignedDuration::from_mins(40);
    }

    fn free_accounts(&mut self) {
        for agent in self.world.parked.keys().cloned().collect::<Vec<_>>() {
            self.record(Event::AccountFreed { agent }).unwrap();
        }
    }

    fn pause(&mut self, scope: u8, minutes: Option<u8>) {
        let until = minutes.map(|minutes| self.now + SignedDuration::from_mins(minutes.into()));
        let event = Event::Paused { scope: scope_of(scope), until, reason: None };
        self.record(event).unwrap();
    }

    /// A person lifts the pauses that time alone does not.
    fn unpause(&mut self) {
        let pauses = self.world.pauses.iter().filter(|(_, pause)| pause.until.is_none());
        for scope in pauses.map(|(scope, _)| scope.clone()).collect::<Vec<_>>() {
            self.record(Event::Resumed { scope }).unwrap();
        }
    }

    /// A person frees what time alone does not.
    fn mend_logins(&mut self) {
        let parked = self.world.parked.iter().filter(|(_, parked)| parked.until.is_none());
        for agent in parked.map(|(agent, _)| agent.clone()).collect::<Vec<_>>() {
            self.record(Event::AccountFreed { agent }).unwrap();
        }
    }

    /// An event that nobody should send, given to a copy: it is taken or refused, and nothing breaks.
    fn stray(&self, goal: u8, what: u8, run: u8) {
        let goals: Vec<&GoalRef> = self.world.goals.keys().collect();
        let runs: Vec<&RunId> = self.world.runs.keys().collect();
        let (Some(goal), Some(run)) = (
            goals.get(usize::from(goal) % goals.len().max(1)),
            runs.get(usize::from(run) % runs.len().max(1)),
        ) else {
            return;
        };
        let mut whats = samples::whats();
        let what = whats.swap_remove(usize::from(what) % whats.len());
        let mut json = serde_json::to_value(Event::of(goal, what)).unwrap();
        if let Some(named) = json.get_mut("run") {
            *named = serde_json::to_value(run).unwrap();
        }
        let event: Event = serde_json::from_value(json).unwrap();
        let mut world = self.world.clone();
        if world.record(&event, self.now).is_err() {
            assert_eq!(world, self.world, "a refused event changed something: {event:?}");
        }
        plan(&world, self.now);
    }

    /// Everything goes well from here on, until nothing is left to do.
    pub fn work_off(&mut self) -> Plan {
        self.set_capacity(Capacity { max: self.world.capacity.max.max(1), admission: Admission::Open });
        self.mend_logins();
        self.unpause();
        let bound = 100 + 40 * self.world.goals.len() + 10 * self.world.runs.len() + self.world.open.len();
        for _ in 0..bound {
            let planned = self.settle();
            if let Some(effect) = self.world.open.values().next().cloned() {
                self.finish(&effect, Ending::Well);
            } else if let Some(run) = at_work(&self.world.runs).first() {
                let (goal, run) = (run.goal.clone(), run.id.clone());
                let outcome = Outcome::Accepted { gated: true };
                self.record(Event::of(&goal, What::RunReported { run, outcome })).unwrap();
            } else if self.world.runs.values().any(Run::is_held) {
                self.give(0, 0);
            } else if self.merge_all() {
                // The forge does what it was asked for.
            } else if let Some(at) = planned.wake_at {
                self.now = at;
            } else {
                return planned;
            }
        }
        panic!("it was not worked off in {bound} steps: {:?}", self.settle());
    }

    /// Whether every goal landed or was closed.
    pub fn is_all_settled(&self) -> bool {
        self.world.goals.values().all(|goal| goal.state.is_settled())
    }

    /// A goal's state.
    pub fn state(&self, number: u64) -> &GoalState {
        &self.world.goals[&id(number)].state
    }
}

/// Everything, a repository, or one of the numbers that may be a story.
fn scope_of(place: u8) -> Scope {
    match place % 8 {
        0 => Scope::Everything,
        1 | 2 => Scope::Repo { repo: repo_of((place % 8).into()) },
        number => Scope::Story { story: id(u64::from(number)) },
    }
}

fn at_work(runs: &BTreeMap<RunId, Run>) -> Vec<&Run> {
    runs.values().filter(|run| matches!(run.state, RunState::Launched { .. })).collect()
}
