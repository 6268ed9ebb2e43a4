//! One client for one site and one account: every request goes through [`Client::ask`].
//!
//! It sends a request only when the budget admits it, says what it knows already, and sorts what comes back into
//! done, refused, not sent and unknown. It never waits and never asks twice by itself: who called decides.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use herder_domain::repo::RepoId;
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::budget::{Admission, Budget, Class, Load, Resource, Share, later};
use crate::credentials::Credentials;
use crate::lookup::{Missing, Undone, Why};
use crate::memory::{InMemory, Memory, Remembered};
use crate::secret::Secret;
use crate::site::Site;
use crate::wire::{Method, Raw, Sent, TIME_LIMIT, Wire};

/// How long a primary limit is taken to last when the server does not say: a whole window.
const WINDOW: Duration = Duration::from_secs(3600);

/// How long a server is taken to have no GraphQL before it is asked again: it may have been a proxy's word.
const GRAPHQL_AGAIN: Duration = Duration::from_secs(3600);

/// So long a `Date` is good for: clocks of computers run apart by less than a second in that time.
const HEARD_LATELY: Duration = Duration::from_secs(30 * 60);

/// The one way to a GitHub. Clones share everything but their patience.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    class: Class,
    /// How many of its requests of REST counted, since it became patient.
    counted: Arc<AtomicU64>,
}

struct Shared {
    wire: Wire,
    credentials: Credentials,
    memory: Arc<dyn Memory>,
    known: Mutex<Known>,
}

/// What answers have told of the server.
struct Known {
    budget: Budget,
    /// The server's clock less this machine's.
    skew: SignedDuration,
    /// Its last `Date`, and when that came.
    date: Option<(Timestamp, Instant)>,
    /// Until when it is taken to have no GraphQL.
    rest_only: Option<Timestamp>,
}

/// By what a server answers questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// By REST and GraphQL, as far as is known.
    Graphql,
    /// By REST alone: an old Enterprise server, or an emulator.
    Rest,
}

/// What a client is made of.
pub struct Setup {
    /// Where it asks.
    pub site: Site,
    /// As whom.
    pub credentials: Credentials,
    /// What was read before.
    pub memory: Arc<dyn Memory>,
    /// What was spent before, and how much may be.
    pub budget: Budget,
    /// How long one request may take.
    pub time_limit: Duration,
}

impl Setup {
    /// The usual: nothing read, nothing spent, half of the allowance, thirty seconds.
    pub fn new(site: Site, credentials: Credentials) -> Self {
        Self {
            site,
            credentials,
            memory: Arc::new(InMemory::default()),
            budget: Budget::new(Share::default()),
            time_limit: TIME_LIMIT,
        }
    }
}

/// A success: 2xx, or a 304 with what it refers to.
#[derive(Debug)]
pub(crate) struct Answer {
    pub body: Vec<u8>,
    pub next: Option<String>,
    /// What the token may do, where it is a classic one.
    pub scopes: Option<String>,
}

impl Answer {
    /// The body as a value of this shape.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, Why> {
        // serde's text may repeat what the body says, so only the place is passed on.
        serde_json::from_slice(&self.body)
            .map_err(|error| Why::Malformed(format!("line {} column {}", error.line(), error.column())))
    }
}

/// A request before the client has added what all have.
pub(crate) struct Request {
    pub method: Method,
    pub url: String,
    pub body: Option<Value>,
    pub resource: Resource,
    pub load: Load,
}

impl Client {
    /// A client whose requests are needed now.
    pub fn new(setup: Setup) -> Self {
        let Setup { site, credentials, memory, budget, time_limit } = setup;
        let known = Mutex::new(Known { budget, skew: SignedDuration::ZERO, date: None, rest_only: None });
        let shared = Shared { wire: Wire::new(site, time_limit), credentials, memory, known };
        Self { shared: Arc::new(shared), class: Class::Now, counted: Arc::default() }
    }

    /// The same client for requests that can wait: it leaves a part of the budget to those that cannot.
    #[must_use]
    pub fn patient(&self) -> Self {
        Self { shared: self.shared.clone(), class: Class::CanWait, counted: Arc::default() }
    }

    /// How many of the requests that it has made, as the patient one that it is, counted.
    pub(crate) fn counted(&self) -> u64 {
        self.counted.load(Ordering::Relaxed)
    }

    /// The site.
    pub fn site(&self) -> &Site {
        self.shared.wire.site()
    }

    /// What was spent, to be kept over a restart.
    pub fn budget(&self) -> Budget {
        self.known().budget.clone()
    }

    /// The time on the server's clock, as far as its last `Date` tells: to a second and a journey.
    pub fn server_now(&self) -> Timestamp {
        let skew = self.known().skew;
        let now = Timestamp::now();
        now.checked_add(skew).unwrap_or(now)
    }

