//! Whose goals are: claims at a repository's host, taken before a run and kept as long as there is one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use herder_domain::event::Repo;
use herder_domain::fnv;
use herder_domain::forge::{Claimed, Trouble};
use herder_domain::repo::{Number, RepoId};
use herder_domain::run::RunId;
use herder_forge::Client;
use herder_forge::claim::{
    Claim, Claimed as AtForge, Claims, Mark, Owner, Publish, Published as AtBranch, Release, Renew, Renewed,
    Terms, Unsure,
};
use herder_workspace::{CommitId, OfferPlace, OfferedAt, branch_of};
use jiff::Timestamp;

use crate::act::ActError;
use crate::claim_refs::ClaimRefs;
use crate::context::Context;

use super::passing;

/// What tells two machines with one name apart: <https://www.freedesktop.org/software/systemd/man/machine-id.html>.
const MACHINE: &str = "/etc/machine-id";

/// An orchestrator's claims at one repository.
pub(crate) struct GoalClaims {
    claims: Claims<ClaimRefs>,
    client: Client,
    repo: RepoId,
}

/// What came of moving a goal's branch.
#[derive(Debug)]
pub(crate) enum Published {
    /// It is there.
    Done,
    /// Something was moved meanwhile; it is to be looked at again.
    Moved,
    /// Another orchestrator has the goal.
    Theirs { owner: Owner, until: Option<Timestamp> },
    /// The branch holds what no herder put there.
    Foreign { now: CommitId },
}

/// What keeping claims came to.
#[derive(Debug)]
pub(crate) struct Kept {
    /// Whether any claim of ours is left.
    pub has_any: bool,
    /// Goals that another orchestrator has taken over, and until when they are its own at least.
    pub lost: BTreeMap<Number, (Owner, Timestamp)>,
}

impl Context {
    /// This orchestrator's claims at a repository.
    ///
    /// # Errors
    /// The vault cannot be opened, or its host is not known to the configuration.
    pub(crate) fn claims(&self, repo: &Repo) -> Result<GoalClaims, ActError> {
        let client = self.client(repo)?;
        let vault = self.vault(repo, &self.mirror(repo)?)?;
        let refs = ClaimRefs {
            bare: vault.bare().clone(),
            url: repo.url.clone(),
            user: self.user.clone(),
            who: self.signature().who,
        };
        let me = owner(&self.host, self.state.root());
        let claims = Claims { refs, me, terms: Terms::default() };
        Ok(GoalClaims { claims, client, repo: repo.id.clone() })
    }
}

/// The name of the orchestrator that has this state directory on this machine. A copy of it elsewhere has another.
fn owner(host: &str, state: &Path) -> Owner {
    let machine = std::fs::read_to_string(MACHINE).unwrap_or_default();
    let place = fnv::short_name(format!("{host}\n{machine}\n{}", state.display()).as_bytes());
    let host: String = host.chars().take(40).collect();
    Owner::plain(&format!("{host}-{place}"))
}

impl GoalClaims {
    /// Takes a goal for a run.
    pub(crate) fn claim(&self, goal: Number, run: &RunId) -> Result<Claimed, Trouble> {
        match self.claims.carry_out(Claim { goal, run: run.clone() }, || self.clock()).map_err(unsure)? {
            AtForge::Ours { .. } => Ok(Claimed::Ours),
            AtForge::HeldBy { owner, until } => {
                Ok(Claimed::Theirs { owner: owner.to_string(), until: Some(until) })
            }
        }
    }

    /// Moves a goal's branch to a commit, in one push with the claim of the run whose work it is: where another
    /// orchestrator has the goal by now, nothing is moved. A claim that nobody holds any more, as of a goal whose work
    /// landed and is to leave again, is taken anew.
    pub(crate) fn publish(&self, goal: Number, run: &RunId, head: &CommitId) -> Result<Published, Trouble> {
        let claim = Claim { goal, run: run.clone() };
        let (fence, published) = match self.claims.carry_out(claim, || self.clock()).map_err(unsure)? {
            AtForge::Ours { fence, published } => (fence, published),
            AtForge::HeldBy { owner, until } => return Ok(Published::Theirs { owner, until: Some(until) }),
        };
        let ClaimRefs { bare, url, user, .. } = &self.claims.refs;
        let published = published.map(|mark| CommitId::parse(&mark.0)).transpose().map_err(passing)?;
        let branch = branch_of(goal.0);
        let place = OfferPlace { url, branch: &branch, published: published.as_ref() };
        let old = match bare.offered_at(place, user).map_err(passing)? {
            OfferedAt::Nowhere => None,
            OfferedAt::Ours(tip) => Some(Mark(tip.to_string())),
            OfferedAt::Foreign(now) => return Ok(Published::Foreign { now }),
        };
        let publish = Publish { goal, fence, old, head: Mark(head.to_string()) };
        Ok(match self.claims.carry_out(publish, || self.clock()).map_err(unsure)? {
            AtBranch::Done => Published::Done,
            AtBranch::Moved { .. } => Published::Moved,
            AtBranch::Lost { to: Some(owner) } => Published::Theirs { owner, until: None },
            AtBranch::Lost { to: None } => Published::Moved,
        })
    }

    /// Renews the lease and lets go of claims of goals that are not `ours` any more.
    pub(crate) fn keep(&self, ours: &BTreeSet<Number>) -> Result<Kept, Trouble> {
        let Renewed { ours: held, mut theirs, .. } =
            self.claims.carry_out(Renew, || self.clock()).map_err(unsure)?;
        let (kept, left): (Vec<_>, Vec<_>) = held.into_iter().partition(|(goal, _)| ours.contains(goal));
        for (goal, (fence, _)) in left {
            self.claims.carry_out(Release { goal, fence }, || self.clock()).map_err(unsure)?;
        }
        theirs.retain(|goal, _| ours.contains(goal));
        Ok(Kept { has_any: !kept.is_empty(), lost: theirs })
    }

    /// The server's time. Where it was not heard of lately, a question that costs next to nothing tells it.
    fn clock(&self) -> Option<Timestamp> {
        self.client.server_time().or_else(|| {
            let _ = self.client.repository(&self.repo);
            self.client.server_time()
        })
    }
}

fn unsure(unsure: Unsure) -> Trouble {
    Trouble::Passing { why: unsure.to_string(), until: None }
}
