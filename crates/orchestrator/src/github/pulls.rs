//! The way home by a pull request.

use herder_domain::forge::{Candidate, Landing, Submitted, Trouble};
use herder_domain::landing::{Merging, Offer};
use herder_domain::repo::{GoalRef, Number, RepoId};
use herder_domain::run::RunId;
use herder_forge::read::pull::Pull;
use herder_forge::write::pull::NewPull;
use herder_forge::{Client, Lookup};
use herder_workspace::{CommitId, OfferOrder, Offering, UserEnvironment, Vault, WorkspaceError, branch_of};

use super::entrust::entrust;
use super::{trouble, undone};

/// Pull requests of one repository.
pub(crate) struct PullHome<'a> {
    pub client: Client,
    pub repo: &'a RepoId,
    pub url: &'a str,
    pub vault: &'a Vault,
    pub user: &'a UserEnvironment,
}

impl Landing for PullHome<'_> {
    fn landed(&self, goal: &GoalRef, run: &RunId) -> Result<Option<String>, Trouble> {
        let goal = goal.number;
        let pull = match self.client.pull_by_head(self.repo, &branch_of(goal.0)) {
            Lookup::Present(pull) if pull.is_merged() => pull,
            Lookup::Present(_) | Lookup::Gone => return Ok(None),
            Lookup::Unknown(why) => return Err(trouble(&why)),
        };
        let head = CommitId::parse(&pull.head.sha).map_err(passing)?;
        // Work of an earlier run of this goal may have been merged under the same name.
        let is_this = self.vault.is_offer(goal.0, &head).map_err(passing)?
            && self.vault.bare().run_of(&head).map_err(passing)?.as_deref() == Some(run.as_str());
        Ok(pull.merge_commit_sha.filter(|_| is_this))
    }

    fn submit(&self, candidate: &Candidate) -> Result<Submitted, Trouble> {
        let pull = match self.open(candidate)? {
            Ok(pull) => pull,
            Err(why) => return Ok(Submitted::Refused { why }),
        };
        let merging = entrust(&self.client, self.repo, &pull)?;
        Ok(Submitted::Offered(Offer { pull: pull.number, head: pull.head.sha, merging }))
    }

    fn show(&self, candidate: &Candidate) -> Result<Submitted, Trouble> {
        let pull = match self.open(candidate)? {
            Ok(pull) => pull,
            Err(why) => return Ok(Submitted::Refused { why }),
        };
        self.client.disable_automerge(&pull).map_err(|error| undone(&error))?;
        let offer = Offer { pull: pull.number, head: pull.head.sha, merging: Merging::Person };
        Ok(Submitted::Offered(offer))
    }
}

impl PullHome<'_> {
    /// Pushes the commit and opens its pull request, or finds both; why the forge does not take it, where it does not.
    fn open(&self, candidate: &Candidate) -> Result<Result<Pull, String>, Trouble> {
        let Number(goal) = candidate.goal.number;
        let branch = branch_of(goal);
        let commit = CommitId::parse(&candidate.commit).map_err(passing)?;
        let order = OfferOrder { url: self.url, goal, branch: &branch, commit: &commit };
        match self.vault.offer(order, self.user).map_err(passing)? {
            Offering::Done => {}
            Offering::Foreign { now } => {
                return Ok(Err(format!(
                    "the branch {branch} of the origin holds commits that are not herder's ({now}); move them \
                     elsewhere and delete the branch there"
                )));
            }
            Offering::Refused { message } => return Ok(Err(message)),
        }
        let new = NewPull {
            head: branch,
            base: candidate.base_branch.clone(),
            title: candidate.title.clone(),
            body: candidate.body.clone(),
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

fn passing(error: WorkspaceError) -> Trouble {
    Trouble::Passing { why: herder_domain::cause::with_causes(&error), until: None }
}
