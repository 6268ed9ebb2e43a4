//! What came of asking: present, gone, or unknown; done, refused, or unknown.
//!
//! A look-up that failed says nothing about the world, so it cannot be taken for "not there": there is no way from
//! [`Lookup::Unknown`] to [`Lookup::Gone`], and none from either to an empty list.

use jiff::Timestamp;

use crate::budget::Resource;

/// What a look-up found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Lookup<T> {
    /// It is there.
    Present(T),
    /// It is known not to be there: 410, or 404 where access to the repository is proven.
    Gone,
    /// Nobody knows. Nothing follows from it but to look again.
    Unknown(Why),
}

impl<T> Lookup<T> {
    /// What is there, where something is known to be.
    pub fn present(self) -> Option<T> {
        match self {
            Self::Present(found) => Some(found),
            Self::Gone | Self::Unknown(_) => None,
        }
    }

    /// The same look-up of something that is part of what was found.
    pub fn map<U>(self, part: impl FnOnce(T) -> U) -> Lookup<U> {
        match self {
            Self::Present(found) => Lookup::Present(part(found)),
            Self::Gone => Lookup::Gone,
            Self::Unknown(why) => Lookup::Unknown(why),
        }
    }
}

impl<T> From<Result<T, Missing>> for Lookup<T> {
    fn from(found: Result<T, Missing>) -> Self {
        match found {
            Ok(found) => Self::Present(found),
            Err(Missing::Gone) => Self::Gone,
            Err(Missing::Unknown(why)) => Self::Unknown(why),
        }
    }
}

/// The two ways of not having found, inside this crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    Gone,
    Unknown(Why),
}

impl From<Why> for Missing {
    fn from(why: Why) -> Self {
        Self::Unknown(why)
    }
}

/// Why something is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// No answer in time.
    #[error("no answer in time")]
    TimedOut,
    /// The connection was not made, or broke.
    #[error("no connection: {0}")]
    NoConnection(String),
    /// The server is in trouble: 5xx.
    #[error("the server answered {status}")]
    Server {
        /// The status.
        status: u16,
    },
    /// The server wants to be left alone, and said until when (on its own clock).
    #[error("the rate limit for {resource} is reached until {until}")]
    Limited {
        /// Which allowance.
        resource: Resource,
        /// When to ask again.
        until: Timestamp,
    },
    /// herder's own share of the allowance is spent (on the server's clock).
    #[error("herder's share of the rate limit for {resource} is spent until {until}")]
    Budget {
        /// Which allowance.
        resource: Resource,
        /// When to ask again.
        until: Timestamp,
    },
    /// The answer is not what it should be, or too long.
    #[error("the answer is not understood: {0}")]
    Malformed(String),
    /// Some pages are missing, or changed while they were read.
    #[error("the list changed while it was read")]
    Shifted,
    /// 404 where access is not proven: GitHub hides what one may not see behind it.
    #[error("not found, or hidden: access to {repo} is not proven")]
    Unproven {
        /// The repository.
        repo: String,
    },
    /// It is somewhere else now: a renamed repository, a transferred issue.
    #[error("it has moved to {}", without_query(to))]
    Moved {
        /// The address that the server names.
        to: String,
    },
    /// There is no token, or it cannot be had.
    #[error("{0}")]
    NoToken(String),
    /// The server said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// What stands behind the question mark of an address may be a signature that opens it.
fn without_query(url: &str) -> String {
    crate::wire::one_line(url.split('?').next().unwrap_or_default())
}

impl Why {
    /// When asking again makes sense, where the server or the budget says so (on the server's clock).
    pub fn until(&self) -> Option<Timestamp> {
        match self {
            Self::Limited { until, .. } | Self::Budget { until, .. } => Some(*until),
            Self::TimedOut
            | Self::NoConnection(_)
            | Self::Server { .. }
            | Self::Malformed(_)
            | Self::Shifted
            | Self::Unproven { .. }
            | Self::Moved { .. }
            | Self::NoToken(_)
            | Self::Refused(_) => None,
        }
    }
}

/// A definite no: the server understood the request and did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server answered {status}: {message}")]
pub struct Refusal {
    /// The HTTP status; 200 for a refusal by GraphQL.
    pub status: u16,
    /// What it said, one line, bounded.
    pub message: String,
}

/// Why a write is not known to be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undone {
    /// It did not leave this machine, or the server turned it away unread. It may be done again at once.
    #[error("not sent: {0}")]
    NotSent(Why),
    /// The server said no: nothing was changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It may have been done. What the write's own description says makes a second one harmless.
    #[error("not known to be done: {0}")]
    Unknown(Why),
}

impl Undone {
    /// The refusal's status, where it is one.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Refused(refusal) => Some(refusal.status),
            Self::NotSent(_) | Self::Unknown(_) => None,
        }
    }

    /// The same, of a look-up: whatever is not an answer is unknown there.
    pub(crate) fn why(self) -> Why {
        match self {
            Self::NotSent(why) | Self::Unknown(why) => why,
            Self::Refused(refusal) => Why::Refused(refusal),
        }
    }
}

/// What a look-up before a write did not find out keeps the write from being sent.
impl From<Missing> for Undone {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::Gone => Self::Refused(Refusal { status: 404, message: "it is not there".to_owned() }),
            Missing::Unknown(why) => Self::NotSent(why),
        }
    }
}
