//! Taking a goal.

use herder_domain::repo::Number;
use herder_domain::run::RunId;
use jiff::Timestamp;

use super::{Decision, Deed, Found, Sight};
use crate::claim::record::{Broken, ClaimRecord, ClaimState, Fence, LeaseRecord, Owner};
use crate::claim::view::{Change, Mark, Scope, Standing};

/// Takes a goal for a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The goal.
    pub goal: Number,
    /// The run.
    pub run: RunId,
}

/// Whose the goal is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// This run's, under this number.
    Ours {
        /// The fencing number.
        fence: Fence,
        /// Where a herder last put the goal's branch, if one ever did.
        published: Option<Mark>,
    },
    /// Another orchestrator's.
    HeldBy {
        /// Whose.
        owner: Owner,
        /// Until when at least, on the server's clock.
        until: Timestamp,
    },
}

impl Deed for Claim {
    type Answer = Claimed;

    fn scope(&self) -> Scope {
        Scope::Goal(self.goal)
    }

    fn decide(&self, sight: &Sight<'_>) -> Decision<Claimed> {
        let found = match sight.claim(self.goal) {
            Ok(found) => found,
            Err(why) => return Decision::Unknown(why),
        };
        let Some((_, claim)) = found else { return self.take(sight, None, None) };
        match sight.view.standing(claim, sight.me, sight.now, sight.terms) {
            Standing::Free => self.take(sight, found, None),
            Standing::Ours if claim.run == self.run => confirm(sight, claim),
            // An earlier run of ours, which has ended: nobody else has it.
            Standing::Ours => self.take(sight, found, None),
            Standing::Theirs { until } => {
                Decision::Answer(Claimed::HeldBy { owner: claim.owner.clone(), until })
            }
            Standing::Abandoned => {
                // The lease goes in the same push: if its owner has come back and renewed it, all of this fails.
                self.take(sight, found, Some(self.breaking(sight, claim)))
            }
        }
    }
}

impl Claim {
    /// The lease of another owner, from what was seen of it, even if that was nothing.
    fn breaking(&self, sight: &Sight<'_>, claim: &ClaimRecord) -> Change {
        let lease = sight.view.leases.get(&claim.owner).and_then(|seen| seen.record.as_ref().ok());
        let broken = Broken { by: sight.me.clone(), goal: self.goal, fence: claim.fence.next() };
        let until = lease.map_or(Timestamp::UNIX_EPOCH, |lease| lease.until);
        let new = LeaseRecord { owner: claim.owner.clone(), until, broken: Some(broken) };
        sight.lease_change(&claim.owner, Some(new))
    }

    fn take(&self, sight: &Sight<'_>, old: Found<'_>, broken: Option<Change>) -> Decision<Claimed> {
        let fence = old.map_or(Fence(1), |(_, claim)| claim.fence.next());
        let published = old.and_then(|(_, claim)| claim.published.clone());
        let then = Claimed::Ours { fence, published: published.clone().map(Mark) };
        let (owner, run) = (sight.me.clone(), self.run.clone());
        let new = ClaimRecord { goal: self.goal, owner, fence, run, published, state: ClaimState::Held };
        let claim = Change::Claim { old: old.map(|(mark, _)| mark.clone()), new };
        // A claim without a lease would be anybody's, so a lease that is about to end is renewed with it.
        let lease = sight.renewal(sight.terms.lease / 2);
        let changes = [claim].into_iter().chain(broken).chain(lease).collect();
        Decision::Push { changes, then }
    }
}

/// It is ours already: after a lost answer, or when the orchestrator asks again.
fn confirm(sight: &Sight<'_>, claim: &ClaimRecord) -> Decision<Claimed> {
    let then = Claimed::Ours { fence: claim.fence, published: claim.published.clone().map(Mark) };
    match sight.renewal(sight.terms.lease / 2) {
        Some(lease) => Decision::Push { changes: vec![lease], then },
        None => Decision::Answer(then),
    }
}
