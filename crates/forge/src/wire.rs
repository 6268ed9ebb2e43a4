//! One request and its answer, bounded in time and size. No limits, no memory, no meaning: that is the client's.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use ureq::http::{self, HeaderMap, Response};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body, Timeout};

use crate::budget::{Resource, Seen};
use crate::lookup::{Refusal, Undone, Why};
use crate::secret::Secret;
use crate::site::Site;

/// Which version of the API is meant: <https://docs.github.com/rest/about-the-rest-api/api-versions>.
const API_VERSION: &str = "2022-11-28";

/// How long one request may take, unless somebody says otherwise.
pub const TIME_LIMIT: Duration = Duration::from_secs(30);

/// The longest answer that is read, in bytes. A page of 100 issues of 64 KiB each fits.
const BODY_MAX: u64 = 16 << 20;

/// How much of a refusal is kept, in characters.
const REFUSAL_MAX: usize = 300;

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Patch,
    Put,
    Delete,
}

impl Method {
    fn word(self) -> http::Method {
        match self {
            Self::Get => http::Method::GET,
            Self::Post => http::Method::POST,
            Self::Patch => http::Method::PATCH,
            Self::Put => http::Method::PUT,
            Self::Delete => http::Method::DELETE,
        }
    }
}

/// What is sent.
pub(crate) struct Sent<'a> {
    pub method: Method,
    pub url: &'a str,
    pub token: Option<&'a Secret>,
    pub etag: Option<&'a str>,
    pub body: Option<Vec<u8>>,
}

/// What came back, whole.
#[derive(Debug)]
pub(crate) struct Raw {
    pub status: u16,
    headers: HeaderMap,
    pub body: Vec<u8>,
}

/// The way to one site.
#[derive(Debug)]
pub(crate) struct Wire {
    site: Site,
    agent: Agent,
}

impl Wire {
    /// Proxies are those of the environment (`HTTPS_PROXY`, `NO_PROXY`, ...), certificates those of the system.
    pub(crate) fn new(site: Site, time_limit: Duration) -> Self {
        let roots = if site.rest().starts_with("https:") { system_roots() } else { RootCerts::WebPki };
        let agent = Agent::config_builder()
            .timeout_global(Some(time_limit))
            // A redirect is an answer: a token does not follow it, and a write must not become a read.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(concat!("herder/", env!("CARGO_PKG_VERSION")))
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .build()
            .new_agent();
        Self { site, agent }
    }

    pub(crate) fn site(&self) -> &Site {
        &self.site
    }

    /// Sends one request and reads its answer to the end.
    pub(crate) fn send(&self, sent: &Sent<'_>) -> Result<Raw, Undone> {
        let mut request = http::Request::builder()
            .method(sent.method.word())
            .uri(sent.url)
            .header("accept", "application/vnd.github+json")
            .header("x-github-api-version", API_VERSION);
        if let Some(token) = sent.token {
            request = request.header("authorization", format!("Bearer {}", token.reveal()));
        }
        if let Some(etag) = sent.etag {
            request = request.header("if-none-match", etag);
        }
        let unbuildable = |_| Undone::NotSent(Why::Malformed("the address cannot be asked".to_owned()));
        let done = match &sent.body {
            None => self.agent.run(request.body(()).map_err(unbuildable)?),
            Some(body) => {
                let request = request.header("content-type", "application/json");
                self.agent.run(request.body(&body[..]).map_err(unbuildable)?)
            }
        };
        read(done.map_err(|error| not_answered(&error))?)
    }
}

/// What was answered; a body that breaks off is as good as none.
fn read(mut response: Response<Body>) -> Result<Raw, Undone> {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.body_mut().with_config().limit(BODY_MAX).read_to_vec();
    match body {
        Ok(body) => Ok(Raw { status, headers, body }),
        Err(ureq::Error::BodyExceedsLimit(_)) => {
            Err(Undone::Unknown(Why::Malformed("the answer is too long".to_owned())))
        }
        // The request was read, so this is never "not sent".
        Err(error) => Err(Undone::Unknown(not_answered(&error).why())),
    }
}

