//! Keeping what we have, and seeing what others have lost.

use std::collections::BTreeMap;

use herder_domain::repo::Number;
use herder_domain::run::RunId;
use jiff::Timestamp;

use super::{Decision, Deed, Sight};
use crate::budget::later;
use crate::claim::record::{ClaimRecord, Fence, Owner};
use crate::claim::view::{Change, Scope, Standing};

/// Renews our lease, if we have a claim at all, tidies leases of nobody's away, and says whose goals are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renew;

/// How the goals of a repository stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renewed {
    /// Ours. A goal that is missing was taken from us; one that we do not work on is to be released.
    pub ours: BTreeMap<Number, (Fence, RunId)>,
    /// Others', whose leases hold, each until a time on the server's clock.
    pub theirs: BTreeMap<Number, (Owner, Timestamp)>,
    /// Others', who have not renewed for too long: whoever claims one gets it.
    pub abandoned: Vec<Number>,
    /// Claims that cannot be understood, with why: a person's, or a newer herder's.
    pub unreadable: Vec<String>,
}

impl Deed for Renew {
    type Answer = Renewed;

    fn scope(&self) -> Scope {
        Scope::All
    }

    fn decide(&self, sight: &Sight<'_>) -> Decision<Renewed> {
        let mut then = Renewed::default();
        for seen in sight.view.claims.values() {
            match &seen.record {
                Ok(claim) => then.note(sight, claim),
                Err(error) => then.unreadable.push(error.to_string()),
            }
        }
        // Somewhat less than a whole lease, or a renewal would be followed by another after each lost answer.
        let enough = sight.terms.lease * 9 / 10;
        let renewal = Some(&then).filter(|then| !then.ours.is_empty()).and_then(|_| sight.renewal(enough));
        let changes: Vec<Change> = renewal.into_iter().chain(tidied(sight)).collect();
        if changes.is_empty() { Decision::Answer(then) } else { Decision::Push { changes, then } }
    }
}

impl Renewed {
    fn note(&mut self, sight: &Sight<'_>, claim: &ClaimRecord) {
        match sight.view.standing(claim, sight.me, sight.now, sight.terms) {
            Standing::Ours => {
                self.ours.insert(claim.goal, (claim.fence, claim.run.clone()));
            }
            Standing::Abandoned => self.abandoned.push(claim.goal),
            Standing::Theirs { until } => {
                self.theirs.insert(claim.goal, (claim.owner.clone(), until));
            }
            Standing::Free => {}
        }
    }
}

/// Leases that ended long ago. What they held is as free without them.
fn tidied<'a>(sight: &'a Sight<'_>) -> impl Iterator<Item = Change> + 'a {
    let old = sight.view.leases.iter().filter(|(owner, seen)| {
        let until = seen.record.as_ref().ok().map(|lease| later(lease.until, sight.terms.tidy));
        *owner != sight.me && until.is_some_and(|until| until < sight.now)
    });
    old.map(|(owner, _)| sight.lease_change(owner, None))
}
