//! Waiting for a usage limit to be lifted, or for a provider to come back. No working time is spent,
//! no iteration counts.

use std::time::{Duration, Instant};

use herder_domain::judge::Policy;
use herder_domain::outcome::{Interruption, Outcome};
use herder_record::Phase;
use jiff::Timestamp;

use super::verdict::Step;
use super::{Work, stopped};
use crate::error::RalphError;

/// After the moment at which a limit is said to be lifted.
const MARGIN: Duration = Duration::from_secs(1);

/// The longest wait between two looks at a provider that is away.
const LONGEST_BACKOFF: Duration = Duration::from_secs(30 * 60);

/// How often the wall clock is looked at: while a machine sleeps, it alone goes on.
const LOOK: Duration = Duration::from_secs(30);

impl Work {
    /// A limit that is lifted soon is awaited here; a later one ends the run.
    pub(super) fn limited(&mut self, resets_at: Option<Timestamp>) -> Step {
        let Some(resets_at) = resets_at else {
            let cause = Interruption::UsageLimit { resets_at: None };
            return self.back_off("the account is at its usage limit", cause);
        };
        // A limit that stands although its time has come must not become a hot loop.
        let again = if self.waits == 0 { MARGIN } else { self.backoff() };
        self.waits = self.waits.saturating_add(1);
        let soonest = Timestamp::now().checked_add(again).unwrap_or(resets_at);
        let until = resets_at.checked_add(MARGIN).unwrap_or(resets_at).max(soonest);
        if until.duration_since(Timestamp::now()) > self.longest_wait() {
            let detail = format!("the account is at its usage limit until {until:.0}");
            let cause = Interruption::UsageLimit { resets_at: Some(until) };
            return Step::End(Outcome::Interrupted { cause, detail });
        }
        Step::WaitUntil(until, "the usage limit".into())
    }

    /// The wait that doubles with each in a row, up to the longest, +-20% by the run.
    fn backoff(&self) -> Duration {
        let (first, longest) = (self.spec.setup.clocks.backoff, LONGEST_BACKOFF);
        let policy = Policy { backoff_first: first, backoff_longest: longest, ..Policy::default() };
        policy.backoff(self.waits.saturating_add(1), &self.spec.run)
    }

    /// Whether the next wait in a row is longer than a run may wait, were it doubled without end.
    fn has_waited_enough(&self) -> bool {
        let doubled = 1u32.checked_shl(self.waits).unwrap_or(u32::MAX);
        self.spec.setup.clocks.backoff.saturating_mul(doubled) > self.spec.setup.clocks.wait
    }

    fn longest_wait(&self) -> jiff::SignedDuration {
        jiff::SignedDuration::try_from(self.spec.setup.clocks.wait).unwrap_or(jiff::SignedDuration::MAX)
    }

    /// Waits that double; once a single one would be too long, the run ends by `cause`.
    pub(super) fn back_off(&mut self, detail: &str, cause: Interruption) -> Step {
        let until = Timestamp::now().checked_add(self.backoff()).ok().filter(|_| !self.has_waited_enough());
        self.waits = self.waits.saturating_add(1);
        match until {
            Some(until) => Step::WaitUntil(until, detail.to_owned()),
            None => Step::End(Outcome::Interrupted { cause, detail: detail.to_owned() }),
        }
    }

    /// Waits, visibly; gives an outcome where it is told to stop meanwhile.
    pub(super) fn wait_until(&mut self, until: Timestamp, what: &str) -> Result<Option<Outcome>, RalphError> {
        // The loop's own look at the run's age says what follows then.
        let until = self.deadline().map_or(until, |deadline| until.min(deadline));
        self.writer.log(&format!("== waiting until {until:.0} for: {what}"))?;
        let begun = Instant::now();
        let planned = left(until);
        let is_stopped = loop {
            self.say(Phase::Waiting, Some((until, what)))?;
            // Never longer than was meant, should somebody set the clock back.
            let left = left(until).min(planned.saturating_sub(begun.elapsed()));
            if left.is_zero() {
                break false;
            }
            if self.stop.wait(left.min(LOOK)) {
                break true;
            }
        };
        self.account.spend.time.waiting += begun.elapsed();
        Ok(is_stopped.then(stopped))
    }
}

/// Until a time, by the wall clock.
fn left(until: Timestamp) -> Duration {
    Duration::try_from(until.duration_since(Timestamp::now())).unwrap_or_default()
}
