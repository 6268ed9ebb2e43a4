//! Bringing finished work to the forge, bound to the claim.

use herder_domain::repo::Number;

use super::{Decision, Deed, Sight};
use crate::claim::record::{ClaimRecord, ClaimState, Fence, Owner};
use crate::claim::view::{Change, Mark, Scope};

/// Moves a goal's branch to finished work, in one push with its claim: whoever has lost the claim moves nothing. The
/// commit must be one that was never published before, so that nobody else's merge can be meant for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    /// The goal.
    pub goal: Number,
    /// The fencing number of the claim.
    pub fence: Fence,
    /// Where the branch is thought to be; `None` if there is none.
    pub old: Option<Mark>,
    /// The work.
    pub head: Mark,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Published {
    /// The branch went there. Now is the time to look whether an earlier pull request of it was merged.
    Done,
    /// The claim is not ours any more, and nothing was moved.
    Lost {
        /// Whose it is now.
        to: Option<Owner>,
    },
    /// Somebody has moved the branch, and nothing was moved.
    Moved {
        /// Where it is.
        now: Option<Mark>,
    },
}

impl Deed for Publish {
    type Answer = Published;

    fn scope(&self) -> Scope {
        Scope::Goal(self.goal)
    }

    fn decide(&self, sight: &Sight<'_>) -> Decision<Published> {
        let found = match sight.own_claim(self.goal, self.fence) {
            Ok(found) => found,
            Err(why) => return Decision::Unknown(why),
        };
        let Some((mark, claim)) = found.filter(|(_, claim)| claim.state != ClaimState::Released) else {
            let to = sight.claim(self.goal).ok().flatten().map(|(_, claim)| claim.owner.clone());
            return Decision::Answer(Published::Lost { to });
        };
        let state = ClaimState::Submitted { head: self.head.0.clone() };
        if claim.state == state {
            return Decision::Answer(Published::Done);
        }
        let now = sight.view.branches.get(&self.goal);
        if now != self.old.as_ref() {
            return Decision::Answer(Published::Moved { now: now.cloned() });
        }
        let published = Some(self.head.0.clone());
        let new = ClaimRecord { published, state, ..claim.clone() };
        let claim = Change::Claim { old: Some(mark.clone()), new };
        let branch = Change::Branch { goal: self.goal, old: self.old.clone(), new: self.head.clone() };
        // A branch that is there already is not to be moved.
        let branch = (now != Some(&self.head)).then_some(branch);
        let lease = sight.renewal(sight.terms.lease / 2);
        let changes = [claim].into_iter().chain(branch).chain(lease).collect();
        Decision::Push { changes, then: Published::Done }
    }
}
