//! Orders that are one address away, for a phone: each is for one standing of one goal, for some time, and signed.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use herder_domain::goal::{Goal, GoalState};
use herder_domain::repo::GoalRef;
use herder_store::{Store, StoreError};
use jiff::Timestamp;
use ring::hmac;
use serde::{Deserialize, Serialize};

use crate::order::OrderKind;

/// How long an address is good for.
const LASTS: Duration = Duration::from_secs(3 * 24 * 3600);

/// An order that a signed address carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLink {
    /// The goal.
    pub goal: GoalRef,
    /// What is ordered; its words are asked for where the address leads.
    pub order: OrderKind,
    /// The goal's last change of state, by its place in the journal: the address is void after the next one, of which the
    /// order itself is one.
    pub standing: u64,
    /// When it is void in any case.
    pub until: Timestamp,
}

impl OrderLink {
    /// Where the dashboard takes them: the signed text follows.
    pub const PLACE: &str = "/links/";

    /// What a person who is to look at this goal may order from afar: nothing where it waits for no look.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn of(store: &Store, goal: &Goal, now: Timestamp) -> Result<Vec<Self>, StoreError> {
        if !matches!(goal.state, GoalState::SpotCheck { .. }) {
            return Ok(Vec::new());
        }
        let Some(standing) = standing(store, &goal.id)? else { return Ok(Vec::new()) };
        let until = now.checked_add(LASTS).unwrap_or(Timestamp::MAX);
        let wanted = OrderKind::fitting(&goal.state, None).into_iter();
        let wanted = wanted.filter(|kind| *kind != OrderKind::Cancel);
        Ok(wanted.map(|order| Self { goal: goal.id.clone(), order, standing, until }).collect())
    }

    /// Whether it is void, and why.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn void(&self, store: &Store, now: Timestamp) -> Result<Option<Void>, StoreError> {
        if now >= self.until {
            return Ok(Some(Void::Expired));
        }
        let is_overtaken = standing(store, &self.goal)? != Some(self.standing);
        Ok(is_overtaken.then_some(Void::Overtaken))
    }
}

/// Why an address that herder has signed is good no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Void {
    /// Its time is over.
    Expired,
    /// The goal has changed its state, by this order or otherwise.
    Overtaken,
}

impl fmt::Display for Void {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expired => "this address was good for three days, and they are over",
            Self::Overtaken => "the goal does not wait for this any more: it was answered, or has moved on",
        })
    }
}

fn standing(store: &Store, goal: &GoalRef) -> Result<Option<u64>, StoreError> {
    Ok(store.transitions(goal)?.last().map(|last| last.seq))
}

/// Signs addresses, and knows its own (HMAC with SHA-256, RFC 2104).
#[derive(Debug)]
pub struct LinkSigner(hmac::Key);

impl LinkSigner {
    /// With this secret, which nobody else knows.
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The last part of the address: what is ordered, and the signature.
    pub fn sign(&self, link: &OrderLink) -> String {
        // What has texts, numbers and times alone is always JSON.
        let said = serde_json::to_vec(link).unwrap_or_default();
        let signature = hmac::sign(&self.0, &said);
        format!("{}.{}", URL_SAFE_NO_PAD.encode(said), URL_SAFE_NO_PAD.encode(signature))
    }

    /// What such a part of an address orders; `None` where it was not signed here as it stands.
    pub fn read(&self, text: &str) -> Option<OrderLink> {
        let (said, signature) = text.split_once('.')?;
        let (said, signature) = (URL_SAFE_NO_PAD.decode(said).ok()?, URL_SAFE_NO_PAD.decode(signature).ok()?);
        hmac::verify(&self.0, &said, &signature).ok()?;
        serde_json::from_slice(&said).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> OrderLink {
        OrderLink {
            goal: GoalRef::new("example.org/acme/app".parse().unwrap(), 7),
            order: OrderKind::Approve,
            standing: 12,
            until: "2026-11-23T10:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn what_was_signed_is_known_and_nothing_else() {
        let signer = LinkSigner::new(b"secret");
        let text = signer.sign(&link());
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)), "{text}");
        assert_eq!(signer.read(&text), Some(link()));
        assert_eq!(LinkSigner::new(b"other").read(&text), None);

        let (said, signature) = text.split_once('.').unwrap();
        let rejects = OrderLink { order: OrderKind::Reject, ..link() };
        let (other, _) =
            signer.sign(&rejects).split_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        for forged in [
            format!("{other}.{signature}"),
            said.to_owned(),
            format!("{said}."),
            ".".to_owned(),
            String::new(),
        ] {
            assert_eq!(signer.read(&forged), None, "{forged}");
        }
    }
}
