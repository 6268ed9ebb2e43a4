//! Pull requests: opened, edited.

use herder_domain::repo::{Number, RepoId};
use serde_json::json;

use crate::budget::Load;
use crate::client::Client;
use crate::lookup::{Missing, Undone};
use crate::read::pull::Pull;
use crate::wire::Method;

/// A pull request to be, from a branch of the same repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPull {
    /// The branch with the work.
    pub head: String,
    /// The branch that it is to go into.
    pub base: String,
    /// The title.
    pub title: String,
    /// The body.
    pub body: String,
}

impl Client {
    /// Opens a pull request, or finds the open one of this branch.
    ///
    /// GitHub allows one open pull request of a branch to a base, so a second one finds the first: before, by the branch,
    /// and if it lost a race, after the refusal.
    ///
    /// # Errors
    /// [`Undone`].
    pub fn open_pull(&self, repo: &RepoId, new: &NewPull) -> Result<Pull, Undone> {
        if let Some(pull) = self.open_pull_of(repo, new)? {
            return Ok(pull);
        }
        let NewPull { head, base, title, body } = new;
        let order = json!({ "title": title, "head": head, "base": base, "body": body });
        match self.write(Method::Post, repo, "/pulls", order, Load::Create) {
            Ok(answer) => answer.parse().map_err(Undone::Unknown),
            Err(refused) if refused.status() == Some(422) => self.open_pull_of(repo, new)?.ok_or(refused),
            Err(undone) => Err(undone),
        }
    }

    fn open_pull_of(&self, repo: &RepoId, new: &NewPull) -> Result<Option<Pull>, Undone> {
        match self.newest_pull(repo, &new.head, "open") {
            Ok(pull) if pull.base.branch == new.base => Ok(Some(pull)),
            Ok(_) | Err(Missing::Gone) => Ok(None),
            Err(missing) => Err(missing.into()),
        }
    }

    /// Sets title and body. A second one sets them to the same.
    ///
    /// # Errors
    /// [`Undone`].
    pub fn edit_pull(&self, repo: &RepoId, number: Number, title: &str, body: &str) -> Result<Pull, Undone> {
        let change = json!({ "title": title, "body": body });
        let answer = self.write(Method::Patch, repo, &format!("/pulls/{number}"), change, Load::Write)?;
        answer.parse().map_err(Undone::Unknown)
    }

    /// Closes a pull request without merging it. A second one finds it closed.
    ///
    /// # Errors
    /// [`Undone`].
    pub fn close_pull(&self, repo: &RepoId, number: Number) -> Result<Pull, Undone> {
        let change = json!({ "state": "closed" });
        let answer = self.write(Method::Patch, repo, &format!("/pulls/{number}"), change, Load::Write)?;
        answer.parse().map_err(Undone::Unknown)
    }
}
