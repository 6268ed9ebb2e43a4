//! Asking whether a goal is still ours.

use herder_domain::repo::Number;
use herder_domain::run::RunId;

use super::{Decision, Deed, Sight};
use crate::claim::record::{ClaimState, Owner};
use crate::claim::view::Scope;

/// Asks whether a goal is still a run's of ours. It is needed before anything that no push can be bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verify {
    /// The goal.
    pub goal: Number,
    /// The run.
    pub run: RunId,
}

/// Whether it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    /// It is.
    Ours,
    /// It is not: another's, let go of, or gone.
    Lost {
        /// Whose it is now.
        to: Option<Owner>,
    },
}

impl Deed for Verify {
    type Answer = Verified;

    fn scope(&self) -> Scope {
        Scope::Goal(self.goal)
    }

    fn decide(&self, sight: &Sight<'_>) -> Decision<Verified> {
        let found = match sight.claim(self.goal) {
            Ok(found) => found.filter(|(_, claim)| claim.state != ClaimState::Released),
            Err(why) => return Decision::Unknown(why),
        };
        let owner = found.map(|(_, claim)| &claim.owner);
        let is_ours = found.is_some_and(|(_, claim)| claim.owner == *sight.me && claim.run == self.run);
        Decision::Answer(if is_ours { Verified::Ours } else { Verified::Lost { to: owner.cloned() } })
    }
}
