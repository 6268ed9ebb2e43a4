//! What machines say of a commit, and which of it counts.

use std::collections::BTreeSet;

use herder_domain::forge::Trouble;
use herder_domain::repo::RepoId;
use herder_forge::Client;
use herder_forge::read::check::{Check, CheckState};

use super::look::present;

/// The checks of a commit, as a branch takes them.
pub(super) struct Checks {
    all: Vec<Check>,
    required: BTreeSet<String>,
}

impl Checks {
    /// Reads them, and the rules of the branch that the commit is of or for.
    ///
    /// # Errors
    /// [`Trouble`]: something could not be read.
    pub fn of(client: &Client, repo: &RepoId, branch: &str, commit: &str) -> Result<Self, Trouble> {
        let all = present(client.checks(repo, commit))?.unwrap_or_default();
        let rules = present(client.branch_rules(repo, branch))?;
        Ok(Self { all, required: rules.map(|rules| rules.required_checks).unwrap_or_default() })
    }

    /// Those that are red and count: the required ones; all where none is required.
    pub fn red(&self) -> Vec<&Check> {
        let counts = |check: &&Check| self.required.is_empty() || self.required.contains(&check.name);
        self.all.iter().filter(counts).filter(|check| check.state == CheckState::Failed).collect()
    }

    /// The names of those that are under way, whether they count or not.
    pub fn pending(&self) -> Vec<&str> {
        let pending = self.all.iter().filter(|check| check.state == CheckState::Pending);
        pending.map(|check| check.name.as_str()).collect()
    }
}
