//! Standing still. What is at work is frozen by its keeper; between two jobs the ralph itself begins none.

use std::time::{Duration, Instant};

use herder_domain::outcome::Outcome;
use herder_record::Phase;
use jiff::Timestamp;

use super::{Work, stopped};
use crate::error::RalphError;

/// How often it is looked whether it may go on.
const LOOK: Duration = Duration::from_secs(1);

impl Work {
    /// Waits as long as the run is to stand still; gives an outcome where it is told to stop meanwhile.
    pub(super) fn stand_still(&mut self) -> Result<Option<Outcome>, RalphError> {
        if !self.stop.is_frozen() {
            return Ok(None);
        }
        self.writer.log("== standing still until it is thawed")?;
        let begun = Instant::now();
        let mut outcome = None;
        while self.stop.is_frozen() && outcome.is_none() {
            let again = Timestamp::now().checked_add(LOOK).unwrap_or(Timestamp::MAX);
            self.say(Phase::Waiting, Some((again, "a thaw")))?;
            outcome = self.stop.wait(LOOK).then(stopped).or_else(|| self.too_old());
        }
        self.account.spend.time.waiting += begun.elapsed();
        Ok(outcome)
    }

    /// The time in which an iteration stood still, which was begun when `before` had been stood still in all. It is
    /// waiting.
    pub(super) fn stood_still(&mut self, before: Duration) -> Result<Duration, RalphError> {
        let stood = self.stop.frozen_for().saturating_sub(before);
        if !stood.is_zero() {
            self.writer.log(&format!("== stood still for {:.1} s", stood.as_secs_f64()))?;
            self.account.spend.time.waiting += stood;
        }
        Ok(stood)
    }
}
