//! Whose goals are: claims at a repository's host, taken before a run and kept as long as there is one.

use std::collections::BTreeSet;
use std::path::Path;

use herder_domain::event::Repo;
use herder_domain::fnv;
use herder_domain::forge::{Claimed, Trouble};
use herder_domain::repo::{Number, RepoId};
use herder_domain::run::RunId;
use herder_forge::Client;
use herder_forge::claim::{
    Claim, Claimed as AtForge, Claims, Owner, Release, Renew, Terms, Unsure, Verified, Verify,
};
use jiff::Timestamp;

use crate::act::ActError;
use crate::claim_refs::ClaimRefs;
use crate::context::Context;

/// What tells two machines with one name apart: <https://www.freedesktop.org/software/systemd/man/machine-id.html>.
const MACHINE: &str = "/etc/machine-id";

/// An orchestrator's claims at one repository.
pub(crate) struct GoalClaims {
    claims: Claims<ClaimRefs>,
    client: Client,
    repo: RepoId,
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

    /// Whether a goal is still a run's.
    pub(crate) fn confirm(&self, goal: Number, run: &RunId) -> Result<Claimed, Trouble> {
        let verify = Verify { goal, run: run.clone() };
        match self.claims.carry_out(verify, || self.clock()).map_err(unsure)? {
            Verified::Ours => Ok(Claimed::Ours),
            Verified::Lost { to } => {
                let owner = to.map_or_else(|| "nobody".to_owned(), |owner| owner.to_string());
                Ok(Claimed::Theirs { owner, until: None })
            }
        }
    }

    /// Renews the lease and lets go of claims of goals that are not `ours` any more. Whether any claim is left.
    pub(crate) fn keep(&self, ours: &BTreeSet<Number>) -> Result<bool, Trouble> {
        let renewed = self.claims.carry_out(Renew, || self.clock()).map_err(unsure)?;
        let (kept, left): (Vec<_>, Vec<_>) =
            renewed.ours.into_iter().partition(|(goal, _)| ours.contains(goal));
        for (goal, (fence, _)) in left {
            self.claims.carry_out(Release { goal, fence }, || self.clock()).map_err(unsure)?;
        }
        Ok(!kept.is_empty())
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
