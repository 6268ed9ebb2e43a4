//! The runs of the ledger, and which of them a goal is compared with.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::goal::GoalState;
use crate::repo::{GoalRef, RepoId};
use crate::world::World;

/// Fewer runs than this are no experience, and runs that are less alike are asked.
const FEWEST: usize = 5;

/// No more than so many are drawn from, the youngest: what was long ago was another repository.
const MOST: usize = 100;

/// A run that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct PastRun {
    /// Whose run it was.
    pub goal: GoalRef,
    /// By which agent.
    pub agent: String,
    /// With which model.
    pub model: String,
    /// US dollars, where they are known.
    pub usd: Option<f64>,
    /// Tokens of all kinds, where they were counted.
    pub tokens: Option<f64>,
    /// Seconds from its order to its end.
    pub seconds: f64,
    /// Seconds that a gate took on average; nought where none was asked.
    pub gate_seconds: f64,
    /// Processors that it used on average, where that was measured.
    pub cores: Option<f64>,
    /// The most memory that it held, bytes, where that was measured.
    pub memory: Option<f64>,
}

/// The runs that have ended, and which of them was not their goal's last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Past {
    runs: Vec<Drawable>,
}

/// A run that can be drawn.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Drawable {
    pub run: PastRun,
    /// Its goal had another run after it, or is to have one.
    pub is_followed: bool,
}

/// What an estimate is learned from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// From how many runs.
    pub runs: usize,
    /// How much they are like the goal's own.
    #[serde(flatten)]
    pub kin: Kin,
}

/// How much runs are like those that a goal will have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "like", rename_all = "snake_case")]
pub enum Kin {
    /// Of the same repository, by the same agent with the same model.
    Model {
        /// The repository.
        repo: RepoId,
        /// The agent.
        agent: String,
        /// The model.
        model: String,
    },
    /// Of the same repository, by the same agent.
    Repo {
        /// The repository.
        repo: RepoId,
        /// The agent.
        agent: String,
    },
    /// By the same agent, in all repositories.
    Agent {
        /// The agent.
        agent: String,
    },
    /// All that there are.
    Any,
}

/// The runs that a goal is compared with.
#[derive(Clone, Debug)]
pub(super) struct Kindred<'p> {
    pub basis: Basis,
    pub runs: Vec<&'p Drawable>,
}

impl Past {
    /// From the rows of the ledger, the youngest first. A goal that is queued or at work is to have another run.
    pub fn of(runs: Vec<PastRun>, world: &World) -> Self {
        let goes_on = |goal: &GoalRef| {
            let state = world.goals.get(goal).map(|goal| &goal.state);
            matches!(state, Some(GoalState::Queued { .. } | GoalState::Running { .. }))
        };
        let mut later: BTreeSet<GoalRef> = BTreeSet::new();
        let runs = runs.into_iter().map(|run| {
            let is_followed = !later.insert(run.goal.clone()) || goes_on(&run.goal);
            Drawable { run, is_followed }
        });
        Self { runs: runs.collect() }
    }

    /// The runs that are most like those of a goal and enough. `None` where nothing is known at all.
    pub(super) fn kindred(&self, repo: &RepoId, agent: &str, model: Option<&str>) -> Option<Kindred<'_>> {
        let (repo, agent) = (repo.clone(), agent.to_owned());
        let model = model.map(|model| Kin::Model {
            repo: repo.clone(),
            agent: agent.clone(),
            model: model.to_owned(),
        });
        let wider = [Kin::Repo { repo, agent: agent.clone() }, Kin::Agent { agent }, Kin::Any];
        model.into_iter().chain(wider).find_map(|kin| {
            let runs: Vec<&Drawable> =
                self.runs.iter().filter(|one| kin.is_of(&one.run)).take(MOST).collect();
            // Runs of which each was followed would be drawn for ever.
            let is_enough = runs.len() >= FEWEST && runs.iter().any(|one| !one.is_followed);
            is_enough.then_some(Kindred { basis: Basis { runs: runs.len(), kin }, runs })
        })
    }
}

impl Kin {
    fn is_of(&self, run: &PastRun) -> bool {
        match self {
            Self::Model { repo, agent, model } => {
                run.goal.repo == *repo && run.agent == *agent && run.model == *model
            }
            Self::Repo { repo, agent } => run.goal.repo == *repo && run.agent == *agent,
            Self::Agent { agent } => run.agent == *agent,
            Self::Any => true,
        }
    }
}

/// Goals by what they are compared with: a queue of hundreds has a few kinds.
#[derive(Debug)]
pub(super) struct Kinds<'p> {
    past: &'p Past,
    known: BTreeMap<(RepoId, String, Option<String>), Option<Kindred<'p>>>,
}

impl<'p> Kinds<'p> {
    pub(super) fn of(past: &'p Past) -> Self {
        Self { past, known: BTreeMap::new() }
    }

    pub(super) fn like(&mut self, repo: &RepoId, agent: &str, model: Option<&str>) -> Option<Kindred<'p>> {
        let key = (repo.clone(), agent.to_owned(), model.map(str::to_owned));
        let past = self.past;
        self.known.entry(key).or_insert_with(|| past.kindred(repo, agent, model)).clone()
    }
}
