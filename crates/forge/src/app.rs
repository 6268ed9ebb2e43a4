//! GitHub Apps: a signed claim is exchanged for a token of an hour.
//!
//! <https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app>

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::pem::{PemObject, SectionKind};
use serde::Deserialize;
use serde_json::json;

use crate::budget::later;
use crate::secret::Secret;
use crate::wire::{Method, Raw, Sent, Wire};

/// How far in the past a claim begins, for clocks that differ; GitHub's documentation says so.
const EARLY: SignedDuration = SignedDuration::from_secs(60);

/// How long a claim lives. GitHub takes ten minutes at most, counted on its own clock.
const CLAIM: Duration = Duration::from_secs(8 * 60);

/// How long before its end an installation's token is exchanged for the next: longer than any request, and any push,
/// takes.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_mins(10);

/// An app's installation and the key that speaks for it.
#[derive(Clone)]
pub struct App {
    issuer: String,
    installation: u64,
    key: Arc<RsaKeyPair>,
}

/// Why an app has no token to give. No text holds the key or a claim.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppError {
    /// The key cannot be used.
    #[error("the private key of the GitHub App cannot be read: {0}")]
    BadKey(String),
    /// Signing failed.
    #[error("sign a claim for the GitHub App")]
    Signing,
    /// The server does not say what the app is called.
    #[error("the name of the GitHub App: {0}")]
    NoName(String),
    /// The server gave none.
    #[error("a token for installation {installation} of the GitHub App: {why}")]
    NoToken {
        /// The installation.
        installation: u64,
        /// What happened.
        why: String,
    },
}

/// A token of an installation.
pub(crate) struct Installed {
    pub token: Secret,
    pub renew_at: Timestamp,
    /// What it may do, by the names of the API.
    pub permissions: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Answer {
    token: String,
    expires_at: Timestamp,
    #[serde(default)]
    permissions: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Named {
    slug: String,
}

impl App {
    /// An installation of the app with this client id (or number), with its private key as GitHub hands it out: a PEM.
    ///
    /// # Errors
    /// The key is not an RSA key in PEM.
    pub fn new(issuer: &str, installation: u64, key_pem: &str) -> Result<Self, AppError> {
        let bad = |why: &str| AppError::BadKey(why.to_owned());
        let (kind, der) = <(SectionKind, Vec<u8>)>::from_pem_slice(key_pem.as_bytes())
            .map_err(|_| bad("it is not a PEM"))?;
        let key = match kind {
            SectionKind::RsaPrivateKey => RsaKeyPair::from_der(&der),
            SectionKind::PrivateKey => RsaKeyPair::from_pkcs8(&der),
            _ => return Err(bad("the PEM holds no private RSA key")),
        };
        let key = key.map_err(|error| bad(&error.to_string()))?;
        Ok(Self { issuer: issuer.to_owned(), installation, key: Arc::new(key) })
    }

    /// Who the claim is by.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// A signed claim to be this app.
    fn claim(&self, now: Timestamp) -> Result<Secret, AppError> {
        let from = now.checked_sub(EARLY).unwrap_or(now).as_second();
        let until = later(now, CLAIM).as_second();
        let part = |value: serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let head = part(json!({ "alg": "RS256", "typ": "JWT" }));
        let claims = part(json!({ "iat": from, "exp": until, "iss": self.issuer }));
        let signed = format!("{head}.{claims}");
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| AppError::Signing)?;
        let claim = format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature));
        Secret::parse(&claim).ok_or(AppError::Signing)
    }

    /// A fresh token of the installation. Asking twice gives two; the first goes on until its end.
    pub(crate) fn installed(&self, wire: &Wire, now: Timestamp) -> Result<Installed, AppError> {
        let path = format!("/app/installations/{}/access_tokens", self.installation);
        let raw = self.ask(wire, now, Method::Post, &path)?;
        if raw.status != 201 {
            return Err(self.no_token(raw.refusal()));
        }
        let answer: Answer =
            serde_json::from_slice(&raw.body).map_err(|_| self.no_token("the answer is not understood"))?;
        let token = Secret::parse(&answer.token).ok_or_else(|| self.no_token("the answer holds no token"))?;
        let renew_at = answer.expires_at.checked_sub(RENEW_BEFORE).unwrap_or(now);
        Ok(Installed { token, renew_at, permissions: answer.permissions })
    }

    /// The name that the app's deeds are shown under:
    /// <https://docs.github.com/rest/apps/apps#get-the-authenticated-app>.
    pub(crate) fn bot(&self, wire: &Wire, now: Timestamp) -> Result<String, AppError> {
        let raw = self.ask(wire, now, Method::Get, "/app")?;
        if raw.status != 200 {
            return Err(AppError::NoName(raw.refusal().to_string()));
        }
        let app: Named = serde_json::from_slice(&raw.body)
            .map_err(|_| AppError::NoName("the answer is not understood".to_owned()))?;
        Ok(format!("{}[bot]", app.slug))
    }

    /// Asks something as the app itself.
    fn ask(&self, wire: &Wire, now: Timestamp, method: Method, path: &str) -> Result<Raw, AppError> {
        let raw = self.send(wire, now, method, path)?;
        // A claim of a wrong clock is refused, with the right time in the answer.
        match raw.date().filter(|date| date.duration_since(now).abs() >= EARLY) {
            Some(date) if raw.status == 401 => self.send(wire, date, method, path),
            Some(_) | None => Ok(raw),
        }
    }

    fn send(&self, wire: &Wire, now: Timestamp, method: Method, path: &str) -> Result<Raw, AppError> {
        let claim = self.claim(now)?;
        let url = format!("{}{path}", wire.site().rest());
        let sent = Sent { method, url: &url, token: Some(&claim), etag: None, body: None };
        wire.send(&sent).map_err(|undone| self.no_token(undone.why()))
    }

    fn no_token(&self, why: impl fmt::Display) -> AppError {
        AppError::NoToken { installation: self.installation, why: why.to_string() }
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (issuer, installation) = (&self.issuer, self.installation);
        f.debug_struct("App")
            .field("issuer", issuer)
            .field("installation", &installation)
            .finish_non_exhaustive()
    }
}
