//! Webhooks: who is told, and what was sent.

use jiff::Timestamp;
use serde_json::Value;

use super::Id;

/// A webhook of a repository.
#[derive(Debug, Clone)]
pub struct Hook {
    /// Its id.
    pub id: Id,
    /// Where it posts to.
    pub url: String,
    /// What it is about; `*` is everything.
    pub events: Vec<String>,
    /// What signs its messages.
    pub secret: Option<String>,
    /// Whether it posts.
    pub is_active: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// What was sent, oldest first.
    pub deliveries: Vec<Delivery>,
}

/// One message to one hook.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Its id.
    pub id: Id,
    /// `X-GitHub-Delivery`; a redelivery has that of the first.
    pub guid: String,
    /// `X-GitHub-Event`.
    pub event: String,
    /// The payload.
    pub payload: Value,
    /// When it was made.
    pub at: Timestamp,
    /// Whether it was asked for again.
    pub is_redelivery: bool,
    /// What the receiver answered; `None` until it has.
    pub status: Option<u16>,
}
