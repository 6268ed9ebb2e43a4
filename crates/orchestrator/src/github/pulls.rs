//! The way home by a pull request.

use herder_domain::forge::{Candidate, Errand, Landing, Submitted, Trouble};
use herder_domain::landing::{Merging, Offer};
use herder_domain::repo::{GoalRef, RepoId};
use herder_domain::run::RunId;
use herder_forge::read::pull::Pull;
use herder_forge::write::pull::NewPull;
use herder_forge::{Client, Lookup, Marker};
use herder_workspace::{CommitId, Vault, branch_of};

use super::claims::{GoalClaims, Published};
use super::entrust::entrust;
use super::{passing, trouble, undone};

/// Pull requests of one repository.
pub(crate) struct PullHome<'a> {
    pub client: Client,
    pub repo: &'a RepoId,
    pub vault: &'a Vault,
    pub claims: GoalClaims,
}

impl Landing for PullHome<'_> {
    fn lands_at_once(&self) -> bool {
        false
    }

    fn landed(&self, goal: &GoalRef, began_at: &str) -> Result<Option<String>, Trouble> {
        let pull = match self.client.pull_by_head(self.repo, &branch_of(goal.number.0)) {
            Lookup::Present(pull) if pull.is_merged() => pull,
            Lookup::Present(_) | Lookup::Gone => return Ok(None),
            Lookup::Unknown(why) => return Err(trouble(&why)),
        };
        let Some(commit) = pull.merge_commit_sha else { return Ok(None) };
        // What was there when the run began is what the goal was queued again after.
        let (merged, began_at) = (CommitId::parse(&commit), CommitId::parse(began_at));
        let (merged, began_at) = (merged.map_err(passing)?, began_at.map_err(passing)?);
        let bare = self.vault.bare();
        let is_known = bare.contains(&merged).map_err(passing)?;
        let is_before = is_known && bare.is_ancestor(&merged, &began_at).map_err(passing)?;
        Ok((!is_before).then_some(commit))
    }

    fn undone(&self, goal: &GoalRef, run: &RunId, request: u32) -> Result<Option<String>, Trouble> {
        match self.client.pull_by_head(self.repo, &branch_of(goal.number.0)) {
            Lookup::Present(pull) if pull.is_merged() && undoing(run, request).is_in(&pull.body) => {
                Ok(pull.merge_commit_sha)
            }
            Lookup::Present(_) | Lookup::Gone => Ok(None),
            Lookup::Unknown(why) => Err(trouble(&why)),
        }
    }

    fn submit(&self, candidate: &Candidate) -> Result<Submitted, Trouble> {
        let pull = match self.open(candidate)? {
            Ok(pull) => pull,
            Err(otherwise) => return Ok(otherwise),
        };
        let merging = entrust(&self.client, self.repo, &pull)?;
        Ok(Submitted::Offered(Offer { pull: pull.number, head: pull.head.sha, merging }))
    }

    fn show(&self, candidate: &Candidate) -> Result<Submitted, Trouble> {
        let pull = match self.open(candidate)? {
            Ok(pull) => pull,
            Err(otherwise) => return Ok(otherwise),
        };
        self.client.disable_automerge(&pull).map_err(|error| undone(&error))?;
        let offer = Offer { pull: pull.number, head: pull.head.sha, merging: Merging::Person };
        Ok(Submitted::Offered(offer))
    }
}

/// By which a pull request is known that takes a run's work out again, at this request.
fn undoing(run: &RunId, request: u32) -> Marker {
    Marker::new("undo", format!("{run}/{request}"))
}

impl PullHome<'_> {
    /// Pushes the commit and opens its pull request, or finds both; what it came to, where there is none.
    fn open(&self, candidate: &Candidate) -> Result<Result<Pull, Submitted>, Trouble> {
        let goal = candidate.goal.number;
        let branch = branch_of(goal.0);
        let commit = CommitId::parse(&candidate.commit).map_err(passing)?;
        match self.claims.publish(goal, &candidate.run, &commit)? {
            Published::Done => {}
            Published::Moved => return Ok(Err(Submitted::Lost)),
            Published::Theirs { owner, until } => {
                return Ok(Err(Submitted::Theirs { owner: owner.to_string(), until }));
            }
            Published::Foreign { now } => {
                let why = format!(
                    "the branch {branch} of the origin holds commits that are not herder's ({now}); move them \
                     elsewhere and delete the branch there"
                );
                return Ok(Err(Submitted::Refused { why }));
            }
        }
        // Not before: whoever had the goal until now may have merged up to that push.
        let merged = match candidate.errand {
            Errand::Land => self.landed(&candidate.goal, &candidate.began_at)?,
            Errand::Undo { request } => self.undone(&candidate.goal, &candidate.run, request)?,
        };
        if let Some(commit) = merged {
            return Ok(Err(Submitted::WasLanded { commit }));
        }
        let body = match candidate.errand {
            Errand::Land => candidate.body.clone(),
            Errand::Undo { request } => undoing(&candidate.run, request).put_into(&candidate.body),
        };
        let new = NewPull {
            head: branch,
            base: candidate.base_branch.clone(),
            title: candidate.title.clone(),
            body,
        };
        let pull = self.client.open_pull(self.repo, &new).map_err(|error| undone(&error))?;
        let is_as_it_should = pull.title == new.title && pull.body.replace("\r\n", "\n") == new.body;
        let mut pull = if is_as_it_should {
            pull
        } else {
            self.client
                .edit_pull(self.repo, pull.number, &new.title, &new.body)
                .map_err(|error| undone(&error))?
        };
        // What is meant is what was pushed, also where the answer does not know of it yet.
        pull.head.sha = candidate.commit.clone();
        Ok(Ok(pull))
    }
}
