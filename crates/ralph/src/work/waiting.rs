//! Waiting for a usage limit to be lifted, or for a provider to come back. No slot of time is spent,
//! no iteration counts.

use std::time::{Duration, Instant};

use herder_domain::outcome::{Interruption, Outcome};
use herder_record::Phase;
use jiff::Timestamp;

use super::verdict::Step;
use super::{Work, stopped};
use crate::error::RalphError;

/// After the moment at which a limit is said to be lifted.
const MARGIN: Duration = Duration::from_secs(1);

impl Work {
    /// A limit that is lifted soon is awaited here; a later one ends the run.
    pub(super) fn limited(&mut self, resets_at: Option<Timestamp>) -> Step {
        let Some(resets_at) = resets_at else {
            return self.back_off("the account is at its usage limit");
        };
        // A limit that stands although its time has come must not become a hot loop.
        let again = if self.waits == 0 { MARGIN } else { self.backoff() };
        self.waits += 1;
        let soonest = Timestamp::now().checked_add(again).unwrap_or(resets_at);
        let until = resets_at.checked_add(MARGIN).unwrap_or(resets_at).max(soonest);
        if until.duration_since(Timestamp::now()) > self.longest_wait() {
            let detail = format!("the account is at its usage limit until {until:.0}");
            let cause = Interruption::UsageLimit { resets_at: Some(until) };
            return Step::End(Outcome::Interrupted { cause, detail });
        }
        Step::WaitUntil(until, "the usage limit".into())
    }

    /// The wait that doubles with each in a row.
    fn backoff(&self) -> Duration {
        let first = self.spec.setup.clocks.backoff;
        first.saturating_mul(1u32.checked_shl(self.waits).unwrap_or(u32::MAX))
    }

    fn longest_wait(&self) -> jiff::SignedDuration {
        jiff::SignedDuration::try_from(self.spec.setup.clocks.wait).unwrap_or(jiff::SignedDuration::MAX)
    }

    /// Waits that double; once a single one would be too long, the run ends.
    pub(super) fn back_off(&mut self, detail: &str) -> Step {
        let wait = self.backoff();
        self.waits += 1;
        let longest = self.spec.setup.clocks.wait;
        let until = Timestamp::now().checked_add(wait).ok().filter(|_| wait <= longest);
        match until {
            Some(until) => Step::WaitUntil(until, detail.to_owned()),
            None => Step::End(Outcome::Interrupted {
                cause: Interruption::Unreachable,
                detail: detail.to_owned(),
            }),
        }
    }

    /// Waits, visibly; gives an outcome where it is told to stop meanwhile.
    pub(super) fn wait_until(&mut self, until: Timestamp, what: &str) -> Result<Option<Outcome>, RalphError> {
        self.say(Phase::Waiting, Some((until, what)))?;
        self.writer.log(&format!("== waiting until {until:.0} for: {what}"))?;
        let begun = Instant::now();
        let left = until.duration_since(Timestamp::now());
        let is_stopped = self.stop.wait(Duration::try_from(left).unwrap_or_default());
        self.account.spend.time.waiting += begun.elapsed();
        Ok(is_stopped.then(stopped))
    }
}
