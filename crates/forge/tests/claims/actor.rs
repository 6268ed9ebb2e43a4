//! An orchestrator of the simulation: what it remembers over a crash, and what it does next.

use std::collections::BTreeMap;

use herder_domain::repo::Number;
use herder_domain::run::RunId;
use herder_forge::claim::{
    Ask, Attempt, Claim, Claimed, Fence, Heard, Mark, Owner, Publish, Published, Release, Renew, Renewed,
    Turn, Verified, Verify,
};
use jiff::Timestamp;

use crate::server::Pull;

/// What is sent to the forge.
#[derive(Clone, Debug)]
pub enum Sent {
    Ask(Ask),
    Look(Number),
    Open(Number),
    /// A pull request by its place among those of the goal.
    Merge(Number, usize, Mark),
}

/// What comes back; nothing is a lost answer.
#[derive(Clone, Debug)]
pub enum Came {
    Heard(Heard),
    Pulls(Vec<Pull>),
    Opened,
    Merged(bool),
    Nothing,
}

/// What is done for a goal now. A crash puts each step at its beginning again.
#[derive(Clone, Debug)]
pub enum Step {
    Claiming(Option<Attempt<Claim>>),
    Working { until: u64 },
    Publishing(Option<Attempt<Publish>>),
    Looking,
    Opening,
    Merging { pull: usize },
    Verifying(Option<Attempt<Verify>>),
    Releasing(Option<Attempt<Release>>),
}

/// A goal in the hands of an orchestrator: its row in the database.
#[derive(Clone, Debug)]
pub struct Job {
    pub step: Step,
    pub run: RunId,
    pub fence: Fence,
    /// The branch as it was seen, and the work.
    pub old: Option<Mark>,
    pub head: Mark,
    /// When it goes on, if it waits.
    pub at: u64,
    /// The message that is waited for.
    pub waits: Option<u64>,
}

impl Job {
    pub fn new(step: Step, run: RunId, fence: Fence) -> Self {
        let head = Mark(String::new());
        Self { step, run, fence, old: None, head, at: 0, waits: None }
    }

    /// Whether a run of the goal is under way, or may still land.
    pub fn is_at_work(&self) -> bool {
        match self.step {
            Step::Claiming(_) | Step::Releasing(_) => false,
            Step::Working { .. }
            | Step::Publishing(_)
            | Step::Looking
            | Step::Opening
            | Step::Merging { .. }
            | Step::Verifying(_) => true,
        }
    }

    /// What is to be sent for the present step; nothing while it works.
    pub fn begin(&mut self, goal: Number) -> Option<Sent> {
        let (fence, run) = (self.fence, self.run.clone());
        let sent = match &mut self.step {
            Step::Working { .. } => return None,
            Step::Claiming(attempt) => begun(attempt, Claim { goal, run }),
            Step::Publishing(attempt) => {
                let (old, head) = (self.old.clone(), self.head.clone());
                begun(attempt, Publish { goal, fence, old, head })
            }
            Step::Verifying(attempt) => begun(attempt, Verify { goal, run }),
            Step::Releasing(attempt) => begun(attempt, Release { goal, fence }),
            Step::Looking => Sent::Look(goal),
            Step::Opening => Sent::Open(goal),
            Step::Merging { pull } => Sent::Merge(goal, *pull, self.head.clone()),
        };
        Some(sent)
    }
}

fn begun<D: herder_forge::claim::Deed>(attempt: &mut Option<Attempt<D>>, deed: D) -> Sent {
    let (begun, ask) = Attempt::begin(deed);
    *attempt = Some(begun);
    Sent::Ask(ask)
}

/// What follows from an answer.
#[derive(Debug)]
pub enum Next {
    /// This is sent.
    Send(Sent),
    /// This step comes.
    Step(Step),
    /// The same step once more, later.
    Later,
    /// The goal is out of these hands; it is left alone until then.
    Drop(u64),
}

pub struct Actor {
    pub owner: Owner,
    pub jobs: BTreeMap<Number, Job>,
    pub renewal: Option<(Attempt<Renew>, u64)>,
    pub renew_at: u64,
    /// Not before this time, as far as is known.
    pub avoided: BTreeMap<Number, u64>,
    pub runs: u64,
    pub is_up: bool,
    /// For good.
    pub is_dead: bool,
    /// Milliseconds that its idea of the server's time is behind; below zero ahead.
    pub behind: i64,
    /// When nothing goes through, from and until.
    pub cut_off: Vec<(u64, u64)>,
}

impl Actor {
    pub fn is_cut_off(&self, now: u64) -> bool {
        self.cut_off.iter().any(|(from, until)| (*from..*until).contains(&now))
    }

    /// The server's time as it is known here.
    pub fn clock(&self, now: u64) -> Timestamp {
        at(now.saturating_add_signed(-self.behind))
    }

