//! Ways to tell a person: a command of theirs, and a message posted as ntfy takes it.
//!
//! *Invariant:* this crate tells, it does not decide. A notice that was not told is an error for the
//! caller, who tells it again: at least once is the caller's matter, the notice's key is how a receiver
//! knows the second from the first. Every way is bounded in time.

mod command;
mod error;
mod notice;
mod post;

pub use error::NotifyError;
pub use notice::{Level, Notice};
pub use post::{Post, Token};

use std::fmt;
use std::time::Duration;

/// How long one way may take, unless somebody says otherwise.
pub const TIME_LIMIT: Duration = Duration::from_secs(20);

/// One way to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// A program.
    Command,
    /// An HTTP request.
    Post,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command => f.write_str("command"),
            Self::Post => f.write_str("post"),
        }
    }
}

/// Tells a person, in all ways that are set up.
#[derive(Clone, Debug)]
pub struct Notifier {
    command: Vec<String>,
    post: Option<Post>,
    time_limit: Duration,
}

impl Notifier {
    /// A notifier that runs a command (program and arguments; empty: none) and posts (or not).
    pub fn new(command: Vec<String>, post: Option<Post>) -> Self {
        Self { command, post, time_limit: TIME_LIMIT }
    }

    /// Sets how long one way may take.
    #[must_use]
    pub fn with_time_limit(self, time_limit: Duration) -> Self {
        Self { time_limit, ..self }
    }

    /// The ways that are set up; none: nobody is told of anything.
    pub fn ways(&self) -> Vec<Way> {
        let command = (!self.command.is_empty()).then_some(Way::Command);
        command.into_iter().chain(self.post.is_some().then_some(Way::Post)).collect()
    }

    /// Tells in every way, and says how each went. One that fails keeps no other from being tried.
    pub fn tell(&self, notice: &Notice) -> Vec<(Way, Result<(), NotifyError>)> {
        self.ways().into_iter().map(|way| (way, self.tell_by(way, notice))).collect()
    }

    /// Tells in one way: for a second try of the way that failed. A way that is not set up is done.
    pub fn tell_by(&self, way: Way, notice: &Notice) -> Result<(), NotifyError> {
        match way {
            Way::Command => command::run(&self.command, notice, self.time_limit),
            Way::Post => self.post.as_ref().map_or(Ok(()), |post| post.send(notice, self.time_limit)),
        }
    }
}