    /// The server's time by its last `Date` and a clock that nobody can set, where it was heard of lately: never ahead,
    /// but for what the clock runs faster. It stands still while this machine sleeps. Leases are held against it.
    pub fn server_time(&self) -> Option<Timestamp> {
        let (date, came) = self.known().date?;
        let since = came.elapsed();
        if since > HEARD_LATELY {
            return None;
        }
        date.checked_add(since).ok()
    }

    /// By what the server is asked: it has GraphQL until it answered 404 there, which counts for an hour.
    pub fn asking(&self) -> Asking {
        let now = self.server_now();
        match self.known().rest_only {
            Some(until) if until > now => Asking::Rest,
            Some(_) | None => Asking::Graphql,
        }
    }

    /// Notes that there is no GraphQL where it was asked for.
    pub(crate) fn lacks_graphql(&self) {
        let until = later(self.server_now(), GRAPHQL_AGAIN);
        self.known().rest_only = Some(until);
    }

    /// Which source the token in use came from.
    pub fn token_source(&self) -> Option<String> {
        self.shared.credentials.in_use()
    }

    /// What the token in use may do, where it is an installation's, by the names of the API.
    pub(crate) fn permissions(&self) -> Option<BTreeMap<String, String>> {
        self.shared.credentials.permissions()
    }

    /// Whether it works as an app.
    pub(crate) fn is_app(&self) -> bool {
        self.shared.credentials.is_app()
    }

    /// The name of the app's bot, where this is an app.
    pub(crate) fn bot(&self) -> Option<Result<String, Why>> {
        let bot = self.shared.credentials.bot(&self.shared.wire, self.server_now())?;
        Some(bot.map_err(|error| Why::NoToken(error.to_string())))
    }

    /// The token, for requests and for git.
    ///
    /// # Errors
    /// There is none.
    pub fn token(&self) -> Result<Secret, Why> {
        let token = self.shared.credentials.token(&self.shared.wire, self.server_now());
        token.map_err(|error| Why::NoToken(error.to_string()))
    }

    /// Says that git's server did not take the token: the next request fetches it anew.
    pub fn token_refused(&self, token: &Secret) {
        self.shared.credentials.refused(token);
    }

    /// The address of something in a repository.
    pub(crate) fn in_repo(&self, repo: &RepoId, rest: &str) -> Result<String, Why> {
        if !repo.host().eq_ignore_ascii_case(self.site().host()) {
            return Err(Why::Malformed(format!("{repo} is not on {}", self.site().host())));
        }
        Ok(format!("{}/repos/{}/{}{rest}", self.site().rest(), repo.owner(), repo.name()))
    }

    /// Reads something of a repository.
    pub(crate) fn get(&self, repo: &RepoId, rest: &str) -> Result<Answer, Missing> {
        let url = self.in_repo(repo, rest)?;
        self.get_at(repo, url)
    }

    /// Reads from an address that belongs to a repository.
    pub(crate) fn get_at(&self, repo: &RepoId, url: String) -> Result<Answer, Missing> {
        match self.ask(&Request::get(url)) {
            Ok(answer) => Ok(answer),
            Err(undone) => match undone.status() {
                Some(410) => Err(Missing::Gone),
                Some(404) => Err(self.gone_or_hidden(repo)),
                Some(_) | None => Err(Missing::Unknown(undone.why())),
            },
        }
    }

    /// Reads and parses.
    pub(crate) fn read<T: DeserializeOwned>(&self, repo: &RepoId, rest: &str) -> Result<T, Missing> {
        Ok(self.get(repo, rest)?.parse()?)
    }

    /// GitHub answers 404 to whom it hides something from, so a 404 counts only from somebody who may read the
    /// repository just then.
    fn gone_or_hidden(&self, repo: &RepoId) -> Missing {
        let unproven = Why::Unproven { repo: repo.short() };
        let Ok(url) = self.in_repo(repo, "") else { return Missing::Unknown(unproven) };
        match self.ask(&Request::get(url)) {
            Ok(_) => Missing::Gone,
            Err(undone) if undone.status() == Some(404) => Missing::Unknown(unproven),
            Err(undone) => Missing::Unknown(undone.why()),
        }
    }

    /// Changes something of a repository.
    pub(crate) fn write(
        &self,
        method: Method,
        repo: &RepoId,
        rest: &str,
        body: Value,
        load: Load,
    ) -> Result<Answer, Undone> {
        let url = self.in_repo(repo, rest).map_err(Undone::NotSent)?;
        let body = (method != Method::Delete).then_some(body);
        self.ask(&Request { method, url, body, resource: Resource::Core, load })
    }

    /// Makes one request.
    pub(crate) fn ask(&self, request: &Request) -> Result<Answer, Undone> {
        let now = self.server_now();
        self.admit(request, now).map_err(Undone::NotSent)?;
        let token = self.token().map_err(Undone::NotSent)?;
        let is_read = request.method == Method::Get;
        let remembered = is_read.then(|| self.shared.memory.get(&request.url)).flatten();
        let sent = Sent {
            method: request.method,
            url: &request.url,
            token: Some(&token),
            etag: remembered.as_ref().map(|known| known.etag.as_str()),
            body: request.body.as_ref().map(|body| body.to_string().into_bytes()),
        };
        self.known().budget.sent(request.load, now);
        let raw = self.shared.wire.send(&sent)?;
        self.note(request, &raw);
        self.sort(request, raw, remembered, &token)
    }

