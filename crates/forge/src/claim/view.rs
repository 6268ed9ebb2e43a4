//! What was read of claims and leases, what follows from it, and what is to be changed.

use std::collections::BTreeMap;

use herder_domain::repo::Number;
use jiff::Timestamp;

use super::Terms;
use super::record::{BadRecord, ClaimRecord, ClaimState, LeaseRecord, Owner};
use crate::budget::later;

/// What a ref points at: a commit's id. Two refs with one mark say the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(pub String);

/// What a ref pointed at, and what stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen<T> {
    /// The commit.
    pub mark: Mark,
    /// What it says.
    pub record: Result<T, BadRecord>,
}

/// How much is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The claim and the branch of this goal, and all leases.
    Goal(Number),
    /// All claims and leases; no branches.
    All,
}

/// What was read, at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Claims.
    pub claims: BTreeMap<Number, Seen<ClaimRecord>>,
    /// Leases.
    pub leases: BTreeMap<Owner, Seen<LeaseRecord>>,
    /// Branches of goals.
    pub branches: BTreeMap<Number, Mark>,
}

/// One ref to be moved, from where it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A claim; the old one becomes the parent of the new one, so that the ref only ever goes forward.
    Claim {
        /// Where the ref was.
        old: Option<Mark>,
        /// What it is to say.
        new: ClaimRecord,
    },
    /// A lease, which has no past.
    Lease {
        /// Whose.
        owner: Owner,
        /// Where the ref was.
        old: Option<Mark>,
        /// What it is to say; `None` removes it.
        new: Option<LeaseRecord>,
    },
    /// The branch of a goal.
    Branch {
        /// The goal.
        goal: Number,
        /// Where the branch was.
        old: Option<Mark>,
        /// Where it is to be.
        new: Mark,
    },
}

/// Whose a goal is at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody's.
    Free,
    /// Ours, whatever became of our lease: nobody has taken it yet.
    Ours,
    /// Another's, whose lease others must respect until this time.
    Theirs {
        /// When that ends, margin included.
        until: Timestamp,
    },
    /// Another's who has not renewed for too long, or has no lease at all.
    Abandoned,
}

impl View {
    /// Whose a claim is for `me` at `now` (the server's time).
    pub fn standing(&self, claim: &ClaimRecord, me: &Owner, now: Timestamp, terms: &Terms) -> Standing {
        if claim.state == ClaimState::Released {
            return Standing::Free;
        }
        if claim.owner == *me {
            return Standing::Ours;
        }
        // Whoever claims writes a lease in the same push. One that is not there was tidied away.
        let Some(lease) = self.leases.get(&claim.owner) else { return Standing::Abandoned };
        let Ok(lease) = &lease.record else {
            // Nobody knows until when; its owner, or a person, writes a readable one.
            return Standing::Theirs { until: later(now, terms.lease) };
        };
        let until = later(lease.until, terms.margin);
        if now <= until { Standing::Theirs { until } } else { Standing::Abandoned }
    }
}
