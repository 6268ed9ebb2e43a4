//! What an orchestrator does with claims: each deed looks at what is there and says what to push, or that it is done.

mod claim;
mod publish;
mod release;
mod renew;
mod verify;

pub use claim::{Claim, Claimed};
pub use publish::{Publish, Published};
pub use release::{Release, Released};
pub use renew::{Renew, Renewed};
pub use verify::{Verified, Verify};

use herder_domain::repo::Number;
use jiff::Timestamp;

use super::Terms;
use super::record::{ClaimRecord, Fence, LeaseRecord, Owner};
use super::view::{Change, Mark, Scope, View};
use crate::budget::later;

/// What a deed looks at.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// What was read.
    pub view: &'a View,
    /// Who asks.
    pub me: &'a Owner,
    /// The server's time.
    pub now: Timestamp,
    /// How long things hold.
    pub terms: &'a Terms,
}

/// What follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision<A> {
    /// It is known already.
    Answer(A),
    /// It cannot be known.
    Unknown(String),
    /// It is so once all of this is pushed.
    Push {
        /// What is to be moved, all or nothing.
        changes: Vec<Change>,
        /// What is true then.
        then: A,
    },
}

/// Something an orchestrator does. What it decides depends on what was read and on nothing that it remembers, so that
/// it finds itself done after an answer was lost or the orchestrator has died.
pub trait Deed {
    /// What comes of it.
    type Answer: Clone;

    /// How much it has to read.
    fn scope(&self) -> Scope;

    /// What follows from what was read.
    fn decide(&self, sight: &Sight<'_>) -> Decision<Self::Answer>;
}

/// What was read of one goal's claim.
type Found<'a> = Option<(&'a Mark, &'a ClaimRecord)>;

impl<'a> Sight<'a> {
    /// The claim of a goal.
    ///
    /// # Errors
    /// It cannot be understood: nothing may follow from it.
    fn claim(&self, goal: Number) -> Result<Found<'a>, String> {
        let Some(seen) = self.view.claims.get(&goal) else { return Ok(None) };
        match &seen.record {
            Ok(record) => Ok(Some((&seen.mark, record))),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The claim of a goal, if it is this orchestrator's under this number.
    fn own_claim(&self, goal: Number, fence: Fence) -> Result<Found<'a>, String> {
        let found = self.claim(goal)?;
        Ok(found.filter(|(_, claim)| claim.owner == *self.me && claim.fence == fence))
    }

    /// The renewal of our lease, if it holds for less than `at_least`.
    fn renewal(&self, at_least: std::time::Duration) -> Option<Change> {
        let seen = self.view.leases.get(self.me);
        let until = seen.and_then(|seen| seen.record.as_ref().ok()).map(|lease| lease.until);
        let is_long = until.is_some_and(|until| until >= later(self.now, at_least));
        let lease =
            LeaseRecord { owner: self.me.clone(), until: later(self.now, self.terms.lease), broken: None };
        (!is_long).then(|| self.lease_change(self.me, Some(lease)))
    }

    /// A change of a lease from where it was seen.
    fn lease_change(&self, owner: &Owner, new: Option<LeaseRecord>) -> Change {
        let old = self.view.leases.get(owner).map(|seen| seen.mark.clone());
        Change::Lease { owner: owner.clone(), old, new }
    }
}
