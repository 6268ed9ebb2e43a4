//! Webhooks: whose they are, whether they came before, and what they are about. Pure functions, and the listener that
//! applies them.
//!
//! A webhook only wakes the poller. What it says of the world is not believed, so a lost, late or forged one does no
//! harm: it names what to look at.

mod listen;

use std::collections::{HashSet, VecDeque};

use herder_domain::repo::{Number, RepoId};
use ring::hmac;
use serde::Deserialize;

pub use listen::{Bounds, Listening};

/// The longest body that is taken, in bytes: GitHub's own bound,
/// <https://docs.github.com/webhooks/webhook-events-and-payloads#payload-cap>.
pub const BODY_MAX: usize = 25 << 20;

/// How many deliveries are remembered.
const REMEMBERED: usize = 4096;

/// Why a webhook is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadHook {
    /// No signature, another's, or of another body.
    #[error("the signature is not that of the shared secret")]
    Signature,
    /// It came before.
    #[error("this delivery was taken already")]
    Replayed,
    /// It is not what GitHub sends.
    #[error("the body is not a webhook's")]
    Malformed,
}

/// The shared secret. It is not shown.
pub struct HookKey(hmac::Key);

impl HookKey {
    /// The key of a secret.
    pub fn new(secret: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()))
    }

    /// Checks `X-Hub-Signature-256` in constant time:
    /// <https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries>.
    ///
    /// # Errors
    /// [`BadHook::Signature`].
    pub fn verify(&self, signature: &str, body: &[u8]) -> Result<(), BadHook> {
        let hex = signature.strip_prefix("sha256=").ok_or(BadHook::Signature)?;
        let tag = unhex(hex).ok_or(BadHook::Signature)?;
        hmac::verify(&self.0, body, &tag).map_err(|_| BadHook::Signature)
    }
}

impl std::fmt::Debug for HookKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HookKey(..)")
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

/// The deliveries that were taken, by `X-GitHub-Delivery`; the oldest are forgotten.
#[derive(Debug, Default)]
pub struct Deliveries {
    known: HashSet<String>,
    order: VecDeque<String>,
}

impl Deliveries {
    /// Takes a delivery, once.
    ///
    /// # Errors
    /// [`BadHook::Replayed`], or [`BadHook::Malformed`] for an id that is none.
    pub fn take(&mut self, id: &str) -> Result<(), BadHook> {
        if id.is_empty() || id.len() > 100 {
            return Err(BadHook::Malformed);
        }
        if !self.known.insert(id.to_owned()) {
            return Err(BadHook::Replayed);
        }
        self.order.push_back(id.to_owned());
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        Ok(())
    }
}

/// What a webhook asks to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wake {
    /// The repository.
    pub repo: RepoId,
    /// The issue or pull request, where it names one.
    pub number: Option<Number>,
}

#[derive(Deserialize)]
struct Payload {
    repository: Repository,
    issue: Option<Numbered>,
    pull_request: Option<Numbered>,
}

#[derive(Deserialize)]
struct Repository {
    name: String,
    owner: Owner,
}

#[derive(Deserialize)]
struct Owner {
    login: String,
}

#[derive(Deserialize)]
struct Numbered {
    number: u64,
}

/// Reads what a webhook from `host` is about.
///
/// # Errors
/// [`BadHook::Malformed`]: it names no repository. (A ping of an organization's hook does not; it wakes nobody.)
pub fn parse(host: &str, body: &[u8]) -> Result<Wake, BadHook> {
    if body.len() > BODY_MAX {
        return Err(BadHook::Malformed);
    }
    let payload: Payload = serde_json::from_slice(body).map_err(|_| BadHook::Malformed)?;
    let Repository { name, owner } = payload.repository;
    let repo = RepoId::new(host, &owner.login, &name).map_err(|_| BadHook::Malformed)?;
    let number = payload.issue.or(payload.pull_request).map(|one| Number(one.number));
    Ok(Wake { repo, number })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of GitHub's documentation (see [`HookKey::verify`]).
    const SECRET: &str = "It's a Secret to Everybody";
    const BODY: &[u8] = b"Hello, World!";
    const SIGNATURE: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    #[test]
    fn the_documented_example_is_accepted_and_nothing_else() {
        let key = HookKey::new(SECRET);
        assert_eq!(key.verify(SIGNATURE, BODY), Ok(()));
        let bad = Err(BadHook::Signature);
        assert_eq!(HookKey::new("another").verify(SIGNATURE, BODY), bad);
        assert_eq!(key.verify(SIGNATURE, b"Hello, World?"), bad);
        assert_eq!(key.verify(&SIGNATURE[..SIGNATURE.len() - 1], BODY), bad);
        assert_eq!(key.verify(&SIGNATURE[..SIGNATURE.len() - 2], BODY), bad);
        for text in ["", "sha256=", "sha1=757107ea", "sha256=zz", "sha256=é"] {
            assert_eq!(key.verify(text, BODY), bad, "{text}");
        }
        assert_eq!(format!("{key:?}"), "HookKey(..)");
    }

    #[test]
    fn a_delivery_is_taken_once_and_the_memory_is_bounded() {
        let mut deliveries = Deliveries::default();
        assert_eq!(deliveries.take("a"), Ok(()));
        assert_eq!(deliveries.take("a"), Err(BadHook::Replayed));
        for number in 0..REMEMBERED {
            assert_eq!(deliveries.take(&number.to_string()), Ok(()));
        }
        assert_eq!(deliveries.known.len(), REMEMBERED);
        assert_eq!(deliveries.take(""), Err(BadHook::Malformed));
    }

    #[test]
    fn it_names_the_repository_and_what_in_it() {
        let wake = |body: &str| parse("github.com", body.as_bytes());
        let app = r#""repository":{"name":"app","owner":{"login":"acme"},"id":1}"#;
        let found = wake(&format!(r#"{{"action":"labeled","issue":{{"number":7}},{app}}}"#)).unwrap();
        assert_eq!((found.repo.to_string().as_str(), found.number), ("github.com/acme/app", Some(Number(7))));
        assert_eq!(
            wake(&format!(r#"{{"pull_request":{{"number":8}},{app}}}"#)).unwrap().number,
            Some(Number(8))
        );
        assert_eq!(wake(&format!("{{{app}}}")).unwrap().number, None);
        let evil = r#"{"repository":{"name":"..","owner":{"login":"a/b"}}}"#;
        for body in ["", "{}", "[]", "{\"zen\":\"x\"}", evil] {
            assert_eq!(wake(body), Err(BadHook::Malformed), "{body}");
        }
    }
}
