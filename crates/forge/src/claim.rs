//! Who works on a goal: claims and leases of orchestrators, as refs at the forge.
//!
//! Each goal that was ever worked on has a ref `refs/herder/claims/N`, each orchestrator with a claim in a repository
//! one `refs/herder/leases/OWNER`. They are moved by `git push` with the expected old value, several at once or none, so
//! that the forge decides each race. Nothing here asks anybody: an [`Attempt`] says what is to be read and pushed and is
//! told what came of it, and a [`Deed`] looks at what was read and decides. That is all there is to a lost answer, too:
//! it is read again, and the deed finds itself done or not. docs/design/claims.md has the rules and why they hold.

mod attempt;
mod deed;
mod record;
mod refs;
mod view;

pub use attempt::{Ask, Attempt, Heard, Turn};
pub use deed::{
    Claim, Claimed, Decision, Deed, Publish, Published, Release, Released, Renew, Renewed, Sight, Verified,
    Verify,
};
pub use record::{BadOwner, BadRecord, Broken, ClaimRecord, ClaimState, Fence, LeaseRecord, Owner};
pub use refs::{Claims, Refs, Unsure};
pub use view::{Change, Mark, Scope, Seen, Standing, View};

use std::time::Duration;

/// How long claims hold. All orchestrators of a repository must agree on `margin` and may differ in the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How long a lease holds from its renewal.
    pub lease: Duration,
    /// How much longer others wait: for the whole seconds of the server's `Date`, for its way here, and for what
    /// clocks run apart between two answers.
    pub margin: Duration,
    /// How long a lease of nobody's stays after its end before it is tidied away.
    pub tidy: Duration,
}

impl Default for Terms {
    /// A quarter of an hour, a minute, a day.
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(15 * 60),
            margin: Duration::from_secs(60),
            tidy: Duration::from_secs(24 * 3600),
        }
    }
}

impl Terms {
    /// How often a lease is to be renewed: twice may fail before it ends.
    pub fn renew_every(&self) -> Duration {
        self.lease / 3
    }
}
