//! The one comment in which a goal says where it stands: when there is something else for it to say.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::goal::{Goal, GoalState};
use crate::landing::{Landing, LandingState, Standing};
use crate::run::{Run, RunState};

/// What a goal's status comment said last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announced {
    /// Where the goal stood; nothing where there is no such comment yet.
    pub phase: String,
    /// Why it waited, where a person may want to know.
    pub waits: String,
    /// When it was written.
    pub at: Option<Timestamp>,
    /// How often it was written; tells one edit from the next.
    pub turns: u64,
}

impl Announced {
    /// Between two edits where nothing but numbers changed.
    pub const EVERY: Duration = Duration::from_secs(10 * 60);

    /// Takes note of what was written.
    pub(crate) fn note(&mut self, phase: &str, waits: &str, at: Timestamp) {
        let turns = self.turns + 1;
        *self = Self { phase: phase.to_owned(), waits: waits.to_owned(), at: Some(at), turns };
    }

    fn is_there(&self) -> bool {
        self.turns > 0
    }
}

impl Goal {
    /// Where it stands, as far as its status comment follows at once; nothing where there is nothing to write about
    /// it yet. A goal that was never at work gets no comment for that: a backlog of a thousand would be a thousand.
    pub fn phase(&self, run: Option<&Run>, landing: Option<&Landing>) -> Option<String> {
        let known = self.on_forge.as_ref()?;
        if self.is_anothers() {
            return None;
        }
        let heard = known.answered.last().map(|heard| heard.id);
        let base =
            match &self.state {
                GoalState::Running { run: name } => {
                    let run = run.filter(|run| run.id == *name)?;
                    running(run, landing.filter(|landing| landing.run == *name))
                }
                GoalState::SpotCheck { run, .. } => {
                    let pull = landing.filter(|landing| landing.run == *run).and_then(|it| it.offer.as_ref());
                    Some(pull.map_or(format!("spot-check/{run}"), |pull| {
                        format!("spot-check/{run}/{}", pull.pull)
                    }))
                }
                GoalState::Offered { run, pull } => {
                    let landing = landing.filter(|landing| landing.run == *run);
                    Some(format!("offered/{run}/{pull}/{}", landing.map_or("", standing)))
                }
                GoalState::Done { commit, .. } => Some(format!("done/{commit}")),
                GoalState::Stuck { .. } => Some(format!("stuck/{}", self.runs)),
                GoalState::Draft { .. }
                | GoalState::Queued { .. }
                | GoalState::Cancelled
                | GoalState::Resolved => {
                    let is_told = known.announced.is_there() || heard.is_some();
                    is_told.then(|| format!("{}/{}", self.state.word(), self.runs))
                }
            }?;
        let held = if self.hold.is_some() { "/held" } else { "" };
        let quarantined = if self.quarantine.is_some() { "/quarantined" } else { "" };
        let heard = heard.map(|id| format!("/heard {id}")).unwrap_or_default();
        Some(format!("{base}{held}{quarantined}{heard}"))
    }
}

/// A run that was only ordered may turn out to be another orchestrator's: nothing is said of it.
fn running(run: &Run, landing: Option<&Landing>) -> Option<String> {
    match run.state {
        RunState::Ordered => None,
        RunState::Claimed | RunState::Prepared => Some(format!("starting/{}", run.id)),
        RunState::Launched { .. } | RunState::Reported { .. } | RunState::Collected { .. } => {
            Some(format!("running/{}", run.id))
        }
        RunState::Held { .. } => Some(format!("by hand/{}", run.id)),
        RunState::Judged { .. } | RunState::Closed => {
            let how = match landing.map(|landing| &landing.state) {
                Some(LandingState::Reverting { .. }) => "undoing",
                Some(LandingState::Leaving { standing, .. }) => {
                    return Some(format!("undoing/{}/{}", run.id, standing.word()));
                }
                Some(
                    LandingState::Submitted { .. }
                    | LandingState::Offered { .. }
                    | LandingState::Shown
                    | LandingState::Landed { .. }
                    | LandingState::Bounced(_)
                    | LandingState::Withdrawn
                    | LandingState::Reverted { .. },
                )
                | None => "landing",
            };
            Some(format!("{how}/{}", run.id))
        }
    }
}

fn standing(landing: &Landing) -> &'static str {
    landing.state.standing().map_or("", Standing::word)
}
