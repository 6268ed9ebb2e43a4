//! Ways to tell a person: a program, the desktop, ntfy, a chat's webhook, any address that takes JSON, e-mail.
//!
//! *Invariant:* this crate tells, it does not decide. A notice that was not told is an error for the
//! caller, who tells it again: at least once is the caller's matter, the notice's key is how a receiver
//! knows the second from the first. Every way is bounded in time. A secret is read when it is needed, and
//! stands in no error and no `Debug`.

mod command;
mod error;
mod form;
mod http;
mod mail;
mod notice;
mod secret;

pub use error::NotifyError;
pub use notice::{Link, Notice};

use std::time::Duration;

use herder_domain::way::{Means, Way};
use jiff::Timestamp;

/// How long one way may take, unless somebody says otherwise.
pub const TIME_LIMIT: Duration = Duration::from_secs(20);

/// What became of a notice by one way.
#[derive(Debug)]
pub enum Told {
    /// It was told.
    Now,
    /// It is not to be told before this.
    Later(Timestamp),
    /// It could not be told.
    Not(NotifyError),
}

/// Tells a person, in all ways that are set up.
#[derive(Clone, Debug)]
pub struct Notifier {
    ways: Vec<Way>,
    time_limit: Duration,
}

impl Notifier {
    /// A notifier with these ways; without one nobody is told of anything.
    pub fn new(ways: Vec<Way>) -> Self {
        Self { ways, time_limit: TIME_LIMIT }
    }

    /// Sets how long one way may take.
    #[must_use]
    pub fn with_time_limit(self, time_limit: Duration) -> Self {
        Self { time_limit, ..self }
    }

    /// The ways.
    pub fn ways(&self) -> &[Way] {
        &self.ways
    }

    /// Tells in every way that takes such a notice and has not told it before, and says how each went. One that fails
    /// keeps no other from being tried.
    pub fn tell(
        &self,
        notice: &Notice,
        now: Timestamp,
        has_told: impl Fn(&str) -> bool,
    ) -> Vec<(&str, Told)> {
        let about = notice.goal.as_ref().map(|goal| (goal, notice.story.as_ref()));
        let takes = |way: &&Way| way.route.takes(notice.level, about) && !has_told(&way.name);
        let open = self.ways.iter().filter(takes);
        open.map(|way| (way.name.as_str(), self.tell_by(way, notice, now))).collect()
    }

    fn tell_by(&self, way: &Way, notice: &Notice, now: Timestamp) -> Told {
        if let Some(until) = way.route.opens(notice.level, now) {
            return Told::Later(until);
        }
        match self.try_by(way, notice) {
            Ok(()) => Told::Now,
            Err(error) => Told::Not(error),
        }
    }

    /// Tells by one way, whatever it takes and at whatever hour.
    ///
    /// # Errors
    /// It could not be told.
    pub fn try_by(&self, way: &Way, notice: &Notice) -> Result<(), NotifyError> {
        let limit = self.time_limit;
        match &way.means {
            Means::Command(command) => command::run(command, notice, limit),
            Means::Desktop(command) => command::show(command, notice, limit),
            Means::Post(post) => http::send(post, notice, limit),
            Means::Mail(mail) => mail::send(mail, notice, limit),
        }
    }
}
