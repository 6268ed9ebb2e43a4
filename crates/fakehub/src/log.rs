//! What was asked of the hub.

use jiff::Timestamp;

/// One request and how it was answered.
#[derive(Debug, Clone)]
pub struct Entry {
    /// When, by the hub's clock.
    pub at: Timestamp,
    /// Who asked, if anybody said.
    pub actor: Option<String>,
    /// The token that was shown; it is the hub's own, so no secret.
    pub token: Option<String>,
    /// `GET`, `POST`, ...
    pub method: String,
    /// The address without prefix and query.
    pub path: String,
    /// What stood behind the `?`.
    pub query: String,
    /// What it means: the template of the address, the name of a GraphQL operation, `git-upload-pack`; `None` when
    /// the hub knows no such thing.
    pub operation: Option<String>,
    /// The status that was answered, or would have been.
    pub status: u16,
    /// What it cost of the hour's allowance.
    pub cost: u64,
    /// Whether a fault that a test had ordered touched it.
    pub is_spoilt: bool,
}

impl Entry {
    /// Whether a well-behaved client would not have asked: no such address, or refused for another reason than that
    /// there is no such thing. (A test says which refusals it expects.)
    #[must_use]
    pub fn is_suspicious(&self) -> bool {
        !self.is_spoilt && (self.operation.is_none() || (self.status >= 400 && self.status != 404))
    }
}

/// A refusal that a test expects.
#[derive(Debug, Clone)]
pub struct Excuse {
    /// The method.
    pub method: String,
    /// A part of the address.
    pub path: String,
    /// The status.
    pub status: u16,
}

impl Excuse {
    /// Whether this is meant.
    #[must_use]
    pub fn covers(&self, method: &str, path: &str, status: u16) -> bool {
        method == self.method && status == self.status && path.contains(&self.path)
    }
}
