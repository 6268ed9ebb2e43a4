//! Averages over the last while, from samples that do not come at even intervals.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The span of averages that are to react.
pub(super) const FAST: Duration = Duration::from_secs(10);
/// The span of averages that are to be relied on.
pub(super) const SLOW: Duration = Duration::from_secs(60);

/// A longer pause between two samples than this, and the machine slept or its clock was set.
const LONGEST: Duration = Duration::from_secs(60);

/// An average that forgets; nothing until there was something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Smooth {
    value: Option<f64>,
    /// For how long there was something, seconds.
    seen: f64,
}

impl Smooth {
    /// The average, where there is one yet.
    pub fn value(self) -> Option<f64> {
        self.value
    }

    /// Takes a value in that held for `passed`; what is older than `over` hardly counts.
    pub(super) fn take(&mut self, value: f64, passed: Duration, over: Duration) {
        let passed = passed.as_secs_f64();
        self.seen += passed;
        // At first it is the plain average: the first value would count for too much.
        let weight = (1.0 - (-passed / over.as_secs_f64()).exp()).max(passed / self.seen);
        self.value = Some(self.value.map_or(value, |old| old + weight * (value - old)));
    }
}

/// The time between two samples, where it can be relied on.
pub(super) fn between(before: Timestamp, now: Timestamp) -> Option<Duration> {
    let passed = Duration::try_from(now.duration_since(before)).ok()?;
    (!passed.is_zero() && passed <= LONGEST).then_some(passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_as_the_plain_average_and_forgets_later() {
        let mut smooth = Smooth::default();
        assert_eq!(smooth.value(), None);
        for value in [0.0, 0.0, 1.0, 1.0] {
            smooth.take(value, Duration::from_secs(1), SLOW);
        }
        assert_eq!(smooth.value(), Some(0.5));
        (0..600).for_each(|_| smooth.take(2.0, Duration::from_secs(1), SLOW));
        assert!(smooth.value().is_some_and(|value| value > 1.99), "{smooth:?}");
    }
}