    fn admit(&self, request: &Request, now: Timestamp) -> Result<(), Why> {
        let resource = request.resource;
        match self.known().budget.admit(resource, 1, request.load, self.class, now) {
            Admission::Go => Ok(()),
            Admission::Wait { until } => Err(Why::Budget { resource, until }),
        }
    }

    /// Learns from an answer's headers.
    fn note(&self, request: &Request, raw: &Raw) {
        let mut known = self.known();
        if let Some(date) = raw.date() {
            known.skew = date.duration_since(Timestamp::now());
            known.date = Some((date, Instant::now()));
        }
        let now = Timestamp::now().checked_add(known.skew).unwrap_or_default();
        if let Some((resource, seen)) = raw.seen() {
            known.budget.seen(resource, seen);
        }
        // What a query cost stands in its answer.
        if request.resource == Resource::Core && raw.status != 304 {
            known.budget.charge(Resource::Core, 1, now);
            self.counted.fetch_add(1, Ordering::Relaxed);
        }
        if raw.status < 400 {
            known.budget.calm(now);
        }
    }

    /// Notes what a query cost.
    pub(crate) fn charge(&self, resource: Resource, points: u64) {
        let now = self.server_now();
        self.known().budget.charge(resource, points, now);
    }

    /// Says what an answer means.
    fn sort(
        &self,
        request: &Request,
        raw: Raw,
        remembered: Option<Remembered>,
        token: &Secret,
    ) -> Result<Answer, Undone> {
        match raw.status {
            200..300 => Ok(self.keep(request, raw)),
            304 => {
                let known = remembered.ok_or_else(|| {
                    Undone::Unknown(Why::Malformed("nothing was changed, but nothing was known".to_owned()))
                })?;
                Ok(Answer { body: known.body, next: raw.next().or(known.next), scopes: raw.scopes() })
            }
            300..400 => {
                let to = raw.header("location").unwrap_or("an unnamed place").to_owned();
                // A write is not done where it was not taken.
                let moved = Why::Moved { to };
                Err(if request.method == Method::Get {
                    Undone::Unknown(moved)
                } else {
                    Undone::NotSent(moved)
                })
            }
            403 | 429 => Err(self.limited(request, &raw)),
            401 => {
                self.shared.credentials.refused(token);
                Err(Undone::Refused(raw.refusal()))
            }
            400..500 => Err(Undone::Refused(raw.refusal())),
            status => Err(Undone::Unknown(Why::Server { status })),
        }
    }

    fn keep(&self, request: &Request, raw: Raw) -> Answer {
        let (etag, next) = (raw.header("etag").map(str::to_owned), raw.next());
        if let (Method::Get, Some(etag)) = (request.method, etag) {
            let remembered = Remembered { etag, body: raw.body.clone(), next: next.clone() };
            self.shared.memory.put(&request.url, remembered);
        }
        let scopes = raw.scopes();
        Answer { body: raw.body, next, scopes }
    }

    /// 403 and 429 are refusals or limits; which, the headers tell, as
    /// <https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit> says.
    fn limited(&self, request: &Request, raw: &Raw) -> Undone {
        let refusal = raw.refusal();
        let seen = raw.seen();
        let is_spent = seen.is_some_and(|(_, seen)| seen.remaining == 0);
        let is_secondary = raw.retry_after().is_some()
            || refusal.message.to_ascii_lowercase().contains("secondary rate limit")
            || (raw.status == 429 && !is_spent);
        let resource = request.resource;
        if is_secondary {
            return self.told_off(resource, raw.retry_after());
        }
        if !is_spent {
            return Undone::Refused(refusal);
        }
        let until = seen.map_or_else(|| later(self.server_now(), WINDOW), |(_, seen)| seen.reset);
        Undone::NotSent(Why::Limited { resource, until })
    }

    /// A secondary limit: everything of this client stays away for a while. Nothing was done.
    pub(crate) fn told_off(&self, resource: Resource, retry_after: Option<Duration>) -> Undone {
        let now = self.server_now();
        let until = self.known().budget.complained(retry_after, now);
        Undone::NotSent(Why::Limited { resource, until })
    }

    /// A file that an answer redirects to, which is on another host and gets no token; only its end is kept.
    pub(crate) fn file_at(&self, url: &str) -> Result<Vec<u8>, Why> {
        let sent = Sent { method: Method::Get, url, token: None, etag: None, body: None };
        let raw = self.shared.wire.send(&sent).map_err(Undone::why)?;
        match raw.status {
            200 => Ok(raw.body),
            _ => Err(Why::Refused(raw.refusal())),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.shared.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Request {
    /// A read by REST.
    pub(crate) fn get(url: String) -> Self {
        Self { method: Method::Get, url, body: None, resource: Resource::Core, load: Load::Read }
    }
}
