//! Letting go of a goal.

use herder_domain::repo::Number;

use super::{Decision, Deed, Sight};
use crate::claim::record::{ClaimRecord, ClaimState, Fence};
use crate::claim::view::{Change, Scope};

/// Lets go of a goal: landed, given up, or somebody else's turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The goal.
    pub goal: Number,
    /// The fencing number of the claim.
    pub fence: Fence,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Released {
    /// It is nobody's.
    Done,
    /// It was not ours any more.
    NotOurs,
}

impl Deed for Release {
    type Answer = Released;

    fn scope(&self) -> Scope {
        Scope::Goal(self.goal)
    }

    fn decide(&self, sight: &Sight<'_>) -> Decision<Released> {
        match sight.own_claim(self.goal, self.fence) {
            Err(why) => Decision::Unknown(why),
            Ok(None) => Decision::Answer(Released::NotOurs),
            Ok(Some((_, claim))) if claim.state == ClaimState::Released => Decision::Answer(Released::Done),
            Ok(Some((mark, claim))) => {
                let new = ClaimRecord { state: ClaimState::Released, ..claim.clone() };
                let changes = vec![Change::Claim { old: Some(mark.clone()), new }];
                Decision::Push { changes, then: Released::Done }
            }
        }
    }
}
