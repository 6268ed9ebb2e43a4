//! How much herder may ask, and when: primary and secondary limits of the server, and herder's own share of them.
//!
//! Without a clock: every question comes with the time on the server's clock. Figures are those of
//! <https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api>.

mod pace;
mod window;

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use pace::Load;
use pace::Pace;
pub use window::Seen;
use window::Window;

/// How long to stay away after a secondary limit without `Retry-After`, at first; it doubles with each in a row.
const AWAY_FIRST: Duration = Duration::from_secs(60);

/// The longest stay away, however often it was said.
const AWAY_LONGEST: Duration = Duration::from_secs(3600);

/// An allowance that the server counts by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// Requests to REST.
    Core,
    /// Points of GraphQL.
    Graphql,
}

impl Resource {
    /// `X-RateLimit-Resource`.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "core" => Some(Self::Core),
            "graphql" => Some(Self::Graphql),
            _ => None,
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Core => "REST",
            Self::Graphql => "GraphQL",
        })
    }
}

/// How urgent a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Something waits for it: a landing, a label, a comment.
    Now,
    /// It can be made up for later: polls and reconciliation. It leaves a part of the share to the others.
    CanWait,
}

/// The most that herder takes of what an account has, in percent from 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Share(u8);

/// A share that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a share; write a percentage from 1 to 100")]
pub struct BadShare(u8);

impl TryFrom<u8> for Share {
    type Error = BadShare;

    fn try_from(percent: u8) -> Result<Self, BadShare> {
        if (1..=100).contains(&percent) { Ok(Self(percent)) } else { Err(BadShare(percent)) }
    }
}

impl From<Share> for u8 {
    fn from(share: Share) -> Self {
        share.0
    }
}

impl Default for Share {
    /// Half: a person works with the same account.
    fn default() -> Self {
        Self(50)
    }
}

impl Share {
    /// This much of a figure, rounded down.
    fn of(self, figure: u64) -> u64 {
        figure.saturating_mul(u64::from(self.0)) / 100
    }
}

/// Whether a request may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Now.
    Go,
    /// Not before this time, on the server's clock.
    Wait {
        /// That time.
        until: Timestamp,
    },
}

/// What was used of an account's allowances, as far as herder knows.
///
/// It can be kept over a restart: otherwise what was spent before it in the current hour is not counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    share: Share,
    core: Window,
    graphql: Window,
    pace: Pace,
    /// Asked to stay away until then, the how-manieth time in a row.
    away: Option<(Timestamp, u32)>,
}

impl Budget {
    /// Nothing spent, nothing known.
    pub fn new(share: Share) -> Self {
        let (core, graphql) = (Window::default(), Window::default());
        Self { share, core, graphql, pace: Pace::default(), away: None }
    }

    /// How much of the account's allowances it takes.
    pub fn share(&self) -> Share {
        self.share
    }

    /// Whether a request that costs `points` of an allowance may be made now.
    pub fn admit(
        &self,
        resource: Resource,
        points: u64,
        load: Load,
        class: Class,
        now: Timestamp,
    ) -> Admission {
        let away = self.away.map(|(until, _)| until).filter(|until| *until > now);
        let window = self.window(resource).wait(points, self.share, class, now);
        let pace = self.pace.wait(load, self.share, now);
        match [away, window, pace].into_iter().flatten().max() {
            None => Admission::Go,
            Some(until) => Admission::Wait { until },
        }
    }

    /// Notes that a request left, whatever comes of it.
    pub fn sent(&mut self, load: Load, now: Timestamp) {
        self.pace.note(load, now);
    }

    /// Notes what an answer said of an allowance.
    pub fn seen(&mut self, resource: Resource, seen: Seen) {
        self.window_mut(resource).seen(seen);
    }

    /// Notes what a request cost. A 304 costs nothing.
    pub fn charge(&mut self, resource: Resource, points: u64, now: Timestamp) {
        self.window_mut(resource).charge(points, now);
    }

    /// Notes an answer that was no complaint: the next stay away is a short one again.
    pub fn calm(&mut self, now: Timestamp) {
        if self.away.is_some_and(|(until, _)| until <= now) {
            self.away = None;
        }
    }

    /// Notes a secondary limit, with its `Retry-After` where it has one. Returns when to ask again.
    pub fn complained(&mut self, retry_after: Option<Duration>, now: Timestamp) -> Timestamp {
        let strikes = self.away.map_or(0, |(_, strikes)| strikes).saturating_add(1);
        let doubled = AWAY_FIRST.saturating_mul(1 << (strikes - 1).min(10));
        let away = retry_after.unwrap_or(doubled).clamp(Duration::from_secs(1), AWAY_LONGEST);
        let until = later(now, away).max(self.away.map_or(now, |(until, _)| until));
        self.away = Some((until, strikes));
        until
    }

    /// What herder has spent of an allowance in the window that goes on.
    pub fn spent(&self, resource: Resource, now: Timestamp) -> u64 {
        self.window(resource).spent(now)
    }

    /// What herder may take of an allowance in an hour, where the server has said what there is.
    pub fn in_an_hour(&self, resource: Resource) -> Option<u64> {
        self.window(resource).limit().map(|limit| self.share.of(limit))
    }

    fn window(&self, resource: Resource) -> &Window {
        match resource {
            Resource::Core => &self.core,
            Resource::Graphql => &self.graphql,
        }
    }

    fn window_mut(&mut self, resource: Resource) -> &mut Window {
        match resource {
            Resource::Core => &mut self.core,
            Resource::Graphql => &mut self.graphql,
        }
    }
}

/// A time after another; the last there is where that lies beyond it.
pub(crate) fn later(now: Timestamp, by: Duration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
