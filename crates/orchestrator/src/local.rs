//! The embedded local forge: goals are rows of the database, work lands by a push to the base branch.

use std::path::PathBuf;

use herder_domain::cause::with_causes;
use herder_domain::forge::{Candidate, Claimed, GoalSource, Landing, Status, Submitted, Trouble};
use herder_domain::repo::GoalRef;
use herder_domain::run::RunId;
use herder_domain::sight::{Correction, Wrote};
use herder_store::{AppendError, Store};
use herder_workspace::{CommitId, Push, PushOrder, UserEnvironment, Vault, WorkspaceError};
use jiff::Timestamp;

/// Goals in the database.
pub(crate) struct LocalGoals {
    pub database: PathBuf,
}

impl GoalSource for LocalGoals {
    /// One orchestrator works on a state directory, and the run's row is the claim.
    fn claim(&self, _goal: &GoalRef, _run: &RunId) -> Result<Claimed, Trouble> {
        Ok(Claimed::Ours)
    }

    /// What a label would show follows from the row.
    fn show(&self, _: &GoalRef, _: &Correction, _since: Timestamp) -> Result<Option<Wrote>, Trouble> {
        Ok(None)
    }

    /// A row is as open as the goal.
    fn reopen(&self, _goal: &GoalRef) -> Result<(), Trouble> {
        Ok(())
    }

    fn say(&self, goal: &GoalRef, key: &str, text: &str) -> Result<(), Trouble> {
        let written = Store::open(&self.database).map_err(|error| passing(&error))?.comment(
            goal,
            "herder",
            text,
            Some(key),
            Timestamp::now(),
        );
        match written {
            Ok(_) => Ok(()),
            Err(error @ AppendError::Store(_)) => Err(passing(&error)),
            Err(error @ (AppendError::Illegal(_) | AppendError::Unknown(_))) => {
                Err(Trouble::Refused { why: error.to_string() })
            }
        }
    }

    /// `herder goal show` says it at any time.
    fn announce(&self, _goal: &GoalRef, _status: &Status) -> Result<(), Trouble> {
        Ok(())
    }
}

/// A push to the base branch, which is the landing.
pub(crate) struct PushHome<'a> {
    pub vault: &'a Vault,
    pub url: &'a str,
    pub user: &'a UserEnvironment,
}

impl Landing for PushHome<'_> {
    fn lands_at_once(&self) -> bool {
        true
    }

    fn submit(&self, candidate: &Candidate) -> Result<Submitted, Trouble> {
        self.push(candidate).map_err(|error| passing(&error))
    }

    /// The trailer in the base says it all.
    fn landed(&self, _goal: &GoalRef, _began_at: &str) -> Result<Option<String>, Trouble> {
        Ok(None)
    }

    /// The trailer in the base says it all.
    fn undone(&self, _: &GoalRef, _: &RunId, _request: u32) -> Result<Option<String>, Trouble> {
        Ok(None)
    }

    /// There is nobody to be shown it but by herder's own commands.
    fn show(&self, candidate: &Candidate) -> Result<Submitted, Trouble> {
        Ok(Submitted::Refused { why: format!("{} lives on this machine", candidate.goal) })
    }
}

impl PushHome<'_> {
    fn push(&self, candidate: &Candidate) -> Result<Submitted, WorkspaceError> {
        let commit = CommitId::parse(&candidate.commit)?;
        let base_tip = CommitId::parse(&candidate.base_tip)?;
        let order = PushOrder {
            url: self.url,
            commit: &commit,
            branch: &candidate.base_branch,
            expected_old: Some(&base_tip),
        };
        Ok(match self.vault.bare().push(order, self.user)? {
            Push::Done => {
                self.vault.keep_landed(&commit)?;
                Submitted::Landed
            }
            Push::Lost { .. } => Submitted::Lost,
            Push::Refused { message } => Submitted::Refused { why: message },
        })
    }
}

fn passing(error: &dyn std::error::Error) -> Trouble {
    Trouble::Passing { why: with_causes(error), until: None }
}