    /// A crash: attempts are forgotten, the database is not.
    pub fn forget(&mut self) {
        self.renewal = None;
        self.jobs.retain(|_, job| !matches!(job.step, Step::Claiming(_)));
        for job in self.jobs.values_mut() {
            job.waits = None;
        }
    }
}

/// A moment of the night; milliseconds.
pub fn at(now: u64) -> Timestamp {
    Timestamp::from_millisecond(1_700_000_000_000 + i64::try_from(now).unwrap()).unwrap()
}

/// What follows from the end of a step.
pub fn next(job: &mut Job, came: &Came, told: &Told) -> Next {
    let Told { millis, work, .. } = *told;
    let heard = match came {
        Came::Heard(heard) => heard.clone(),
        // A read and a push are waited for in the same way.
        Came::Nothing => Heard::NotPushed("no answer".to_owned()),
        Came::Pulls(_) | Came::Opened | Came::Merged(_) => Heard::Pushed,
    };
    match &mut job.step {
        Step::Claiming(attempt) => match turn(attempt, heard, told) {
            Some(Turn::Ask(ask)) => Next::Send(Sent::Ask(ask)),
            Some(Turn::Answer(Claimed::Ours { fence, .. })) => {
                job.fence = fence;
                Next::Step(Step::Working { until: millis + work })
            }
            Some(Turn::Answer(Claimed::HeldBy { .. })) => Next::Drop(millis + work),
            Some(Turn::Unknown(_)) | None => Next::Later,
        },
        Step::Publishing(attempt) => match turn(attempt, heard, told) {
            Some(Turn::Ask(ask)) => Next::Send(Sent::Ask(ask)),
            Some(Turn::Answer(Published::Done)) => Next::Step(Step::Looking),
            Some(Turn::Answer(Published::Lost { .. })) => Next::Drop(millis),
            Some(Turn::Answer(Published::Moved { now })) => {
                job.old = now;
                Next::Later
            }
            Some(Turn::Unknown(_)) | None => Next::Later,
        },
        Step::Verifying(attempt) => match turn(attempt, heard, told) {
            Some(Turn::Ask(ask)) => Next::Send(Sent::Ask(ask)),
            Some(Turn::Answer(Verified::Ours)) => Next::Step(Step::Looking),
            Some(Turn::Answer(Verified::Lost { .. })) => Next::Drop(millis),
            Some(Turn::Unknown(_)) | None => Next::Later,
        },
        Step::Releasing(attempt) => match turn(attempt, heard, told) {
            Some(Turn::Ask(ask)) => Next::Send(Sent::Ask(ask)),
            Some(Turn::Answer(_)) => Next::Drop(millis),
            Some(Turn::Unknown(_)) | None => Next::Later,
        },
        Step::Looking => match came {
            Came::Pulls(pulls) if pulls.contains(&Pull::Merged) && told.looks => {
                Next::Step(Step::Releasing(None))
            }
            Came::Pulls(pulls) => Next::Step(
                pulls
                    .iter()
                    .position(|pull| *pull == Pull::Open)
                    .map_or(Step::Opening, |pull| Step::Merging { pull }),
            ),
            Came::Heard(_) | Came::Opened | Came::Merged(_) | Came::Nothing => Next::Later,
        },
        Step::Opening => Next::Step(Step::Looking),
        Step::Merging { .. } => match came {
            Came::Merged(true) => Next::Step(Step::Releasing(None)),
            Came::Merged(false) => Next::Step(Step::Verifying(None)),
            Came::Heard(_) | Came::Pulls(_) | Came::Opened | Came::Nothing => Next::Step(Step::Looking),
        },
        Step::Working { .. } => Next::Later,
    }
}

/// What an orchestrator knows when it hears something.
pub struct Told {
    pub me: Owner,
    pub now: Option<Timestamp>,
    pub terms: herder_forge::claim::Terms,
    pub millis: u64,
    /// How long a run takes, milliseconds.
    pub work: u64,
    /// Whether it looks for merged pull requests.
    pub looks: bool,
}

fn turn<D: herder_forge::claim::Deed>(
    attempt: &mut Option<Attempt<D>>,
    heard: Heard,
    told: &Told,
) -> Option<Turn<D::Answer>> {
    Some(attempt.as_mut()?.hear(heard, &told.me, told.now, &told.terms))
}

/// What a renewal has told of our own goals: those that are lost, and those that nobody here works on.
pub fn differences(actor: &Actor, renewed: &Renewed) -> (Vec<Number>, Vec<(Number, Fence, RunId)>) {
    let is_lost = |goal: &Number, job: &Job| {
        job.is_at_work() && renewed.ours.get(goal).is_none_or(|(fence, _)| *fence != job.fence)
    };
    let lost = actor.jobs.iter().filter(|(goal, job)| is_lost(goal, job)).map(|(goal, _)| *goal).collect();
    let idle = renewed.ours.iter().filter(|(goal, _)| !actor.jobs.contains_key(goal));
    (lost, idle.map(|(goal, (fence, run))| (*goal, *fence, run.clone())).collect())
}
