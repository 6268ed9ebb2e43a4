//! The bound by the wall clock: whatever a run does or waits for, and though its machine sleeps.

use std::time::Duration;

use herder_domain::outcome::{FailureCause, Outcome};
use jiff::Timestamp;

use super::Work;

impl Work {
    /// When the run is over by the wall clock, where that is bounded.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        let age = self.spec.budget.max_age?;
        Some(self.spec.created_at.checked_add(age.0).unwrap_or(Timestamp::MAX))
    }

    /// What is left until then.
    pub(super) fn age_left(&self) -> Option<Duration> {
        self.deadline()
            .map(|deadline| Duration::try_from(deadline.duration_since(Timestamp::now())).unwrap_or_default())
    }

    /// The outcome of a run that is too old.
    pub(super) fn too_old(&self) -> Option<Outcome> {
        let age = self.spec.budget.max_age?;
        let is_over = self.age_left().is_some_and(|left| left.is_zero());
        let detail = format!("its {age} by the wall clock are over");
        is_over.then_some(Outcome::Failed { cause: FailureCause::TooOld, detail })
    }
}
