//! What a goal's files have to show: that it went the way which it is there to show.

use herder_domain::gate::Verdict;
use herder_domain::goal::{GoalState, SpotCheckReason};
use herder_domain::iteration::Iteration;
use herder_domain::run::Run;
use herder_record::{RunDir, StateDir, StatsRow};
use herder_store::Store;

use super::cast::Queued;
use super::report::{Commit, GoalItem};
use crate::failure::Failure;

/// What is to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Nothing but the goal's state.
    None,
    /// It landed after the goal of this title.
    After(&'static str),
    /// Its gate was red first and green in the next iteration.
    Repaired,
    /// Its landing gate was red, was asked once more, and was green.
    AskedTwice,
    /// It waited for a usage limit inside its run, and that cost no iteration.
    Waited,
    /// A comment says why it was given up, with the gate's last words.
    PostMortem,
    /// It asks a person something; this answer lets it go on.
    Question(&'static str),
}

/// A goal at the end of the demo, with all that is known of it.
pub struct Evidence<'a> {
    /// As it was written down.
    pub queued: &'a Queued,
    /// Where it stands.
    pub goal: &'a GoalItem,
    /// Its state.
    pub state: &'a GoalState,
    /// Its runs.
    pub runs: &'a [Run],
    /// Their rows.
    pub rows: &'a [&'a StatsRow],
    /// What landed, newest first.
    pub landed: &'a [Commit],
    /// The database.
    pub store: &'a Store,
    /// The state directory.
    pub dir: &'a StateDir,
}

impl Evidence<'_> {
    /// What is not as it should be. What is, is noted.
    pub fn problems(&self, notes: &mut Vec<String>) -> Result<Vec<String>, Failure> {
        let expected = self.queued.part.expected;
        let mut problems = Vec::new();
        if self.goal.state != expected.state {
            problems.push(format!("it is {} and not {}", self.goal.state, expected.state));
        }
        if let Some(runs) = expected.runs.filter(|runs| *runs != self.runs.len()) {
            problems.push(format!("it took {} runs and not {runs}", self.runs.len()));
        }
        let named = |text: String| format!("#{} {}: {text}", self.goal.number, self.goal.title);
        if problems.is_empty() {
            match self.is_shown(expected.proof)? {
                true => notes.extend(expected.proof.noted().map(named)),
                false => problems.push(expected.proof.denied()),
            }
        }
        Ok(problems.into_iter().map(named).collect())
    }

    fn is_shown(&self, proof: Proof) -> Result<bool, Failure> {
        Ok(match proof {
            Proof::None => true,
            Proof::After(title) => self.landed_after(title),
            Proof::Repaired => self.was_repaired()?,
            Proof::AskedTwice => self.was_asked_twice(),
            Proof::Waited => {
                let waited = self.rows.iter().filter_map(|row| row.waiting_seconds).sum::<f64>();
                waited >= 1.0 && self.goal.iterations == 2
            }
            Proof::PostMortem => {
                let comments = self.store.comments(&self.queued.id)?;
                comments.iter().any(|comment| comment.text.contains("round 2.5: expected"))
            }
            Proof::Question(_) => match self.state {
                GoalState::SpotCheck { why, .. } => {
                    why.iter().any(|reason| matches!(reason, SpotCheckReason::Question { .. }))
                }
                GoalState::Draft { .. }
                | GoalState::Queued { .. }
                | GoalState::Running { .. }
                | GoalState::Offered { .. }
                | GoalState::Done { .. }
                | GoalState::Stuck { .. }
                | GoalState::Cancelled
                | GoalState::Resolved => false,
            },
        })
    }

    /// Newest first, so the earlier one stands below.
    fn landed_after(&self, title: &str) -> bool {
        let place = |title: &str| self.landed.iter().position(|commit| commit.subject.ends_with(title));
        place(self.queued.part.title).zip(place(title)).is_some_and(|(own, other)| own < other)
    }

    fn was_repaired(&self) -> Result<bool, Failure> {
        let mut gates = Vec::new();
        for run in self.runs {
            let iterations: Vec<Iteration> = RunDir::of(self.dir, run.id.clone()).iterations()?;
            gates.extend(iterations.into_iter().filter_map(|iteration| iteration.gate));
        }
        Ok(matches!(gates.as_slice(), [Verdict::Red { .. }, Verdict::Green]))
    }

    fn was_asked_twice(&self) -> bool {
        self.runs.iter().any(|run| {
            let log = RunDir::of(self.dir, run.id.clone()).path().join("gate/landing.log");
            let text = std::fs::read_to_string(log).unwrap_or_default();
            let red = text.find("FAIL  tests/cached_test.sh");
            let green = text.rfind("ok    tests/cached_test.sh");
            red.zip(green).is_some_and(|(red, green)| red < green)
        })
    }
}

impl Proof {
    /// What a person may answer.
    pub fn answer(self) -> Option<&'static str> {
        match self {
            Self::Question(answer) => Some(answer),
            Self::None
            | Self::After(_)
            | Self::Repaired
            | Self::AskedTwice
            | Self::Waited
            | Self::PostMortem => None,
        }
    }

    /// What is said when it is shown and no other part of the report tells of it.
    fn noted(self) -> Option<String> {
        match self {
            Self::None | Self::PostMortem | Self::Question(_) => None,
            Self::After(title) => Some(format!("it waited until {title:?} had landed")),
            Self::Repaired => Some("its gate was red, and the next iteration repaired it".to_owned()),
            Self::AskedTwice => {
                Some("its landing gate was red, was asked once more and was green: a flaky test".to_owned())
            }
            Self::Waited => Some("it waited for a usage limit, which cost no iteration".to_owned()),
        }
    }

    /// What is said when it is not shown.
    fn denied(self) -> String {
        match self {
            Self::None => String::new(),
            Self::After(title) => format!("it did not land after {title:?}"),
            Self::Repaired => "its gate was not red first and green then".to_owned(),
            Self::AskedTwice => "its landing gate was not red first and green then".to_owned(),
            Self::Waited => "it did not wait for its usage limit, or that cost an iteration".to_owned(),
            Self::PostMortem => "no comment says why it was given up".to_owned(),
            Self::Question(_) => "it asks nothing".to_owned(),
        }
    }
}
