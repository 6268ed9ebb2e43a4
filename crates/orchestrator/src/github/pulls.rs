//! The way home by a pull request.

use herder_domain::forge::{Candidate, Landing, Submitted, Trouble};

/// Pull requests of one repository.
pub(crate) struct PullHome;

impl Landing for PullHome {
    /// Work for GitHub is not handed in yet: it waits as the vault's branch `goal-N`, and its spot-check says so.
    fn submit(&self, candidate: &Candidate) -> Result<Submitted, Trouble> {
        let goal = candidate.goal.number;
        let why =
            format!("herder does not open pull requests yet; the work is the vault's branch goal-{goal}");
        Ok(Submitted::Refused { why })
    }
}
