//! What each client may still ask, as <https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api>
//! says: an hour's worth of requests for REST, an hour's worth of points for GraphQL.

use jiff::{SignedDuration, Timestamp};

/// One kind of allowance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pool {
    /// Requests to REST.
    Core,
    /// Points of GraphQL.
    Graphql,
    /// Searches, by the minute.
    Search,
}

impl Pool {
    /// `X-RateLimit-Resource`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Pool::Core => "core",
            Pool::Graphql => "graphql",
            Pool::Search => "search",
        }
    }

    /// How much of it a signed-in client has.
    #[must_use]
    pub fn limit(self) -> u64 {
        match self {
            Pool::Core | Pool::Graphql => 5000,
            Pool::Search => 30,
        }
    }

    /// How long a window lasts.
    #[must_use]
    pub fn window(self) -> SignedDuration {
        match self {
            Pool::Core | Pool::Graphql => SignedDuration::from_hours(1),
            Pool::Search => SignedDuration::from_mins(1),
        }
    }
}

/// What one client has used of one pool in the window that goes on.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    /// What it may use.
    pub limit: u64,
    /// What it has used.
    pub used: u64,
    /// When the window ends.
    pub reset: Timestamp,
}

impl Account {
    /// A fresh window.
    #[must_use]
    pub fn new(limit: u64, pool: Pool, now: Timestamp) -> Account {
        Account { limit, used: 0, reset: now + pool.window() }
    }

    /// What is left.
    #[must_use]
    pub fn remaining(&self) -> u64 {
        self.limit.saturating_sub(self.used)
    }
}