/// The error's own text may repeat an address, so it is not passed on.
fn not_answered(error: &ureq::Error) -> Undone {
    let no_connection = |why: &str| Why::NoConnection(why.to_owned());
    match error {
        ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => Undone::NotSent(Why::TimedOut),
        ureq::Error::Timeout(_) => Undone::Unknown(Why::TimedOut),
        ureq::Error::HostNotFound => Undone::NotSent(no_connection("there is no such host")),
        ureq::Error::ConnectionFailed => Undone::NotSent(no_connection("it failed")),
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            Undone::NotSent(no_connection("it was refused"))
        }
        ureq::Error::Io(error) => Undone::Unknown(Why::NoConnection(error.kind().to_string())),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => {
            Undone::NotSent(no_connection("the certificate or the encryption was not accepted"))
        }
        ureq::Error::BadUri(_) => Undone::NotSent(Why::Malformed("the address cannot be asked".to_owned())),
        ureq::Error::InvalidProxyUrl | ureq::Error::ConnectProxyFailed(_) => {
            Undone::NotSent(no_connection("the proxy of the environment did not take it"))
        }
        _ => Undone::Unknown(no_connection("it broke")),
    }
}

/// The certificates that this machine trusts. A machine without any (a small container) gets Mozilla's, which are
/// part of the program: without them nothing would work there, and they are what such a machine would install.
fn system_roots() -> RootCerts {
    let found = rustls_native_certs::load_native_certs().certs;
    if found.is_empty() {
        return RootCerts::WebPki;
    }
    let certs = found.iter().map(|cert| Certificate::from_der(cert).to_owned()).collect();
    RootCerts::Specific(Arc::new(certs))
}

impl Raw {
    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.header(name)?.trim().parse().ok()
    }

    /// When the server answered, on its own clock.
    pub(crate) fn date(&self) -> Option<Timestamp> {
        rfc2822::DateTimeParser::new().parse_timestamp(self.header("date")?).ok()
    }

    /// What is left of the allowance that it was counted against.
    pub(crate) fn seen(&self) -> Option<(Resource, Seen)> {
        let resource = Resource::parse(self.header("x-ratelimit-resource").unwrap_or("core"))?;
        let reset = i64::try_from(self.number("x-ratelimit-reset")?).ok()?;
        let reset = Timestamp::from_second(reset).ok()?;
        let (limit, remaining) = (self.number("x-ratelimit-limit")?, self.number("x-ratelimit-remaining")?);
        Some((resource, Seen { limit, remaining, reset }))
    }

    /// What a classic token may do.
    pub(crate) fn scopes(&self) -> Option<String> {
        self.header("x-oauth-scopes").map(str::to_owned)
    }

    /// `Retry-After`, in seconds as GitHub sends it.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.number("retry-after").map(Duration::from_secs)
    }

    /// The address of the next page: `Link: <...>; rel="next"`.
    pub(crate) fn next(&self) -> Option<String> {
        let next = self.header("link")?.split(',').find(|part| part.contains("rel=\"next\""))?;
        let (_, rest) = next.split_once('<')?;
        let (url, _) = rest.split_once('>')?;
        Some(url.to_owned())
    }

    /// What it said, one bounded line of printable text.
    pub(crate) fn refusal(&self) -> Refusal {
        let said = serde_json::from_slice::<serde_json::Value>(&self.body).unwrap_or_default();
        let mut message = said["message"].as_str().unwrap_or("without a word").to_owned();
        for error in said["errors"].as_array().into_iter().flatten() {
            let detail = error.as_str().or_else(|| error["message"].as_str());
            let code = || Some(format!("{} {}", error["field"].as_str()?, error["code"].as_str()?));
            if let Some(detail) = detail.map(str::to_owned).or_else(code) {
                message = format!("{message}: {detail}");
            }
        }
        Refusal { status: self.status, message: one_line(&message) }
    }
}

/// Text from outside as one bounded, printable line.
pub(crate) fn one_line(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(REFUSAL_MAX).collect::<String>().trim().to_owned()
}
