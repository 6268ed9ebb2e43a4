//! One allowance of one account: so much in an hour.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Class, Share, later};

/// What a request that can wait leaves of herder's share to those that cannot: this part of it.
const RESERVE: u64 = 5;

/// What a request that can wait leaves to others, when they have used the account up nearly: this part of the limit.
const OTHERS: u64 = 10;

/// Resets of one window differ by this much at most: GitHub's servers round differently.
const JITTER: SignedDuration = SignedDuration::from_secs(60);

/// How long a window lasts, before the server has said when it ends.
const HOUR: Duration = Duration::from_secs(3600);

/// What an answer says of an allowance: `X-RateLimit-*`, or GraphQL's `rateLimit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// What there is in an hour.
    pub limit: u64,
    /// What is left.
    pub remaining: u64,
    /// When it begins anew, on the server's clock.
    pub reset: Timestamp,
}

/// What is known of the hour that goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Window {
    seen: Option<Seen>,
    /// herder's own part of what was used.
    spent: u64,
    /// Until when it is counted.
    ends: Option<Timestamp>,
}

impl Window {
    /// Until when a request has to wait, if it has to.
    pub(super) fn wait(&self, points: u64, share: Share, class: Class, now: Timestamp) -> Option<Timestamp> {
        let seen = self.seen.filter(|seen| seen.reset > now)?;
        let own = share.of(seen.limit);
        let (kept, left_to_others) = match class {
            Class::Now => (0, 0),
            Class::CanWait => (own / RESERVE, seen.limit / OTHERS),
        };
        let fits_share = self.spent(now).saturating_add(points) <= own - kept;
        let fits_account = points.saturating_add(left_to_others) <= seen.remaining;
        (!(fits_share && fits_account)).then_some(seen.reset)
    }

    pub(super) fn seen(&mut self, seen: Seen) {
        let known = self.seen.filter(|known| seen.reset.duration_since(known.reset).abs() <= JITTER);
        match known {
            // Answers may overtake each other; within a window what is left only shrinks.
            Some(known) => {
                self.seen = Some(Seen { remaining: seen.remaining.min(known.remaining), ..seen });
            }
            None if self.seen.is_some_and(|old| old.reset > seen.reset) => {}
            None => {
                let is_first = self.seen.is_none();
                self.seen = Some(seen);
                // What was spent before the first answer belongs to the window that it names.
                self.spent = if is_first { self.spent } else { 0 };
            }
        }
        self.ends = self.seen.map(|seen| seen.reset);
    }

    pub(super) fn charge(&mut self, points: u64, now: Timestamp) {
        if self.ends.is_none_or(|ends| ends <= now) {
            self.spent = 0;
            self.ends = Some(later(now, HOUR));
        }
        self.spent = self.spent.saturating_add(points);
    }

    /// What there is in an hour, as the server said last.
    pub(super) fn limit(&self) -> Option<u64> {
        self.seen.map(|seen| seen.limit)
    }

    pub(super) fn spent(&self, now: Timestamp) -> u64 {
        if self.ends.is_some_and(|ends| ends > now) { self.spent } else { 0 }
    }
}
