//! For how long something stood still.

use std::time::{Duration, Instant};

/// A clock that goes while something stands still.
#[derive(Clone, Copy, Debug, Default)]
pub struct FrostClock {
    since: Option<Instant>,
    before: Duration,
}

impl FrostClock {
    /// It stands still from now on.
    pub fn begin(&mut self) {
        self.since.get_or_insert_with(Instant::now);
    }

    /// It goes on.
    pub fn end(&mut self) {
        self.before = self.total();
        self.since = None;
    }

    /// Whether it stands still.
    pub fn is_frozen(&self) -> bool {
        self.since.is_some()
    }

    /// In all, until now.
    pub fn total(&self) -> Duration {
        self.before + self.since.map(|since| since.elapsed()).unwrap_or_default()
    }
}
